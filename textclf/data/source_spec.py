"""Source specs: one YAML a data set in data/sources, with its files and the meaning of their columns."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from textclf.cache import is_watched, untracked
from textclf.data.names import repeated
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import is_out
from textclf.specs import read_spec

CORPORA = Path("data/corpora")  # the folders that DVC watches
CORRECTIONS = Path("data/corrections")
SPLIT_TWICE = "split is for one file of all rows; other files are named by their split"
ONE_LABEL = "one label a row is needed; multi-label, pairs and regression are not supported"

SplitName = Literal["train", "validation", "test", "all"]
Name = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SourceFile(BaseModel):
    """One file of a data set: in data/corpora (`path`), or elsewhere, pinned by its checksum (`url`, `name`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    name: str | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @field_validator("path")
    @classmethod
    def _watched(cls, path: Path | None) -> Path | None:
        if path is not None and not is_watched(path, CORPORA):
            raise ValueError(f"{str(path)!r} is not in {CORPORA}, the folder that DVC watches; put the file there")
        return path

    @field_validator("name")
    @classmethod
    def _bare(cls, name: str | None) -> str | None:
        if name is not None and (name in ("", ".", "..") or re.search(r"[/\\\x00-\x1f]", name) or len(name) > 200):
            raise ValueError(f"{name!r} is not a bare file name")
        return name

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if self.path is None and self.url is None and self.name is None:
            raise ValueError("path, url or name is needed")
        if self.url and self.sha256 is None:
            raise ValueError("sha256 is needed beside a url")
        if self.path is None and self.sha256 is None:
            raise ValueError("sha256 is needed for a file that is not in the repository")
        if self.filename in ("", ".", ".."):
            raise ValueError("name is needed, as the url ends without one")
        return self

    @property
    def filename(self) -> str:
        """The file's name in a mirror; its ending gives the format."""
        return self.name or PurePosixPath(str(self.path or urlsplit(str(self.url)).path)).name


class OutOfScopeRows(BaseModel):
    """Which rows belong to none of the labels: those of files of their own, of one label, or of one column's value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: Annotated[dict[SplitName, SourceFile], Field(min_length=1)] | None = (
        None  # with the source's columns, except for the label
    )
    label: Name | None = None
    column: Name | None = None
    value: Name | None = None  # the value of `column` in such a row
    kind: Name | None = None  # the column that names such a row's kind
    split: Name | None = None  # the column that names such a row's split, in `files`; else the source's

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.files, self.label, self.column)) != 1:
            raise ValueError("one of files, label and column is needed")
        if (self.column is None) != (self.value is None):
            raise ValueError("column and value go together")
        if self.files and "all" in self.files and len(self.files) > 1:
            raise ValueError("a file of all rows cannot be combined with others")
        if self.split and not self.files:
            raise ValueError("split is for rows in files of their own")
        if self.split and self.files and "all" not in self.files:
            raise ValueError(SPLIT_TWICE)
        return self


class Source(BaseModel):
    """A data set. Its files are named by split, or `all` for one file that holds every row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    license: str = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] | None = None  # such as en, for the card
    example: str = ""  # a text for the model card; none of the rows is shown there
    files: Annotated[dict[SplitName, SourceFile], Field(min_length=1)]
    text: Name
    label: Name
    split: Name | None = None  # the column that names a row's split, in a file of all rows
    label_names: tuple[str, ...] | None = None  # names of the labels 0, 1, 2, ...
    descriptions: dict[Name, Name] | None = None  # of labels, a sentence each, for methods that read them
    out_of_scope: OutOfScopeRows | None = None
    format: Literal["csv", "text", "json", "jsonl", "parquet", "clinc"] | None = None  # else by the file's ending
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n]$')] | None = None  # else a comma, or a tab in .tsv
    columns: tuple[str, ...] | None = None  # of a file without a header
    corrections: Path | None = None  # decisions about single rows, in data/corrections
    replies: dict[Name, Name] = {}  # to messages out of scope, by kind; `default` to those of any other kind

    @field_validator("text", "label", mode="before")
    @classmethod
    def _one_column(cls, column: Any) -> Any:
        if isinstance(column, list):
            raise ValueError(f"{column}: one column is needed; {ONE_LABEL}")
        return column

    @field_validator("label_names", "columns")
    @classmethod
    def _different(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if (twice := repeated(names or ())) is not None:
            raise ValueError(f"{twice!r} appears twice")
        return names

    @field_validator("label_names")
    @classmethod
    def _usable(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if not visible(name) or name != name.strip() or is_out(name) or not name.isprintable():
                raise ValueError(f"{name!r} can't be a label: it is empty, reserved, or contains invisible characters")
        return names

    @field_validator("corrections")
    @classmethod
    def _watched(cls, path: Path | None) -> Path | None:
        if path is not None and not (is_watched(path, CORRECTIONS) and path.suffix == ".csv"):
            raise ValueError(f"{str(path)!r} is not a .csv file in {CORRECTIONS}, the folder that DVC watches")
        return path

    @field_validator("delimiter", mode="before")
    @classmethod
    def _tab(cls, delimiter: Any) -> Any:
        return "\t" if delimiter == "\\t" else delimiter

    @model_validator(mode="after")
    def _one_split(self) -> Self:
        if self.split and "all" not in self.files:
            raise ValueError(SPLIT_TWICE)
        return self

    @model_validator(mode="after")
    def _different_columns(self) -> Self:
        if self.text == self.label:
            raise ValueError(f"text and label are both the column {self.text!r}")
        return self

    @field_validator("files")
    @classmethod
    def _trainable(cls, files: dict[str, SourceFile]) -> dict[str, SourceFile]:
        if not {"all", "train", "test"} & set(files):
            raise ValueError("a train file, one file of all rows, or for method zero_shot a test file is needed")
        if "all" in files and len(files) > 1:
            raise ValueError("a file of all rows cannot be combined with others")
        return files

    @model_validator(mode="after")
    def _different_filenames(self) -> Self:
        apart = self.out_of_scope.files if self.out_of_scope else None
        every = [*self.files.values(), *(apart or {}).values()]
        fetched = {(file.filename, file.sha256) for file in every if file.url or not file.path}
        if (twice := repeated([name for name, _ in sorted(fetched, key=str)])) is not None:
            raise ValueError(f"two files are called {twice!r}, in the mirror and among the downloads; give each a name")
        return self

    @field_validator("descriptions")
    @classmethod
    def _readable(cls, descriptions: dict[str, str] | None) -> dict[str, str] | None:
        for label, text in (descriptions or {}).items():
            if not visible(text) or is_out(label):
                raise ValueError(f"{label!r}: the description is empty, or the label is reserved for out of scope")
        return descriptions

    @property
    def has_train_file(self) -> bool:
        """Whether some rows may be training rows; with method `zero_shot` none is needed."""
        return bool({"all", "train"} & set(self.files))

    @property
    def out_of_scope_columns(self) -> dict[str, str]:
        """The columns that say of this source's rows whether they are out of scope and of which kind, by key."""
        spec = self.out_of_scope
        named = {} if spec is None or spec.files else {"column": spec.column, "kind": spec.kind}
        return {f"out_of_scope.{key}": column for key, column in named.items() if column}

    @property
    def out_of_scope_source(self) -> "Source | None":
        """The files of out-of-scope rows as a source, whose label is the kind; None without such files."""
        spec = self.out_of_scope
        if spec is None or spec.files is None:
            return None
        split = (spec.split or self.split) if "all" in spec.files else None
        changes = {"label": spec.kind or "", "label_names": None, "split": split}
        return self.model_copy(update=changes | {"files": spec.files, "out_of_scope": None, "corrections": None})


def read_source(dataset: str, folder: Path) -> Source:
    """Return the spec `folder/<dataset>.yaml`; an unknown data set or a bad spec is an `InputError`."""
    path = folder / f"{dataset}.yaml"
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if dataset not in known:
        message = untracked(path) or f"no {path}; allowed: {', '.join(known)}"
        raise InputError(f"params.yaml: dataset = {dataset!r}: {message}")
    return read_spec(path, Source, {"licence": "license"})
