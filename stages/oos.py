"""Out of scope: fit the rule that detects out-of-scope messages, choose its threshold on validation rows, score it.

With oos.method: none nothing is out of scope, and the inputs of this stage never change.
"""

from pathlib import Path

import pandas as pd

from textclf import process
from textclf.metrics.listing import write_listing
from textclf.oos import rule
from textclf.oos.labels import in_scope
from textclf.oos.rule import OosRule
from textclf.outputs import ensure_parent, write_json
from textclf.params import Oos, read_params
from textclf.predictions import Predictions, read_predictions
from textclf.rows import read_labels

PREDICTED = Path("data/predicted/oos")
RULE = Path("models/oos")
METRICS = Path("metrics/oos.json")
LISTING = Path("metrics/predictions/oos.json")
BY_KIND = Path("plots/oos_kinds.csv")

COLUMNS = ["id", "actual", "predicted", "intent", "score"]
OF_KINDS = ["kind", "rows", "recall"]


def fit(oos: Oos, labels: list[str]) -> OosRule:
    """Return the rule, fitted on training and validation rows alone."""
    path = PREDICTED / "train.parquet"
    train = read_predictions(path) if path.is_file() else None
    return rule.fit(oos, labels, train, read_predictions(PREDICTED / "validation.parquet"))


def decisions(fitted: OosRule, test: Predictions, labels: list[str]) -> pd.DataFrame:
    """Return id, actual label, prediction (a label, or out of scope), most probable label and score of each row."""
    intents = in_scope(labels)
    best = [intents[number] for number in test.logits[:, : len(intents)].argmax(axis=1)]
    scores, predicted = fitted.predict(test.logits, test.vectors, best)
    rounded = [float(f"{score:.6g}") for score in scores]
    return pd.DataFrame(zip(test.ids, test.actual, predicted, best, rounded, strict=True), columns=COLUMNS)


def main() -> None:
    """Write models/oos, the scores, the decisions, and the recall of each kind; all are empty with oos.method: none."""
    oos = read_params().oos
    table, scores, kinds = pd.DataFrame(columns=COLUMNS), {}, pd.DataFrame(columns=OF_KINDS)
    if oos.method == "none":
        rule.save_none(RULE)
    else:
        from textclf.oos import metrics  # imports scikit-learn, which takes a second

        labels = read_labels(PREDICTED / "labels.json")
        fitted = fit(oos, labels)
        fitted.save(RULE)
        table = decisions(fitted, read_predictions(PREDICTED / "test.parquet"), labels)
        scores, kinds = metrics.score(table), metrics.by_kind(table)
    write_json(METRICS, scores)
    write_listing(table, LISTING)
    kinds.to_csv(ensure_parent(BY_KIND), index=False)


if __name__ == "__main__":
    process.run(main)
