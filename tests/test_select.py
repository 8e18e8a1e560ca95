"""Which messages to label next, and what more of them would bring."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.models import write_rules, write_words_model
from tests.toys import LABELS, TEXTS, params, rows
from textclf.encoders.checkpoints import Checkpoint
from textclf.errors import InputError
from textclf.oos.rule import OosRule
from textclf.rows import Rows
from tools.audit.arms import try_arms
from tools.data_curve.curve import SHARES, forecasts, measure, summary
from tools.data_curve.forecast import fit_power_law
from tools.runs.trial import Bench, Outcome, nested_order, open_bench
from tools.select import __main__ as select
from tools.select import intents
from tools.select import replay as replay_command
from tools.select.novel import group
from tools.select.rounds import STRATEGIES, replay
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


def test_where_no_message_is_out_of_scope_novel_chooses_none_and_says_so(
    model: Path, in_tmp: Path, typed: Callable[..., str]
) -> None:
    shutil.copytree(model, "lenient")
    write_rules(Path("lenient"), 1.0, OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=1.0))
    Path("in.csv").write_text("text\naaa please\nbbb\n")
    options = ["--in", "in.csv", "--by", "novel", "--model", "lenient", "-n", "2", "--out", "out.csv"]
    printed = typed(select.main, in_tmp, *options)
    assert "novel: no message is out of scope" in printed
    assert "out.csv: 0 of 2 texts" in printed
    assert Path("out.csv").read_text().splitlines() == ['"text","predicted","probability","group"']


@pytest.fixture
def bench(tiny: Callable[[str], Path], in_tmp: Path) -> Bench:
    parts = {
        name: rows(3, size, seed=at)
        for at, (name, size) in enumerate((("train", 120), ("validation", 30), ("test", 60)))
    }
    return Bench(params(method="baseline"), LABELS, parts, Checkpoint(folder=str(tiny("bert"))), TEXTS)


def write_workspace(bench: Bench) -> None:
    """Write what the stages `split` and `tokenize` would have left of these rows into the working directory."""
    for folder in ("data/raw", "data/tokenized", "data/splits"):
        Path(folder).mkdir(parents=True)
    Path("params.yaml").write_text(bench.params.model_dump_json())  # JSON is YAML
    Path("data/raw/labels.json").write_text(json.dumps(bench.labels))
    Path("data/raw/label_texts.json").write_text(json.dumps(bench.label_texts))
    Path("data/tokenized/checkpoint.json").write_text(bench.checkpoint.model_dump_json())
    tables = []
    for name, part in bench.rows.items():
        tables.append(pd.DataFrame({"id": part.ids, "text": part.texts, "input_ids": part.input_ids}))
        listed = pd.DataFrame({"id": part.ids, "label": [bench.labels[number] for number in part.labels]})
        listed.to_csv(f"data/splits/{name}.csv", index=False)
    pd.concat(tables).to_parquet("data/tokenized/rows.parquet")


def vectors_around_corners(labels: int) -> Any:
    """Rows of so many labels with vectors that say their label, but not clearly, as a replay reads them of a bench."""
    random = np.random.default_rng(0)
    parts = {name: rows(labels, 200, seed) for seed, name in enumerate(("train", "test"))}
    vectors = {name: np.eye(16)[part.labels] + 0.4 * random.normal(size=(200, 16)) for name, part in parts.items()}
    return SimpleNamespace(rows=parts, vectors=vectors)


@pytest.mark.parametrize("labels", [2, 3])
def test_a_replay_starts_from_the_same_rows_for_all_strategies_and_gains_by_more(labels: int) -> None:
    bench = vectors_around_corners(labels)
    found = {name: list(replay(bench, name, rounds=9, C=10.0, seed=0)) for name in STRATEGIES}
    assert {len(series) for series in found.values()} == {10}
    assert len({series[0] for series in found.values()}) == 1
    assert len({series[-1] for series in found.values()}) == 1  # when all rows are labelled, no choice is left
    assert all(1 / labels < series[0] < series[-1] for series in found.values())


def test_the_replay_prints_a_row_for_each_strategy(bench: Bench, in_tmp: Path, typed: Callable[..., str]) -> None:
    write_workspace(bench)
    header, _, *lines = typed(replay_command.main, in_tmp, "--rounds", "2", "--seeds", "1").splitlines()
    assert header == "| strategy | 10% | 20% | 30% |"
    assert [line.split()[1] for line in lines] == list(STRATEGIES)


def test_groups_of_test_rows_are_compared_with_their_labels(
    bench: Bench, in_tmp: Path, typed: Callable[..., str]
) -> None:
    tested = bench.rows["test"]
    bench.rows["test"] = tested.take(np.flatnonzero(tested.labels != 0).tolist())
    write_workspace(bench)
    printed = typed(intents.main, in_tmp, "a", "b", "--apart", "2")
    assert "| 20 | `bbb and some words` | b (100%) |" in printed
    assert "20 of 20 messages are in 1 groups; adjusted Rand index 1.00" in printed
    printed = typed(intents.main, in_tmp, "a")
    assert printed.splitlines()[-1] == "no group of 3 or more is among the 0 test rows of these labels"
    assert "no label 'd' is in the data set" in typed(intents.main, in_tmp, "d", fails=True)


def test_a_trial_knows_what_the_labels_mean(bench: Bench) -> None:
    write_workspace(replace(bench, params=params(features={"prior": "label_names"})))
    found = open_bench()
    assert found.label_texts == TEXTS
    assert found.train("features", found.rows["train"], seed=0).test.shape == (60,)


def most_frequent(**changes: Any) -> Any:
    return params(method="baseline", baseline={"kind": "most_frequent"}, **changes)


@pytest.mark.parametrize(("sampling", "answer"), [("none", 1), ("oversample", 0), ("undersample", 0)])
def test_a_trial_samples_the_training_rows_as_the_parameters_say(bench: Bench, sampling: str, answer: int) -> None:
    train = bench.rows["train"]
    uneven = train.take([at for at, label in enumerate(train.labels) if label == 1 or at < 60])
    found = replace(bench, params=most_frequent(sampling=sampling)).train("baseline", uneven, seed=0)
    assert found.test.tolist() == (bench.rows["test"].labels == answer).tolist()  # of equally frequent labels the first


@pytest.mark.parametrize(
    ("changes", "named"), [({"typo": 0.1, "copies": 1}, "typo = 0.1"), ({"file": "more"}, "file = 'more'")]
)
def test_a_trial_with_changed_texts_is_refused(bench: Bench, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=rf"params\.yaml: augment\.{named}: .* on the texts as they are"):
        replace(bench, params=most_frequent(augment=changes)).train("baseline", bench.rows["train"], seed=0)


@pytest.mark.parametrize(("sampling", "accuracies"), [("none", [1.0, 1.0]), ("oversample", [1.0, 0.0])])
def test_training_as_it_is_is_repeated_for_each_seed_if_it_draws_something(
    bench: Bench, sampling: str, accuracies: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(self: Bench, method: str, rows: Rows, seed: int) -> Outcome:
        return Outcome(np.array([True]), np.array([seed == 0]))

    monkeypatch.setattr(Bench, "train", train)
    drawn = replace(bench, params=params(sampling=sampling))
    vectors = np.concatenate([np.eye(3)[drawn.rows[name].labels] for name in ("train", "validation")])
    arms = try_arms(drawn, vectors.astype(np.float32), "features", seeds=2)
    assert [arm.accuracy for arm in arms if arm.arm == "as they are"] == accuracies


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
