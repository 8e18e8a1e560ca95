"""Near-duplicates: those that comparing every text with every other one would find."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from textclf.metrics import char_grams
from textclf.metrics import near_duplicates as module
from textclf.metrics.char_grams import fit_grams
from textclf.metrics.near_duplicates import NEAR, near_duplicates
from tools.bench.synthetic import texts


def exhaustive(asked: list[str], others: list[str]) -> list[bool]:
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True)
    known = grams.fit_transform(others)
    found: list[bool] = ((grams.transform(asked) @ known.T).toarray().max(axis=1) >= NEAR).tolist()
    return found


def some_texts(size: int) -> tuple[list[str], list[str]]:
    """Half to ask about, half to compare with; a tenth of those asked is like one of the others, nearly or exactly."""
    rows = [text for text, _ in texts(size, seed=1)]
    asked, others = rows[::2], rows[1::2]
    for number in range(0, len(asked), 10):
        words = others[-number - 1].split()
        asked[number] = " ".join(words[number % 3 :])
    return asked, others


def test_they_are_those_of_all_pairs() -> None:
    asked, others = some_texts(600)
    expected = exhaustive(asked, others)
    assert 20 < sum(expected) < 100
    assert near_duplicates(asked, others).tolist() == expected


@pytest.mark.parametrize(("block", "cells", "pairs"), [(7, 10, 3), (1000, 1, 1), (50, 100_000, 20)])
def test_the_size_of_blocks_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, block: int, cells: int, pairs: int
) -> None:
    monkeypatch.setattr(char_grams, "BLOCK", block)
    monkeypatch.setattr(module, "CELLS", cells)
    monkeypatch.setattr(module, "PAIRS", pairs)
    asked, others = some_texts(120)
    assert near_duplicates(asked, others).tolist() == exhaustive(asked, others)


@pytest.mark.parametrize("rest", [0.1, 0.5, 0.89])
def test_the_length_of_heads_changes_nothing(monkeypatch: pytest.MonkeyPatch, rest: float) -> None:
    monkeypatch.setattr(module, "REST", rest)
    asked, others = some_texts(200)
    assert near_duplicates(asked, others).tolist() == exhaustive(asked, others)


def test_a_text_that_stands_twice_is_answered_twice() -> None:
    assert near_duplicates(["hello you", "bye", "Hello you"], ["hello you"] * 3).tolist() == [True, False, True]


def test_texts_that_share_nothing_are_not_near() -> None:
    assert near_duplicates(["xyz", "?"], ["hello you", "a"]).tolist() == [False, False]


def test_nothing_is_near_nothing() -> None:
    assert near_duplicates(["hello"], []).tolist() == [False]
    assert near_duplicates([], ["hello"]).tolist() == []


def test_the_vectorizer_is_that_of_scikit_learn() -> None:
    rows = [text for text, _ in texts(50, seed=2)]
    grams, _ = fit_grams(rows)
    usual = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True).fit(rows)
    assert grams.vocabulary == usual.get_feature_names_out().tolist()
    assert np.array_equal(grams.transform(rows).toarray(), usual.transform(rows).toarray())
