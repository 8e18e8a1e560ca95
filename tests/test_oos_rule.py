"""Out of scope: scores by hand, thresholds that keep their promise, and no test row that has a say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from stages.oos import decisions
from stages.oos import fit as fit_stage
from tests.conftest import ROOT
from textclf.errors import InputError
from textclf.oos import metrics, rule, scores
from textclf.oos.rule import OosRule
from textclf.params import Oos, read_params
from textclf.predictions import Predictions, join, write_predictions
from textclf.probabilities import label_ids

LABELS = ["a", "b", "out_of_scope:chat", "out_of_scope:noise"]
METHODS = [("threshold", s) for s in ("probability", "energy", "logit", "mahalanobis", "knn")]
METHODS += [("class", "energy"), ("gate", "energy")]


def oos(method: str, score: str = "energy", **more: Any) -> Oos:
    return read_params(ROOT / "params.yaml").oos.model_copy(update={"method": method, "score": score} | more)


def rows(size: int, seed: int, out: bool = True, labels: int = 4) -> Predictions:
    """Rows of two labels, and of two kinds out of scope, each around a corner of its own."""
    random = np.random.default_rng(seed)
    actual = [LABELS[number % (4 if out else 2)] for number in range(size)]
    corners = np.eye(4)[[LABELS.index(label) for label in actual]] * 2
    vectors = (corners + random.normal(0, 0.4, (size, 4))).astype(np.float32)
    ids = [f"{seed}-{number}" for number in range(size)]
    return Predictions(ids, actual, 3 * vectors[:, :labels], vectors)


def fit(method: str, score: str = "energy", **more: Any) -> OosRule:
    train = None if method == "class" else rows(80, 1, out=method == "gate", labels=2)
    validation = rows(80, 2, labels=4 if method == "class" else 2)
    return rule.fit(oos(method, score, **more), LABELS if method == "class" else LABELS[:2], train, validation)


def test_scores_by_hand() -> None:
    logits = np.array([[2.0, 0.0], [0.5, 0.5]])
    assert scores.probability(logits) == pytest.approx([1 / (1 + np.e**2), 0.5])
    assert scores.energy(logits) == pytest.approx([-np.log(np.e**2 + 1), -0.5 - np.log(2)])
    assert scores.logit(logits).tolist() == [-2.0, -0.5]


def test_distances_match_scipy() -> None:
    known, asked = rows(40, 1, out=False), rows(20, 2)
    assert known.vectors is not None
    assert asked.vectors is not None
    train, test = scores.unit(known.vectors), scores.unit(asked.vectors)
    away = np.sort(cdist(test, train), axis=1)
    found = scores.kth_neighbor_distance(asked.vectors, {"known": train}, 3)
    np.testing.assert_allclose(found, away[:, 2], atol=1e-6)
    tensors = scores.fit_mahalanobis(known.vectors, label_ids(known.actual, LABELS))
    means = np.stack([train[0::2].mean(axis=0), train[1::2].mean(axis=0)])
    squared = cdist(test, means, "mahalanobis", VI=tensors["precision"]).min(axis=1) ** 2
    np.testing.assert_allclose(scores.mahalanobis(asked.vectors, tensors), squared)


@pytest.mark.parametrize(("method", "score"), METHODS)
def test_each_finds_what_is_out_of_scope(method: str, score: str, tmp_path: Path) -> None:
    scope = fit(method, score)
    test = rows(120, 3, labels=4 if method == "class" else 2)
    table = decisions(scope, test, LABELS)
    found = metrics.score(table)
    assert found["auroc"] > 0.9
    assert ("kind_accuracy" in found) == (method != "threshold")
    scope.save(tmp_path)
    again = rule.load(tmp_path)
    assert again is not None
    pd.testing.assert_frame_equal(decisions(again, test, LABELS), table)
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_nothing_is_out_of_scope_without_a_method(tmp_path: Path) -> None:
    rule.save_none(tmp_path)
    assert rule.load(tmp_path) is None


@pytest.mark.parametrize(("method", "score"), METHODS)
def test_no_test_row_has_a_say_in_the_threshold(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch, method: str, score: str
) -> None:
    width = 4 if method == "class" else 2
    folder = Path("data/predicted/oos")
    write_predictions(rows(80, 1, out=method == "gate", labels=width), folder / "train.parquet")
    write_predictions(rows(80, 2, labels=width), folder / "validation.parquet")
    test = rows(80, 3, labels=width)
    thresholds = set()
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(test.actual).tolist()
        write_predictions(replace(test, actual=shuffled, logits=test.logits * (1 + seed)), folder / "test.parquet")
        thresholds.add(fit_stage(oos(method, score), LABELS[:width]).threshold)
    assert len(thresholds) == 1


def test_ranking_scores_depend_on_the_order_alone() -> None:
    random = np.random.default_rng(0)
    out, scores = random.random(300) < 0.2, random.random(300)
    scores += out * 0.5
    plain = metrics.ranking(out, scores)
    for bent in (np.exp(5 * scores), scores**3 - 7, -1 / (1 + scores)):
        assert metrics.ranking(out, bent) == pytest.approx(plain)
    assert metrics.ranking(~out, -scores)["auroc"] == pytest.approx(plain["auroc"])


def test_ranking_scores_by_hand() -> None:
    out = np.array([True, True, False, False, False, False])
    scores = np.array([0.9, 0.4, 0.8, 0.5, 0.2, 0.1])
    found = metrics.ranking(out, scores)
    assert found["auroc"] == pytest.approx((4 + 2) / 8)
    assert found["aupr"] == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert found["fpr_at_95_recall"] == 0.5


def test_decisions_by_hand() -> None:
    chat, noise = LABELS[2:]
    table = pd.DataFrame(
        [("a", "a"), ("a", "b"), ("b", chat), ("b", "b"), (chat, chat), (chat, noise), (noise, "a"), (noise, noise)],
        columns=["actual", "predicted"],
    )
    assert metrics.at_threshold(table) == pytest.approx(
        {
            "in_scope_kept": 3 / 4,
            "in_scope_accuracy": 2 / 4,
            "out_recall": 3 / 4,
            "out_precision": 3 / 4,
            "recall_chat": 1.0,
            "recall_noise": 0.5,
            "kind_accuracy": 2 / 3,
        }
    )


def test_a_test_set_without_such_rows_has_no_scores_of_them() -> None:
    table = pd.DataFrame({"actual": ["a", "b"], "predicted": ["a", "out_of_scope"], "score": [0.1, 0.9]})
    assert metrics.score(table) == {"in_scope_kept": 0.5, "in_scope_accuracy": 0.5, "out_precision": 0.0}


def test_joined_rows_keep_their_order() -> None:
    both = join(rows(4, 1), rows(2, 2))
    assert both.ids == ["1-0", "1-1", "1-2", "1-3", "2-0", "2-1"]
    assert both.logits.shape == (6, 4)


def test_a_method_without_vectors_is_refused_what_needs_them() -> None:
    from tests.toys import params

    with pytest.raises(InputError, match=r"oos.score = 'knn' needs vectors, and method baseline has none"):
        params(method="baseline", oos={"method": "threshold", "score": "knn"})
    with pytest.raises(InputError, match=r"oos.method = 'gate' needs vectors"):
        params(method="baseline", oos={"method": "gate"})
    with pytest.raises(InputError, match=r"oos.held_out needs an oos.method"):
        params(oos={"held_out": ["a"]})
    assert json.dumps(params(method="baseline", oos={"method": "threshold", "score": "energy"}).oos.score)
