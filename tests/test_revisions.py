"""Reading a state of the project: which commit a name stands for, and which commit holds the workspace."""

import subprocess
from pathlib import Path

import pytest

from textclf.errors import InputError
from textclf.revisions import WORKSPACE, resolve, snapshot


def git(*arguments: str, fails: bool = False) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repository(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, which holds a parameter file and a record."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "me")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "me@example.org")
    git("init", "--quiet", "--initial-branch=main")
    Path("results").mkdir()
    for name in ("dvc.yaml", "params.yaml", "results/record.json"):
        Path(name).write_text("{}\n")
    git("add", "--all")
    git("commit", "--quiet", "--message=first")
    return in_tmp


def test_a_pattern_is_no_experiments_name(repository: Path) -> None:
    head = git("rev-parse", "HEAD")
    git("update-ref", f"refs/exps/ab/{head}/sweep-1", head)
    assert resolve("sweep-1").sha == head
    for name in ("sweep-*", "*", "sweep-?"):
        with pytest.raises(InputError, match="is not a commit, branch, tag or experiment here"):
            resolve(name)


def test_a_record_that_was_written_since_makes_no_other_state(repository: Path) -> None:
    head = git("rev-parse", "HEAD")
    Path("results/record.json").write_text("[]\n")
    assert snapshot(resolve(WORKSPACE)) == head
    Path("params.yaml").write_text("lr: 1\n")
    before = snapshot(resolve(WORKSPACE))
    assert git("show", f"{before}:params.yaml") == "lr: 1"
    assert git("show", f"{before}:results/record.json") == "{}"
    Path("results/record.json").write_text("[1]\n")
    Path("results/new.json").write_text("[]\n")
    git("add", "results/new.json")
    assert snapshot(resolve(WORKSPACE)) == before
    Path("new.yaml").write_text("x: 1\n")
    git("add", "new.yaml")
    assert git("show", f"{snapshot(resolve(WORKSPACE))}:new.yaml") == "x: 1"
    assert git("status", "--porcelain").splitlines() == [
        "A  new.yaml",
        " M params.yaml",
        "A  results/new.json",
        " M results/record.json",
    ]


def test_a_conflict_is_not_taken_for_the_commit(repository: Path) -> None:
    git("checkout", "--quiet", "-b", "other")
    for branch, text in (("other", "lr: 1\n"), ("main", "lr: 2\n")):
        git("checkout", "--quiet", branch)
        Path("params.yaml").write_text(text)
        git("commit", "--quiet", "--all", "--message=x")
    git("merge", "other", fails=True)
    with pytest.raises(InputError, match=r"params\.yaml has a conflict; resolve it first"):
        snapshot(resolve(WORKSPACE))
