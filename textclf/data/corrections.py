"""Corrections: what people decided about single rows, applied on top of a data set's pinned bytes."""

import difflib
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from textclf.data.ids import row_ids
from textclf.data.leaks import same_texts
from textclf.data.records import read_records
from textclf.data.row_labels import fault_of, look_alikes
from textclf.data.visible import visible
from textclf.errors import InputError
from textclf.oos.labels import in_scope, is_out
from textclf.splits import SPLITS

ACTIONS = ("relabel", "drop", "add", "keep")


@dataclass(frozen=True)
class Correction:
    """A decision about one row; `id` is the row's before any correction, empty for `add`.

    `label` is the new one for `relabel` and `add`, that which was judged right for `keep`, and empty for `drop`. An
    empty `split` is that of any row but a test row's; for `add` it is train.
    """

    id: str
    text: str
    split: str
    action: str
    label: str
    by: str
    reason: str


COLUMNS = [field.name for field in fields(Correction)]


@dataclass(frozen=True)
class Line:
    """A correction and where it stands, for messages."""

    place: str
    correction: Correction


def read_corrections(path: Path) -> list[Line]:
    """Return the lines of a corrections file; `InputError` with the number of a line that is no correction.

    What needs the rows is checked by `apply_corrections`.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; without corrections it holds one line: {','.join(COLUMNS)}")
    header, rows = read_records(path)
    if sorted(header) != sorted(COLUMNS):
        raise InputError(f"{path}: line 1: its columns are {', '.join(header)}; needed are {', '.join(COLUMNS)}")
    found = [Line(f"{path}: line {line}", Correction(**row)) for line, row in rows]
    places: dict[str, str] = {}
    for line in found:
        check_correction(line.correction, line.place)
        if (name := line.correction.id) and (first := places.setdefault(name, line.place)) != line.place:
            raise InputError(f"{line.place}: id {name} appears in {first.rpartition(': ')[2]} too; keep one of them")
    return found


def check_correction(correction: Correction, place: str) -> None:
    """Raise `InputError` for a correction that contradicts itself."""
    action, split = correction.action, correction.split
    if action not in ACTIONS:
        raise InputError(f"{place}: action {action!r}; allowed: {', '.join(ACTIONS)}")
    if split not in ("", *SPLITS):
        raise InputError(f"{place}: split {split!r}; allowed: {', '.join(SPLITS)}, or nothing")
    if (action == "add") == bool(correction.id):
        raise InputError(f"{place}: {'an added row has no id yet' if action == 'add' else f'{action} needs an id'}")
    if (action == "drop") == bool(correction.label):
        raise InputError(f"{place}: {'drop has no label' if action == 'drop' else f'{action} needs a label'}")
    if action == "add" and not visible(correction.text):
        raise InputError(f"{place}: an added row needs a text")


def apply_corrections(rows: pd.DataFrame, lines: list[Line]) -> pd.DataFrame:
    """Return `rows` (text, label, split and further columns) as corrected, with two more columns.

    `known` is the row's id before, empty for an added row; `judged` is the action of the row's line, or empty.
    Raises `InputError` with the line of a correction that doesn't match the rows: another text, another split, a label
    that the row already has, or one that no row has, unless it is a kind of out of scope.
    """
    rows = rows.assign(known=row_ids(rows), judged="")
    place_of = dict(zip(rows["known"], range(len(rows)), strict=True))
    labels, splits = rows["label"].tolist(), rows["split"].tolist()
    texts, judged, dropped = rows["text"].tolist(), rows["judged"].tolist(), []
    known_labels = set(labels)
    for line in lines:
        one = line.correction
        if one.action != "drop":
            check_label(one.label, known_labels, line.place)
            known_labels.add(one.label)
        if one.action == "add":
            continue
        if (at := place_of.get(one.id)) is None:
            raise InputError(f"{line.place}: the data set has no row {one.id}")
        _check_match(line, texts[at], labels[at], splits[at])
        judged[at], labels[at] = one.action, one.label or labels[at]
        dropped += [at] * (one.action == "drop")
    corrected = rows.assign(label=labels, judged=judged).drop(index=rows.index[dropped])
    return _with_added(corrected, [line for line in lines if line.correction.action == "add"])


def check_label(label: str, known: Collection[str], place: str) -> None:
    """Raise `InputError` for a label that is neither known nor fit to be a new kind of out of scope."""
    if label in known:
        return
    if not is_out(label):  # likely a slip
        close = difflib.get_close_matches(label, in_scope(known), n=1)
        hint = f"; did you mean {close[0]}?" if close else "; a new label begins in the data set's own files"
        raise InputError(f"{place}: no row has the label {label!r}{hint}")
    if fault := fault_of(label):
        raise InputError(f"{place}{fault}")
    check_look(label, known, place)


def check_look(label: str, known: Collection[str], place: str) -> None:
    """Raise `InputError` for a label that looks the same as another one of `known`, no two of which do."""
    if label not in known and (pair := look_alikes({*known, label})):
        raise InputError(f"{place}: the labels {pair[0]!a} and {pair[1]!a} look the same; use one name")


def counts(lines: list[Line]) -> dict[str, int]:
    """Return how many lines there are of each action, and how many are about test rows."""
    actions = Counter(line.correction.action for line in lines)
    test = sum(line.correction.split == "test" and line.correction.action != "keep" for line in lines)
    return {action: actions[action] for action in ACTIONS} | {"test_rows": test}


def _check_match(line: Line, text: str, label: str, split: str) -> None:
    one = line.correction
    if one.text != text:
        raise InputError(f"{line.place}: row {one.id} has another text")
    if split == "test" and one.split != "test":
        raise InputError(f"{line.place}: row {one.id} is a test row; it is corrected only where the line says so: test")
    if one.split not in ("", split):
        raise InputError(f"{line.place}: row {one.id} is in {split}, not in {one.split}")
    if one.action == "relabel" and one.label == label:
        raise InputError(f"{line.place}: row {one.id} already has the label {label!r}")
    if one.action == "keep" and one.label != label:
        raise InputError(f"{line.place}: row {one.id} has the label {label!r}, not {one.label!r}")


def _with_added(rows: pd.DataFrame, lines: list[Line]) -> pd.DataFrame:
    if not lines:
        return rows.reset_index(drop=True)
    added = pd.DataFrame([asdict(line.correction) for line in lines])[["text", "label", "split"]]
    added["split"] = added["split"].replace("", "train")
    have = set(zip(same_texts(rows["text"]), rows["label"], strict=True))
    for line, pair in zip(lines, zip(same_texts(added["text"]), added["label"], strict=True), strict=True):
        if pair in have:
            raise InputError(f"{line.place}: the data set has this text with the label {pair[1]!r} already")
        have.add(pair)
    return pd.concat([rows, added.assign(known="", judged="add")], ignore_index=True)
