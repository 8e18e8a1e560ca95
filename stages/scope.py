"""Scope: fit what tells out-of-scope messages from the others, choose its threshold on validation rows, score it.

With oos.method: none nothing is out of scope, and nothing that this stage reads ever changes.
"""

from pathlib import Path

import pandas as pd

from stages.lib import oos_metrics, scopes, stage
from stages.lib.listing import write_listing
from stages.lib.out_of_scope import in_scope
from stages.lib.outputs import write_json
from stages.lib.params import OutOfScope, read_params
from stages.lib.predictions import Predictions, read_predictions
from stages.lib.rows import read_labels
from stages.lib.scopes import Scope

PREDICTED = Path("data/predicted/scope")
SCOPE = Path("models/scope")
METRICS = Path("metrics/oos.json")
LISTING = Path("metrics/predictions/oos.json")

COLUMNS = ["id", "actual", "predicted", "intent", "score"]


def fitted(oos: OutOfScope, labels: list[str]) -> Scope:
    """Return the rule, made of training and validation rows alone."""
    train = PREDICTED / "train.parquet"
    known = read_predictions(train) if train.is_file() else None
    return scopes.fit(oos, labels, known, read_predictions(PREDICTED / "validation.parquet"))


def decided(scope: Scope, test: Predictions, labels: list[str]) -> pd.DataFrame:
    """Return id, actual label, prediction (a label, or out of scope), most probable label, and score of each row."""
    intents = in_scope(labels)
    best = [intents[number] for number in test.logits[:, : len(intents)].argmax(axis=1)]
    found, predicted = scope.decide(test.logits, test.vectors, best)
    rounded = [float(f"{score:.6g}") for score in found]
    return pd.DataFrame(zip(test.ids, test.actual, predicted, best, rounded, strict=True), columns=COLUMNS)


def main() -> None:
    """Write models/scope, metrics/oos.json and metrics/predictions/oos.json, empty with oos.method: none."""
    oos = read_params().oos
    table, scores = pd.DataFrame(columns=COLUMNS), {}
    if oos.method == "none":
        scopes.save_none(SCOPE)
    else:
        labels = read_labels(PREDICTED / "labels.json")
        scope = fitted(oos, labels)
        scope.save(SCOPE)
        table = decided(scope, read_predictions(PREDICTED / "test.parquet"), labels)
        scores = oos_metrics.score(table)
    write_json(METRICS, scores)
    write_listing(table, LISTING)


if __name__ == "__main__":
    stage.run(main)
