"""What more training rows bring: the points, their intervals, and what a power law makes of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benches import toy_bench, write_workspace
from tests.toys import TEXTS, params
from textclf.errors import InputError
from tools.data_curve import __main__ as data_curve
from tools.data_curve import curve
from tools.data_curve.curve import COLUMNS, SHARES, forecasts, measure, summary
from tools.data_curve.forecast import fit_power_law
from tools.runs.trial import Bench


@pytest.fixture
def bench(tiny: Callable[[str], Path], in_tmp: Path) -> Bench:
    return toy_bench(tiny("bert"))


def test_a_curve_keeps_every_point_and_goes_on_where_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    file, train, trained = Path("results/points.json"), Bench.train, []

    def counted(self: Bench, *arguments: Any) -> Any:
        trained.append(len(arguments[1].ids))
        if len(trained) == 4:
            raise KeyboardInterrupt
        return train(self, *arguments)

    monkeypatch.setattr(Bench, "train", counted)
    with pytest.raises(KeyboardInterrupt):
        measure(bench, ["baseline"], 2, file)
    points = measure(bench, ["baseline"], 2, file)
    assert len(trained) == 1 + 2 * len(SHARES)
    assert points["rows"].tolist() == [6, 6, 12, 12, 24, 24, 60, 60, 120, 120]
    means = summary(points, 60)
    assert (means["low"] <= means["accuracy"]).all()
    assert list(forecasts(means)["rows"]) == [120]
    file.write_text("{")
    with pytest.raises(InputError, match=r"points\.json is not a curve; give another --out"):
        measure(bench, ["baseline"], 2, file)


def points_of(file: Path) -> set[tuple[str, float, int]]:
    points = json.loads(file.read_text())["points"]
    return {(point["method"], point["share"], point["seed"]) for point in points}


def test_a_curve_of_fewer_seeds_or_another_method_keeps_the_points_that_are_there(bench: Bench) -> None:
    file = Path("results/points.json")
    measure(bench, ["baseline"], 2, file)
    assert set(measure(bench, ["features", "features"], 1, file)["method"]) == {"features"}
    assert measure(bench, ["baseline"], 1, file)["seed"].tolist() == [0] * len(SHARES)
    baseline = {("baseline", share, seed) for share in SHARES for seed in (0, 1)}
    assert points_of(file) == baseline | {("features", share, 0) for share in SHARES}


def test_points_with_other_parameters_that_the_method_reads_are_refused_and_stay(bench: Bench) -> None:
    file = Path("results/points.json")
    points = measure(bench, ["baseline"], 1, file)
    unread = params(features={"C": 1.0}, plots={"dpi": 90}, oos={"C": 1.0})
    assert measure(replace(bench, params=unread), ["baseline"], 1, file).equals(points)
    before = file.read_bytes()
    for other in (
        replace(bench, params=params(baseline={"min_df": 1})),
        replace(bench, rows=bench.rows | {"test": bench.rows["test"].take(range(30))}),
        replace(bench, label_texts=TEXTS | {"a": "another meaning"}),
    ):
        with pytest.raises(
            InputError, match=r"points\.json holds points of .*; give another --out, or remove the file"
        ):
            measure(other, ["baseline"], 1, file)
    assert file.read_bytes() == before


def test_a_power_law_is_found_again() -> None:
    number = np.array([100, 200, 400, 1000, 2000])
    law = fit_power_law(number, 1 - (0.04 + 3 * number**-0.6))
    assert law.accuracy(4000) == pytest.approx(1 - (0.04 + 3 * 4000**-0.6), abs=1e-3)


def test_shares_that_are_as_many_rows_are_measured_once(bench: Bench) -> None:
    few = replace(bench, rows=bench.rows | {"train": bench.rows["train"].take(range(30))})
    points = measure(few, ["baseline"], 1, Path("points.json"))
    assert points["rows"].tolist() == [3, 6, 15, 30]
    assert points["share"].tolist() == [0.1, 0.2, 0.5, 1.0]


def test_fewer_than_three_sizes_forecast_nothing_and_are_drawn_all_the_same(
    bench: Bench, in_tmp: Path, typed: Callable[..., str]
) -> None:
    write_workspace(replace(bench, rows=bench.rows | {"train": bench.rows["train"].take(range(6))}))
    printed = typed(data_curve.main, in_tmp, "--methods", "baseline", "--seeds", "1", "--out", "out")
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    assert [line.split(" | ")[1:3] for line in lines[2:4]] == [["50%", "3"], ["100%", "6"]]
    assert lines[-1].endswith(" |  |  |")
    assert Path("out/curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_and_both_tables_are_made_of_all_points(
    bench: Bench, in_tmp: Path, typed: Callable[..., str]
) -> None:
    write_workspace(bench)
    printed = typed(data_curve.main, in_tmp, "--methods", "baseline", "--seeds", "1", "--out", "out")
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(SHARES) + 3
    assert all(0 < float(cell) <= 1 for cell in lines[-1].strip("| ").split(" | ")[2:])
    assert Path("out/curve.png").read_bytes().startswith(b"\x89PNG")


def means_of(*points: tuple[float, float], test_rows: int = 100) -> pd.Series:
    """The mean of all training rows over seeds with these accuracies and variances of a row's hit."""
    table = pd.DataFrame([("full", 1.0, 200, seed, *point) for seed, point in enumerate(points)], columns=COLUMNS)
    return summary(table, test_rows).iloc[0]


def test_an_interval_stays_in_0_to_1_and_is_no_point_where_every_row_is_right() -> None:
    perfect = means_of((1.0, 0.0), test_rows=48)
    assert (perfect["low"], perfect["high"]) == (pytest.approx(0.9259, abs=1e-4), 1.0)
    uneven = means_of((1.0, 0.0), (0.7, 0.21), (0.9, 0.09))
    assert 0 < uneven["low"] < uneven["accuracy"] < uneven["high"] < 1
    assert means_of((0.0, 0.0))["low"] == 0.0


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_an_interval_covers_the_mean_of_all_seeds_however_few_there_are(seeds: int) -> None:
    drawn = np.random.default_rng(7).normal(0.7, 0.02, (400, seeds))
    means = [means_of(*((one, one * (1 - one)) for one in row), test_rows=100_000) for row in drawn]
    covered = np.mean([mean["low"] <= 0.7 <= mean["high"] for mean in means])
    assert 0.93 <= covered <= 0.98


def test_a_point_that_another_process_measured_meanwhile_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    file, measured = Path("points.json"), curve._measured

    def with_another(bench: Bench, method: str, share: float, seed: int) -> Any:
        if method == "baseline":
            measure(bench, ["features"], 1, file)
        return measured(bench, method, share, seed)

    monkeypatch.setattr(curve, "_measured", with_another)
    measure(bench, ["baseline"], 1, file)
    assert points_of(file) == {(method, share, 0) for method in ("baseline", "features") for share in SHARES}


def test_an_interval_is_wider_where_the_seeds_differ() -> None:
    same, apart = means_of((0.8, 0.16), (0.8, 0.16)), means_of((0.75, 0.16), (0.85, 0.16))
    assert apart["high"] - apart["low"] > 1.5 * (same["high"] - same["low"])
    assert same["high"] - same["low"] == pytest.approx(2 * 1.96 * (0.16 / 100) ** 0.5, rel=0.03)


def test_the_check_is_forecast_from_up_to_half_of_the_rows_and_the_forecast_from_all() -> None:
    rows = np.array([50, 100, 200, 500, 1000])
    accuracies = 1 - 4 * rows**-0.5
    means = pd.DataFrame({"method": "full", "share": SHARES, "rows": rows, "accuracy": accuracies})
    found = forecasts(means).iloc[0]
    assert found["forecast"] == pytest.approx(1 - 4 * 1000**-0.5, abs=1e-3)
    assert found["doubled"] == pytest.approx(1 - 4 * 2000**-0.5, abs=1e-3)
    means.loc[4, "accuracy"] = 0.6  # which the law of the others doesn't know
    assert forecasts(means)["forecast"][0] == pytest.approx(1 - 4 * 1000**-0.5, abs=1e-3)
