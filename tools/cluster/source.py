"""The state of the project that experiments on a cluster start from, packed so that any node can check it out."""

import re
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from textclf.atomic import ABANDONED, is_abandoned
from textclf.cache import cache_folder
from textclf.errors import InputError
from tools.processes import output

MARKS = ".????????-????-????-????-????????????.part"
REFS = "refs/cluster"
NO_REMOTE = (
    "has no view of this checkout, and .dvc/config names no default remote through which outputs could come and go; "
    "dvc remote add --default storage s3://bucket/path, and commit .dvc/config"
)


@dataclass(frozen=True)
class Source:
    """A commit and its uncommitted changes as a git bundle; where the checkout lies, for nodes that see its files.

    `baseline` is the commit whose experiments are run, `state` one with the workspace's changes; full hashes. `marks`
    are files in the checkout's caches: a node that has them sees the caches. `cache` is DVC's. `remote` tells whether
    the project names a default remote; `mirrors` are folders for a node that sees them.
    """

    bundle: bytes
    baseline: str
    state: str
    identity: tuple[str, str]
    caches: Path
    cache: Path
    marks: tuple[Path, Path]
    remote: bool
    mirrors: dict[str, str]

    @property
    def is_here(self) -> bool:
        """Whether this process sees the checkout's caches: it is on the same machine, or shares the file system."""
        return all(mark.is_file() for mark in self.marks)

    def keep(self) -> None:
        """Renew the marks, from time to time: those of a driver that was killed go after a day."""
        for mark in self.marks:
            mark.touch()


@contextmanager
def packed(baseline: str, state: str, mirrors: dict[str, str]) -> Iterator[Source]:
    """Yield the commits `baseline` and `state` of this repository as a `Source`; the marks go at the end."""
    caches, cache = cache_folder("").resolve(), Path(output("dvc", "cache", "dir")).resolve()
    _remove_abandoned(caches, cache)
    marks = caches / f".{uuid.uuid4()}.part", cache / f".{uuid.uuid4()}.part"
    try:
        for mark in marks:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        identity = _setting("git", "user.name") or "sweep", _setting("git", "user.email") or "sweep@localhost"
        folders = {name: place for name, place in mirrors.items() if "://" not in place}
        bundle = bundled(Path(), {"baseline": baseline, "state": state})
        yield Source(bundle, baseline, state, identity, caches, cache, marks, has_remote(), folders)
    finally:
        for mark in marks:
            mark.unlink(missing_ok=True)


def _remove_abandoned(*folders: Path) -> None:
    """Remove the marks in `folders` and the refs of drivers that were killed a day ago or more."""
    for mark in (mark for folder in folders for mark in folder.glob(MARKS) if is_abandoned(mark)):
        mark.unlink(missing_ok=True)
    for ref in output("git", "for-each-ref", "--format=%(refname)", REFS).split():
        began = re.match(rf"{REFS}/(\d+)-", ref)  # those of earlier versions don't say it
        if began is None or time.time() - int(began[1]) > ABANDONED:
            output("git", "update-ref", "-d", ref)


def bundled(repository: Path, commits: dict[str, str], *without: str) -> bytes:
    """Return commits with their history as a git bundle, which names them refs/cluster/<time>-<id>/<name>."""
    begun = f"{REFS}/{int(time.time())}-{uuid.uuid4()}"
    names = {f"{begun}/{name}": commit for name, commit in commits.items()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "commits.bundle"
        try:
            for ref, commit in names.items():
                output("git", "update-ref", ref, commit, cwd=repository)
            left_out = [f"^{commit}" for commit in without]
            output("git", "bundle", "create", "--quiet", str(file), *names, *left_out, cwd=repository)
        finally:
            for ref in names:
                output("git", "update-ref", "-d", ref, cwd=repository)
        return file.read_bytes()


def has_remote() -> bool:
    """Return whether .dvc/config, which git keeps, names a default remote; `InputError` if DVC would use another."""
    project = _setting("dvc", "--project", "core.remote")
    if _setting("dvc", "--local", "core.remote") not in ("", project):
        raise InputError(
            ".dvc/config.local names another default remote than .dvc/config; nodes have only what git tracks, so set "
            "it with dvc remote add --default, without --local"
        )
    return project != ""


def _setting(program: str, *arguments: str) -> str:
    done = subprocess.run([program, "config", *arguments], capture_output=True, text=True)
    return done.stdout.strip()
