"""The differences of two configurations: right scores, mirrored when sides are swapped, intervals that hold."""

import numpy as np
import pandas as pd
import pytest

from tests import simulate
from tests.simulate import World
from textclf.metrics import scores as definitions
from textclf.metrics import selection
from tools.review.differences import Differences, compare_predictions
from tools.review.rules import read_rules
from tools.runs.tables import Seeds
from tools.stats.difference import SeedVariance, compare
from tools.stats.influence import F1_BY_LABEL, Score, interval, scores, to_side
from tools.stats.power import detectable_difference, rows_needed, seeds_needed
from tools.stats.verdict import verdict

EFFECTS = {"accuracy": 0.005, "macro_f1": 0.005, "log_loss": 0.01}
LABELS = [f"label {number}" for number in range(4)]


def predictions(rows: int = 300, right: float = 0.8, seed: int = 0) -> pd.DataFrame:
    """Random predictions, `right` of them right."""
    random = np.random.default_rng(seed)
    actual = np.random.default_rng(99).integers(4, size=rows)
    guess = np.where(random.random(rows) < right, actual, random.integers(4, size=rows))
    confidence = random.uniform(0.3, 1.0, rows).round(4)
    loss = np.where(guess == actual, -np.log(confidence), 2.0).round(4)
    names = np.array(LABELS)
    table = {"actual": names[actual], "predicted": names[guess], "confidence": confidence, "loss": loss}
    return pd.DataFrame(table, index=[f"row {number:04}" for number in range(rows)])


def seeds(*tables: pd.DataFrame) -> Seeds:
    return Seeds(list(tables), [None] * len(tables))


def differences(base: pd.DataFrame, head: pd.DataFrame) -> Differences:
    return compare_predictions(seeds(base), seeds(head), LABELS, 15, EFFECTS)


def test_a_side_that_draws_nothing_gets_no_spread_of_others() -> None:
    known = {"accuracy": SeedVariance(np.array(1e-3), np.array(1e-3), 4)}
    sides = seeds(predictions(seed=1)), seeds(predictions(seed=2))
    none, head, both = (
        compare_predictions(*sides, LABELS, 15, EFFECTS, of).accuracy.standard_error
        for of in (({}, {}), ({}, known), (known, known))
    )
    assert none < head < both


def test_the_scores_are_those_of_evaluate() -> None:
    side = to_side(predictions(), LABELS)
    found = {name: score.value for name, score in scores(side, 4).items()}
    for score in (
        selection.accuracy,
        selection.macro_f1,
        definitions.weighted_f1,
        definitions.macro_precision,
        definitions.macro_recall,
    ):
        assert found[score.__name__] == pytest.approx(score(side.actual, side.predicted)), score.__name__
    assert found["log_loss"] == pytest.approx(side.loss.mean())


def test_influences_add_up_to_nothing_and_are_what_leaving_a_row_out_changes() -> None:
    table = predictions()
    whole = scores(to_side(table, LABELS), 4)
    without = scores(to_side(table.iloc[1:], LABELS), 4)
    for name, score in whole.items():
        np.testing.assert_allclose(score.influence.mean(axis=0), 0, atol=1e-9)
        change = (score.value - without[name].value) * (len(table) - 1)
        np.testing.assert_allclose(change, score.influence[0], rtol=0.1, atol=2e-2, err_msg=name)


def test_the_interval_of_a_share_ends_at_1_and_that_of_the_log_loss_does_not() -> None:
    table = predictions(rows=40).assign(loss=np.linspace(0, 1.9, 40))
    table["predicted"] = table["actual"].where(table.index != "row 0000", LABELS[0])
    found = {name: interval(score) for name, score in scores(to_side(table, LABELS), 4).items() if name != F1_BY_LABEL}
    assert found["accuracy"][1] == 1
    assert found["log_loss"] == pytest.approx((0.95 - 0.1743, 0.95 + 0.1743), abs=1e-4)
    assert interval(Score(np.asarray(0.01), np.array([-0.5, 0.5])))[0] == 0


def test_a_label_that_no_row_has_does_not_count_for_the_means() -> None:
    side = to_side(predictions(), LABELS)
    assert scores(side, 9)["macro_f1"].value == pytest.approx(scores(side, 4)["macro_f1"].value)


def test_roc_auc_has_an_interval_if_every_seed_has_its_influences() -> None:
    random = np.random.default_rng(0)
    tables = [predictions(seed=seed).assign(auc=random.normal(0, 0.1, 300)) for seed in (1, 2)]
    found = compare_predictions(Seeds(tables[:1], [0.9]), Seeds(tables[1:], [0.95]), LABELS, 15, EFFECTS)
    row = found.scores.set_index("metric").loc["roc_auc"]
    assert row["difference"] == pytest.approx(0.05)
    assert row["low"] < 0.05 < row["high"]
    assert "roc_auc" not in set(differences(*tables).scores["metric"])


def test_identical_predictions_give_no_detectable_difference_and_intervals_of_no_width() -> None:
    found = differences(predictions(), predictions())
    judged = found.scores[found.scores["metric"].isin(EFFECTS)]
    assert set(judged["verdict"]) == {"no detectable difference"}
    assert (judged[["difference", "low", "high"]] == 0).all(axis=None)
    assert (judged["p"] == 1).all()
    assert not found.labels["moved"].any()
    assert found.pairs.empty


def test_a_score_without_a_smallest_effect_gets_an_interval_and_no_verdict() -> None:
    found = differences(predictions(), predictions(right=0.99, seed=3)).scores.set_index("metric")
    assert found.loc["accuracy", "verdict"] == "improved"
    assert found.loc["weighted_f1", "low"] > 0
    assert found.loc["weighted_f1", "verdict"] == ""
    assert np.isnan(found.loc["ece", "low"])


def test_swapping_base_and_head_mirrors_every_number() -> None:
    one, other = predictions(seed=1), predictions(right=0.9, seed=2)
    there, back = differences(one, other), differences(other, one)
    np.testing.assert_allclose(there.scores["difference"], -back.scores["difference"])
    np.testing.assert_allclose(there.scores["low"], -back.scores["high"])
    assert (there.fixed, there.broken) == (back.broken, back.fixed)
    both = there.labels.set_index("label").join(back.labels.set_index("label"), suffixes=("", "_back"))
    np.testing.assert_allclose(both["low"], -both["high_back"])
    np.testing.assert_allclose(both["p"], both["p_back"])
    assert sorted(there.pairs["change"]) == sorted(-back.pairs["change"])


def test_more_seeds_narrow_the_interval_and_are_no_more_rows() -> None:
    base, head = ([predictions(seed=seed) for seed in range(start, start + 5)] for start in (10, 20))
    one = compare_predictions(seeds(base[0]), seeds(head[0]), LABELS, 15, EFFECTS).accuracy
    five = compare_predictions(seeds(*base), seeds(*head), LABELS, 15, EFFECTS).accuracy
    assert five.high - five.low < one.high - one.low
    assert five.difference == pytest.approx(
        np.mean([(t["actual"] == t["predicted"]).mean() for t in head])
        - np.mean([(t["actual"] == t["predicted"]).mean() for t in base])
    )


@pytest.mark.parametrize(
    ("fixed", "broken"), [(4, 0), (5, 0), (7, 1), (9, 2), (8, 1), (10, 2), (0, 7), (41, 19), (1, 0)]
)
def test_interval_and_p_never_contradict_each_other(fixed: int, broken: int) -> None:
    found = simulate.accuracy_of(1200, fixed, broken)
    assert (found.p < 0.05) == (not found.low <= 0 <= found.high)
    assert (found.p < 0.05) == ((fixed, broken) in [(8, 1), (10, 2), (0, 7), (41, 19)]), (
        "as McNemar's exact test has it"
    )


@pytest.mark.parametrize("number", [1, 5])
def test_pairs_that_differ_by_seeds_alone_are_seldom_called_different(number: int) -> None:
    for name, share in simulate.outside(World(), number, 300).items():
        assert share <= 0.08, name


def test_intervals_of_five_seeds_hold_a_planted_change_in_95_of_100_cases() -> None:
    for name, share in simulate.outside(World(), 5, 300, shift=0.15).items():
        assert 0.02 <= share <= 0.09, name


def test_a_change_of_a_point_is_found_with_five_seeds() -> None:
    assert simulate.found_share(World(3080, 77, by_seed=0.02), 5, 60, 0.115) >= 0.8


def test_another_processor_never_improves_anything() -> None:
    changed, passed = simulate.processors(World(), 100)
    assert changed == 0
    assert passed >= 97


def test_a_run_passes_the_gate_against_itself() -> None:
    assert all(map(simulate.passes, simulate.rounded(World(), 30, noise=0.0)))


@pytest.mark.parametrize(("rows", "flips"), [(1200, 3), (1200, 5), (200, 4), (1200, 60)])
def test_a_difference_that_is_said_to_be_detected_is(rows: int, flips: int) -> None:
    _, share = simulate.flips_found(rows, flips, 1000)
    assert share >= 0.75


def test_roc_aucs_interval_holds() -> None:
    small = World(400, 4, probabilities=True)
    assert simulate.outside(small, 1, 150)["roc_auc"] <= 0.1


def test_more_rows_find_less_and_more_seeds_help_only_so_far() -> None:
    few, many = (simulate.accuracy_of(rows, rows // 20, rows // 20) for rows in (300, 3000))
    assert detectable_difference(many, 3000) < detectable_difference(few, 300)
    assert (rows_needed(few, 300, 0.01) or 0) > 3000
    random = np.random.default_rng(0)
    noisy = [Score(np.asarray(value), random.normal(0, 0.3, 2000)) for value in (0.90, 0.91, 0.92, 0.93)]
    found = compare(noisy[:2], noisy[2:])
    assert seeds_needed(found, 2, 2000, 0.05) is not None
    assert seeds_needed(found, 2, 2000, 1e-4) is None


def test_f1_by_label_has_an_entry_a_label() -> None:
    assert scores(to_side(predictions(), LABELS), 4)[F1_BY_LABEL].influence.shape == (300, 4)


def test_the_committed_rules_let_an_unchanged_model_pass() -> None:
    assert set(read_rules().effects) >= {"accuracy", "macro_f1", "log_loss"}
    assert simulate.passing(World(), 5, 100) >= 0.9


def flipped(
    rows: int, labels: int, changed: list[int], to: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Two tables of which the second has some rows `changed`: right if `to` is None, else predicted as `to`."""
    names = [f"l{number}" for number in range(labels)]
    actual = [names[number % labels] for number in range(rows)]
    head = pd.DataFrame({"actual": actual, "predicted": actual, "confidence": 0.9, "loss": 0.1})
    base = head.copy()
    for row in changed:
        base.loc[row, "predicted"] = names[(row + 1) % labels]
        head.loc[row, "predicted"] = to or actual[row]
    return base, head, names


def test_a_label_with_one_row_is_no_evidence() -> None:
    base, head, names = flipped(200, 10, [0])
    for table in (base, head):
        table.loc[0, "actual"] = "rare"
    head.loc[0, "predicted"] = "rare"
    found = compare_predictions(seeds(base), seeds(head), [*names, "rare"], 15, EFFECTS)
    assert not found.labels["moved"].any()
    assert (
        found.scores.set_index("metric").loc[["accuracy", "macro_f1"], "verdict"].tolist()
        == ["no detectable difference"] * 2
    )


def test_a_label_without_test_rows_that_is_predicted_once_is_no_regression() -> None:
    base, head, names = flipped(1200, 23, [5], to="new")
    found = compare_predictions(seeds(base), seeds(head), [*names, "new"], 15, EFFECTS)
    assert found.scores.set_index("metric").loc["macro_f1", "verdict"] == "no detectable difference"


@pytest.mark.parametrize(("rows", "labels"), [(450, 150), (300, 40)])
def test_with_few_rows_a_label_none_is_called_different_by_chance(rows: int, labels: int) -> None:
    called = 0
    for case in range(25):
        random = np.random.default_rng(case)
        drawn = World(rows, labels).draw(random)
        tables = []
        for _ in range(2):
            margin = drawn.margin + random.normal(0, 0.8, rows)
            names = np.array([f"l{number}" for number in range(labels)], dtype=object)
            predicted = np.where(margin > 0, drawn.actual, drawn.near)
            tables.append(
                pd.DataFrame(
                    {"actual": names[drawn.actual], "predicted": names[predicted], "confidence": 0.9, "loss": 0.1}
                )
            )
        found = compare_predictions(seeds(tables[0]), seeds(tables[1]), names.tolist(), 15, EFFECTS)
        called += bool(found.labels["moved"].any())
    assert called <= 3


def test_a_difference_without_an_interval_has_no_verdict() -> None:
    assert verdict("log_loss", 0.1, float("nan"), float("nan"), 0.01) == ""
