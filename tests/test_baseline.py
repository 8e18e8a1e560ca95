"""The tfidf baseline: which words it knows, and that it computes the same each time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.toys import params
from textclf import classifiers
from textclf.classifiers.baseline import Words
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from textclf.methods import baseline
from textclf.rows import Rows, new_rows
from textclf.training.task import Task
from tools.bench.synthetic import texts


def labeled(written: list[str], labels: list[int]) -> Rows:
    found = new_rows(written)
    return Rows(found.ids, found.texts, found.input_ids, np.array(labels))


def words(tmp: Path, train: Rows, validation: Rows, labels: list[str], **choice: Any) -> Words:
    chosen = params(method="baseline", baseline={"kind": "tfidf", "C": 10.0} | choice)
    task = Task(Checkpoint(folder="none"), tmp, labels, train, validation, chosen, tmp / "resume", tmp / "vectors")
    found = baseline.train(task).classifier
    assert isinstance(found, Words)
    return found


TOY = labeled(["my card", "my loan", "card lost", "loan paid"], [0, 1, 0, 1])


def known(tmp: Path, **choice: Any) -> list[str]:
    return list(words(tmp, TOY, TOY, ["card", "loan"], **choice).tfidf.get_feature_names_out())


def test_words_of_fewer_texts_than_min_df_are_left_out(tmp_path: Path) -> None:
    assert known(tmp_path, min_df=2) == ["card", "loan", "my"]
    assert "card lost" in known(tmp_path, min_df=1)


def test_the_most_frequent_words_are_kept(tmp_path: Path) -> None:
    assert len(known(tmp_path, min_df=1, max_features=4)) == 4
    assert set(known(tmp_path, min_df=1, max_features=3)) == {"card", "loan", "my"}
    assert len(known(tmp_path, min_df=1, max_features=None)) == 9


def test_texts_without_a_frequent_word_are_refused(tmp_path: Path) -> None:
    message = "no word of two letters or more stands in 3 of the training texts; a lower baseline.min_df may help"
    with pytest.raises(InputError, match=message):
        words(tmp_path, TOY, TOY, ["card", "loan"], min_df=3)


def test_it_learns_and_writes_the_same_small_files_each_time(tmp_path: Path) -> None:
    rows = list(texts(2000, seed=0))
    # Few of the labels, so that each has enough rows to learn from.
    found = [(text, label) for text, label in rows if label < 4]
    every = labeled([text for text, _ in found], [label for _, label in found])
    half = every.take(range(0, len(found), 2)), every.take(range(1, len(found), 2))
    names = ["a", "b", "c", "d"]
    for name in ("one", "two"):
        classifier = words(tmp_path, *half, names)
        classifiers.save(classifier, tmp_path / name)
    assert classifier.regression.coef_.dtype == np.float32
    predicted = classifier.predict(half[1], 8, "").logits
    assert (predicted.argmax(axis=1) == half[1].labels).mean() > 0.6
    again = classifiers.load(tmp_path / "one").predict(half[1], 8, "").logits
    assert np.array_equal(again, predicted)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
