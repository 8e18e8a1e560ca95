"""The table of compared scores in docs/out-of-scope.md, from results/oos-scores.json."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from textclf.errors import InputError
from tools.markdown_table import table
from tools.oos_scores.compare import RESULTS, Entry, read_entries

PAGE = Path("docs/out-of-scope.md")
START, END = "<!-- written by python -m tools.oos_scores --table -->", "<!-- end of the table -->"
METRICS = {"AUROC": "auroc", "AUPR": "aupr", "FPR@95": "fpr_at_95_recall"}
LOWER_IS_BETTER = {"FPR@95"}


def write_page() -> None:
    """Write the table between its marks on the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), read_entries()), encoding="utf-8")


def page(text: str, entries: list[Entry]) -> str:
    """Return the page `text` with the table of `entries` between its marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise InputError(f"{PAGE} has no place for the table: the lines {START} and {END}")
    if not entries:
        raise InputError(f"{RESULTS} has nothing yet; python -m tools.oos_scores writes it")
    lines = [START, "", *score_table(entries), "", *notes(entries), "", END]
    return before + "\n".join(lines) + after


def score_table(entries: list[Entry]) -> list[str]:
    """Return a row for each score, the best on average first: the mean AUROC by data set and method, and overall means.

    A data set and method counts once, however many draws it has. The best of each column is bold.
    """
    means = mean_scores(entries)
    ranked = means.sort_values(("mean", "AUROC"), ascending=False, kind="stable")
    shown = ranked.map(lambda value: f"{value:.3f}")
    for column in ranked:
        best = ranked[column].min() if column[1] in LOWER_IS_BETTER else ranked[column].max()
        shown[column] = [
            f"**{cell}**" if value == best else cell for cell, value in zip(shown[column], ranked[column], strict=True)
        ]
    columns = ["score", *(f"{place} {metric}" if place == "mean" else place for place, metric in ranked)]
    return table(columns, [[name, *cells] for name, cells in zip(shown.index, shown.to_numpy(), strict=True)])


def mean_scores(entries: list[Entry]) -> pd.DataFrame:
    """Return the means over draws, a row for each score; columns (`dataset, method`, AUROC) and (`mean`, metric).

    A score that not every entry has is left out.
    """
    _check_alike(entries)
    table = pd.DataFrame(_cells(entries))
    by_run = table.pivot_table(index="score", columns=["metric", "run"], values="value", aggfunc="mean", sort=False)
    complete = by_run.dropna()
    runs = {(run, "AUROC"): complete["AUROC"][run] for run in complete["AUROC"]}
    overall = {("mean", metric): complete[metric].mean(axis=1) for metric in METRICS}
    return pd.DataFrame(runs | overall)


def _check_alike(entries: list[Entry]) -> None:
    """Raise `InputError` if draws of a data set and method are of different parameters."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        one = first.setdefault((entry["dataset"], entry["method"]), entry)
        if one["params"] != entry["params"]:
            raise InputError(
                f"{RESULTS}: draws {one['draw']} and {entry['draw']} of {entry['method']} on {entry['dataset']} have "
                "different parameters; python -m tools.oos_scores runs the older one again"
            )


def notes(entries: list[Entry]) -> Iterator[str]:
    """Yield what the table's numbers are of."""
    yield "AUROC by data set and method, each a mean over its draws; the last three columns are means over these."
    for dataset in dict.fromkeys(entry["dataset"] for entry in entries):
        of = [entry for entry in entries if entry["dataset"] == dataset]
        held = len(of[0]["held_out"])
        what = f"{held} intents held out, {_draws(of)}" if held else "out-of-scope rows of its own"
        inside, outside = (_range([entry["rows"][kind] for entry in of]) for kind in ("in_scope", "out_of_scope"))
        yield f"`{dataset}`: {what}; {inside} test rows in scope, {outside} out of scope."
    yield f"Run on {'; '.join(dict.fromkeys(_machine(entry['processor']) for entry in entries))}."


def _draws(entries: list[Entry]) -> str:
    """Say how many draws there are, by method if they differ: '3 draws of features, 1 of full'."""
    counts = Counter(entry["method"] for entry in entries)
    if len(set(counts.values())) == 1:
        return f"{max(counts.values())} draws"
    (method, most), *others = counts.most_common()
    return ", ".join([f"{most} draws of {method}", *(f"{number} of {name}" for name, number in others)])


def _machine(recorded: str) -> str:
    """Say what the last two parts are: 'Xeon, x86_64, AVX512, 1 thread, PyTorch 2.13.0+cpu'."""
    *kind, threads, torch = recorded.split(", ")
    return ", ".join([*kind, f"{threads} thread{'s' * (threads != '1')}", f"PyTorch {torch}"])


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _cells(entries: list[Entry]) -> Iterator[dict[str, object]]:
    for entry in entries:
        run = f"`{entry['dataset']}`, {entry['method']}"
        for score, values in entry["scores"].items():
            for metric, key in METRICS.items():
                yield {"score": score, "run": run, "metric": metric, "value": values[key]}
