"""Teachers for distillation: other runs' logits of the training rows, in data/teachers, each with a spec in git."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from textclf.checksums import sha256
from textclf.errors import InputError
from textclf.specs import read_spec


class Teacher(BaseModel):
    """A run that teaches: its commit, and the checksum of its logits, which lie beside the spec as Parquet.

    `tested` is the `rows_key` of the test rows that it has not learned from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tested: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def check_teachers(names: list[str], folder: Path) -> None:
    """Raise `InputError` for a name that comes twice, has no spec in `folder`, or logits with another checksum."""
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"params.yaml: distil.teachers names {twice[0]!r} twice")
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none so far; python -m tools.teach makes one"
            raise InputError(f"params.yaml: distil.teachers: {name!r} is not in {folder}; allowed: {allowed}")
        spec, file = read_spec(folder / f"{name}.yaml", Teacher), folder / f"{name}.parquet"
        if not file.is_file():
            raise InputError(
                f"{folder / name}.yaml: {file} is missing; python -m tools.teach {spec.commit} {name} makes it"
            )
        if (found := sha256(file)) != spec.sha256:
            raise InputError(f"{file} has sha256 {found}, not {spec.sha256} as its spec says")


def check_tested(names: list[str], folder: Path, ids: Iterable[str]) -> None:
    """Raise `InputError` for a teacher that was checked against other test rows than `ids`: it may have learned them.

    The names are those that `check_teachers` accepts.
    """
    key = rows_key(ids)
    for name in names:
        file = folder / f"{name}.yaml"
        spec = read_spec(file, Teacher)
        if spec.tested != key:
            raise InputError(
                f"{file}: the teacher was checked against other test rows, so it may have learned from those of today; "
                f"make it anew: python -m tools.teach {spec.commit} {name}"
            )


def rows_key(ids: Iterable[str]) -> str:
    """Return the sha256 of the rows' ids, in hexadecimal, whatever their order."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
