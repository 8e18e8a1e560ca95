"""Export: the classifier as an ONNX graph, `python -m tools.export --format onnx --int8`, verified on the test rows.

`tools.predict` and `tools.serve` take the folder with `--model`; they then need neither torch nor transformers.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from stages.lib.errors import InputError
from stages.lib.outputs import write_json
from tools.lib.card import write_card
from tools.lib.export_report import table, verified
from tools.lib.guard import refuse_stale
from tools.lib.model import CLASSIFIER, MODELS, REPORT, Model, load_model, opened
from tools.lib.revisions import WORKSPACE, resolve
from tools.lib.runs import Run
from tools.lib.whole_folder import whole

EXPORTED = Path("exported")
CLOSE = 1e-4  # what the order of sums may change in a probability


def export(model: Model, run: Run, folder: Path, int8: bool) -> dict[str, Any]:
    """Write `model` as a graph into `folder` with temperature, threshold, report and card; return the report."""
    from tools.lib import onnx_graph  # imports torch, ten seconds with what it needs; mistakes are said before

    onnx_graph.save(model.classifier, folder / CLASSIFIER, int8)
    model.copy_rules(folder)
    found = verified({"before": model, "after": load_model(folder)}, run)
    if not int8 and (difference := found["largest_difference"]) > CLOSE:
        raise InputError(f"the graph's probabilities differ by up to {difference} from the classifier's; not exported")
    report = {"format": "onnx", "int8": int8, "commit": run.revision.commit} | found
    write_json(folder / REPORT, report)
    write_card(folder, run, model, f"{run.params['dataset']}-{'onnx-int8' if int8 else 'onnx'}", report=report)
    return report


def parsed() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tools.export", description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=["onnx"], required=True, help="onnx")
    parser.add_argument("--int8", action="store_true", help="weights of 8 bits: a quarter of the size, and faster")
    parser.add_argument("--rev", help="take the model of this commit, tag, branch or experiment")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="(exported/onnx or exported/onnx-int8)")
    options = parser.parse_args()
    options.out = options.out or EXPORTED / ("onnx-int8" if options.int8 else "onnx")
    return options


def main() -> None:
    """Export what the command line says; the folder appears whole or not at all."""
    options = parsed()
    try:
        if options.out.exists() and not (options.out / REPORT).is_file():
            raise InputError(f"{options.out} is there and is no export; name another with --out")
        run = Run(resolve(options.rev or WORKSPACE))
        refuse_stale(run)
        with opened(MODELS, options.rev) as model, whole(options.out) as part:
            report = export(model, run, part, options.int8)
    except InputError as error:
        sys.exit(f"error: {error}")
    print(f"{options.out}: python -m tools.predict --model {options.out} ...\n{table(report)}")


if __name__ == "__main__":
    main()
