"""Getting a file's bytes: the first place that has the right ones, by checksum."""

import logging
import os
from pathlib import Path

import pooch
import requests

from textclf.cache import cache_folder, main_checkout, untracked
from textclf.data.source_spec import SourceFile
from textclf.errors import InputError

RETRIES = 3


def fetch(file: SourceFile, dataset: str) -> Path:
    """Return a local path of `file` with the bytes that its checksum names.

    Looked for in this order: the path in the repository, `$DATA_MIRROR/<dataset>/<filename>`, earlier downloads, the
    URL. Wrong bytes are an error, never a reason to try the next place.
    """
    places = [file.path] if file.path else []
    if file.sha256:  # without, bytes from elsewhere may be any
        places += _mirrored(dataset, file.filename)
    for place in places:
        if place.is_dir() and file.sha256:
            raise InputError(f"{place} is a folder, and the source spec names the sha256 of a file")
        if place.is_dir():
            return place  # the reader says what to do about a folder
        if place.is_file():
            return _checked(place, file.sha256)
    if file.url is None:
        raise InputError(_missing(file, dataset, places))
    return _download(file, dataset)


def _mirrored(dataset: str, filename: str) -> list[Path]:
    mirror = os.environ.get("DATA_MIRROR")
    # Relative to the main checkout: a queued experiment runs in another folder.
    return [main_checkout() / mirror / dataset / filename] if mirror else []


def _checked(path: Path, sha256: str | None) -> Path:
    if sha256 and (actual := pooch.file_hash(str(path))) != sha256:
        raise InputError(
            f"{path} has sha256 {actual}, but the source spec says {sha256}; restore the file or fix the spec"
        )
    return path


def _missing(file: SourceFile, dataset: str, places: list[Path]) -> str:
    if places:
        return untracked(places[0]) or f"{places[0]} is missing"
    return f"{file.filename} of {dataset} has no URL; set DATA_MIRROR to a folder that holds {dataset}/{file.filename}"


def _download(file: SourceFile, dataset: str) -> Path:
    """Download with retries and a progress bar; the file appears under its name only whole and checked."""
    pooch.get_logger().setLevel(logging.WARNING)
    store = pooch.create(
        path=cache_folder("downloads") / dataset,
        base_url="",
        registry={file.filename: f"sha256:{file.sha256}"},
        urls={file.filename: str(file.url)},
        retry_if_failed=RETRIES,
    )
    try:
        return Path(store.fetch(file.filename, progressbar=True))
    except ValueError as error:  # pooch's word for a wrong checksum, after the retries
        raise InputError(f"{file.url}: {error}") from None
    except requests.RequestException as error:
        hint = f"try again, or set DATA_MIRROR to a folder that holds {dataset}/{file.filename}"
        raise InputError(f"{file.url} cannot be downloaded ({type(error).__name__}); {hint}") from None
