"""The stage robustness: what it changes, what it asks the model, what it writes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages import robustness
from tests.models import write_words_model
from textclf.changes.apply import CHANGES
from textclf.data.expectations import Expectation
from textclf.errors import InputError
from textclf.metrics.listing import read_listing, write_listing
from textclf.metrics.robustness import _share, by_change, headline
from textclf.rows import Rows, new_rows

TEXTS = ["aaa is where my parcel is", "bbb or don't you know 42", "ccc, they said.", "it is a ccc again"]
LABELS = ["a", "b", "c", "c"]


@dataclass
class Lengths:
    """Answers with the number of a text's words, taken at most 3; counts what it is asked."""

    labels: list[str] = field(default_factory=lambda: ["one", "two", "three"])
    asked: list[str] = field(default_factory=list)

    def rows(self, texts: list[str]) -> Rows:
        return new_rows(texts, lambda texts, truncation: {"input_ids": [[len(text.split())] for text in texts]})

    def probabilities(self, rows: Rows, size: int, desc: str) -> Any:
        self.asked += rows.texts
        return np.eye(3)[[min(3, int(ids[0])) - 1 for ids in rows.input_ids]] * 0.9


def predictions(ids: list[str]) -> pd.DataFrame:
    rows = [(name, label, label, 0.75) for name, label in zip(ids, LABELS, strict=False)]
    return pd.DataFrame(rows, columns=["id", "actual", "predicted", "confidence"])


def test_what_has_the_token_ids_of_a_known_text_or_was_asked_already_is_not_asked_again() -> None:
    model = Lengths()
    texts = ["one", "ONE", "a b", "B A", "two words", "a b c d"]
    found = robustness.answer(model, texts, {"known": ("three", 0.5)}, 8)  # type: ignore[arg-type]
    assert found == [("three", 0.5)] * 2 + [("two", 0.9)] * 3 + [("three", 0.9)]
    assert len(model.asked) == 2
    assert robustness.answer(model, [], {"known": ("three", 0.5)}, 8) == []  # type: ignore[arg-type]


def test_the_sample_doesnt_depend_on_the_order_of_the_rows_and_grows_with_the_limit() -> None:
    ids = ["d", "b", "a", "c"]
    texts = pd.Series(TEXTS, index=ids)
    found = robustness.sample(predictions(ids), texts, "test", 2)
    assert found["id"].tolist() == ["a", "b"]
    assert found["text"].tolist() == [TEXTS[2], TEXTS[1]]
    pd.testing.assert_frame_equal(robustness.sample(predictions(ids)[::-1], texts, "test", 2), found)
    assert robustness.sample(predictions(ids), texts, "test", None)["id"].tolist() == sorted(ids)


def test_every_row_is_changed_in_every_way() -> None:
    ids = ["1", "2", "3", "4"]
    found = robustness.change(robustness.sample(predictions(ids), pd.Series(TEXTS, index=ids), "test", None))
    assert found["change"].drop_duplicates().tolist() == ["none", *CHANGES]
    assert (found.groupby("change").size() == 4).all()
    assert not found.loc[found["change"] == "none", "changed"].any()
    assert found.loc[found["change"].isin(["typo", "case", "greeting", "emoji"]), "changed"].all()
    assert found.loc[found["change"] == "numbers", "changed"].tolist() == [False, True, False, False]


def answered(change: str, after: list[str], changed: bool = True, split: str = "test") -> pd.DataFrame:
    rows = {"split": split, "change": change, "actual": list("aabb"), "before": list("aaba"), "after": after}
    return pd.DataFrame(rows | {"changed": changed})


def test_shares_are_of_changed_texts_and_accuracies_of_all_rows() -> None:
    every = [answered("none", list("aaba"), False), answered("typo", list("abbb"))]
    table = by_change(pd.concat(every)).set_index("change")
    assert table.loc["none", ["rows", "texts", "answers", "accuracy"]].tolist() == [4, 0, 0, 0.75]
    assert pd.isna(table.loc["none", "share"])
    assert table.loc["typo", ["texts", "answers", "share", "accuracy"]].tolist() == [4, 2, 0.5, 0.75]
    assert table.loc["typo", "share_low"] == pytest.approx(0.15, abs=0.001)  # Wilson's interval of 2 in 4
    assert table.loc["typo", "share_high"] == pytest.approx(0.85, abs=0.001)


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (1, 1), (2, 4), (0, 300), (17, 300), (300, 300), (5, 10**6)])
def test_intervals_are_wilsons(part: int, whole: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    wilson = proportion_confint(part, whole, method="wilson")
    assert _share(part, whole) == pytest.approx((part / whole, *wilson), abs=1e-4)
    assert _share(0, 0) == (None, None, None)


def test_the_headline_has_at_most_ten_numbers() -> None:
    names = ("none", *CHANGES)
    every = [answered(name, list("aabb"), name != "none", split) for name in names for split in ("test", "validation")]
    table = by_change(pd.concat(every))
    numbers = headline(table, [True, False, True, True])
    assert len(numbers) == 10
    assert numbers["accuracy_changed"] == 1.0
    assert numbers["answers_changed"] == 0.25
    assert numbers["expectations_met"] == 0.75
    assert "expectations_met" not in headline(table, [])


def test_without_validation_rows_the_headline_is_of_test_rows_alone() -> None:
    row = {"split": "test", "actual": "a", "before": "a", "after": "a", "changed": True}
    table = by_change(pd.DataFrame([row | {"change": name} for name in ("none", *CHANGES)]))
    assert not [name for name in headline(table, []) if "validation" in name]
    assert headline(table, [])["accuracy_typo"] == 1.0


def test_expectations_are_judged_in_turn() -> None:
    wanted = [Expectation(kind="same", texts=("x", "y")), Expectation(kind="expect", texts=("z",), label="a")]
    judged = robustness.judge(wanted, ["a", "b", "a"])
    assert judged.to_numpy().tolist() == [
        ["same", "", ["x", "y"], ["a", "b"], False],
        ["expect", "a", ["z"], ["a"], True],
    ]


@pytest.fixture
def project(in_tmp: Path, tiny: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the stage reads: a model of words, its rows and predictions."""
    from tests.toys import params

    write_words_model(tiny("bert"), in_tmp)
    (in_tmp / "models").mkdir()
    (in_tmp / "model").rename(in_tmp / "models/classifier")
    ids = [f"{number:04}" for number in range(4)]
    Path("data/raw").mkdir(parents=True)
    pd.DataFrame({"id": ids, "text": TEXTS}).to_parquet("data/raw/rows.parquet")
    for split in ("validation", "test"):
        write_listing(predictions(ids).assign(loss=0.1, auc=0.0), Path(f"metrics/predictions/{split}.json"))
    monkeypatch.setattr(robustness, "read_params", lambda: params(dataset="mine", method="baseline"))
    Path("data/robustness").mkdir()
    return in_tmp


OUTPUTS = (
    "metrics/robustness.json",
    "metrics/predictions/robustness.json",
    "metrics/expectations.json",
    "plots/robustness.csv",
    "plots/changed_answers.csv",
)


def test_the_stage_writes_the_same_bytes_each_time(project: Path) -> None:
    Path("data/robustness/mine.yaml").write_text("expect: [{text: aaa, label: a}, {text: aaa aaa, label: b}]\n")
    robustness.main()
    before = {name: Path(name).read_bytes() for name in OUTPUTS}
    robustness.main()
    assert before == {name: Path(name).read_bytes() for name in OUTPUTS}
    numbers = json.loads(before["metrics/robustness.json"])
    assert numbers["rows"] == 4
    assert numbers["accuracy"] == 1.0
    assert numbers["expectations_met"] == 0.5
    assert len(read_listing(Path("metrics/expectations.json"))) == 2
    table = pd.read_csv("plots/robustness.csv")
    assert len(table) == 2 * (1 + len(CHANGES))
    rows = read_listing(Path("metrics/predictions/robustness.json"))
    assert rows["none"].tolist() == LABELS
    other = pd.read_csv("plots/changed_answers.csv")
    assert len(other) == table["answers"].sum() > 0
    assert (other["before"] != other["after"]).all()
    assert (other["text"] != other["changed_text"]).all()
    test = other[(other["split"] == "test") & (other["change"] == "typo")].set_index("id")["after"]
    by_id = rows.set_index("id")["typo"].dropna()
    assert by_id.to_dict() == {f"{name:04}": label for name, label in test.items()}


def test_without_expectations_there_is_an_empty_list(project: Path) -> None:
    robustness.main()
    assert read_listing(Path("metrics/expectations.json")).columns.tolist()[0] == "kind"
    assert "expectations_met" not in json.loads(Path("metrics/robustness.json").read_text())


def test_a_label_of_another_data_set_stops_the_stage_and_writes_nothing(project: Path) -> None:
    Path("data/robustness/mine.yaml").write_text("expect: [{text: aaa, label: z}]\n")
    with pytest.raises(InputError, match="'z' is no label of mine"):
        robustness.main()
    assert not any(Path(name).exists() for name in OUTPUTS)
