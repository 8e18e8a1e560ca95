"""The README's table of out-of-scope results, from results/ and the seeds' spreads in results/seed-noise/."""

from typing import Any

import numpy as np

from tools.lib.noise import spread_of
from tools.lib.recipes import Recipe
from tools.lib.results import read_result

COLUMNS = {
    "AUROC": "auroc",
    "AUPR": "aupr",
    "FPR at 95% recall": "fpr_at_95_recall",
    "in scope kept": "in_scope_kept",
    "and right": "in_scope_accuracy",
    "out of scope found": "out_recall",
    "precision": "out_precision",
}


def rows(recipes: dict[str, Recipe]) -> list[str]:
    """Return a Markdown table with a row for each recipe that handles out-of-scope messages."""
    columns = ["recipe", "learns from some", "accuracy of intents", *COLUMNS, "AUROC of seeds", "accuracy of seeds"]
    found = [_row(name, recipe) for name, recipe in recipes.items() if handles_out_of_scope(recipe)]
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *found]


def handles_out_of_scope(recipe: Recipe) -> bool:
    """Return whether the recipe's row belongs into this table."""
    return "oos" in recipe.overrides


def _row(name: str, recipe: Recipe) -> str:
    learns = "no" if recipe.overrides["oos"]["method"] == "threshold" else "yes"
    result = read_result(name)
    if result is None:
        return f"| [`{name}`](recipes/{name}.yaml) | {learns} | not measured here |" + " |" * (len(COLUMNS) + 2)
    oos = result["metrics"]["oos"]
    cells = [f"{result['metrics']['test']['accuracy']:.4f}", *(f"{oos[key]:.3f}" for key in COLUMNS.values())]
    cells += [_seeds(result, metric) for metric in ("auroc", "accuracy")]
    return f"| [`{name}`](recipes/{name}.yaml) | {learns} | {' | '.join(cells)} |"


def _seeds(result: dict[str, Any], metric: str) -> str:
    spread = spread_of(result["noise_key"])
    if spread is None:
        return ""
    values = spread.scores[metric]
    return f"{np.mean(values):.4f} ± {spread.deviation(metric):.4f} ({len(values)})"
