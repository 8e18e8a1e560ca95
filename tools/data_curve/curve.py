"""The accuracy by the share of the training rows, each point kept as soon as it is there."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from textclf.encoders.machine import machine
from textclf.errors import InputError
from textclf.outputs import write_json
from textclf.progress import Progress
from tools.data_curve.forecast import fit_power_law
from tools.runs.trial import Bench, nested_order

SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
COLUMNS = ["method", "share", "rows", "seed", "accuracy", "row_variance"]
CHECKED = 0.5  # the points up to this share forecast that of all rows
NORMAL = 1.96


def measure(bench: Bench, methods: Sequence[str], seeds: int, file: Path) -> pd.DataFrame:
    """Return the points, with the columns `COLUMNS`; those that `file` has of the same data and parameters are reused.

    The samples are nested and stratified, another series for each seed, which is that of the training too.
    """
    key = configuration(bench)
    points = [point for point in read_points(file, key) if point["seed"] < seeds and point["method"] in methods]
    done = {(point["method"], point["share"], point["seed"]) for point in points}
    wanted = [(method, share, seed) for method in methods for share in SHARES for seed in range(seeds)]
    left = [point for point in wanted if point not in done]
    shown = Progress("data curve", "rows", sum(_size(bench, share) for _, share, _ in left))
    for method, share, seed in left:
        size = _size(bench, share)
        chosen = np.sort(nested_order(bench.rows["train"].labels, seed)[:size])
        hits = bench.train(method, bench.rows["train"].take(chosen.tolist()), seed).test
        values = (method, share, size, seed, round(float(hits.mean()), 4), round(float(hits.var()), 4))
        points.append(dict(zip(COLUMNS, values, strict=True)))
        write_json(file, {"configuration": key, "test_rows": len(hits), "points": points})
        shown.add(size)
    shown.close()
    return pd.DataFrame(points, columns=COLUMNS)


def configuration(bench: Bench) -> str:
    """Return a hash of what the points depend on but for method, seed and code."""
    params = bench.params.model_dump(exclude={"method", "seed", "plots", "audit"})
    ids = [rows.ids for rows in bench.rows.values()]
    labels = [rows.labels.tolist() for rows in bench.rows.values()]
    content = json.dumps([params, bench.checkpoint.model_dump(mode="json"), ids, labels, machine()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def read_points(file: Path, key: str) -> list[dict[str, Any]]:
    """Return the points of `file`, none if it is of another configuration."""
    if not file.is_file():
        return []
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = content["points"] if content["configuration"] == key else []
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{file} is not a curve; give another --out") from None
    return found


def summary(points: pd.DataFrame, test_rows: int) -> pd.DataFrame:
    """Return method, share, rows, accuracy, low and high: means over the seeds with 95% intervals.

    The interval is over test rows and seeds: the variance of a row's hit over the rows, and that between seeds over
    the seeds, which holds some of the former, so that it is rather too wide than too narrow.
    """
    found = []
    for (method, share, rows), part in points.groupby(["method", "share", "rows"]):
        between = float(part["accuracy"].var()) / len(part) if len(part) > 1 else 0.0
        width = NORMAL * (float(part["row_variance"].mean()) / test_rows + between) ** 0.5
        mean = float(part["accuracy"].mean())
        found.append((method, share, rows, mean, mean - width, mean + width))
    return pd.DataFrame(found, columns=["method", "share", "rows", "accuracy", "low", "high"])


def forecasts(means: pd.DataFrame) -> pd.DataFrame:
    """Return a row a method: rows, accuracy, that as forecast from up to half of them, and with as many rows again."""
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
