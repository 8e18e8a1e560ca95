"""Which messages to label next."""

import argparse
import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benches import toy_bench, write_workspace
from tests.models import write_rules
from tests.toys import TEXTS, params, rows
from textclf.errors import InputError
from textclf.methods import baseline
from textclf.oos.rule import OosRule
from textclf.training.task import Task, Trained
from tools.runs.trial import Bench, nested_order, open_bench, open_mean_bench
from tools.select import __main__ as select
from tools.select import choose as choosing
from tools.select import intents, novel
from tools.select import replay as replay_command
from tools.select.choose import choose
from tools.select.novel import group
from tools.select.rounds import STRATEGIES, replay
from tools.select.strategies import by_entropy, by_margin, diverse, unit

whole = baseline.train


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


def test_the_command_writes_what_the_audit_reads(words_model: Path, in_tmp: Path, typed: Callable[..., str]) -> None:
    Path("in.csv").write_text('text\naaa please\nAAA  please\n"zzz, what"\nbbb\n""\n')
    options = ["--in", "in.csv", "--by", "margin", "--model", str(words_model)]
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
    Path("in.csv").write_text('text\n""\n')
    assert "in.csv holds no texts" in typed(select.main, in_tmp, *options, "-n", "2", fails=True)


def test_a_text_with_a_carriage_return_is_printed_in_quotes_that_keep_it(
    words_model: Path, in_tmp: Path, typed: Callable[..., str]
) -> None:
    Path("in.csv").write_bytes(b'text\n"aaa\rplease"\n')
    printed = typed(select.main, in_tmp, "--in", "in.csv", "--by", "margin", "--model", str(words_model), "-n", "2")
    assert [row[0] for row in csv.reader(StringIO(printed, newline=""))] == ["text", "aaa\rplease"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("in.csv", b"text\nfine\nbad \xff\n"), ("in.jsonl", b'{"text": "fine"}\n{"text": "bad \\ud83d"}\n')],
)
def test_a_text_that_is_not_utf_8_is_refused_with_its_row(
    words_model: Path, in_tmp: Path, typed: Callable[..., str], name: str, content: bytes
) -> None:
    Path(name).write_bytes(content)
    options = ["--in", name, "--by", "margin", "--model", str(words_model), "-n", "2"]
    assert f"{name}: row 2: the text is not UTF-8" in typed(select.main, in_tmp, *options, fails=True)


def test_the_messages_are_not_replaced_by_those_that_are_chosen(
    words_model: Path, in_tmp: Path, typed: Callable[..., str]
) -> None:
    Path("in.csv").write_text("text\naaa\nbbb\n")
    options = ["--in", "in.csv", "--by", "margin", "--model", str(words_model), "-n", "1", "--out", "./in.csv"]
    assert "in.csv is the input; name another file with --out" in typed(select.main, in_tmp, *options, fails=True)
    assert Path("in.csv").read_text() == "text\naaa\nbbb\n"


def fake_model(vectors: Any, predicted: list[str], scores: list[float]) -> Any:
    """A model with these answers for the texts `0`, `1`, and so on."""

    def classify(rows: list[str], batch_size: int, desc: str) -> Any:
        return SimpleNamespace(vectors=vectors[[int(text) for text in rows]])

    def predict(texts: list[str]) -> Any:
        places = [int(text) for text in texts]
        named, far = [predicted[place] for place in places], np.array(scores)[places]
        return SimpleNamespace(predicted=named, probabilities=np.full((len(texts), 2), 0.5), scores=far)

    return SimpleNamespace(predict=predict, rows=lambda texts: texts, classifier=SimpleNamespace(predict=classify))


def test_of_many_messages_out_of_scope_the_furthest_are_grouped_and_the_most_central_come_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(choosing, "MOST", 7)
    corner: Any = [[1, 0, 0, 0.3], [1, 0, 0, 0], [1, 0, 0, -0.3]]  # the middle one is the most central
    places = [*corner, *np.roll(corner, 1, axis=1), [0.9, 0.1, 0, 0], *np.roll(corner, 2, axis=1), [0, 1, 0, 0]]
    predicted = ["out_of_scope"] * 10 + ["a"]
    model = fake_model(unit(np.array(places)), predicted, [9, 9, 9, 8, 8, 8, 9, 1, 1, 1, 99])
    found = choose(model, [str(number) for number in range(11)], 4, "novel")
    assert found["group"].tolist() == ["0", "1", "0", "1"]
    assert set(found["text"]) <= set("0123456"), "7 to 9 are the least far out, and 10 is not out of scope"
    assert found["text"].tolist()[1] == "4"
    assert found["text"].tolist()[0] in "16"
    assert "novel: of 10 messages, the 7 that are furthest out are grouped" in capsys.readouterr().err


def test_the_chosen_messages_differ_if_diverse_ones_are_wanted() -> None:
    model = fake_model(corners(3), ["a"] * 12, [0.0] * 12)
    asked: list[list[str]] = []
    predict = model.predict

    def watched(texts: list[str]) -> Any:
        asked.append(texts)
        return predict(texts)

    model.predict = watched
    found = choose(model, [str(number) for number in range(12)], 4, "diverse")
    assert asked == [found["text"].tolist()], "the others need no answer"
    assert {int(text) // 3 for text in found["text"]} == {0, 1, 2, 3}


def test_where_no_message_is_out_of_scope_novel_chooses_none_and_says_so(
    words_model: Path, in_tmp: Path, typed: Callable[..., str]
) -> None:
    shutil.copytree(words_model, "lenient")
    write_rules(Path("lenient"), 1.0, OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=1.0))
    Path("in.csv").write_text("text\naaa please\nbbb\n")
    options = ["--in", "in.csv", "--by", "novel", "--model", "lenient", "-n", "2", "--out", "out.csv"]
    printed = typed(select.main, in_tmp, *options)
    assert "novel: no message is out of scope" in printed
    assert "out.csv: 0 of 2 texts" in printed
    assert Path("out.csv").read_text().splitlines() == ['"text","predicted","probability","group"']


@pytest.fixture
def bench(tiny: Callable[[str], Path], in_tmp: Path) -> Bench:
    return toy_bench(tiny("bert"))


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
    assert len({series[-1] for series in found.values()}) == 1  # when all rows are labeled, no choice is left
    assert all(1 / labels < series[0] < series[-1] for series in found.values())


@pytest.mark.parametrize("name", ["margin", "entropy"])
def test_a_replay_asks_for_the_least_certain_row(name: str) -> None:
    order = STRATEGIES[name](
        np.array([[9.0, 0, 0], [5, 0, 0], [1, 1, 1], [7, 0, 0]]), np.ones((4, 2), np.float32), 2, 0
    )
    assert order.tolist() == [2, 1, 3, 0]


def test_a_replay_scales_all_vectors_to_length_1() -> None:
    bench = vectors_around_corners(3)
    short: Any = SimpleNamespace(rows=bench.rows, vectors={name: found * 1e-3 for name, found in bench.vectors.items()})
    series = [list(replay(one, "random", rounds=2, C=10.0, seed=0)) for one in (bench, short)]
    assert series[0] == series[1]


def test_a_replay_ends_when_the_pool_is_empty(bench: Bench, in_tmp: Path, typed: Callable[..., str]) -> None:
    write_workspace(replace(bench, rows=bench.rows | {"train": bench.rows["train"].take(range(15))}))
    header, _, *lines = typed(replay_command.main, in_tmp, "--rounds", "9", "--seeds", "1").splitlines()
    assert len(lines) == len(STRATEGIES)
    assert {line.count("|") for line in lines} == {header.count("|")} == {10}, "a strategy and eight accuracies"


def test_a_replay_of_too_few_rows_is_refused(bench: Bench) -> None:
    few = replace(bench, rows=bench.rows | {"train": bench.rows["train"].take(range(12))})
    with pytest.raises(InputError, match="a tenth of the 12 training rows has fewer than two labels"):
        list(replay(few, "random", rounds=2, C=10.0, seed=0))


def test_without_the_rows_that_a_command_needs_it_says_so(bench: Bench) -> None:
    nothing = bench.rows["train"].take([])
    write_workspace(replace(bench, rows=bench.rows | {"train": nothing, "validation": nothing}))
    with pytest.raises(InputError, match=r"data/splits/train\.csv lists no rows, which this command needs"):
        open_mean_bench()
    assert len(open_mean_bench(needed=["test"]).rows["test"].ids) == 60


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


def test_of_many_test_rows_the_first_are_grouped_without_any_training_rows(
    bench: Bench, in_tmp: Path, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(novel, "MOST", 12)
    write_workspace(replace(bench, rows=bench.rows | {"train": bench.rows["train"].take([])}))
    printed = typed(intents.main, in_tmp, "a", "b", "--apart", "2")
    assert "of 40 test rows, the first 12 are grouped" in printed
    assert "12 of 12 messages are in 1 groups" in printed


def test_a_distance_of_groups_is_a_number_from_0_to_2(bench: Bench, in_tmp: Path, typed: Callable[..., str]) -> None:
    write_workspace(bench)
    assert "no group of 3 or more" in typed(intents.main, in_tmp, "a", "--apart", "0")
    for wrong in ("-1", "nan", "3", "far"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"'{wrong}' is not a number from 0 to 2"):
            intents.distance(wrong)


def test_a_trial_knows_what_the_labels_mean(bench: Bench) -> None:
    write_workspace(replace(bench, params=params(features={"prior": "label_names"})))
    found = open_bench()
    assert found.label_texts == TEXTS
    assert found.train("features", found.rows["train"], seed=0).test.shape == (60,)


def test_a_trial_needs_rows_that_were_made_with_todays_parameters(bench: Bench) -> None:
    write_workspace(bench)
    open_bench()
    Path("params.yaml").write_text(bench.params.model_copy(update={"max_length": 16}).model_dump_json())
    with pytest.raises(InputError, match="max_length is 16 but was 64 when stage download ran; run dvc repro"):
        open_bench()
    Path("dvc.lock").write_text('{"stages": {}}')
    with pytest.raises(InputError, match="stage download has not run; run dvc repro"):
        open_bench()


@pytest.mark.parametrize(
    ("sampling", "counts"), [("none", [20, 40, 40]), ("oversample", [40, 40, 40]), ("undersample", [20, 20, 20])]
)
def test_a_trial_samples_the_training_rows_as_the_parameters_say(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, sampling: str, counts: list[int]
) -> None:
    train, seen = bench.rows["train"], []
    uneven = train.take([at for at, label in enumerate(train.labels) if label or at < 60])

    def watched(task: Task) -> Trained:
        seen.append(task.train.labels)
        return whole(task)

    monkeypatch.setattr(baseline, "train", watched)
    replace(bench, params=params(sampling=sampling)).train("baseline", uneven, seed=0)
    assert np.bincount(seen[0]).tolist() == counts


@pytest.mark.parametrize(
    ("changes", "named"), [({"typo": 0.1, "copies": 1}, "typo = 0.1"), ({"file": "more"}, "file = 'more'")]
)
def test_a_trial_with_changed_texts_is_refused(bench: Bench, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=rf"params\.yaml: augment\.{named}: .* on the texts as they are"):
        replace(bench, params=params(augment=changes)).train("baseline", bench.rows["train"], seed=0)
