"""What there is to decide: suspect rows of the data set, or messages from a file, each with what speaks against it."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from textclf.data.corrections import Correction, check_label
from textclf.data.leaks import same_text, same_texts
from textclf.data.records import read_records
from textclf.errors import InputError
from textclf.oos.labels import OUT_OF_SCOPE, is_out
from tools.audit.dataset import texts_left_out
from tools.audit.store import key_of

AUDIT = Path("data/audit/rows.csv")
RAW, OUT_OF_SCOPE_ROWS = Path("data/raw/rows.parquet"), Path("data/raw/oos.parquet")
TEST = Path("data/splits/test.csv")
MESSAGE = ("text", "message")  # names of the column with the texts, in a file of messages
GIVEN, SUGGESTED = ("answered", "predicted", "given"), ("label", "suggested")

Row = dict[Any, str]


@dataclass(frozen=True)
class Item:
    """A row to decide about; `id` is empty for a message that is not in the data set.

    `given` is its label or the answer that a model gave, `suggested` another one; `kinds` say why it is here. A twin
    that is a test row has no `twin_label`.
    """

    id: str
    text: str
    split: str
    given: str
    suggested: str
    probability: str
    kinds: str
    twin: str
    twin_label: str

    @property
    def key(self) -> str:
        """What names the item: its id, or a message's text as a reader sees it."""
        return key_of(self.id, self.text)

    def decide(self, action: str, label: str, by: str, reason: str) -> Correction:
        """Return the decision as a correction; a message is added with a label, a row keeps its own or gets another."""
        if not self.id:
            return Correction("", self.text, "", "add", self.given if action == "keep" else label, by, reason)
        chosen = {"keep": self.given, "drop": ""}.get(action, label)
        return Correction(self.id, self.text, self.split, action, chosen, by, reason)

    def shown(self) -> dict[str, str]:
        """Return the fields for the page."""
        return asdict(self) | {"key": self.key}


def suspects(kind: str | None = None) -> list[Item]:
    """Return the suspects of the last audit in its order, one item a row; with `kind` those that have such an issue.

    Twin and suggestion are those of that issue, else of the first one that has them, a test row's last.
    """
    table, rows = _read_audit(), read_rows()
    if kind:
        table = table[table["id"].isin(table["id"][table["kind"] == kind])]
    named = rows[rows["id"].isin({*table["id"], *table["twin"]})].drop_duplicates("id")
    known = {row["id"]: row for row in named.to_dict("records")}
    issues: dict[str, list[Row]] = {}
    for line in table.to_dict("records"):
        issues.setdefault(line["id"], []).append(line)
    return [_suspect(lines, known, kind) for lines in issues.values()]


def _suspect(lines: list[Row], known: dict[str, Row], kind: str | None) -> Item:
    """Return the item of the row that `lines` of the audit's table are about; `known` are rows by id."""
    row = known.get(lines[0]["id"])
    if row is None or row["label"] != lines[0]["label"]:
        raise InputError(f"{AUDIT} and {RAW} are of different runs; run dvc repro audit")
    shown = sorted(lines, key=lambda line: (line["kind"] != kind, line["kind"] == "near_test"))
    best = next((line for line in shown if line["suggested"]), {"suggested": "", "probability": ""})
    other = next((line for line in shown if line["twin"] in known), None)
    twin = known[other["twin"]] if other else {"text": "", "label": ""}
    return Item(
        row["id"],
        row["text"],
        row["split"],  # the source's own
        row["label"],
        best["suggested"],
        best["probability"],
        ", ".join(line["kind"] for line in lines),
        twin["text"],
        "" if other and other["kind"] == "near_test" else twin["label"],
    )


def messages(path: Path) -> list[Item]:
    """Return the messages of a CSV that are not in the data set yet, each text once.

    A column `text` (or `message`) is needed; `answered` is what a model said, `label` what somebody says is right, as
    tools.serve writes them. Raises `InputError` with the line of a row that is wider or narrower than the header.
    """
    table = _read_messages(path)
    column = next((name for name in MESSAGE if name in table), None)
    if column is None:
        has = f"it has {', '.join(table.columns)}" if len(table.columns) else "the file is empty"
        raise InputError(f"{path}: no column text; {has}")
    given, suggested = (next((name for name in names if name in table), None) for names in (GIVEN, SUGGESTED))
    keys = same_texts(table[column])
    known = {*same_texts(read_rows()["text"]), *map(same_text, texts_left_out())}
    table = table[(keys != "") & ~keys.duplicated(keep="last") & ~keys.isin(known)]
    columns = [table[name].tolist() if name else [""] * len(table) for name in (column, given, suggested)]
    return [Item("", text, "", was, right, "", "message", "", "") for text, was, right in zip(*columns, strict=True)]


def read_rows() -> pd.DataFrame:
    """Return id, text, label and split of all rows of the data set, in scope and out."""
    for path in (RAW, OUT_OF_SCOPE_ROWS):
        if not path.is_file():
            raise InputError(f"{path} does not exist; run dvc repro audit first")
    columns = ["id", "text", "label", "split"]
    return pd.concat([pd.read_parquet(path, columns=columns) for path in (RAW, OUT_OF_SCOPE_ROWS)], ignore_index=True)


def without_test(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are no test rows, neither the source's nor those that the last run has drawn."""
    drawn = pd.read_csv(TEST, usecols=["id"], dtype=str)["id"] if TEST.is_file() else []
    return rows[(rows["split"] != "test") & ~rows["id"].isin(drawn)]


def label_names(rows: pd.DataFrame, items: list[Item]) -> list[str]:
    """Return what a row can be labeled as: the labels, sorted, out of scope, and kinds that the items name."""
    named = {label for item in items for label in (item.given, item.suggested) if is_out(label)}
    found = {*rows["label"], OUT_OF_SCOPE}
    for label in sorted(named):
        with suppress(InputError):  # a decision for it says what is wrong with it
            check_label(label, found, "")
            found.add(label)
    return sorted(found)


def _read_audit() -> pd.DataFrame:
    try:
        return pd.read_csv(AUDIT, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{AUDIT} does not exist; run dvc repro audit first") from None
    except (ValueError, OSError) as error:  # pandas' ParserError and EmptyDataError are ValueErrors
        raise InputError(f"{AUDIT} is not readable as CSV: {' '.join(str(error).split())}") from None


def _read_messages(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    header, rows = read_records(path)
    return pd.DataFrame([row for _, row in rows], columns=header, dtype=object)
