"""Out of scope: scores by hand, thresholds that keep their promise, and no test row that has a say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.covariance import ShrunkCovariance

from stages.oos import decisions
from stages.oos import fit as fit_stage
from tests.conftest import ROOT
from textclf.errors import InputError
from textclf.oos import metrics, rule, scores
from textclf.oos.rule import OosRule
from textclf.params import Oos, read_params
from textclf.predictions import Predictions, join, write_predictions
from textclf.probabilities import label_ids
from textclf.unit import unit

LABELS = ["a", "b", "out_of_scope:chat", "out_of_scope:noise"]
METHODS = [("threshold", score) for score in get_args(Oos.model_fields["score"].annotation)]
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
    train, test = unit(known.vectors), unit(asked.vectors)
    away = np.sort(cdist(test, train), axis=1)
    found = scores.kth_neighbor_distance(asked.vectors, {"known": train}, 3)
    np.testing.assert_allclose(found, away[:, 2], atol=1e-6)
    tensors = scores.fit_mahalanobis(known.vectors, label_ids(known.actual, LABELS))
    means = np.stack([train[0::2].mean(axis=0), train[1::2].mean(axis=0)])
    squared = cdist(test, means, "mahalanobis", VI=tensors["precision"]).min(axis=1) ** 2
    np.testing.assert_allclose(scores.mahalanobis(asked.vectors, tensors), squared)


def test_the_relative_distance_is_that_to_a_label_minus_that_to_all_rows() -> None:
    known, asked = rows(40, 1, out=False), rows(20, 2)
    assert known.vectors is not None
    assert asked.vectors is not None
    train, test = unit(known.vectors), unit(asked.vectors)
    actual = label_ids(known.actual, LABELS)
    found = scores.relative_mahalanobis(asked.vectors, scores.fit_relative_mahalanobis(known.vectors, actual))
    means = np.stack([train[0::2].mean(axis=0), train[1::2].mean(axis=0)])
    by_label = ShrunkCovariance(assume_centered=True, shrinkage=0.1).fit(train - means[actual])
    background = ShrunkCovariance(shrinkage=0.1).fit(train)
    near = np.min([by_label.mahalanobis(test - mean) for mean in means], axis=0)
    np.testing.assert_allclose(found, near - background.mahalanobis(test))


def test_a_direction_in_which_every_row_varies_alike_is_no_sign_of_being_out_of_scope() -> None:
    random = np.random.default_rng(0)
    vectors = np.eye(8)[np.arange(400) % 2] + random.normal(0, 0.05, (400, 8))
    fitted = scores.fit_relative_mahalanobis(vectors, np.arange(400) % 2, shrinkage=0.0)
    usual, unusual = vectors[:1], vectors[:1] + 0.3 * np.eye(8)[5]
    plain, relative = (
        (score(unusual, fitted) - score(usual, fitted))[0]
        for score in (scores.mahalanobis, scores.relative_mahalanobis)
    )
    assert abs(relative) < 0.1 * plain


@pytest.mark.parametrize("score", ["mahalanobis", "relative_mahalanobis", "fisher"])
def test_one_row_a_label_gives_no_mahalanobis_distance(score: str) -> None:
    train, validation = rows(2, 1, out=False, labels=2), rows(20, 2, labels=2)
    with pytest.raises(
        InputError, match=r"oos.score: a Mahalanobis .* two training rows whose vectors differ; use 'knn'$"
    ):
        rule.fit(oos("threshold", score), LABELS[:2], train, validation)
    alike = rows(6, 1, out=False, labels=2)
    alike = replace(alike, vectors=np.ones_like(alike.vectors))
    with pytest.raises(InputError, match=r"; if their texts differ, max_length cuts them alike, or training"):
        rule.fit(oos("threshold", score), LABELS[:2], alike, validation)
    assert rule.fit(oos("threshold", "knn"), LABELS[:2], train, validation).threshold > 0


def test_a_gate_without_an_out_of_scope_row_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match=r"oos\.method = 'gate': no out-of-scope training row is left; use threshold"):
        rule.fit(oos("gate"), LABELS[:2], rows(20, 1, out=False, labels=2), rows(20, 2, labels=2))


def test_a_label_may_have_one_training_row_if_others_have_more() -> None:
    train = rows(21, 1, out=False, labels=2)
    single = replace(train, actual=["b"] + ["a"] * 20)
    for score in ("mahalanobis", "relative_mahalanobis", "fisher"):
        found = rule.fit(oos("threshold", score), LABELS[:2], single, rows(20, 2, labels=2))
        assert np.isfinite(found.threshold)


def test_combined_scores_are_measured_by_validation_rows_in_scope() -> None:
    train, validation = rows(80, 1, out=False, labels=2), rows(40, 2, labels=2)
    found = rule.fit(oos("threshold", "fisher"), LABELS[:2], train, validation)
    assert found.fitted["reference"].shape == (3, 20), "half of the 40 rows are in scope"
    worst = found.fitted["reference"][:, -1]
    assert scores.fisher(list(worst[:, None] + 1), found.fitted["reference"]) == pytest.approx(np.log(21))
    assert scores.fisher(list(worst[:, None]), found.fitted["reference"]) == pytest.approx(np.log(21 / 2))


def test_a_score_combined_with_itself_ranks_rows_as_it_does_alone() -> None:
    random = np.random.default_rng(0)
    known, asked = np.sort(random.normal(size=50)), random.normal(size=30)
    one, three = (scores.fisher([asked] * times, np.stack([known] * times)) for times in (1, 3))
    np.testing.assert_allclose(one, three)
    assert (np.diff(one[np.argsort(asked)]) >= 0).all()


def test_no_score_depends_on_the_other_rows() -> None:
    test = rows(30, 3, labels=2)
    assert test.vectors is not None
    for score in get_args(Oos.model_fields["score"].annotation):
        fitted = fit("threshold", score)
        together, _ = fitted.scores(test.logits, test.vectors)
        alone = [fitted.scores(test.logits[[at]], test.vectors[[at]])[0][0] for at in range(30)]
        np.testing.assert_allclose(alone, together, rtol=1e-6, err_msg=score)


def test_a_hundred_and_fifty_labels_are_no_problem() -> None:
    random = np.random.default_rng(0)
    names = [f"{number:03d}" for number in range(150)]
    corners = random.normal(size=(160, 16))
    actual = np.arange(900) % 150

    def sample(labels: np.ndarray, names: list[str]) -> Predictions:
        vectors = (corners[labels] + random.normal(0, 0.2, (len(labels), 16))).astype(np.float32)
        ids = [str(number) for number in range(len(labels))]
        return Predictions(ids, names, vectors @ corners[:150].T, vectors)

    train = sample(actual, [names[label] for label in actual])
    validation = sample(actual[:150], names)
    test = sample(np.arange(160), names + ["out_of_scope"] * 10)
    for score in ("mahalanobis", "relative_mahalanobis", "knn", "fisher"):
        found = rule.fit(oos("threshold", score), names, train, validation)
        scored, _ = found.scores(test.logits, test.vectors)
        assert metrics.ranking(np.arange(160) >= 150, scored)["auroc"] > 0.9, score


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
def test_no_test_row_has_a_say_in_the_threshold(in_tmp: Path, method: str, score: str) -> None:
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
            "kind_accuracy": 2 / 3,
        }
    )
    assert metrics.by_kind(table).to_numpy().tolist() == [["chat", 2, 1.0], ["noise", 2, 0.5]]
    assert metrics.by_kind(table[table["actual"] == "a"]).empty


def test_a_test_set_without_such_rows_has_no_scores_of_them() -> None:
    table = pd.DataFrame({"actual": ["a", "b"], "predicted": ["a", "out_of_scope"], "score": [0.1, 0.9]})
    assert metrics.score(table) == {"in_scope_kept": 0.5, "in_scope_accuracy": 0.5, "out_precision": 0.0}


def test_joined_rows_keep_their_order() -> None:
    nothing = Predictions([], [], np.empty((0, 1)), None)
    only = rows(2, 2)
    assert join(nothing, only) is only
    assert join(only, nothing) is only
    both = join(rows(4, 1), rows(2, 2))
    assert both.ids == ["1-0", "1-1", "1-2", "1-3", "2-0", "2-1"]
    assert both.logits.shape == (6, 4)


def test_a_method_without_vectors_is_refused_what_needs_them() -> None:
    from tests.toys import params

    with pytest.raises(InputError, match=r"oos.score = 'knn' needs vectors, and method baseline has none"):
        params(method="baseline", oos={"method": "threshold", "score": "knn"})
    with pytest.raises(InputError, match=r"oos.method = 'gate' needs vectors"):
        params(method="baseline", oos={"method": "gate"})
    with pytest.raises(InputError, match=r"oos.method = 'class': baseline.kind = 'most_frequent' answers all alike"):
        params(method="baseline", baseline={"kind": "most_frequent"}, oos={"method": "class"})
    with pytest.raises(InputError, match=r"oos.held_out needs an oos.method"):
        params(oos={"held_out": ["a"]})
    assert json.dumps(params(method="baseline", oos={"method": "threshold", "score": "energy"}).oos.score)
