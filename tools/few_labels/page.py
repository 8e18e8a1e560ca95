"""The page on few labels, with its tables from results/few-labels.json."""

from pathlib import Path
from statistics import mean, stdev

from tools.few_labels.arms import ARMS, SETFIT
from tools.few_labels.measure import Record, read_results
from tools.markdown_table import table

PAGE = Path("docs/few-labels.md")
TEMPLATE = Path(__file__).with_name("few-labels.md")
DRAWS = 5  # a cell of fewer says so


def accuracies(dataset: str, results: list[Record]) -> list[str]:
    """Return the table of a data set: a row an arm, a column for each number of rows per label."""
    own = [one for one in results if one["dataset"] == dataset]
    numbers = sorted({one["rows"] for one in own} - {0})
    lines = []
    for arm in [*ARMS, SETFIT]:
        found = {
            number: [one["accuracy"] for one in own if (one["arm"], one["rows"]) == (arm, number)]
            for number in [0, *numbers]
        }
        if any(found.values()):
            lines.append([f"`{arm}`", *(_cell(values) for values in found.values())])
    return table(["", "no rows", *(f"{number} per label" for number in numbers)], lines)


def _cell(values: list[float]) -> str:
    if len(values) < 2:
        return "".join(f"{value:.3f}" for value in values)
    return f"{mean(values):.3f} ± {stdev(values):.3f}" + (f" ({len(values)})" if len(values) < DRAWS else "")


def times(dataset: str, results: list[Record]) -> list[str]:
    """Return the table of the CPU seconds that training took on the first draw."""
    own = [one for one in results if one["dataset"] == dataset and "cpu_seconds" in one and one["draw"] == 0]
    numbers = sorted({one["rows"] for one in own} - {0})
    lines = []
    for arm in [*ARMS, SETFIT]:
        found = {one["rows"]: f"{one['cpu_seconds']:,.0f} s" for one in own if one["arm"] == arm}
        if arm != "zero_shot" and found:
            lines.append([f"`{arm}`", *(found.get(number, "") for number in numbers)])
    return table(["", *(f"{number} per label" for number in numbers)], lines)


def page() -> str:
    """Return the page with the recorded tables."""
    results, text = read_results(), TEMPLATE.read_text(encoding="utf-8")
    for dataset in sorted({one["dataset"] for one in results}):
        text = text.replace(f"{{{{ {dataset} }}}}", "\n".join(accuracies(dataset, results)))
    return text.replace("{{ times }}", "\n".join(times("banking77", results)))


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
