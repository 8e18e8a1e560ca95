"""The review's table of rows that changed, and the scores on test rows whose label has changed."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from textclf.errors import InputError
from tools.review.changes import changed_data
from tools.review.data_changes import MOST, data_changes, relabeled_scores


def run(rows: list[tuple[str, str, str]], md5: str, predicted: dict[str, str], audit: str | None = None) -> Any:
    """A run of rows (text, label, split), whose ids are their texts; `audit` is the content of its list of suspects."""
    table = pd.DataFrame(rows, columns=["text", "label", "used"]).set_index("text", drop=False).rename_axis("id")
    test = table[table["used"] == "test"]
    predictions = pd.DataFrame(
        {"actual": test["label"], "predicted": [predicted.get(name, "a") for name in test.index]}
    )

    def csv(path: str) -> pd.DataFrame:
        if audit is None:
            raise InputError("not here")
        from io import StringIO

        return pd.read_csv(StringIO(audit), keep_default_na=False)

    outs = [{"path": "data/raw/rows.parquet", "md5": md5}]
    return SimpleNamespace(
        rows=table.assign(split=table["used"]),
        oos_rows=pd.DataFrame({"text": [], "label": [], "split": []}, dtype=str),
        predictions=predictions,
        lock={"download": {"outs": outs}, "audit": {}},
        revision=SimpleNamespace(csv=csv),
        params={},
    )


BASE = [("x", "a", "train"), ("y", "b", "train"), ("t", "a", "test"), ("u", "b", "test")]
AUDIT = "id,kind,suggested,probability\ny,label,a,0.91\ny,outlier,,\n"


def test_every_row_that_was_added_dropped_or_relabeled_is_listed_with_what_the_audit_thought() -> None:
    head = [("y", "a", "train"), ("z", "b", "train"), ("t", "b", "test"), ("u", "b", "test")]
    found = data_changes(run(BASE, "1", {}, AUDIT), run(head, "2", {}))
    assert found.rows.to_numpy().tolist() == [
        ["added", "train", "z", "", "b", ""],
        ["dropped", "train", "x", "a", "", ""],
        ["relabeled", "test", "t", "a", "b", ""],
        ["relabeled", "train", "y", "b", "a", "label: a (0.91); outlier"],
    ]
    assert (found.number, found.test_rows, found.remark) == (4, 1, "")


def test_further_training_texts_of_augment_file_are_told_from_rows_of_the_source() -> None:
    base, head = run(BASE, "1", {}, AUDIT), run(BASE, "1", {}, AUDIT)
    head.params = {"augment": {"file": "mine"}}
    head.lock["augment"] = {"outs": [{"path": "data/augmented.parquet", "md5": "9"}]}
    texts = pd.DataFrame({"id": ["x", "c1"], "text": ["x", "ecks"], "label": ["a", "a"], "parent": ["", "x"]})
    head.revision.parquet = lambda path: texts
    found = data_changes(base, head)
    assert found.rows.to_numpy().tolist() == [["added", "train, further text", "ecks", "", "a", ""]]
    assert data_changes(head, head).number == 0
    assert changed_data(base, head) == ["train, further text: 1 rows added, 0 removed, 0 relabeled"]


def test_the_scores_of_corrected_test_rows_stand_apart_by_old_and_by_new_labels() -> None:
    head = [*BASE[:2], ("t", "b", "test"), ("u", "b", "test")]
    table = relabeled_scores(run(BASE, "1", {"t": "a", "u": "b"}), run(head, "2", {"t": "b", "u": "a"}))
    assert table.to_numpy().tolist() == [
        ["unchanged label", 1, 1.0, 0.0],
        ["changed label, by the old one", 1, 1.0, 0.0],
        ["changed label, by the new one", 1, 0.0, 1.0],
    ]
    assert relabeled_scores(run(BASE, "1", {}), run(BASE, "2", {})).empty


def test_the_same_bytes_are_not_even_read() -> None:
    base, head = (SimpleNamespace(lock=run(BASE, "1", {}).lock, params={}) for _ in range(2))
    head.lock["download"]["outs"].append({"path": "data/raw/label_texts.json", "md5": "of other descriptions"})
    assert data_changes(base, head).number == 0  # type: ignore[arg-type]
    assert changed_data(base, head) == []  # type: ignore[arg-type]


def test_what_cannot_be_told_is_said_and_long_lists_are_cut() -> None:
    many = [(f"row {n}", "a", "train") for n in range(MOST + 5)]
    found = data_changes(run(BASE, "1", {}), run([*BASE, *many], "2", {}))
    assert found.remark == "What the base's audit thought is not in DVC's cache."
    assert (len(found.rows), found.number) == (MOST, MOST + 5)
