"""Which messages to label next, and what more of them would bring."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.models import write_words_model
from tests.toys import LABELS, params, rows
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from tools.data_curve.curve import SHARES, forecasts, measure, summary
from tools.data_curve.forecast import fit_power_law
from tools.runs.trial import Bench, nested_order
from tools.select import __main__ as select
from tools.select.novel import group
from tools.select.strategies import by_entropy, by_margin, diverse, unit


def test_the_least_certain_come_first() -> None:
    chances = np.array([[0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]])
    assert by_margin(chances).tolist() == [0, 1, 2]
    assert by_entropy(chances).tolist() == [1, 0, 2]


def corners(each: int, noise: float = 0.1) -> Any:
    random = np.random.default_rng(0)
    return unit(np.repeat(np.eye(4), each, axis=0) + noise * random.normal(size=(4 * each, 4)))


def test_diverse_takes_one_of_each_corner_first_and_as_many_as_asked() -> None:
    vectors = corners(10)
    assert {int(at) // 10 for at in diverse(vectors, 4, seed=0)} == {0, 1, 2, 3}
    assert len(set(diverse(vectors, 25, seed=0).tolist())) == 25
    assert len(diverse(vectors[:3], 25, seed=0)) == 3


def test_groups_of_messages_are_numbered_by_size_and_small_ones_are_none() -> None:
    vectors = np.concatenate([corners(4)[:10], corners(1)[3:]])  # four, four and two, and one alone
    found = group(vectors)
    assert found.group.tolist() == [0] * 4 + [1] * 4 + [-1] * 3
    assert {int(found.order[0]) // 4, int(found.order[1]) // 4} == {0, 1}
    assert sorted(found.order.tolist()) == list(range(11))
    assert group(vectors[:1]).order.tolist() == [0]


def test_samples_are_nested_and_have_every_label() -> None:
    labels = np.array([0] * 90 + [1] * 9 + [2])
    order = nested_order(labels, seed=1)
    assert sorted(order.tolist()) == list(range(100))
    assert set(labels[order[:3]]) == {0, 1, 2}
    assert np.bincount(labels[order[:50]]).tolist() == pytest.approx([45, 5, 1], abs=1)


@pytest.fixture(scope="module")
def model(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words_model(tiny("bert"), tmp_path_factory.mktemp("words"))


def test_the_command_writes_what_the_audit_reads(model: Path, in_tmp: Path, typed: Callable[..., str]) -> None:
    Path("in.csv").write_text('text\naaa please\nAAA  please\n"zzz, what"\nbbb\n""\n')
    options = ["--in", "in.csv", "--by", "margin", "--model", str(model)]
    assert "out.csv: 2 of 3 texts" in typed(select.main, in_tmp, *options, "-n", "2", "--out", "out.csv")
    table = pd.read_csv("out.csv")
    assert list(table.columns) == ["text", "predicted", "probability", "group"]
    assert table["text"][0] == "zzz, what"
    refused = typed(select.main, in_tmp, *options[:2], "--by", "novel", *options[4:], "-n", "2", fails=True)
    assert "--by novel needs a model with an out-of-scope rule" in refused
    refused = typed(select.main, in_tmp, *options[:2], "--by", "diverse", *options[4:], "-n", "2", fails=True)
    assert "this model has no vectors (method baseline); use --by margin or entropy" in refused
    refused = typed(select.main, in_tmp, *options, "-n", "2", "--text-column", "body", fails=True)
    assert "no column 'body'; it has text; --text-column names another" in refused


@pytest.fixture
def bench(tiny: Callable[[str], Path], in_tmp: Path) -> Bench:
    parts = {
        name: rows(3, size, seed=at)
        for at, (name, size) in enumerate((("train", 120), ("validation", 30), ("test", 60)))
    }
    return Bench(params(method="baseline"), LABELS, parts, Checkpoint(folder=str(tiny("bert"))))


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


def test_a_power_law_is_found_again() -> None:
    number = np.array([100, 200, 400, 1000, 2000])
    law = fit_power_law(number, 1 - (0.04 + 3 * number**-0.6))
    assert law.accuracy(4000) == pytest.approx(1 - (0.04 + 3 * 4000**-0.6), abs=1e-3)
