"""A checkpoint's files from $MODEL_MIRROR, a folder or an address: `<org>/<name>/<revision>/<file>`."""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import url2pathname

from textclf.atomic import replace_folder
from textclf.cache import cache_folder, main_checkout
from textclf.checksums import check_sha256
from textclf.errors import InputError
from textclf.progress import Progress

RETRIES = 3
TIMEOUT = 60.0  # seconds without a byte


def mirror() -> str | None:
    """Return the value of MODEL_MIRROR, if there is one; `InputError` for an address of another kind."""
    root = os.environ.get("MODEL_MIRROR") or None
    if root and "://" in root and _address(root) is None:
        allowed = "a folder, https://host/..., http://host/... and file:///folder are allowed"
        scheme = root.partition("://")[0]  # of the rest, who knows where a password ends
        raise InputError(f"MODEL_MIRROR = '{scheme}://...': {allowed}")
    return root


def _address(root: str) -> SplitResult | None:
    """Return the parts of an address that a mirror can have, or None."""
    try:
        address = urlsplit(root)
        _ = address.port
    except ValueError:  # such as a port that is no number, or brackets around what is no IPv6 address
        return None
    own = address.netloc in ("", "localhost")
    known = {"http": bool(address.netloc), "https": bool(address.netloc), "file": own}
    return address if known.get(address.scheme) else None


def fetch(place: str, pins: Mapping[str, str]) -> Path:
    """Return a folder with the files that `pins` names, and no others, from `place` in the mirror.

    `place` is `<org>/<name>/<revision>`, `pins` the sha256 of each file. The folder is in the cache and appears only
    when all of its files are there and have the right bytes.
    """
    key = hashlib.sha256("".join(f"{name} {pins[name]}\n" for name in sorted(pins)).encode()).hexdigest()
    cached = cache_folder("checkpoints") / key[:16]
    if not cached.is_dir():
        with replace_folder(cached) as part:
            for name, pin in pins.items():
                check_sha256(part / name, pin, _get(place, name, part))
    return cached


def _get(place: str, name: str, folder: Path) -> str:
    """Put the file `name` into `folder`; return where it was found, without a password that the address may hold."""
    root = str(mirror())
    address = _address(root) if "://" in root else None
    if address and address.scheme != "file":
        url = f"{root.rstrip('/')}/{place}/{name}"
        _download(url, folder / name)
        return _public(url)
    # Relative to the main checkout: a queued experiment runs in another folder.
    start = Path(url2pathname(address.path)) if address else main_checkout() / root
    file = start / place / name
    if not file.is_file():
        raise InputError(f"{file} is missing; MODEL_MIRROR has to hold every file of the checkpoint's spec")
    shutil.copyfile(file, folder / name)
    return str(file)


def _download(url: str, path: Path) -> None:
    """Download to `path`; a connection that fails is tried again."""
    import httpx2  # only here, as few runs download

    for attempt in range(RETRIES + 1):
        try:
            with httpx2.stream("GET", url, follow_redirects=True, timeout=TIMEOUT) as answer, path.open("wb") as file:
                answer.raise_for_status()
                shown = Progress(path.name, "bytes", int(answer.headers.get("content-length", 0)) or None)
                for part in answer.iter_bytes():
                    file.write(part)
                    shown.add(len(part))
                shown.close()
            return
        except httpx2.HTTPStatusError as error:
            raise InputError(f"{_public(url)} cannot be downloaded: status {error.response.status_code}") from None
        except httpx2.HTTPError as error:
            if attempt == RETRIES:
                raise InputError(f"{_public(url)} cannot be downloaded ({type(error).__name__})") from None


def _public(url: str) -> str:
    return re.sub(r"//[^/]*@", "//", url)
