"""Calibrate: fit the temperature that the classifier's logits are divided by, on validation rows."""

from pathlib import Path

from textclf import process
from textclf.errors import InputError
from textclf.oos.labels import in_scope
from textclf.outputs import write_json
from textclf.params import read_params

LABELS = Path("data/raw/labels.json")
VALIDATION = Path("data/predicted/validation.parquet")
CALIBRATION = Path("models/calibration.json")


def main() -> None:
    """Write models/calibration.json, with a temperature of 1 for calibration: none."""
    temperature = 1.0
    if read_params().calibration == "temperature":
        # Imported only here, as this takes two seconds, and there is no calibration by default.
        from textclf.metrics.temperature import fit_temperature
        from textclf.predictions import read_predictions
        from textclf.probabilities import label_ids
        from textclf.rows import read_labels

        predictions = read_predictions(VALIDATION)
        if not predictions.ids:
            raise InputError(
                "params.yaml: calibration = 'temperature' needs validation rows, and there are none; use none"
            )
        actual = label_ids(predictions.actual, in_scope(read_labels(LABELS)))
        temperature = fit_temperature(actual, predictions.logits)
    write_json(CALIBRATION, {"temperature": temperature})


if __name__ == "__main__":
    process.run(main)
