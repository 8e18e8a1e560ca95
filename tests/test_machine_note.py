"""The line at the end of `make repro` on another kind of processor."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conftest import ROOT
from tools.machine_note import main, note

COMMITTED = {"processor": "x86_64 AVX512", "threads": 2, "precision": "bf16", "epochs": 5}


def test_another_processor_is_named_with_what_to_do() -> None:
    found = note(COMMITTED, COMMITTED | {"processor": "aarch64 DEFAULT", "precision": "fp32"})
    assert "(processor x86_64 AVX512 -> aarch64 DEFAULT, precision bf16 -> fp32)" in found
    assert "git restore dvc.lock metrics plots; dvc checkout" in found
    assert "\n" not in found


def test_the_same_machine_is_not_worth_a_word() -> None:
    assert note(COMMITTED, COMMITTED | {"epochs": 4}) == ""
    assert note({}, COMMITTED) == ""


def test_a_run_without_scores_yet_is_compared_with_nothing() -> None:
    assert note({"processor": "a", "threads": 2}, {}) == ""


def test_where_nothing_is_committed_yet_there_is_nothing_to_say(in_tmp: Path, typed: Callable[..., str]) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    Path("dvc.yaml").write_text("stages: {}\n")
    assert typed(main, in_tmp) == ""


def test_make_repro_ends_with_it() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\nrepro:")[1].split("\n\n")[0]
    assert recipe.endswith("@python -m tools.machine_note")
