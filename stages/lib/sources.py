"""Source specs: one YAML a data set in data/sources, which says where its files are and which columns mean what."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stages.lib.errors import InputError
from stages.lib.specs import read_spec

SPLITS = ("train", "validation", "test")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SourceFile(BaseModel):
    """One file of a data set: in the repository (`path`), or elsewhere, pinned by its checksum (`url`, `name`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    name: str | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if self.path is None and self.url is None and self.name is None:
            raise ValueError("path, url or name is needed")
        if self.path is None and self.sha256 is None:
            raise ValueError("sha256 is needed for a file that is not in the repository")
        return self

    @property
    def filename(self) -> str:
        """The file's name in a mirror, and what its format is read from."""
        return self.name or Path(str(self.path or self.url)).name


class Source(BaseModel):
    """A data set. Its files are named by split, or `all` for one file that holds every row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    licence: str = ""
    files: Annotated[dict[Literal["train", "validation", "test", "all"], SourceFile], Field(min_length=1)]
    text: str
    label: str
    split: str | None = None  # the column that names a row's split, in a file of all rows
    label_names: tuple[str, ...] | None = None  # names of the labels 0, 1, 2, ...
    format: Literal["csv", "text", "jsonl", "parquet"] | None = None  # else by the file's ending
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: tuple[str, ...] | None = None  # of a file without a header

    @field_validator("files")
    @classmethod
    def _trainable(cls, files: dict[str, SourceFile]) -> dict[str, SourceFile]:
        if ("all" in files) == ("train" in files):
            raise ValueError("either a train file or one file of all rows is needed")
        if "all" in files and len(files) > 1:
            raise ValueError("a file of all rows stands alone")
        return files


def read_source(dataset: str, folder: Path) -> Source:
    """Return the spec `folder/<dataset>.yaml`; an unknown data set or a bad spec is an `InputError`."""
    path = folder / f"{dataset}.yaml"
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if dataset not in known:
        raise InputError(f"params.yaml: dataset = {dataset!r}: no {path}; allowed: {', '.join(known)}")
    return read_spec(path, Source)
