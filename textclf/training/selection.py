"""Fitting logistic regressions, their C selected on validation rows."""

import sys
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression

from textclf.metrics.selection import SELECTION_SCORES, log_loss, selection_scores
from textclf.params import Params
from textclf.probabilities import Labels, Probabilities
from textclf.progress import progress

PRIOR_ROWS = 8.0  # docs/few-labels.md has the measurement
CURVE = ("train_loss", "validation_loss", *(f"validation_{name}" for name in SELECTION_SCORES))  # of a row's scores


def fit_logistic(
    vectors: Any, labels: Labels, class_weights: str, C: float, row_weights: NDArray[np.float64] | None = None
) -> LogisticRegression:
    """Return the regression of `labels` on `vectors`, dense or sparse, shape (rows, size); a smaller C is smoother.

    A row counts as many as `row_weights` say, shape (rows,); else as one.

    Sparse vectors are fitted by SAGA (Defazio et al. 2014), which takes a row at a time, in an order that is always the
    same: L-BFGS keeps twenty copies of the coefficients and takes ten times as long (docs/scale.md).
    """
    weights = "balanced" if class_weights == "balanced" else None
    saga = {"solver": "saga", "max_iter": 200, "tol": 1e-2, "random_state": 0} if issparse(vectors) else {}
    model = LogisticRegression(**{"C": C, "max_iter": 3000, "class_weight": weights} | saga)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # a row or two a label
        return model.fit(vectors, labels, row_weights)


def fit_centered(
    vectors: NDArray[np.float32],
    labels: Labels,
    class_weights: str,
    C: float,
    row_weights: NDArray[np.float64] | None = None,
) -> LogisticRegression:
    """Return the same regression as `fit_logistic`, in a quarter of the time, of dense vectors, shape (rows, size).

    Their mean is often much larger than their spread, and L-BFGS needs many steps then. As the intercept isn't
    penalized, the regression of vectors without their mean has the same coefficients.
    """
    mean = vectors.mean(axis=0)
    model = fit_logistic(vectors - mean, labels, class_weights, C, row_weights)
    model.intercept_ = model.intercept_ - model.coef_ @ mean
    return model


def select_C(
    train: tuple[Any, Labels],
    validation: tuple[Any, Labels],
    candidates: list[float],
    params: Params,
    prior: tuple[Any, Labels] | None = None,
) -> tuple[LogisticRegression, list[dict[str, float]]]:
    """Return the regression whose C has the best `selection_metric` on validation, and a row of scores for each C.

    `train`, `validation` and `prior` are vectors and labels; each row of `prior`, which has one a label, counts as
    `PRIOR_ROWS` training rows. Among equally good ones the smallest C is kept.
    """
    fitted, table = [], []
    fit = fit_logistic if issparse(train[0]) else fit_centered
    rows, weights = train, None
    if prior is not None:
        rows = np.concatenate([train[0], prior[0]]), np.concatenate([train[1], prior[1]])
        weights = np.repeat([1.0, PRIOR_ROWS], [len(train[1]), len(prior[1])])
    for number, strength in enumerate(progress(candidates, [1] * len(candidates), "values of C", "fits"), 1):
        model = fit(*rows, params.class_weights, strength, weights)
        fitted.append(model)
        train_loss = log_loss(train[1], model.predict_proba(train[0]))
        row = curve_row(number, train_loss, validation[1], model.predict_proba(validation[0]))
        table.append(row | {"C": strength})
    sign = -1 if params.selection_metric == "log_loss" else 1
    best = max(range(len(table)), key=lambda at: sign * table[at][f"validation_{params.selection_metric}"])
    table[best]["kept"] = 1
    _say_outermost(candidates, best)
    return fitted[best], table


def _say_outermost(candidates: list[float], best: int) -> None:
    """Print a line if the best of several C, in order, is the first or the last: a better one may lie beyond."""
    if len(candidates) > 1 and best in (0, len(candidates) - 1):
        which, beyond = ("smallest", "smaller") if best == 0 else ("largest", "larger")
        print(f"C = {candidates[best]:g}, the {which} of the list, was the best: try {beyond} ones", file=sys.stderr)


def curve_row(number: int, train_loss: float, actual: Labels, probabilities: Probabilities) -> dict[str, float]:
    """Return a row of the learning curve for a fit without epochs, not yet marked as `kept`."""
    scores = selection_scores(actual, probabilities)
    values = {"train_loss": train_loss, "validation_loss": scores["log_loss"]}
    values |= {f"validation_{name}": score for name, score in scores.items()}
    return {"epoch": number} | {name: round(value, 4) for name, value in values.items()} | {"kept": 0}
