"""Export: the classifier as an ONNX graph, `python -m tools.export --format onnx --int8`, verified on the test rows.

`tools.predict` and `tools.serve` take the folder with `--model`; they then need neither torch nor transformers.
"""

import argparse
from pathlib import Path

from tools import command


def parse_args() -> argparse.Namespace:
    """Return the command line's options."""
    parser = command.parser("export", __doc__)
    parser.add_argument("--format", choices=["onnx"], required=True, help="onnx")
    parser.add_argument("--int8", action="store_true", help="8-bit weights: a quarter of the size")
    parser.add_argument("--rev", help="use the model of this commit, tag, branch or experiment")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="(exported/onnx or exported/onnx-int8)")
    options = parser.parse_args()
    options.out = options.out or Path("exported") / ("onnx-int8" if options.int8 else "onnx")
    return options


def main() -> None:
    """Export as the command line says; the folder appears whole or not at all."""
    options = parse_args()
    from textclf.atomic import replace_folder
    from textclf.inference.model import load_model
    from tools.export.export import check_target, export
    from tools.export.report import table
    from tools.runs.run import open_run
    from tools.runs.stale import check_current

    check_target(options.out)
    run = open_run(options.rev)
    check_current(run)
    model = load_model(rev=run.revision.sha, exact=True)  # of the same commit, wherever the name points by now
    with replace_folder(options.out) as part:
        report = export(model, run, part, options.int8)
    print(f"{options.out}: python -m tools.predict --model {options.out} ...\n{table(report)}")


if __name__ == "__main__":
    command.run(main)
