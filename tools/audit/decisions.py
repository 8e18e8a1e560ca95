"""Decisions without a browser: a CSV to fill in, and applying it."""

import csv
import sys
from pathlib import Path

import pandas as pd

from textclf.data.corrections import Correction, Line
from textclf.data.records import Record, read_records
from textclf.data.visible import visible
from textclf.errors import InputError
from tools.audit.queue import Item
from tools.audit.session import Session, checked

COLUMNS = ["id", "text", "given", "suggested", "probability", "kinds", "twin", "action", "label", "reason"]
NEEDED = ("id", "text", "action", "label")


def print_items(items: list[Item]) -> None:
    """Print a CSV of the items, with empty columns for the decisions."""
    table = pd.DataFrame([{name: item.shown().get(name, "") for name in COLUMNS} for item in items], columns=COLUMNS)
    table.to_csv(sys.stdout, index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")  # a carriage return needs quotes


def apply_file(path: Path, session: Session) -> int:
    """Write the decisions of `path`, all or none, and return how many; a row without an action is left undecided.

    Raises `InputError` with the line of a decision that can't be, that was made already, or that was made about another
    text or label than the row has.
    """
    items = {item.id or visible(item.text): item for item in session.items}  # a spreadsheet may change ends of lines
    decided = [(f"{path}: line {line}", row) for line, row in _read(path) if row["action"].strip()]
    lines = [Line(place, _decision(row, place, items, session)) for place, row in decided]
    session.store.add(lines)
    return len(lines)


def _decision(row: dict[str, str], place: str, items: dict[str, Item], session: Session) -> Correction:
    if (item := items.get(row["id"] or visible(row["text"]))) is None:
        raise InputError(f"{place}: {row['id'] or 'this text'} is not among the rows to decide about")
    if visible(row["text"]) != visible(item.text):
        raise InputError(f"{place}: row {item.id} has another text in the table; print the table again")
    if (given := row.get("given", item.given).strip()) != item.given:
        said = f"the table says that its label is {given!r}, but it is {item.given!r}"
        raise InputError(f"{place}: {said}; print the table again")
    try:
        return checked(item, row["action"].strip(), row["label"], session, row.get("reason", ""))
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _read(path: Path) -> list[Record]:
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    header, rows = read_records(path)
    if missing := [name for name in NEEDED if name not in header]:
        raise InputError(f"{path}: no column {missing[0]}; python -m tools.audit --print makes such a file")
    return rows
