"""Reading the project's files at a commit, branch, tag or experiment, or in the workspace; nothing is checked out."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dvc.api
import pandas as pd
from ruamel.yaml import YAML

from textclf.errors import InputError

WORKSPACE = "workspace"
RECORDED = ("results", "docs/results.md")  # written later than the commit that they name
NOBODY = {"NAME": "workspace", "EMAIL": "workspace@localhost", "DATE": "2000-01-01T00:00:00Z"}  # for the same hash
UNKNOWN = "unknown"  # a commit that there is not


@dataclass(frozen=True)
class Revision:
    """A state of the project: `sha` of its commit, or None for the workspace."""

    name: str
    sha: str | None

    @property
    def commit(self) -> str:
        """The full hash of its commit (HEAD for the workspace), `UNKNOWN` without one."""
        return self.sha or _git("rev-parse", "--verify", "--quiet", "HEAD").stdout.decode().strip() or UNKNOWN

    def tracked(self, path: str) -> bytes | None:
        """Return a file that git tracks, or None if it doesn't at this revision."""
        if self.sha is None:
            file = Path(path)
            return file.read_bytes() if file.is_file() else None
        done = _git("cat-file", "blob", f"{self.sha}:{path}")
        return done.stdout if done.returncode == 0 else None

    def read(self, path: str) -> bytes:
        """Return a file that git tracks or DVC keeps; `InputError` if it is in neither."""
        content = self.tracked(path)
        if content is not None:
            return content
        if self.tracked("dvc.yaml") is None:
            raise InputError(f"{self.name} has no pipeline: no dvc.yaml is there")
        if self.sha is None:
            raise InputError(f"{path} is not in the workspace; dvc repro or dvc pull brings it")
        return _cached(path, self.sha, self.name)

    def json(self, path: str) -> Any:
        """Return a JSON file's value."""
        return json.loads(self.read(path))

    def yaml(self, path: str) -> dict[str, Any]:
        """Return a YAML file's value, read as DVC reads it."""
        values: dict[str, Any] = YAML(typ="safe", pure=True).load(self.read(path).decode())
        return values

    def csv(self, path: str) -> pd.DataFrame:
        """Return a CSV file's table; a column `label` stays text."""
        return pd.read_csv(BytesIO(self.read(path)), dtype={"label": str}, keep_default_na=False)

    def parquet(self, path: str, **options: Any) -> pd.DataFrame:
        """Return a Parquet file's table; `options` are those of pandas."""
        return pd.read_parquet(BytesIO(self.read(path)), **options)

    def fetch(self, path: str, copy: Path) -> None:
        """Copy the folder `path`, which DVC keeps, to `copy`; `InputError` if its bytes are not here."""
        if self.tracked("dvc.yaml") is None:
            raise InputError(f"{self.name} has no pipeline: no dvc.yaml is there")
        files = dvc.api.DVCFileSystem(rev=self.sha)
        try:
            files.get(path, str(copy), recursive=True)
        except Exception as error:  # DVC reports a missing path where the bytes are missing
            raise InputError(_not_here(path, self.name, error)) from None

    def md5(self, path: str) -> str | None:
        """Return the md5 of a file or folder in git, or in the workspace, as dvc.lock has it; None if there is none."""
        if (content := self.tracked(path)) is not None:
            return _md5(content)
        files = {name: _md5(self.read(f"{path}/{name}")) for name in self._files(path)}
        entries = [{"md5": md5, "relpath": name} for name, md5 in sorted(files.items())]
        return f"{_md5(json.dumps(entries, sort_keys=True).encode())}.dir" if entries else None

    def _files(self, folder: str) -> list[str]:
        """Return the files below a folder, by their paths in it; DVC hashes neither more nor less."""
        if self.sha is None:
            paths = (path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file())
        else:
            listed = _git("ls-tree", "-r", "-z", "--name-only", f"{self.sha}:{folder}").stdout.decode().split("\0")
            paths = (Path(name) for name in listed if name)
        return [path.as_posix() for path in paths if "__pycache__" not in path.parts]


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def resolve(name: str) -> Revision:
    """Return the revision `name`: anything that git resolves, an experiment's name, or `workspace`.

    Raises `InputError` for another name, and in a subfolder, where git's paths and the project's are not the same.
    """
    in_git = name != WORKSPACE or not Path("dvc.yaml").is_file()
    if in_git and (here := _git("rev-parse", "--show-prefix").stdout.decode().strip()):
        raise InputError(f"{here} is a folder of a git repository; run this in its root, where the project has to be")
    if name == WORKSPACE:
        return Revision(name, None)
    for candidate in (name, *_experiments(name)):
        done = _git("rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}")
        if done.returncode == 0:
            return Revision(name, done.stdout.decode().strip())
    raise InputError(f"{name!r} is not a commit, branch, tag or experiment here; try git fetch or dvc exp pull")


def uncommitted() -> str | None:
    """Return a tracked file whose changes no commit holds, or None.

    results/ and docs/results.md don't count: they are written later, and name the commit themselves.
    """
    left_out = [f":!{path}" for path in RECORDED]
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *left_out).stdout.decode().splitlines()
    return changed[0][3:] if changed else None


def check_committed() -> None:
    """Raise `InputError` if there are changes that no commit holds."""
    if changed := uncommitted():
        raise InputError(f"{changed} has uncommitted changes; commit them first, because the output names its commit")


def snapshot(revision: Revision) -> str:
    """Return the hash of the revision's commit; of one with the workspace's tracked files, if they have changes.

    Of those in `RECORDED` it has the committed ones, so that the hash stays while records are written. Raises
    `InputError` for a conflict.
    """
    if revision.sha is not None or uncommitted() is None:
        return revision.commit
    if conflict := _git("ls-files", "--unmerged", "-z").stdout.decode().partition("\t")[2].partition("\0")[0]:
        raise InputError(f"{conflict} has a conflict; resolve it first")
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in NOBODY.items()}
    with TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        shutil.copy(_git("rev-parse", "--git-path", "index").stdout.decode().strip(), index)
        own = who | {"GIT_INDEX_FILE": str(index)}
        _checked("add", "--update", "--", ".", *(f":!{path}" for path in RECORDED), **own)
        _checked("reset", "--quiet", "HEAD", "--", *RECORDED, **own)
        return _checked("commit-tree", _checked("write-tree", **own), "-p", "HEAD", "-m", "the workspace", **own)


def check_whole() -> None:
    """Raise `InputError` in a shallow clone, from which neither DVC's queue nor a cluster can run experiments."""
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise InputError("experiments get lost in a shallow clone; git fetch --unshallow first")


def check_queue() -> None:
    """Raise `InputError` where DVC's queue would lose its results: in a shallow clone, and in a path beyond ASCII."""
    check_whole()
    if not (here := str(Path.cwd())).isascii():
        raise InputError(f"DVC's queue fails in {here}, a path that isn't ASCII; clone into another one")


def check_git_config() -> None:
    """Raise `InputError` if the repository's own git configuration isn't ASCII: DVC can't copy it for experiments."""
    lines = Path(".git/config").read_bytes().splitlines() if Path(".git/config").is_file() else []
    if wrong := next((number for number, line in enumerate(lines, 1) if not line.isascii()), None):
        raise InputError(
            f".git/config: line {wrong} isn't ASCII, on which dvc exp run fails; put a name into git config --global, "
            "or rename the branch or the remote"
        )


def _experiments(name: str) -> list[str]:
    """Return the refs of the experiments of this name, the newest first."""
    done = _git("for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/exps/*/*/*")
    return [ref for ref in done.stdout.decode().split() if ref.split("/", 4)[-1] == name]


@cache
def _cached(path: str, sha: str, name: str) -> bytes:
    try:
        content: bytes = dvc.api.read(path, rev=sha, mode="rb")
    except Exception as error:  # DVC reports a missing path where the bytes are missing
        raise InputError(_not_here(path, name, error)) from None
    return content


def origin() -> str:
    """Return the web address of the remote `origin` without a name or password in it; empty if there is none.

    `git@github.com:me/it.git` becomes `https://github.com/me/it`.
    """
    address = _git("remote", "get-url", "origin").stdout.decode().strip()
    match = re.fullmatch(r"(?:\w+://)?(?:[^@/]*@)?([\w.-]+\.\w+)(?::\d+)?[:/](.+?)(?:\.git)?/?", address)
    return f"https://{match[1]}/{match[2].lstrip('/')}" if match else ""


def _not_here(path: str, name: str, error: Exception) -> str:
    return (
        f"{path} at {name} is in neither git nor DVC's cache ({type(error).__name__}); "
        "dvc fetch --all-commits brings it if it was pushed"
    )


def _git(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *arguments], capture_output=True, env=os.environ | environment)


def _checked(*arguments: str, **environment: str) -> str:
    done = _git(*arguments, **environment)
    if done.returncode:
        raise InputError(f"git {arguments[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout.decode().strip()
