"""A folder of files, on this machine's file system or under an address such as s3://bucket/folder."""

import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from textclf.atomic import replace_file
from textclf.errors import InputError

VERSION = ("size", "mtime", "ETag")  # of fsspec's entries: local ones have mtime, those of S3 an ETag


@dataclass(frozen=True)
class Store:
    """A folder `root` of a file system; names are relative to it, with forward slashes."""

    files_of: Any  # fsspec's file system
    root: str
    address: str

    @property
    def is_local(self) -> bool:
        """Whether the folder is on this machine's file system."""
        return isinstance(self.files_of, LocalFileSystem)

    def local(self, name: str) -> Path | None:
        """Return the path of a file, if the folder is a local one."""
        return Path(self.root) / name if self.is_local else None

    def exists(self) -> bool:
        """Return whether something is there: a folder, or a file."""
        with _readable(self.address):
            return bool(self.files_of.exists(self.root))

    def is_file(self) -> bool:
        """Return whether the address is that of a file."""
        with _readable(self.address):
            return bool(self.files_of.isfile(self.root))

    def path_to(self, other: "Store") -> str:
        """Return the path from this folder to another one of the same file system; it begins with .. outside of it."""
        return self._name(other.root) if self.files_of == other.files_of else ".."

    def files(self) -> list[str]:
        """Return the names of all files below the folder; none if it isn't there."""
        with _readable(self.address):
            return [self._name(path) for path in self.files_of.find(self.root)]

    def matching(self, pattern: str) -> list[str]:
        """Return the names of the files that a pattern of whole paths matches; `**` stands for folders."""
        with _readable(self.address):
            found = self.files_of.glob(self.files_of._strip_protocol(pattern), detail=True)
        return [self._name(path) for path, entry in found.items() if entry["type"] == "file"]

    def versions(self) -> dict[str, list[str]]:
        """Return what changes when a file does, of each file below the folder: its size, and its time or its ETag."""
        with _readable(self.address):
            found = self.files_of.find(self.root, detail=True)
        return {self._name(path): [str(entry.get(key)) for key in VERSION] for path, entry in found.items()}

    def download(self, name: str, path: Path) -> Path:
        """Copy a file to `path`, and return that."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with _readable(f"{self.address}/{name}"):
            self.files_of.get_file(f"{self.root}/{name}", str(path))
        return path

    def upload(self, path: Path, name: str) -> None:
        """Copy a file into the folder, where it appears whole: an object store shows it when all of it is there."""
        with _readable(f"{self.address}/{name}"):
            self.files_of.put_file(str(path), f"{self.root}/{name}")

    def read(self, name: str) -> str:
        """Return a file's text."""
        with _readable(f"{self.address}/{name}"):
            content: bytes = self.files_of.cat_file(f"{self.root}/{name}")
        return content.decode("utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a small file, whole or not at all."""
        if path := self.local(name):
            with replace_file(path) as part:
                part.write_text(text, encoding="utf-8")
            return
        with _readable(f"{self.address}/{name}"):
            self.files_of.pipe_file(f"{self.root}/{name}", text.encode())

    def remove(self, name: str) -> None:
        """Remove a file."""
        with _readable(f"{self.address}/{name}"):
            self.files_of.rm_file(f"{self.root}/{name}")

    def _name(self, path: str) -> str:
        return posixpath.relpath(path, self.root)


def open_store(address: str) -> Store:
    """Return the folder at `address`; credentials come from the environment, as AWS's tools read them."""
    try:
        files, root = fsspec.core.url_to_fs(address if "://" in address else os.path.abspath(address))
    except ImportError:
        raise InputError(f"{address} needs s3fs; pip install -r requirements/cluster.txt") from None
    except ValueError as error:
        raise InputError(f"{address} is not an address of files: {error}") from None
    files.invalidate_cache()
    return Store(files, str(root).rstrip("/") or "/", address.rstrip("/") or "/")


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Turn what a file system complains of into an `InputError`; no credentials are in it."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{where} does not exist") from None
    except Exception as error:  # of many kinds: botocore's, aiohttp's
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{where} can't be used: {type(error).__name__}: {reason}") from None
