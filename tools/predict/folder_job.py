"""Scoring many files: a folder or a pattern, here or in S3; an output file for each input file, whole or absent.

Each file is scored by `score_file`, so its rows, windows and bytes are those of `tools.predict` with this file alone.
"""

import json
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from textclf.errors import InputError
from textclf.inference.model import Model
from tools.predict import score_file
from tools.predict.row_files import ENDINGS, format_of
from tools.predict.stores import Store, open_store

STATE = "_job.json"  # readers of Parquet folders pass over a name with an underscore


@dataclass(frozen=True)
class Settings:
    """How every file is scored."""

    column: str
    batch_size: int = 64
    delimiter: str | None = None
    window: int = score_file.WINDOW


@dataclass(frozen=True)
class Scored:
    """What came of a file: its rows without an answer, or why it failed."""

    name: str
    unanswered: int = 0
    failure: str = ""


@dataclass(frozen=True)
class FolderJob:
    """Files to score: of the folder `source`, by their `names` in it, to `target` under the names of `outputs`."""

    source: str
    target: str
    names: list[str]
    outputs: list[str]
    settings: Settings

    @cached_property
    def output_of(self) -> dict[str, str]:
        """The output of each file, by its name."""
        return dict(zip(self.names, self.outputs, strict=True))

    def one(self, name: str, model: Model, desc: str = "") -> Scored:
        """Score the file `name`; what is wrong with it is its own failure."""
        output = self.output_of[name]
        try:
            return Scored(name, self._score(name, output, model, desc))
        except (InputError, OSError) as error:
            return Scored(name, failure=str(error))
        except Exception as error:  # a mistake of ours or of a library, which the other files need not meet
            return Scored(name, failure=f"{type(error).__name__}: {' '.join(str(error).split())}")

    def _score(self, name: str, output: str, model: Model, desc: str) -> int:
        source, target = open_store(self.source), open_store(self.target)
        with tempfile.TemporaryDirectory(prefix="textclf-") as scratch:
            here = source.local(name) or source.download(name, Path(scratch) / "in" / Path(name).name)
            there = target.local(output) or Path(scratch) / "out" / Path(output).name
            there.parent.mkdir(parents=True, exist_ok=True)
            job = score_file.Job(here, target=there, **asdict(self.settings))
            try:
                unanswered = score_file.run(job, model, resume=True, desc=desc)
            except InputError as error:
                raise InputError(str(error).replace(str(here), name)) from None
            if target.local(output) is None:
                target.upload(there, output)
            return unanswered


def find_files(source: str) -> tuple[str, list[str]]:
    """Return the folder that `source` names, itself or as a pattern, and the names of its files below it.

    Of a folder these are all files, also in folders below, whose endings are known; a pattern names its files itself.
    Hidden ones, and those that begin with an underscore, are left out. The address of one file names that file.
    """
    store = open_store(source)
    if store.is_file():
        folder, _, name = store.address.rpartition("/")
        return folder, [name]
    is_pattern = _has_signs(source) and not store.exists()
    fixed = _before_pattern(source) if is_pattern else source
    found = open_store(fixed).matching(source) if is_pattern else filter(_is_rows, store.files())
    names = [name for name in found if not _is_hidden(name)]
    if not names:
        raise InputError(f"{source} holds no file; allowed endings: {', '.join(f'.{known}' for known in ENDINGS)}")
    return fixed, sorted(names)


def plan(source: str, target: str, settings: Settings) -> FolderJob:
    """Return the job; `InputError` if two files would have the same output, or the target is the source.

    A target in the source is no input: what an earlier run left there is left out.
    """
    folder, names = find_files(source)
    inside = open_store(folder).path_to(open_store(target))
    if inside == ".":
        raise InputError(f"{target} is the input; name another folder for the output")
    if _is_rows(target) and open_store(source).is_file():
        raise InputError(f"{target} ends as a file does; the answers come into a folder: name one")
    names = [name for name in names if not name.startswith(f"{inside}/")]
    if not names:
        raise InputError(f"{source} holds no file outside of {target}, the folder for the output")
    outputs = [_output(name) for name in names]
    if twice := next((name for name, count in Counter(outputs).items() if count > 1), None):
        first, second, *_ = [name for name, output in zip(names, outputs, strict=True) if output == twice]
        raise InputError(f"{first} and {second} would both be scored into {twice}; rename one")
    return FolderJob(folder, target, names, outputs, settings)


def begin(job: FolderJob, checksum: str, resume: bool) -> list[str]:
    """Note the job in its target, and return the names that are still to be scored.

    With `resume` a file is left out if its output is there and it is as it was. Without, a target that holds outputs is
    refused. `checksum` is the model's.
    """
    source, target = open_store(job.source), open_store(job.target)
    state = {"job": [*asdict(job.settings).values(), checksum]}
    versions = source.versions()
    now = {name: versions.get(name) for name in job.names}
    there = set(target.files())
    held = [output for output in (*job.outputs, STATE) if output in there]
    if held and not resume:
        raise InputError(f"{job.target} already holds {held[0]}; continue with --resume or name another folder")
    before = _read_state(target) if STATE in there else {"files": {}}
    if STATE in there and before.get("job") != state["job"]:
        raise InputError(f"{job.target} belongs to another column, batch size, delimiter or model; name another folder")
    if held and STATE not in there:
        raise InputError(f"{job.target} holds {held[0]}, but no {STATE} that says what it is; name another folder")
    pairs = list(zip(job.names, job.outputs, strict=True))
    whole = {name for name, output in pairs if output in there and before["files"].get(name) == now[name]}
    for name, output in pairs:  # what is of an older input goes before the note says that it is of the new one
        if output in there and name not in whole:
            target.remove(output)
        begun = target.local(f"{output}.parts")
        if begun and before["files"].get(name, now[name]) != now[name]:
            with score_file.held(begun):
                shutil.rmtree(begun, ignore_errors=True)
    target.write(STATE, json.dumps(state | {"files": before["files"] | now}, indent=1))
    return [name for name in job.names if name not in whole]


def _read_state(target: Store) -> Any:
    try:
        return json.loads(target.read(STATE))
    except ValueError:
        raise InputError(f"{target.root}/{STATE} is not valid JSON; name another folder") from None


def _has_signs(source: str) -> bool:
    return any(sign in source for sign in "*?[")


def _before_pattern(source: str) -> str:
    parts = source.split("/")
    fixed = parts[: next(number for number, part in enumerate(parts) if _has_signs(part))]
    return "/".join(fixed) or ("/" if source.startswith("/") else ".")


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) or part.endswith(".parts") for part in name.split("/"))


def _is_rows(name: str) -> bool:
    try:
        return bool(format_of(Path(name), packed=True))
    except InputError:
        return False


def _output(name: str) -> str:
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name
