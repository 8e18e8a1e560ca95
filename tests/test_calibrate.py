"""Temperature: found where it is known, never a change of the predicted label."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stages import calibrate, evaluate
from tests.toys import params
from textclf.metrics.calibration import expected_calibration_error
from textclf.metrics.listing import read_listing
from textclf.metrics.selection import log_loss
from textclf.metrics.temperature import fit_temperature
from textclf.outputs import ensure_parent
from textclf.predictions import Predictions, write_predictions
from textclf.probabilities import softmax


def drawn(rows: int = 20_000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn with the very probabilities that they stand for."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (rows, 4))
    chances = softmax(logits).cumsum(axis=1)
    return logits, (random.random((rows, 1)) > chances).sum(axis=1)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_known_factor(factor: float) -> None:
    logits, actual = drawn()
    assert fit_temperature(actual, logits * factor) == pytest.approx(factor, rel=0.03)


def test_it_lowers_log_loss_and_calibration_error_and_changes_no_prediction() -> None:
    logits, actual = drawn()
    over = logits * 3
    before, after = softmax(over), softmax(over / fit_temperature(actual, over))
    assert log_loss(actual, after) < log_loss(actual, before)
    assert expected_calibration_error(actual, after, 15) < expected_calibration_error(actual, before, 15) / 3
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))


def test_rows_without_a_mistake_get_the_least_temperature() -> None:
    assert fit_temperature(np.array([0, 1]), np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(0.05, rel=0.01)


def test_the_stages_fit_the_temperature_on_validation_rows_and_divide_all_logits_by_it(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits, actual = drawn(2000)
    names = [f"label {number}" for number in actual]
    rows = {"validation": slice(None, 1500), "test": slice(1500, None)}
    for split, part in rows.items():
        found = Predictions([f"{split} {name}" for name in names[part]], names[part], logits[part] * 3, None)
        write_predictions(found, Path(f"data/predicted/{split}.parquet"))
    ensure_parent(calibrate.LABELS).write_text(json.dumps([f"label {number}" for number in range(4)]))
    calibrate.CALIBRATION.parent.mkdir()
    for stage in (calibrate, evaluate):
        monkeypatch.setattr(stage, "read_params", lambda: params(calibration="temperature"))
        stage.main()
    temperature = json.loads(calibrate.CALIBRATION.read_text())["temperature"]
    assert temperature == pytest.approx(3, rel=0.1)
    for path, part in (
        (evaluate.VALIDATION_PREDICTIONS, rows["validation"]),
        (evaluate.TEST_PREDICTIONS, rows["test"]),
    ):
        confidence = softmax(logits[part] * 3 / temperature).max(axis=1)
        assert read_listing(path)["confidence"].to_numpy() == pytest.approx(confidence, abs=1e-4)
    scores = json.loads(evaluate.TEST.read_text()) | json.loads(evaluate.CALIBRATION_SCORES.read_text())
    assert scores["log_loss"] < scores["log_loss_before"]
