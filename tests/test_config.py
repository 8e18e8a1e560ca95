"""What the predictions of a method don't depend on: against dvc.yaml, and against what training reads."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.test_dvc_yaml import STAGES, listed
from tests.toys import task
from tools.runs.config import AFTER, EPOCHS, FITTED, draws, unread

BEFORE = ("check", "download", "split", "prepare", "tokenize", "augment", "teach", "train", "predict")


class Spied:
    """Parameters that note which of them are read."""

    def __init__(self, params: Any) -> None:
        self.params = params
        self.read: set[str] = set()

    def __getattr__(self, key: str) -> Any:
        self.read.add(key)
        return getattr(self.params, key)


def test_what_comes_after_is_read_by_no_stage_that_makes_the_predictions() -> None:
    by_stage = {stage: {key.split(".")[0] for key in listed(stage, "params")} for stage in STAGES}
    before = set().union(*(by_stage[stage] for stage in BEFORE))
    assert set(AFTER) == set().union(*by_stage.values()) - before | {"oos"}, "oos has what is held out, too"


@pytest.mark.parametrize("method", FITTED)
def test_a_method_without_epochs_reads_no_parameter_of_epochs(
    method: str, tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    toy = task(tiny("bert"), tmp_path, method=method)
    spied: Any = Spied(toy.params)
    importlib.import_module(f"textclf.methods.{method}").train(replace(toy, params=spied))
    assert method in spied.read
    assert not spied.read & unread(method)


def test_full_reads_what_training_in_epochs_alone_reads(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = task(tiny("bert"), tmp_path, method="full", epochs=1)
    spied: Any = Spied(toy.params)
    importlib.import_module("textclf.methods.full").train(replace(toy, params=spied))
    assert set(EPOCHS) - spied.read <= {"workers"}, "which is read before"
    assert not spied.read & unread("full")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"method": "full"}, True),
        ({"method": "features"}, False),
        ({"method": "features", "sampling": "oversample"}, True),
        ({"method": "baseline", "sampling": "none", "augment": {"copies": 1}}, True),
        ({"method": "zero_shot", "augment": {"copies": 0}}, False),
    ],
    ids=str,
)
def test_training_draws_something_or_each_seed_is_alike(params: dict[str, Any], found: bool) -> None:
    assert draws(params) == found
