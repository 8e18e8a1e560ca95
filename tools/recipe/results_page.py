"""docs/results.md: every recorded result, written from results/ and from the committed run's metrics."""

import json
from pathlib import Path
from typing import Any

from tools.bench import speed_table, training_table
from tools.markdown_table import table
from tools.recipe import oos_table
from tools.recipe.recipes import Recipe
from tools.recipe.results import read_result
from tools.runs.records import Record, read_record, record_of
from tools.runs.run import open_run

PAGE = Path("docs/results.md")
TEMPLATE = Path(__file__).with_name("results.md")
SWEEP = "banking77-lora-sweep-"
NOT_MEASURED = "not measured here"

SCORES = ("recipe", "reference", "validation", "test", "macro F1", "macro precision", "macro recall", "ROC AUC")
COLUMNS = (*SCORES, "trained", "MB", "training")


def page(recipes: dict[str, Recipe]) -> str:
    """Return the page with today's tables."""
    tables = {
        "recipes": recipe_table(recipes),
        "sweep": sweep_table(recipes),
        "calibration": calibration_table(recipes),
        "oos": oos_table.rows(recipes),
        "speed": speed_table.rows("shop_support"),
        "training": training_table.section(),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        text = text.replace(f"{{{{ {name} }}}}", "\n".join(lines))
    return f"{text.rstrip()}\n"


def write_page(recipes: dict[str, Recipe]) -> None:
    """Write the page."""
    PAGE.write_text(page(recipes), encoding="utf-8")


def recipe_table(recipes: dict[str, Recipe]) -> list[str]:
    """Return a row for the committed run and for each recipe that is not in a table of its own."""
    default = {kind: json.loads(Path(f"metrics/{kind}.json").read_text()) for kind in ("train", "validation", "test")}
    run = open_run()
    rows = [_row(f"`{run.params['dataset']}`, the committed run", "", default, None, read_record(run))]
    for name, recipe in recipes.items():
        if not name.startswith(SWEEP) and not oos_table.handles_out_of_scope(recipe):
            result = read_result(name)
            metrics, seconds = (result["metrics"], result["seconds"].get("train")) if result else (None, None)
            record = record_of((result or {}).get("seeds"))
            rows.append(_row(f"`{name}`", recipe.reference, metrics, seconds, record))
    return table(COLUMNS, rows)


def _accuracy(metrics: dict[str, Any], record: Record | None) -> str:
    """Return the accuracy on test: of one run, or the mean over seeds with its deviation and their number."""
    if record is None or len(record.seeds) < 2:
        return f"**{metrics['test']['accuracy']:.4f}**"
    return f"**{record.mean('accuracy'):.4f}** ± {record.deviation('accuracy'):.4f} ({len(record.seeds)})"


def _row(
    name: str, reference: str, metrics: dict[str, Any] | None, seconds: float | None, record: Record | None
) -> list[str]:
    if metrics is None:
        return [name, reference, NOT_MEASURED, *[""] * (len(COLUMNS) - 3)]
    test, train = metrics["test"], metrics["train"]
    scores = [f"{test[key]:.4f}" for key in ("macro_f1", "macro_precision", "macro_recall", "roc_auc")]
    validation = metrics["validation"].get("accuracy")  # zero_shot may have no validation rows
    cells = ["" if validation is None else f"{validation:.4f}", _accuracy(metrics, record), *scores]
    return [name, reference, *cells, f"{train['trainable_share']:.2%}", f"{train['size_mb']:.1f}", _minutes(seconds)]


def sweep_table(recipes: dict[str, Recipe]) -> list[str]:
    """Return a row for each setting of the reference's sweep of LoRA."""
    rows = []
    for name, recipe in recipes.items():
        if name.startswith(SWEEP):
            overrides, result = recipe.overrides, read_result(name)
            lora = overrides["lora"]
            cells = [f"{overrides['lr']:g}", str(lora["r"]), str(lora["alpha"]), recipe.reference]
            kinds = ("validation", "test")
            cells += [f"{result['metrics'][kind]['accuracy']:.4f}" for kind in kinds] if result else [NOT_MEASURED, ""]
            rows.append(cells)
    return table(["lr", "r", "alpha", "reference", "validation", "test"], rows)


def calibration_table(recipes: dict[str, Recipe]) -> list[str]:
    """Return log-loss and calibration error without and with a temperature."""
    rows = []
    for name, recipe in recipes.items():
        if "calibration" in recipe.overrides and (result := read_result(name)):
            test, calibration = result["metrics"]["test"], result["metrics"]["calibration"]
            loss = f"{calibration['log_loss_before']:.3f} -> {test['log_loss']:.3f}"
            ece = f"{calibration['ece_before']:.3f} -> {test['ece']:.3f}"
            rows.append([f"`{name}`", f"{calibration['temperature']:.2f}", loss, ece])
    return table(["recipe", "temperature", "log-loss", "calibration error"], rows)


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
