"""The spread between seeds: which runs share one, when a recorded one still holds, and what the review says of it."""

from collections.abc import Callable
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from textclf.outputs import write_json
from tools.review.sentences import noise
from tools.runs import seeds
from tools.runs.run import PREDICTIONS
from tools.runs.seeds import Spread, config_hash, read_spread, spread_of

Lock = dict[str, Any]
SPREAD = Spread([42, 43, 44], {"accuracy": [0.90, 0.92, 0.94]}, "x86_64 AVX512", ["of 42", "of 43", "of 44"])


def run(change: Callable[[Lock], object] = lambda lock: None, **more: Any) -> Any:
    """A toy run, its dvc.lock as `change` leaves it; `more` are values of its params.yaml and of its training."""
    train = {"seed": 42, "lr": 0.1, "method": "full", "full": {"freeze_embeddings": True}, "early_stopping": None}
    lock: Lock = {
        "download": {"params": {"params.yaml": {"dataset": "shop"}}, "outs": [{"path": "data/raw", "md5": "1.dir"}]},
        "tokenize": {"outs": [{"path": "data/tokenized", "md5": "2.dir"}]},
        "split": {"outs": [{"path": "data/splits", "md5": "3.dir"}]},
        "train": {
            "params": {"params.yaml": train},
            "deps": [{"path": "textclf/methods/full.py", "md5": "4"}],
            "outs": [{"path": "models/trained", "md5": "5.dir"}],
        },
        "oos": {"params": {"params.yaml": {"oos.method": "none"}}},
        "evaluate": {"params": {"params.yaml": {"evaluation": {"ece_bins": 15}}}},
    }
    change(lock)
    machine = {"processor": "x86_64 AVX512", "threads": 2, "precision": "bf16"} | more.pop("machine", {})
    return SimpleNamespace(
        params={"seed": 42, "method": "full"} | more,
        lock=lock,
        machine={key: value for key, value in machine.items() if value is not None},
        revision=SimpleNamespace(md5=lambda path: "of 42" if path == PREDICTIONS else None),
    )


def trained_with(**values: Any) -> Callable[[Lock], object]:
    """A change of parameters of stage train."""
    return lambda lock: lock["train"]["params"]["params.yaml"].update(values)


def set_md5(stage: str, kind: str, md5: str) -> Callable[[Lock], object]:
    """A change of the first file that a stage read (`deps`) or wrote (`outs`)."""
    return lambda lock: lock[stage][kind][0].update(md5=md5)


@pytest.mark.parametrize(
    "same",
    [
        run(trained_with(seed=43), seed=43),
        run(set_md5("train", "deps", "other code")),
        run(set_md5("train", "outs", "another classifier")),
        run(lambda lock: lock["train"]["deps"].append({"path": "textclf/new.py", "md5": "6"})),
        run(lambda lock: lock["download"]["params"]["params.yaml"].update(dataset="the same rows, renamed")),
        run(trained_with(sampling="none", new_stop=None, new_list=[], new_section={"part": "none"})),
        run(machine={"processor": "aarch64 DEFAULT", "threads": 8}),
    ],
    ids=["seed", "code", "classifier", "new code", "name of the data", "what is off", "machine"],
)
def test_the_configuration_is_the_same_with_another(same: Any) -> None:
    assert config_hash(same) == config_hash(run())


@pytest.mark.parametrize(
    "other",
    [
        run(trained_with(lr=0.2)),
        run(trained_with(early_stopping=2)),
        run(trained_with(full={"freeze_embeddings": False})),
        run(lambda lock: lock["oos"]["params"]["params.yaml"].update({"oos.method": "gate"})),
        run(lambda lock: lock["evaluate"]["params"]["params.yaml"]["evaluation"].update(ece_bins=10)),
        run(set_md5("download", "outs", "other rows")),
        run(set_md5("tokenize", "outs", "another checkpoint")),
        run(set_md5("split", "outs", "other splits")),
        run(method="lora"),
        run(machine={"precision": "fp32"}),
    ],
    ids=["lr", "switched on", "section", "oos", "scoring", "data", "tokens", "splits", "method", "precision"],
)
def test_the_configuration_is_another_with_another(other: Any) -> None:
    found = config_hash(other)
    assert found
    assert found != config_hash(run())


def test_a_run_from_before_the_precision_was_recorded_has_no_configuration(in_tmp: None) -> None:
    older = run(machine={"precision": None})
    assert config_hash(older) is None
    assert read_spread(older) is None
    assert config_hash(run(lambda lock: lock.pop("tokenize"))) is None


def record(spread: Spread) -> None:
    """Keep `spread` for the toy run's configuration."""
    write_json(seeds.FOLDER / f"{config_hash(run())}.json", {"spread": asdict(spread)})


def test_a_recorded_spread_is_found_by_every_run_of_the_configuration(in_tmp: None) -> None:
    assert read_spread(run()) is None, "nothing is recorded yet"
    record(SPREAD)
    assert read_spread(run()) == read_spread(run(set_md5("train", "deps", "other code"))) == SPREAD
    assert read_spread(run(trained_with(lr=0.2))) is None
    assert SPREAD.deviation("accuracy") == pytest.approx(0.02)


def test_a_record_that_the_runs_own_predictions_contradict_is_not_believed(in_tmp: None) -> None:
    record(Spread(SPREAD.seeds, SPREAD.scores, SPREAD.processor, ["others", "of 43", "of 44"]))
    assert read_spread(run()) is None
    name = config_hash(run())
    assert name
    assert spread_of(name), "the table of results shows it with the commit that it is of"
    assert read_spread(run(seed=50)), "a seed that is not recorded contradicts nothing"
    assert read_spread(run(machine={"processor": "aarch64 DEFAULT"})), "another kind of machine predicts otherwise"


def report(spread: Spread | None, difference: float = 0.01) -> Any:
    return SimpleNamespace(spread=spread, primary="accuracy", row={"difference": difference})


def test_the_review_compares_the_difference_with_the_spread() -> None:
    assert noise(report(None)).startswith("One seed: the spread between seeds is not recorded for this configuration")
    assert noise(report(SPREAD, 0.0566)) == (
        "The difference is 2.0 times the standard deviation of the difference between two seeds "
        "(standard deviation 2.00 points over 3 seeds of the base)."
    )
    flat = Spread([1, 2], {"accuracy": [0.9, 0.9]}, "", ["", ""])
    assert noise(report(flat)).startswith("All seeds of the base have the same score (standard deviation 0.00 points")
