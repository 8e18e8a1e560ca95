"""Expectations of a classifier that people write down: data/robustness/<dataset>.yaml."""

import difflib
import re
from functools import reduce
from itertools import combinations, product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from textclf.data.names import repeated
from textclf.errors import InputError
from textclf.specs import read_spec


def _each_once(texts: list[str]) -> list[str]:
    if (twice := repeated(texts)) is not None:
        raise ValueError(f"{twice!r} appears twice")
    return texts


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Words = Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)]
Group = Annotated[list[Text], Field(min_length=2), AfterValidator(_each_once)]
PLACE = re.compile(r"\{(\w+)\}")
NO_PLACE = re.compile(r"\{(?!\w+\})[^{}]*\}")  # braces with a name that no place may have
MOST = 1000  # texts that a template makes


class Template(BaseModel):
    """A text whose label is known; a further key for each `{place}` in it lists the words that fill it in."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Words]

    text: Text
    label: Text

    @model_validator(mode="after")
    def _filled(self) -> "Template":
        if wrong := NO_PLACE.search(self.text):
            raise ValueError(f"a place's name consists of letters, digits and _, unlike {wrong[0]}")
        places, lists = set(PLACE.findall(self.text)), set(self.__pydantic_extra__)
        if missing := sorted(places - lists):
            raise ValueError(f"{{{missing[0]}}} appears in the text, but no list {missing[0]} says what fills it in")
        if unused := sorted(lists - places):
            raise ValueError(f"{{{unused[0]}}} does not appear in the text, but there is a list {unused[0]}")
        if (number := prod(map(len, self.__pydantic_extra__.values()))) > MOST:
            raise ValueError(f"its lists make {number:,} texts; {MOST:,} are allowed")
        if not all(text.strip() for text in self.texts()):
            raise ValueError("its lists leave a text empty")
        return self

    def texts(self) -> list[str]:
        """Return the text with each combination of words.

        >>> Template(text="where is my {thing}?", label="a", thing=["parcel", "order"]).texts()
        ['where is my parcel?', 'where is my order?']
        """
        lists = self.__pydantic_extra__
        return [_fill(self.text, dict(zip(lists, words, strict=True))) for words in product(*lists.values())]


def _fill(text: str, words: dict[str, str]) -> str:
    return PLACE.sub(lambda place: words[place[1]], text)


class Expectations(BaseModel):
    """Templates with their label, and groups of texts that must get the same label, or labels that all differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: list[Template] = []
    same: list[Group] = []
    differ: list[Group] = []

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_empty(cls, content: Any) -> Any:
        """Take an empty file, and a key with nothing below it, for one that expects nothing."""
        if not isinstance(content, dict):
            return {} if content is None else content
        return {key: value for key, value in content.items() if value is not None or key not in cls.model_fields}

    @field_validator("expect")
    @classmethod
    def _one_label_a_text(cls, templates: list[Template]) -> list[Template]:
        found: dict[str, tuple[str, str]] = {}  # from a text to its label and the key of its template
        for number, template in enumerate(templates):
            for text in template.texts():
                label, key = found.get(text, ("", ""))
                if key and label == template.label:
                    raise ValueError(f"{text!r} appears twice, in {key} and expect.{number}")
                if key:
                    raise ValueError(
                        f"{text!r} has two labels, {label} in {key} and {template.label} in expect.{number}"
                    )
                found[text] = template.label, f"expect.{number}"
        return templates

    @field_validator("same", "differ")
    @classmethod
    def _each_group_once(cls, groups: list[Group], info: ValidationInfo) -> list[Group]:
        found: dict[frozenset[str], str] = {}
        for number, group in enumerate(groups):
            key = f"{info.field_name}.{number}"
            if (first := found.setdefault(frozenset(group), key)) != key:
                raise ValueError(f"{first} and {key} are the same group")
        return groups

    @field_validator("same")
    @classmethod
    def _as_expected(cls, groups: list[Group], info: ValidationInfo) -> list[Group]:
        labels = {text: template.label for template in info.data.get("expect", []) for text in template.texts()}
        joined: list[set[str]] = []
        for number, group in enumerate(groups):
            joined = _join(joined, group)
            known = {label: text for text in sorted(joined[-1], reverse=True) if (label := labels.get(text))}
            if len(known) > 1:
                said = ", ".join(f"{text!r} is {label}" for label, text in sorted(known.items()))
                raise ValueError(f"same.{number} contradicts expect, which says: {said}")
        return groups

    @field_validator("differ")
    @classmethod
    def _can_differ(cls, groups: list[Group], info: ValidationInfo) -> list[Group]:
        labeled: dict[str, list[str]] = {}
        for template in info.data.get("expect", []):
            labeled.setdefault(template.label, []).extend(template.texts())
        for texts in reduce(_join, [*info.data.get("same", []), *labeled.values()], list[set[str]]()):
            for number, group in enumerate(groups):
                if len(both := sorted(texts.intersection(group))) > 1:
                    pair = f"{both[0]!r} and {both[1]!r}"
                    raise ValueError(f"differ.{number} contradicts same or expect, by which {pair} get one label")
        return groups


def _join(groups: list[set[str]], group: list[str]) -> list[set[str]]:
    """Return `groups` with one more at their end, into which those go that have a text in common with it."""
    apart = [texts for texts in groups if texts.isdisjoint(group)]
    return [*apart, set(group).union(*(texts for texts in groups if not texts.isdisjoint(group)))]


class Expectation(BaseModel):
    """What some texts must get: all of them `label` (expect), all the same (same), or no two the same (differ)."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["expect", "same", "differ"]
    texts: tuple[str, ...]
    label: str = ""

    def met(self, labels: list[str]) -> bool:
        """Return whether the `labels` of the texts are as expected."""
        if self.kind == "expect":
            return labels == [self.label] * len(labels)
        if self.kind == "same":
            return len(set(labels)) == 1
        return all(first != second for first, second in combinations(labels, 2))


def read_expectations(dataset: str, folder: Path) -> list[Expectation]:
    """Return what `folder`/<dataset>.yaml expects, a filled template each; nothing if there is no such file."""
    path = folder / f"{dataset}.yaml"
    if not path.is_file():
        return []
    spec = read_spec(path, Expectations)
    return [
        *(
            Expectation(kind="expect", texts=(text,), label=template.label)
            for template in spec.expect
            for text in template.texts()
        ),
        *(Expectation(kind="same", texts=tuple(group)) for group in spec.same),
        *(Expectation(kind="differ", texts=tuple(group)) for group in spec.differ),
    ]


def check_labels(expectations: list[Expectation], labels: list[str], dataset: str, folder: Path) -> None:
    """Raise `InputError` for an expected label that is not among `labels`."""
    for label in (one.label for one in expectations if one.kind == "expect" and one.label not in labels):
        close = difflib.get_close_matches(label, labels, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"{folder / dataset}.yaml: expect: {label!r} is no label of {dataset}{hint}")
