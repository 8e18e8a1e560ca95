"""What there is to decide: suspect rows of the data set, or messages from a file, each with what speaks against it."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from textclf.data.corrections import Correction
from textclf.data.leaks import same_text, same_texts
from textclf.errors import InputError
from textclf.oos.labels import OUT_OF_SCOPE, is_out
from tools.audit.dataset import texts_left_out
from tools.audit.store import key_of

AUDIT = Path("data/audit/rows.csv")
RAW, OUT_OF_SCOPE_ROWS = Path("data/raw/rows.parquet"), Path("data/raw/oos.parquet")
MESSAGE = ("text", "message")  # names of the column with the texts, in a file of messages
GIVEN, SUGGESTED = ("answered", "predicted", "given"), ("label", "suggested")


@dataclass(frozen=True)
class Item:
    """A row to decide about; `id` is empty for a message that is not in the data set.

    `given` is its label or the answer that a model gave, `suggested` another one; `kinds` say why it is here.
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
    """Return the suspects of the last audit in its order, one item a row; with `kind` those that have such an issue."""
    table, rows = _read_csv(AUDIT), read_rows()
    known = rows.drop_duplicates("id").set_index("id")
    items = []
    if kind:
        table = table[table["id"].isin(table["id"][table["kind"] == kind])]
    for name, lines in table.groupby("id", sort=False):
        if name not in known.index or known.loc[name, "label"] != lines["label"].iloc[0]:
            raise InputError(f"{AUDIT} and {RAW} are of different runs; run dvc repro audit")
        first = lines.iloc[0]
        twin = next((other for other in lines["twin"] if other in known.index), "")
        best = lines[lines["suggested"] != ""].head(1)
        items.append(
            Item(
                str(name),
                str(known.loc[name, "text"]),
                str(known.loc[name, "split"]),  # the source's own
                str(first["label"]),
                "".join(best["suggested"]),
                "".join(best["probability"]),
                ", ".join(lines["kind"]),
                str(known.loc[twin, "text"]) if twin else "",
                str(known.loc[twin, "label"]) if twin else "",
            )
        )
    return items


def messages(path: Path) -> list[Item]:
    """Return the messages of a CSV that are not in the data set yet, each text once.

    A column `text` (or `message`) is needed; `answered` is what a model said, `label` what somebody says is right, as
    tools.serve writes them.
    """
    table = _read_csv(path)
    column = next((name for name in MESSAGE if name in table), None)
    if column is None:
        raise InputError(f"{path}: no column text; it has {', '.join(table.columns)}")
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
            raise InputError(f"{path} is not here; run dvc repro audit first")
    columns = ["id", "text", "label", "split"]
    return pd.concat([pd.read_parquet(path, columns=columns) for path in (RAW, OUT_OF_SCOPE_ROWS)], ignore_index=True)


def label_names(rows: pd.DataFrame, items: list[Item]) -> list[str]:
    """Return what a row can be labelled as: the labels, sorted, out of scope, and kinds that the items name."""
    named = {label for item in items for label in (item.given, item.suggested) if is_out(label)}
    return sorted({*rows["label"], *named, OUT_OF_SCOPE})


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        hint = "; run dvc repro audit first" if path == AUDIT else ""
        raise InputError(f"{path} does not exist{hint}") from None
    except (ValueError, OSError) as error:  # pandas' ParserError and EmptyDataError are ValueErrors
        raise InputError(f"{path} is not readable as CSV: {' '.join(str(error).split())}") from None
