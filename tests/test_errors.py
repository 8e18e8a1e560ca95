"""The training row beside each wrong test row: the most similar one with another label."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from textclf.metrics import char_grams
from tools.bench.synthetic import texts
from tools.errors import errors
from tools.errors.errors import COLUMNS, find_errors, neighbors
from tools.errors.page import page, to_csv
from tools.runs.run import Run


def toy(size: int) -> tuple[list[str], list[str]]:
    rows = list(texts(size, seed=3))
    return [text for text, _ in rows], [str(label % 3) for _, label in rows]


def test_it_is_that_of_comparing_all_rows_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, labels = toy(40)
    known, known_labels = toy(150)
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    columns = grams.fit_transform(known).T
    cosines = (grams.transform(asked) @ columns).toarray()
    cosines[np.array(labels)[:, None] == np.array(known_labels)[None, :]] = -1
    monkeypatch.setattr(char_grams, "BLOCK", 16)
    monkeypatch.setattr(errors, "AT_A_TIME", 7)
    found = neighbors(asked, labels, known, known_labels)
    assert found["neighbor"] == [known[place] for place in cosines.argmax(axis=1)]
    assert found["similarity"] == cosines.max(axis=1).round(3).tolist()


def test_of_more_rows_than_can_be_compared_those_of_the_highest_loss_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "MAX_PAIRS", 4)
    rows = pd.DataFrame({"text": ["a card", "a loan", "my card", "my loan", "cards"], "label": list("clclc")})
    rows["used"] = ["train", "train", "test", "test", "test"]
    table = pd.DataFrame({"actual": list("clc"), "predicted": list("lcl"), "confidence": 0.9, "loss": [1.0, 3.0, 2.0]})
    revision = SimpleNamespace(name="x", commit="0" * 40)
    run = cast(Any, SimpleNamespace(predictions=table.set_axis([2, 3, 4]).rename_axis("id"), rows=rows))
    run.revision = revision
    found = find_errors(cast(Run, run))
    assert list(found.columns) == COLUMNS
    assert found["text"].tolist() == ["my loan", "cards", "my card"]
    assert found["neighbor"].isna().tolist() == [False, False, True]
    assert page(run, found).count("not looked for") == 1
    assert len(to_csv(found).splitlines()) == 4
    run.rows = rows.assign(used="test")  # of zero_shot, whose data set may have no training rows
    assert find_errors(cast(Run, run))["neighbor"].isna().all()
