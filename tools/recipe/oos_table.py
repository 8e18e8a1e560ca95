"""The table of out-of-scope results, from results/ and the seeds' spreads in results/seeds/."""

from typing import Any

from tools.markdown_table import table
from tools.recipe.recipes import Recipe
from tools.recipe.results import read_result
from tools.runs.records import record_of

COLUMNS = {
    "AUROC": "auroc",
    "AUPR": "aupr",
    "FPR@95": "fpr_at_95_recall",
    "in scope answered": "in_scope_kept",
    "answered correctly": "in_scope_accuracy",
    "out of scope rejected": "out_recall",
    "precision": "out_precision",
}


def rows(recipes: dict[str, Recipe]) -> list[str]:
    """Return a Markdown table with a row for each recipe that handles out-of-scope messages."""
    columns = ["recipe", "learns from some", "accuracy of intents", *COLUMNS, "AUROC of seeds", "accuracy of seeds"]
    return table(columns, [_row(name, recipe) for name, recipe in recipes.items() if handles_out_of_scope(recipe)])


def handles_out_of_scope(recipe: Recipe) -> bool:
    """Return whether the recipe belongs in this table."""
    return "oos" in recipe.overrides


def _row(name: str, recipe: Recipe) -> list[str]:
    learns = "no" if recipe.overrides["oos"]["method"] == "threshold" else "yes"
    result = read_result(name)
    if result is None:
        return [f"`{name}`", learns, "not measured here", *[""] * (len(COLUMNS) + 2)]
    oos = result["metrics"]["oos"]
    cells = [f"{result['metrics']['test']['accuracy']:.4f}", *(_cell(oos.get(key)) for key in COLUMNS.values())]
    return [f"`{name}`", learns, *cells, *(_seeds(result, metric) for metric in ("auroc", "accuracy"))]


def _cell(score: float | None) -> str:
    """Return three decimals, or an empty cell: a rule that rejects nothing has no precision."""
    return "" if score is None else f"{score:.3f}"


def _seeds(result: dict[str, Any], metric: str) -> str:
    record = record_of(result.get("seeds"))
    if record is None or len(record.seeds) < 2:
        return ""
    return f"{record.mean(metric):.4f} ± {record.deviation(metric):.4f} ({len(record.seeds)})"
