"""What comes of correcting suspects, and how many planted mistakes the audit finds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benches import toy_bench, write_workspace
from tests.toys import params
from textclf.audit.label_issues import Suspicion
from textclf.data.corrections import read_corrections
from textclf.rows import Rows
from tools.audit import arms as arms_module
from tools.audit import effect, planted
from tools.audit.arms import try_arms
from tools.audit.flips import found_flips
from tools.audit.probe import judge
from tools.runs.trial import Bench, Outcome


@pytest.fixture
def bench(tiny: Callable[[str], Path], in_tmp: Path) -> Bench:
    return toy_bench(tiny("bert"))


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
    assert [of_seed[0].accuracy for of_seed in arms] == accuracies


def clear_vectors(bench: Bench) -> Any:
    """Vectors of the training and validation rows that say their label."""
    return np.concatenate([np.eye(3)[bench.rows[name].labels] for name in ("train", "validation")]).astype(np.float32)


def with_counts(bench: Bench, *counts: int) -> Bench:
    """The bench with so many training rows of each label."""
    train = bench.rows["train"]
    places = [np.flatnonzero(train.labels == label)[:number] for label, number in enumerate(counts)]
    return replace(bench, rows=bench.rows | {"train": train.take(np.concatenate(places).tolist())})


def test_a_row_whose_label_cannot_be_judged_is_no_suspect(bench: Bench) -> None:
    rare = with_counts(bench, 40, 1, 40)  # row 40 is alone with its label
    validation = rare.rows["validation"]
    known = validation.take(np.flatnonzero(validation.labels != 1).tolist())
    rare = replace(rare, rows=rare.rows | {"validation": known})
    labels = rare.rows["train"].labels.copy()
    labels[[0, 80]] = labels[[80, 0]]
    found = judge(rare, clear_vectors(rare), labels, seed=0)
    assert np.flatnonzero(found.issue).tolist() == [0, 80]
    assert found.suggested[[0, 40, 80]].tolist() == [0, 1, 2]
    assert 40 not in found.listed()
    alone = replace(rare, rows=rare.rows | {"validation": validation.take([])})
    assert not judge(alone, clear_vectors(alone), np.full(81, 1), seed=0).issue.any()


class Trained:
    """Trainings as they were asked for, each with the accuracies that `answer` gives for the number of changes."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[tuple[str, int, Rows]] = []
        self.given = dict(zip(bench.rows["train"].ids, bench.rows["train"].labels, strict=True))
        asked = self

        def train(self: Bench, method: str, rows: Rows, seed: int) -> Outcome:
            asked.rows.append((method, seed, rows))
            changed = len(asked.changes(rows))
            return Outcome(np.array([changed == 2]), np.array([changed == 1]))

        monkeypatch.setattr(Bench, "train", train)

    def changes(self, rows: Rows) -> dict[str, int]:
        """The rows whose label is another one than they had."""
        return {id: int(label) for id, label in zip(rows.ids, rows.labels, strict=True) if self.given[id] != label}


def suspicion_of(bench: Bench, probabilities: dict[int, float], quality: float = 0.01) -> Suspicion:
    """Suspects at these positions, with the next label as the suggestion."""
    labels = np.concatenate([bench.rows[name].labels for name in ("train", "validation")])
    issue, probability = np.zeros(len(labels), dtype=bool), np.full(len(labels), 0.99)
    for place, value in probabilities.items():
        issue[place], probability[place] = True, value
    return Suspicion(np.where(issue, quality, 0.99), np.where(issue, (labels + 1) % 3, labels), probability, issue)


def test_suspects_are_left_out_or_relabeled_with_the_threshold_that_validation_chooses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ids = Trained(bench, monkeypatch), bench.rows["train"].ids
    suspicion = suspicion_of(bench, {3: 0.95, 5: 0.75, 8: 0.55, 9: 0.2})
    monkeypatch.setattr(arms_module, "judge", lambda *_: suspicion)
    as_they_are, without, suggested = next(try_arms(bench, clear_vectors(bench), "full", seeds=1))
    full = [rows for method, _, rows in asked.rows if method == "full"]
    assert [len(rows.ids) for rows in full] == [120, 116, 120]
    assert set(ids) - set(full[1].ids) == {ids[place] for place in (3, 5, 8, 9)}
    assert asked.changes(full[2]) == {ids[at]: (asked.given[ids[at]] + 1) % 3 for at in (3, 5)}
    assert (as_they_are.rows, without.rows, suggested.rows, suggested.threshold) == (0, 4, 2, 0.7)


def test_some_row_of_each_label_stays_as_it_is(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    small = with_counts(bench, 40, 40, 3)
    asked = Trained(small, monkeypatch)
    suspicion = suspicion_of(small, {place: 0.95 for place in (80, 81, 82)})
    suspicion.quality[81] = 0.02
    monkeypatch.setattr(arms_module, "judge", lambda *_: suspicion)
    arms = next(try_arms(small, clear_vectors(small), "features", seeds=1))
    assert [arm.rows for arm in arms] == [0, 2, 2]
    for _, _, rows in asked.rows:
        assert small.rows["train"].ids[81] in np.array(rows.ids)[rows.labels == 2]


def with_mistakes(bench: Bench, number: int) -> Bench:
    """The bench with so many wrong labels among the training rows, the first ones; frozen vectors say the right one."""
    train = bench.rows["train"]
    labels = np.where(np.arange(len(train.ids)) < number, (train.labels + 1) % 3, train.labels)
    wrong = replace(bench, rows=bench.rows | {"train": replace(train, labels=labels)})
    vectors = {name: 5 * np.eye(3)[rows.labels].astype(np.float32) for name, rows in bench.rows.items()}
    random = np.random.default_rng(0)
    noisy = {name: found + random.normal(size=found.shape).astype(np.float32) for name, found in vectors.items()}
    object.__setattr__(wrong, "vectors", noisy)  # in place of the cached property
    return wrong


@pytest.fixture
def workspace(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A workspace with six wrong labels, whose vectors are at hand."""
    wrong = with_mistakes(bench, 6)
    write_workspace(wrong)
    texts = pd.concat([pd.DataFrame({"id": rows.ids, "text": rows.texts}) for rows in wrong.rows.values()])
    texts.assign(text=texts["text"] + "!").to_parquet("data/raw/rows.parquet")
    monkeypatch.setattr(Bench, "vectors", wrong.vectors)
    return wrong


def test_what_is_written_is_what_was_measured(
    workspace: Bench, in_tmp: Path, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, seeds = Trained(workspace, monkeypatch), []

    def recorded(bench: Bench, vectors: Any, labels: Any, seed: int) -> Suspicion:
        seeds.append(seed)
        first = np.flatnonzero(labels == 0)[seed], np.flatnonzero(labels == 1)[seed]
        return suspicion_of(bench, {int(first[0]): 0.95, int(first[1]): 0.75})

    monkeypatch.setattr(arms_module, "judge", recorded)
    printed = typed(effect.main, in_tmp, "--seeds", "2", "--write", "new/corrections.csv")
    measured = asked.changes([rows for _, seed, rows in asked.rows if seed == 0][-1])
    written = {line.correction.id: line.correction for line in read_corrections(Path("new/corrections.csv"))}
    assert {id: workspace.labels.index(one.label) for id, one in written.items()} == measured
    assert sorted(measured.values()) == [1, 2]
    assert all(one.text.endswith("!") and one.action == "relabel" for one in written.values())
    assert seeds == [0, 1, 0]
    assert "new/corrections.csv: 2 rows with suggested labels" in printed


def test_each_seed_is_reported_when_it_ends_and_one_seed_has_no_spread(
    workspace: Bench, in_tmp: Path, typed: Callable[..., str]
) -> None:
    printed = typed(effect.main, in_tmp, "--seeds", "1").splitlines()
    lines = [line for line in printed if line.startswith("seed ")]
    assert len(lines) == 1
    assert lines[0].startswith("seed 0: as they are 0.")
    assert ", without the suspects 0." in lines[0]
    assert ", with suggested labels 0." in lines[0]
    assert "nan" not in "".join(printed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text,split,action,label,by,reason\nab,hi,train,keep,a,me,\n", "corrections.csv holds corrections already"),
        ("some,table\n1,2\n", "corrections.csv: line 1: its columns are some, table"),
    ],
)
def test_a_file_that_cannot_be_written_to_is_refused_before_anything_is_read(
    in_tmp: Path, typed: Callable[..., str], content: str, message: str
) -> None:
    Path("corrections.csv").write_text(content)
    assert message in typed(effect.main, in_tmp, "--write", "corrections.csv", fails=True)
    assert Path("corrections.csv").read_text() == content


def test_planted_mistakes_are_found_where_the_vectors_say_the_label(bench: Bench) -> None:
    found = found_flips(bench, clear_vectors(bench), 0.05, seed=0)
    assert found == (1.0, 6 / 6, 6.0, 1.0)


def test_a_share_of_no_flagged_rows_is_left_empty(
    workspace: Bench, in_tmp: Path, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsuspected(bench: Bench, vectors: object, labels: object, seed: int) -> Suspicion:
        rows = len(bench.rows["train"].ids) + len(bench.rows["validation"].ids)
        return Suspicion(np.ones(rows), np.zeros(rows, dtype=int), np.ones(rows), np.zeros(rows, dtype=bool))

    monkeypatch.setattr("tools.audit.flips.judge", unsuspected)
    lines = typed(planted.main, in_tmp, "--share", "0.1", "--seeds", "2").splitlines()
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells == ["mean", "0.000", "", "0.000", ""]


def test_each_draw_of_planted_mistakes_has_a_row_and_their_mean_the_last(
    workspace: Bench, in_tmp: Path, typed: Callable[..., str]
) -> None:
    lines = typed(planted.main, in_tmp, "--share", "0.1", "--seeds", "2").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert [row[0] for row in rows] == ["seed", "---", "0", "1", "mean"]
    values = np.array([row[1:] for row in rows[2:]], dtype=float)
    np.testing.assert_allclose(values[2], values[:2].mean(axis=0), atol=1e-3)
    assert (values[:, 0] > 0.5).all(), "found in a tenth of the rows"


def test_a_share_that_flips_no_label_is_refused(workspace: Bench, in_tmp: Path, typed: Callable[..., str]) -> None:
    said = typed(planted.main, in_tmp, "--share", "0.001", fails=True)
    assert said == "error: --share: 0.001 of 120 training labels flips none; a larger share is needed"
