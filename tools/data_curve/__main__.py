"""How much would more training rows bring? `python -m tools.data_curve` trains on 5, 10, 20, 50 and 100% of them.

The workspace's data set and parameters are used; `dvc repro split tokenize` brings the rows. Each point is kept at
once, so an interrupted measurement goes on where it was.
"""

import argparse
from pathlib import Path

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("data_curve", __doc__)
    parser.add_argument(
        "--methods", nargs="+", default=["features"], choices=["features", "full", "baseline"], help="(features)"
    )
    parser.add_argument(
        "--seeds", type=command.count, default=3, metavar="N", help="series of samples, and of trainings (3)"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="(results/data_curve/<dataset>)")
    return parser.parse_args()


def main() -> None:
    """Measure, print two tables, and write points.json and curve.png."""
    options = parse_args()
    from textclf.atomic import replace_file
    from textclf.encoders.quiet import quiet_transformers
    from tools.data_curve.curve import forecasts, measure, summary
    from tools.data_curve.picture import draw_curve
    from tools.markdown_table import table
    from tools.runs.trial import open_bench

    quiet_transformers()
    bench = open_bench()
    folder = options.out or Path("results/data_curve") / bench.params.dataset
    points = measure(bench, options.methods, options.seeds, folder / "points.json")
    means = summary(points, len(bench.rows["test"].ids))
    with replace_file(folder / "curve.png") as part:
        draw_curve(means, bench.params.dataset, part)
    rows = [
        [row.method, f"{row.share:.0%}", f"{row.rows:,}", f"{row.accuracy:.4f}", f"{row.low:.4f} to {row.high:.4f}"]
        for row in means.itertuples()
    ]
    interval = "95% interval" if options.seeds > 1 else "95% interval, over rows alone"
    print("\n".join(table(["method", "share", "rows", "accuracy", interval], rows)))
    lines = [
        [row.method, f"{row.rows:,}", *map(digits, (row.accuracy, row.forecast, row.doubled))]
        for row in forecasts(means).itertuples()
    ]
    columns = ["method", "rows", "accuracy", "forecast from up to 50%", "forecast for twice the rows"]
    print("\n" + "\n".join(table(columns, lines)))


def digits(number: float) -> str:
    """Return four decimals, or nothing for a forecast that is unknown."""
    return "" if number != number else f"{number:.4f}"


if __name__ == "__main__":
    command.run(main)
