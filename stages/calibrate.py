"""Calibrate: fit the temperature that the classifier's logits are divided by, on validation rows."""

from pathlib import Path

from stages.lib import stage
from stages.lib.out_of_scope import in_scope
from stages.lib.outputs import write_json
from stages.lib.params import read_params
from stages.lib.predictions import read_predictions
from stages.lib.rows import read_labels
from stages.lib.temperature import fit_temperature

LABELS = Path("data/raw/labels.json")
VALIDATION = Path("data/predicted/validation.parquet")
CALIBRATION = Path("models/calibration.json")


def main() -> None:
    """Write models/calibration.json, with a temperature of 1 for calibration: none."""
    temperature = 1.0
    if read_params().calibration == "temperature":
        found = read_predictions(VALIDATION)
        temperature = fit_temperature(found.numbers(in_scope(read_labels(LABELS))), found.logits)
    write_json(CALIBRATION, {"temperature": temperature})


if __name__ == "__main__":
    stage.run(main)
