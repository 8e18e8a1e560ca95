"""How well out-of-scope messages are detected. Out of scope is the positive class; `scores` are higher there.

All arrays have shape (rows,).
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics

from textclf.oos.labels import is_out, kind_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

RECALL = 0.95
DIGITS = 4


def ranking(out: Mask, scores: Floats) -> dict[str, float]:
    """Return AUROC, AUPR (average precision) and the false-positive rate at 95% recall.

    They depend on the order of the scores, not on a threshold or a scale.

    >>> ranking(np.array([False, False, True]), np.array([0.1, 0.8, 0.9]))
    {'auroc': 1.0, 'aupr': 1.0, 'fpr_at_95_recall': 0.0}
    """
    return {
        "auroc": float(metrics.roc_auc_score(out, scores)),
        "aupr": float(metrics.average_precision_score(out, scores)),
        "fpr_at_95_recall": fpr_at_recall(out, scores),
    }


def fpr_at_recall(out: Mask, scores: Floats, recall: float = RECALL) -> float:
    """Return the false-positive rate at the threshold that catches `recall` of the out-of-scope rows (FPR@95)."""
    false_positives, recalls, _ = metrics.roc_curve(out, scores, drop_intermediate=False)
    return float(false_positives[recalls >= recall - 1e-12].min())


def at_threshold(table: pd.DataFrame) -> dict[str, float]:
    """Return the scores of the decisions; `table` has the columns actual and predicted, labels of both kinds.

    `in_scope_kept` is the share of in-scope rows that are answered, `in_scope_accuracy` the share that are answered
    correctly. `out_recall` is the share of out-of-scope rows that are rejected; `out_precision` is the share of
    rejected rows that are out of scope; `kind_accuracy` is the share of rejected out-of-scope rows whose kind is right.
    """
    out, rejected = (table[column].map(is_out).to_numpy(dtype=bool) for column in ("actual", "predicted"))
    right = (table["actual"] == table["predicted"]).to_numpy()
    shares = {
        "in_scope_kept": _share(~rejected[~out]),
        "in_scope_accuracy": _share(right[~out]),
        "out_recall": _share(rejected[out]),
        "out_precision": _share(out[rejected]),
    }
    if any(kind_of(label) for label in table["predicted"][rejected]):
        shares["kind_accuracy"] = _share(right[out & rejected])
    return shares


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Return kind, rows and recall, the share that is rejected, of the out-of-scope rows of each kind."""
    out = table[table["actual"].map(is_out).to_numpy(dtype=bool)]
    rejected = out["predicted"].map(is_out).astype(float).groupby(out["actual"].map(kind_of).rename("kind"))
    found = rejected.agg(rows="size", recall="mean").round(DIGITS).reset_index()
    return found[found["kind"] != ""]


def score(table: pd.DataFrame) -> dict[str, float]:
    """Return all scores of a table with the columns actual, predicted and score, rounded, without those not defined."""
    out = table["actual"].map(is_out).to_numpy(dtype=bool)
    ranked = ranking(out, table["score"].to_numpy()) if out.any() else {}
    return {name: round(value, DIGITS) for name, value in (ranked | at_threshold(table)).items() if value == value}


def _share(chosen: Mask) -> float:
    return float(chosen.mean()) if len(chosen) else float("nan")
