"""The README's tables of results, written from results/ and from the committed run's metrics."""

import json
import re
from pathlib import Path
from typing import Any

from tools.lib import oos_table, speed_table
from tools.lib.recipes import Recipe
from tools.lib.results import read_result

README = Path("README.md")
START, END = "<!-- results -->", "<!-- end of results -->"
OOS_START, OOS_END = "<!-- out-of-scope results -->", "<!-- end of out-of-scope results -->"
SPEED_START, SPEED_END = "<!-- speed -->", "<!-- end of speed -->"
SWEEP = "banking77-lora-sweep-"
NOT_MEASURED = "not measured here"

SCORES = ("recipe", "reference", "validation", "test", "macro F1", "macro precision", "macro recall", "ROC-AUC")
COLUMNS = (*SCORES, "trained", "MB", "training")


def rendered(recipes: dict[str, Recipe]) -> str:
    """Return the tables as Markdown, markers included: a row for the committed run and for each recipe."""
    metrics = {kind: json.loads(Path(f"metrics/{kind}.json").read_text()) for kind in ("train", "validation", "test")}
    rows = [_row("`shop_support`, the default", "", metrics, None)]
    for name, recipe in recipes.items():
        if not name.startswith(SWEEP) and not oos_table.handles_out_of_scope(recipe):
            result = read_result(name)
            found = (result["metrics"], result["seconds"].get("train")) if result else (None, None)
            rows.append(_row(f"[`{name}`](recipes/{name}.yaml)", recipe.reference, *found))
    table = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *rows]
    return "\n".join([START, *table, "", *_sweep(recipes), "", *_calibrated(recipes), END])


def write_table(recipes: dict[str, Recipe]) -> None:
    """Write the tables between the README's markers."""
    text = README.read_text(encoding="utf-8")
    README.write_text(replaced(text, recipes), encoding="utf-8")


def replaced(text: str, recipes: dict[str, Recipe]) -> str:
    """Return the README's `text` with the tables of today."""
    scope = "\n".join([OOS_START, *oos_table.rows(recipes), OOS_END])
    text = re.sub(f"{OOS_START}.*?{OOS_END}", lambda _: scope, text, flags=re.DOTALL)
    speed = "\n".join([SPEED_START, *speed_table.rows("shop_support"), SPEED_END])
    text = re.sub(f"{SPEED_START}.*?{SPEED_END}", lambda _: speed, text, flags=re.DOTALL)
    return re.sub(f"{START}.*?{END}", lambda _: rendered(recipes), text, flags=re.DOTALL)


def _row(name: str, reference: str, metrics: dict[str, Any] | None, seconds: float | None) -> str:
    if metrics is None:
        return f"| {name} | {reference} | {NOT_MEASURED} |" + " |" * (len(COLUMNS) - 3)
    test, train = metrics["test"], metrics["train"]
    scores = [f"{test[key]:.4f}" for key in ("macro_f1", "macro_precision", "macro_recall", "roc_auc")]
    cells = [f"{metrics['validation']['accuracy']:.4f}", f"**{test['accuracy']:.4f}**", *scores]
    cells += [f"{train['trainable_share']:.2%}", f"{train['size_mb']:.1f}", _minutes(seconds)]
    return f"| {name} | {reference} | {' | '.join(cells)} |"


def _sweep(recipes: dict[str, Recipe]) -> list[str]:
    rows = []
    for name, recipe in recipes.items():
        if name.startswith(SWEEP):
            overrides, result = recipe.overrides, read_result(name)
            lora = overrides["lora"]
            cells = [f"{overrides['lr']:g}", lora["r"], lora["alpha"], recipe.reference]
            kinds = ("validation", "test")
            cells += [f"{result['metrics'][kind]['accuracy']:.4f}" for kind in kinds] if result else [NOT_MEASURED, ""]
            rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    caption = f"The reference's sweep of LoRA, `python -m tools.recipe '{SWEEP}*' --record`:"
    return [caption, "", "| lr | r | alpha | reference | validation | test |", "|---|---|---|---|---|---|", *rows]


def _calibrated(recipes: dict[str, Recipe]) -> list[str]:
    rows = []
    for name, recipe in recipes.items():
        if "calibration" in recipe.overrides and (result := read_result(name)):
            test, found = result["metrics"]["test"], result["metrics"]["calibration"]
            cells = [f"{found['temperature']:.2f}", f"{found['log_loss_before']:.3f} -> {test['log_loss']:.3f}"]
            cells.append(f"{found['ece_before']:.3f} -> {test['ece']:.3f}")
            rows.append(f"| [`{name}`](recipes/{name}.yaml) | {' | '.join(cells)} |")
    caption = "What a temperature changes, on test rows:"
    return [caption, "", "| recipe | temperature | log-loss | calibration error |", "|---|---|---|---|", *rows]


def _minutes(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
