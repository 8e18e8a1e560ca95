"""Fitting logistic regressions, their C selected on validation rows."""

from typing import Any

from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression

from textclf.metrics.selection import log_loss, selection_scores
from textclf.params import Params
from textclf.probabilities import Labels, Probabilities


def fit_logistic(vectors: Any, labels: Labels, class_weights: str, C: float) -> LogisticRegression:
    """Return the regression of `labels` on `vectors`, dense or sparse, shape (rows, size); a smaller C is smoother.

    Sparse vectors are fitted by SAGA (Defazio et al. 2014), which takes a row at a time, in an order that is always the
    same: L-BFGS keeps twenty copies of the coefficients and takes ten times as long (docs/scale.md).
    """
    weights = "balanced" if class_weights == "balanced" else None
    saga = {"solver": "saga", "max_iter": 200, "tol": 1e-2, "random_state": 0} if issparse(vectors) else {}
    return LogisticRegression(**{"C": C, "max_iter": 3000, "class_weight": weights} | saga).fit(vectors, labels)


def select_C(
    train: tuple[Any, Labels], validation: tuple[Any, Labels], C: float | list[float], params: Params
) -> tuple[LogisticRegression, list[dict[str, float]]]:
    """Return the regression whose C has the best `selection_metric` on validation, and a row of scores for each C.

    `train` and `validation` are vectors and labels. Among equally good ones the smallest C is kept.
    """
    fitted, table = [], []
    for number, strength in enumerate(sorted(C) if isinstance(C, list) else [C], 1):
        model = fit_logistic(*train, params.class_weights, strength)
        fitted.append(model)
        train_loss = log_loss(train[1], model.predict_proba(train[0]))
        row = curve_row(number, train_loss, validation[1], model.predict_proba(validation[0]))
        table.append(row | {"C": strength})
    sign = -1 if params.selection_metric == "log_loss" else 1
    best = max(range(len(table)), key=lambda at: sign * table[at][f"validation_{params.selection_metric}"])
    table[best]["kept"] = 1
    return fitted[best], table


def curve_row(number: int, train_loss: float, actual: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Return a row of the learning curve for a fit without epochs, not yet marked as `kept`."""
    scores = selection_scores(actual, probabilities)
    values = {"train_loss": train_loss, "validation_loss": scores["log_loss"]}
    values |= {f"validation_{name}": score for name, score in scores.items()}
    return {"epoch": number} | {name: round(value, 4) for name, value in values.items()} | {"kept": 0}
