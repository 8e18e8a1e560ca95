"""The review between two real commits of a tiny pipeline: what it says, what it refuses, and its exit codes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Clone


@pytest.fixture(scope="module")
def reviewed(trained: Clone) -> Iterator[Clone]:
    """The trained copy with a second commit on a branch: a baseline of words instead of the encoder."""
    trained.run("git", "checkout", "--quiet", "-b", "words")
    try:
        trained.set(method="baseline")
        trained.run("dvc", "repro")
        trained.commit("words")
        gate = trained.folder / "review.yaml"
        gate.write_text(gate.read_text().replace("min_rows: 200", "min_rows: 100"))
        trained.commit("fewer rows")
        yield trained
    finally:
        trained.clean()
        trained.run("git", "checkout", "--quiet", "main")
        trained.run("git", "branch", "--quiet", "-D", "words")
        trained.run("dvc", "checkout", "--force", "--quiet")


def test_the_default_is_main_against_the_workspace(reviewed: Clone) -> None:
    out = reviewed.run("python", "-m", "tools.review", "--out", "review.md", "--html", "review.html")
    accuracies = [
        100 * json.loads(reviewed.run("git", "show", f"{rev}:metrics/test.json"))["accuracy"]
        for rev in ("main", "HEAD")
    ]
    assert re.match(
        r"## improved, for these models alone: accuracy {:.1f} -> {:.1f}, \+[\d.]+ points \(95% CI \+".format(
            *accuracies
        ),
        out,
    ), out.splitlines()[0]
    assert "`main` against `workspace`" in out
    assert "| parameter | `method: full -> baseline` |" in out
    assert "One seed on a side and no spread is recorded: that is one model, not a configuration" in out
    assert re.search(r"\*\*Gate (passed|failed): ", out)
    assert "<details><summary>The " in out
    for title in (
        "Scores on test",
        "Fixed and broken rows",
        "Confusions that moved",
        "Labels that moved",
        "Slices",
        "Changed texts",
    ):
        assert f"### {title}" in out
    assert "| `style` | `everyday` |" in out
    assert re.search(r"\| two_typos \| 120 \| [\d.]+ \| [\d.]+ \| ", out)
    assert reviewed.read("review.md").decode() in out
    page = reviewed.read("review.html").decode()
    assert not re.search(r"""(?:src|href|srcset)=["'](?!data:)""", page)
    counts = re.search(r"(\d+) fixed and (\d+) broken of 120", out)
    assert counts
    flipped = page[page.index('<section id="rows">') :].split("</section>")[0]
    assert flipped.count('class="fixed"') == int(counts[1])
    assert flipped.count('class="broken"') == int(counts[2])


def test_a_commit_against_itself_has_no_difference(reviewed: Clone) -> None:
    out = reviewed.run("python", "-m", "tools.review", "main", "main", "--gate")
    assert out.startswith("## same inputs, for these models alone: accuracy")
    assert "+0.0 points (95% CI +0.0 to +0.0, p = 1), 0 fixed and 0 broken of 120" in out
    assert "All inputs of the scores are the same; different: nothing." in out
    assert "**Gate passed: none of " in out


def test_the_gate_passes_for_an_improvement_and_fails_for_a_loss_with_the_rule(reviewed: Clone) -> None:
    reviewed.run("python", "-m", "tools.review", "main", "words", "--gate")
    out = reviewed.run("python", "-m", "tools.review", "words", "main", "--gate", fails=True)
    assert " rules are broken.**\n- `accuracy: a loss of 0." in out
    assert "\nGate failed: accuracy: a loss of 0." in out
    assert " cannot be ruled out (95% interval); review.yaml allows 0.0400" in out


@pytest.mark.parametrize("seeds", [[], ["--seeds", "5"]], ids=["as they are", "before any seed is run"])
def test_too_few_shared_rows_are_not_comparable_and_exit_with_2(reviewed: Clone, seeds: list[str]) -> None:
    import subprocess

    gate = reviewed.folder / "review.yaml"
    gate.write_text(gate.read_text().replace("min_rows: 100", "min_rows: 1000"))
    command = ["python", "-m", "tools.review", "main", "words", "--out", "review.md", *seeds]
    done = subprocess.run(command, cwd=reviewed.folder, env=reviewed.environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "not comparable: they share 120 test rows with the same label; min_rows in review.yaml asks for 1,000\n"
    )
    assert reviewed.read("review.md").decode().startswith("## not comparable")


def relabel(clone: Clone, path: Path, rows: int) -> None:
    """Give the first `rows` predictions another actual label, and write their new checksum into dvc.lock."""
    import hashlib

    before = hashlib.md5((clone.folder / path).read_bytes()).hexdigest()
    table = json.loads(clone.read(str(path)))
    other = {row[1] for row in table[1:]}
    for row in table[1 : 1 + rows]:
        row[1] = next(iter(sorted(other - {row[1]})))
    (clone.folder / path).write_text(json.dumps(table))
    after = hashlib.md5((clone.folder / path).read_bytes()).hexdigest()
    lock = clone.folder / "dvc.lock"
    lock.write_text(lock.read_text().replace(before, after))


def test_relabeled_test_rows_are_left_out_and_counted(reviewed: Clone) -> None:
    relabel(reviewed, Path("metrics/predictions/test.json"), 7)
    out = reviewed.run("python", "-m", "tools.review", "words")
    assert "**Compared on the rows that both share:**\n- `7 test rows have a different label in the head`" in out
    assert "of 113" in out


def test_a_head_whose_scores_do_not_belong_to_its_parameters_is_refused(reviewed: Clone) -> None:
    reviewed.set(lr=0.5)
    out = reviewed.run("python", "-m", "tools.review", fails=True)
    assert out == (
        "error: workspace: its scores are stale: lr is 0.5 but was 0.001 when stage train ran; "
        "dvc repro, then commit dvc.lock and metrics\n"
    )
    reviewed.clean()
    file = reviewed.folder / "metrics/test.json"
    file.write_text(file.read_text().replace('"accuracy": 0', '"accuracy": 1'))
    assert "metrics/test.json has changed since stage evaluate wrote it" in reviewed.run(
        "python", "-m", "tools.review", fails=True
    )


def test_an_unknown_revision_and_a_missing_cache_say_what_to_do(reviewed: Clone) -> None:
    out = reviewed.run("python", "-m", "tools.review", "nowhere", fails=True)
    assert out == "error: 'nowhere' is not a commit, branch, tag or experiment here; try git fetch or dvc exp pull\n"
    cache = reviewed.folder / ".dvc/cache"
    cache.rename(cache.with_name("elsewhere"))
    try:
        out = reviewed.run("python", "-m", "tools.review", "main", "words", fails=True)
    finally:
        cache.with_name("elsewhere").rename(cache)
    assert "error: data/raw/rows.parquet at words is in neither git nor DVC's cache" in out
    assert "dvc fetch --all-commits brings it if it was pushed" in out


def test_seeds_run_as_experiments_of_each_sides_own_commit_and_are_compared(reviewed: Clone) -> None:
    out = reviewed.run("python", "-m", "tools.review", "main~1", "words", "--seeds", "2", fails=True)
    assert "main~1: " in out, "a commit whose pipeline has not run"
    known = set((reviewed.folder / "results/seeds").glob("*/record.json"))
    assert "to run" not in reviewed.run("python", "-m", "tools.review", "words~1", "words", "--seeds", "3")
    assert set((reviewed.folder / "results/seeds").glob("*/record.json")) == known, "each seed of words is alike"
    reviewed.set(sampling="oversample")
    reviewed.run("dvc", "repro")
    reviewed.commit("drawn")
    (reviewed.folder / "review.yaml").write_text(reviewed.read("review.yaml").decode() + "# the same rules\n")
    reviewed.commit("the same configuration")
    out = reviewed.run("python", "-m", "tools.review", "HEAD~1", "workspace", "--seeds", "3")
    assert "HEAD~1: 2 seeds to run, about " in out
    assert "workspace: " not in out, "it is the same configuration"
    (record,) = set((reviewed.folder / "results/seeds").glob("*/record.json")) - known
    content = json.loads(record.read_text())
    assert list(content["seeds"]) == ["42", "43", "44"]
    assert {path.name for path in record.parent.glob("*.parquet")} == {"42.parquet", "43.parquet", "44.parquet"}
    assert reviewed.run("git", "status", "--porcelain", "--untracked-files=no") == "", (
        "they ran in a checkout of their own"
    )
    assert len(reviewed.run("git", "worktree", "list").splitlines()) == 1
    assert "seed-" in reviewed.run("dvc", "exp", "list", "--all-commits", "--name-only")
    again = reviewed.run("python", "-m", "tools.review", "HEAD", "HEAD", "--seeds", "3")
    assert "seeds to run" not in again
    assert "means of 3 seeds" in again
    other = reviewed.run("python", "-m", "tools.review", "main", "words")
    assert "One seed on a side" in other, "words draws nothing, so it tells nothing of main"


def test_a_commit_without_a_pipeline_is_named(reviewed: Clone) -> None:
    empty = reviewed.run("git", "commit-tree", "-m", "empty", "4b825dc642cb6eb9a060e54bf8d69288fbee4904").strip()
    out = reviewed.run("python", "-m", "tools.review", empty, "words", fails=True)
    assert out == f"error: {empty} has no pipeline: no dvc.yaml is there\n"
    assert "Traceback" not in reviewed.run("python", "-m", "tools.predict", "hi", "--rev", empty, fails=True)


def test_every_wrong_row_is_shown_with_what_speaks_against_it(reviewed: Clone) -> None:
    out = reviewed.run("python", "-m", "tools.errors", "--rev", "words", "--csv", "errors.csv", "--html", "errors.html")
    wrong = int(re.search(r"errors.csv: (\d+) of 120 test rows", out)[1])  # type: ignore[index]
    accuracy = json.loads(reviewed.run("git", "show", "words:metrics/test.json"))["accuracy"]
    assert wrong == round(120 * (1 - accuracy))
    table = pd.read_csv(reviewed.folder / "errors.csv")
    assert len(table) == wrong
    assert (table["actual"] != table["neighbor_label"]).all()
    assert table["loss"].is_monotonic_decreasing
    page = reviewed.read("errors.html").decode()
    assert page.count('<td data-column="text">') == wrong
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", page)


@pytest.fixture
def corrected(reviewed: Clone) -> Iterator[Clone]:
    """`reviewed` on a branch with five corrected labels and a further training text."""
    reviewed.run("git", "checkout", "--quiet", "-b", "corrected")
    corpus = reviewed.folder / "data/corpora/shop_support.csv"
    corpus.write_text(corpus.read_text().replace(",order_status,train", ",cancel_order,train", 5))
    reviewed.run("dvc", "repro", "split")
    parent = reviewed.read("data/splits/train.csv").decode().splitlines()[1].split(",")[0]
    (reviewed.folder / "data/augment/more.csv").write_text(f"parent,text\n{parent},a heron flew off with it\n")
    reviewed.set(augment={"file": "more"})
    gate = reviewed.folder / "review.yaml"
    gate.write_text(gate.read_text().replace("margin: 0.04", "margin: 0.4"))  # the rows are few
    reviewed.run("dvc", "repro")
    reviewed.commit("corrected")
    yield reviewed
    reviewed.clean()
    reviewed.run("git", "checkout", "--quiet", "words")
    reviewed.run("git", "branch", "--quiet", "-D", "corrected")


def test_what_the_pull_requests_job_runs_runs_in_a_fresh_clone(corrected: Clone, tmp_path: Path) -> None:
    assert 'run: .ci/review "origin/$BASE_REF"' in corrected.read(".github/workflows/review.yml").decode()
    corrected.run("git", "clone", "--quiet", str(corrected.folder), str(tmp_path))
    # The same script, without the set-up that this environment already has.
    script = tmp_path / ".ci/review"
    script.write_text(script.read_text().replace("make setup\n", ""))
    out = corrected.run("bash", str(script), "origin/words")
    assert "| data | `train: 0 rows added, 0 removed, 5 relabeled` |" in out
    assert "a heron flew off with it" in out
    assert {"review.md", "review.html"} <= {path.name for path in tmp_path.iterdir()}
    assert len(corrected.run("git", "-C", str(tmp_path), "worktree", "list").splitlines()) == 1
