"""The accuracy by the share of the training rows, each point kept as soon as it is there."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

from textclf.cache import cache_folder
from textclf.encoders.machine import machine
from textclf.errors import InputError
from textclf.outputs import write_json
from textclf.progress import Progress
from tools.data_curve.forecast import fit_power_law
from tools.runs.config import unread
from tools.runs.trial import Bench, nested_order

SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
COLUMNS = ["method", "share", "rows", "seed", "accuracy", "row_variance"]
CHECKED = 0.5  # the points up to this share forecast that of all rows

Point = dict[str, Any]  # with the keys `COLUMNS`


def measure(bench: Bench, methods: Sequence[str], seeds: int, file: Path) -> pd.DataFrame:
    """Return the points of these methods and seeds, with the columns `COLUMNS`; those that `file` has are reused.

    What else `file` has stays there. The samples are nested and stratified, another series for each seed, which is that
    of the training too. A sample has a row of each label, so that small shares may be as many rows; of such ones only
    the largest is measured.
    """
    found = _by_place(read_points(file, bench))
    every = [(name, share, seed) for name in methods for share in shares(bench) for seed in range(seeds)]
    wanted = list(dict.fromkeys(every))
    left = [place for place in wanted if place not in found]
    shown = Progress("data curve", "rows", sum(_size(bench, share) for _, share, _ in left))
    for place in left:
        point = _measured(bench, *place)
        with FileLock(cache_folder("data-curve.lock")):  # other methods may be measured at the same time
            found = _by_place(read_points(file, bench)) | {place: point}
            write_points(file, bench, list(found.values()))
        shown.add(point["rows"])
    shown.close()
    return pd.DataFrame([found[place] for place in wanted], columns=COLUMNS)


def _by_place(points: list[Point]) -> dict[tuple[str, float, int], Point]:
    return {(point["method"], point["share"], point["seed"]): point for point in points}


def _measured(bench: Bench, method: str, share: float, seed: int) -> Point:
    size = _size(bench, share)
    chosen = np.sort(nested_order(bench.rows["train"].labels, seed)[:size])
    hits = bench.train(method, bench.rows["train"].take(chosen.tolist()), seed).test
    values = (method, share, size, seed, round(float(hits.mean()), 4), round(float(hits.var()), 4))
    return dict(zip(COLUMNS, values, strict=True))


def shares(bench: Bench) -> list[float]:
    """Return the `SHARES` with different numbers of rows; of those with the same, the largest."""
    return list({_size(bench, share): share for share in SHARES}.values())


def configuration(bench: Bench, method: str) -> str:
    """Return a hash of what the method's points depend on but for seed and code."""
    params = bench.params.model_dump(exclude={"method", "seed"} | unread(method))
    rows = [(part.ids, part.labels.tolist()) for part in bench.rows.values()]
    checkpoint, machine_kind = bench.checkpoint.model_dump(mode="json"), machine(bench.params.device)
    content = json.dumps([params, checkpoint, rows, bench.label_texts, machine_kind], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def write_points(file: Path, bench: Bench, points: list[Point]) -> None:
    """Write the points, and the configuration of each of their methods."""
    test_rows = len(bench.rows["test"].ids)
    write_json(file, {"configuration": _configurations(bench, points), "test_rows": test_rows, "points": points})


def read_points(file: Path, bench: Bench) -> list[Point]:
    """Return the points of `file`, none if it isn't there; `InputError` if they are of another configuration."""
    if not file.is_file():
        return []
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        points: list[Point] = content["points"]
        known = content["configuration"] == _configurations(bench, points)
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{file} is not a curve; give another --out") from None
    if not known:
        raise InputError(
            f"{file} holds points of other rows, parameters or processor; give another --out, or remove the file"
        )
    return points


def _configurations(bench: Bench, points: list[Point]) -> dict[str, str]:
    return {method: configuration(bench, method) for method in sorted({point["method"] for point in points})}


def summary(points: pd.DataFrame, test_rows: int) -> pd.DataFrame:
    """Return method, share, rows, accuracy, low and high: means over the seeds with 95% intervals.

    The interval is over test rows and seeds: the variance of a row's hit over the rows, and that between seeds over
    the seeds, which holds some of the former, so that it is rather too wide than too narrow. With one seed it is over
    test rows alone. As few seeds tell little of their variance, theirs counts as much more as Student's t distribution
    is wider than the normal one. The interval is Wilson's (1927) for as many rows as would alone have this variance,
    so it stays in 0 to 1, and is no point where each row is a hit.
    """
    found = []
    for (method, share, rows), part in points.groupby(["method", "share", "rows"]):
        between = _between(part["accuracy"]) if len(part) > 1 else 0.0
        mean, variance = float(part["accuracy"].mean()), float(part["row_variance"].mean()) / test_rows + between
        alone = mean * (1 - mean) / variance if 0 < mean < 1 and variance else test_rows
        found.append((method, share, rows, mean, *wilson(mean, alone)))
    return pd.DataFrame(found, columns=["method", "share", "rows", "accuracy", "low", "high"])


def _between(accuracies: "pd.Series[float]") -> float:
    """Return the variance of the mean over seeds, for a normal interval that is as wide as Student's."""
    wider = float(t.ppf(0.975, len(accuracies) - 1) / norm.ppf(0.975))
    return wider**2 * float(accuracies.var()) / len(accuracies)


def wilson(share: float, rows: float) -> tuple[float, float]:
    """Return the 95% interval of a share that was measured on so many rows.

    >>> [round(float(end), 4) for end in wilson(1.0, 48)]
    [0.9259, 1.0]
    """
    low, high = proportion_confint(share * rows, rows, method="wilson")
    return min(low, share), max(high, share)  # a rounding error may put an end on the other side


def forecasts(means: pd.DataFrame) -> pd.DataFrame:
    """Return a row a method: rows, accuracy, that as forecast from up to half of them, and with as many rows again.

    A forecast is nan where fewer than three points are there for it.
    """
    found = []
    for method, part in means.groupby("method"):
        whole = part.loc[part["rows"].idxmax()]
        early = part[part["share"] <= CHECKED]
        checked = fit_power_law(early["rows"], early["accuracy"]).accuracy(whole["rows"])
        twice = fit_power_law(part["rows"], part["accuracy"]).accuracy(2 * whole["rows"])
        found.append((method, int(whole["rows"]), whole["accuracy"], checked, twice))
    return pd.DataFrame(found, columns=["method", "rows", "accuracy", "forecast", "doubled"])


def _size(bench: Bench, share: float) -> int:
    return max(len(bench.labels), round(share * len(bench.rows["train"].ids)))
