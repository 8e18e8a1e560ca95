"""The runs on which scores are compared: data sets, ways of training, and intents that are held out."""

import random
from dataclasses import dataclass
from typing import Any

from textclf.data.corpus import read_splits
from textclf.data.source_spec import read_source
from textclf.oos.labels import in_scope
from tools.recipe.recipes import find_recipes
from tools.runs.checked import SOURCES

# The recipe of the whole body by data set; shop_support's is params.yaml as it is.
FULL = {"shop_support": "", "banking77": "banking77-full", "massive_en_us": "massive-full"}
METHODS = ("features", "full")
OWN_ROWS = ("shop_support",)  # data sets with out-of-scope rows of their own: nothing is held out
DRAWS = (1, 2, 3)  # seeds of the draws
SHARE = 0.25  # of the intents are held out, as in Lin & Xu 2019 with 75% known


@dataclass(frozen=True)
class Case:
    """A run: its data set, its method, the draw of the intents that are held out (0: none), and what it overrides."""

    dataset: str
    method: str
    draw: int
    overrides: dict[str, Any]

    @property
    def name(self) -> str:
        """Its part of an experiment's name."""
        return f"{self.dataset}-{self.method}-{self.draw}"

    @property
    def held_out(self) -> list[str]:
        """The intents that are held out."""
        intents: list[str] = self.overrides["oos"]["held_out"]
        return intents


def plan(methods: list[str]) -> list[Case]:
    """Return all runs of these methods, in their order."""
    drawn = {dataset: _draws(dataset) for dataset in FULL}
    cases = []
    for method in methods:
        for dataset, draws in drawn.items():
            for draw, held_out in draws.items():
                oos = {"oos": {"method": "threshold", "held_out": held_out}}
                cases.append(Case(dataset, method, draw, _overrides(dataset, method) | oos))
    return cases


def draw_intents(intents: list[str], draw: int) -> list[str]:
    """Return the intents that are held out, a seeded sample of `SHARE` of them, sorted.

    >>> draw_intents(["a", "b", "c", "d", "e", "f", "g", "h"], 1)
    ['c', 'e']
    """
    return sorted(random.Random(draw).sample(sorted(intents), round(SHARE * len(intents))))


def _draws(dataset: str) -> dict[int, list[str]]:
    if dataset in OWN_ROWS:
        return {0: []}
    intents = in_scope(read_splits(read_source(dataset, SOURCES), dataset)["label"].unique())
    return {draw: draw_intents(intents, draw) for draw in DRAWS}


def _overrides(dataset: str, method: str) -> dict[str, Any]:
    own = {"dataset": dataset, "method": method}
    recipe = FULL[dataset] if method == "full" else ""
    return find_recipes([recipe])[recipe].overrides | own if recipe else own
