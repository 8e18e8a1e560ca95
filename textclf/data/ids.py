"""Ids of rows: a hash of the text, and a number for each exact repeat."""

import hashlib

import pandas as pd

from textclf.oos.labels import is_out

ORDER = {"test": 0, "validation": 1, "train": 2}


def row_ids(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return a unique id for each row: a hash of the text, and a number for each exact repeat.

    Ids of out-of-scope rows begin with `oos-`, because the same text can be in scope too.
    Test rows are counted first, so that their ids don't depend on the other rows.
    A row keeps the id in its column `known`, if there is one, unless it has moved in or out of scope since.

    >>> rows = pd.DataFrame({"text": ["hi", "hi", "bye"], "label": "a", "split": ["train", "test", "train"]})
    >>> row_ids(rows).tolist()
    ['8f434346648f6b96-1', '8f434346648f6b96', 'b49f425a7e1f9cff']
    """
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in rows["text"]]
    names = [f"oos-{name}" if is_out(label) else name for name, label in zip(hashes, rows["label"], strict=True)]
    known = rows["known"].fillna("").tolist() if "known" in rows else [""] * len(rows)
    ids = [last if last.partition(f"{name}-")[0] in ("", name) else "" for name, last in zip(names, known, strict=True)]
    taken, repeat = set(ids), dict.fromkeys(names, 0)
    for at in rows["split"].map(ORDER).to_numpy().argsort(kind="stable"):
        while not ids[at]:
            name, number = names[at], repeat[names[at]]
            repeat[name] += 1
            if (free := name if number == 0 else f"{name}-{number}") not in taken:
                ids[at] = free
    return pd.Series(ids, rows.index, name="id", dtype=object)
