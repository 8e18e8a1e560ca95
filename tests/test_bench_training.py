"""Timing ways to train: what is counted, what is recorded, and what the table says."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import trainer

from tests.conftest import ROOT
from tests.toys import LABELS, rows, task
from tools.bench import training, training_table
from tools.bench.arms import SETTINGS, train_plainly
from tools.bench.clock import Steps, start_clock
from tools.bench.training import Turn, speeds

TAUGHT = {"method": "distil", "distil": {"teachers": ["one"]}}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """What the clock of the test's next Trainer fills in."""
    monkeypatch.setattr(trainer, "DEFAULT_CALLBACKS", [*trainer.DEFAULT_CALLBACKS])
    return start_clock()


@pytest.mark.filterwarnings("ignore:'pin_memory'")  # a default of the Trainer
@pytest.mark.parametrize("way", SETTINGS)
def test_a_plain_way_trains_the_steps_that_it_is_told(tiny: Callable[[str], Path], steps: Steps, way: str) -> None:
    train_plainly(rows(3, 60), len(LABELS), tiny("bert"), 3, **SETTINGS[way])
    assert (steps.rows, steps.batch, len(steps.seconds)) == (60, 8, 3)
    assert all(seconds > 0 for seconds in steps.seconds)


@pytest.mark.parametrize("method", training.METHODS)
def test_a_method_of_ours_is_timed_epoch_by_epoch(
    tiny: Callable[[str], Path], in_tmp: Path, steps: Steps, method: str
) -> None:
    importlib.import_module(f"textclf.methods.{method}").train(
        task(tiny("bert"), in_tmp, method=method, distil={"teachers": ["one"]}, epochs=2, head_init="random")
    )
    assert (steps.rows, steps.epochs, len(steps.seconds)) == (90, 2, 2 * 12)
    assert steps.all_rows == 180


def turns() -> dict[str, list[Turn]]:
    """Two rounds in which ours trains 100 rows for 2 epochs in 4 of 10 seconds, and a plain step takes a second."""
    plain = Turn(Steps(rows=100, batch=8, epochs=1, seconds=[9.0] * training.WARMUP + [1.0] * 3), 50.0, 2)
    ours = Turn(Steps(rows=100, batch=32, epochs=2, seconds=[0.5] * 8), 10.0, 2, "bf16")
    return {"notebook": [plain] * 2, "run_classification": [plain] * 2, "ours": [ours] * 2}


def test_rates_leave_out_the_plain_ways_warm_up_and_nothing_of_ours() -> None:
    assert speeds(turns()) == {
        "notebook": [8.0, 8.0],
        "run_classification": [8.0, 8.0],
        "steps": [50.0, 50.0],
        "stage": [20.0, 20.0],
    }


def test_the_table_compares_all_ways_with_the_first(in_tmp: Path) -> None:
    assert training_table.section() == []
    values = {"dataset": "mine", "model": "m", "method": "full"}
    file = training_table.path("mine")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(training.result(values, "my-recipe", turns(), "abc")))
    text = "\n".join(training_table.section())
    assert "| the stage `train`, its training steps alone | 50.0, 50.0 | 6.2 |" in text
    assert "saving | 20.0, 20.0 | 2.5 |" in text
    assert (
        "`my-recipe`, `method: full` on `m`: 100 training rows of `mine`, 2 epochs, bf16. The stage took 10 and 10"
        in text
    )


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("banking", "no recipe is called 'banking'; recipes/ has banking77-features, "),
        (
            "emotion-features",
            "method features trains in no steps that could be timed; allowed: full, distil, ",
        ),
        ("emotion-*", "--recipe takes the name of one recipe; 'emotion-*' stands for emotion-baseline, "),
    ],
)
def test_a_recipe_that_cannot_be_timed_is_refused(typed: Callable[..., str], recipe: str, message: str) -> None:
    assert message in typed(training.main, ROOT, "--recipe", recipe, fails=True)


def test_a_recipe_is_read_by_its_schema(in_tmp: Path, typed: Callable[..., str]) -> None:
    Path("params.yaml").write_text((ROOT / "params.yaml").read_text())
    Path("recipes").mkdir()
    Path("recipes/bad.yaml").write_text("about: it says nothing\n")
    said = typed(training.main, in_tmp, "--recipe", "bad", fails=True)
    assert said == "error: recipes/bad.yaml: overrides: Field required"


def test_a_recipe_of_distillation_is_read(in_tmp: Path) -> None:
    for name in ("params.yaml", "data/sources", "models/checkpoints"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).symlink_to(ROOT / name)
    Path("recipes").mkdir()
    Path("recipes/taught.yaml").write_text(json.dumps({"about": "x", "overrides": TAUGHT}))
    values = training.read_values("taught")
    assert values["method"] == "distil"
    assert values["distil"]["teachers"] == ["one"]
