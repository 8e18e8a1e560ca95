"""Growth: CPU seconds and peak memory of each stage for made-up data sets of growing size; `make bench-growth`.

The stages run one after the other in a copy of the project, on one thread, with the tfidf baseline. A larger size
starts when the smaller one is done. The figures are kept in results/speed/growth.json, the table in docs/scale.md.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from textclf.errors import InputError
from textclf.outputs import write_json
from tools import command
from tools.bench import growth_table
from tools.processes import output

SIZES = (10_000, 100_000, 1_000_000)
SEED = 0
DATASET = "synthetic"
OVERRIDES = {"dataset": DATASET, "method": "baseline"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SPEC = """\
about: made-up rows, for measuring growth
files:
  all: data/corpora/synthetic.csv
text: text
label: label
"""

Usage = dict[str, float]


def copy_project(folder: Path) -> None:
    """Copy the files that git tracks into `folder`."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, folder / name)


def set_up(folder: Path, rows: int) -> None:
    """Make the copy's data set one of so many made-up rows."""
    from ruamel.yaml import YAML

    from tools.bench.synthetic import write_csv

    write_csv(folder / "data/corpora/synthetic.csv", rows, SEED)
    (folder / f"data/sources/{DATASET}.yaml").write_text(SPEC, encoding="utf-8")
    yaml, path = YAML(), folder / "params.yaml"
    params = yaml.load(path)
    yaml.dump(params | OVERRIDES, path)


def stages() -> dict[str, str]:
    """Return the commands of the stages, in the order of dvc.yaml."""
    from textclf.specs import read_yaml

    return {name: stage["cmd"] for name, stage in read_yaml(Path("dvc.yaml"))["stages"].items()}


def measure(cmd: str, folder: Path) -> Usage:
    """Run a stage's command in `folder`; return its CPU and wall seconds and its peak memory in MB.

    Memory is that of its largest process. Raises `InputError` with its output if it fails.
    """
    words = [sys.executable if word == "python" else word for word in shlex.split(cmd)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    under_dvc = {"DVC_STAGE": "measured"}  # so that the stage ends when this process is killed
    start = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(words, cwd=folder, env=kept | ONE_THREAD | under_dvc, stdout=printed, stderr=printed)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            printed.seek(0)
            raise InputError(
                f"{cmd} ended with {process.returncode}: {printed.read().decode(errors='replace')[-2000:]}"
            )
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "wall_s": round(time.monotonic() - start, 1),
        "peak_mb": round(used.ru_maxrss * unit / 1e6),
    }


def elsewhere(work: Callable[..., None], *arguments: Any) -> None:
    """Do what imports much in a process of its own: a stage's peak is at least what this one has when it starts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(work, *arguments).result()


def measure_all(rows: int) -> dict[str, Usage]:
    """Return what each stage uses for so many rows, by stage; a line is printed as each ends."""
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_project(folder)
        elsewhere(set_up, folder, rows)
        for name, cmd in stages().items():
            found[name] = measure(cmd, folder)
            print(f"{rows:,} rows, {name}: {found[name]['cpu_s']} CPU s, {found[name]['peak_mb']} MB", flush=True)
    return found


def result(sizes: list[int]) -> dict[str, Any]:
    """Return the figures of all `sizes`, with commit and machine."""
    commit = output("git", "rev-parse", "HEAD")
    # The figures come first, as what is imported below is large.
    used = {str(size): measure_all(size) for size in sizes}
    from textclf.encoders.machine import processor_name

    return {"commit": commit, "processor": processor_name(), "seed": SEED, "rows": used}


def check_unchanged() -> None:
    """Raise `InputError` if there are changes that no commit holds, figures of results/ apart."""
    from textclf.revisions import check_committed

    check_committed()


def main() -> None:
    """Measure, write results/speed/growth.json and docs/scale.md, and print the table."""
    parser = command.parser("bench.growth", __doc__)
    parser.add_argument(
        "--rows", type=command.count, nargs="+", metavar="N", help="measure these sizes alone, and write nothing"
    )
    parser.add_argument("--table", action="store_true", help="write docs/scale.md from the last figures, and end")
    options = parser.parse_args()
    command.check_table_alone(parser, options)
    for rows in options.rows or ():
        measure_all(rows)
    if options.rows:
        return
    if not options.table:
        elsewhere(check_unchanged)
        write_json(growth_table.FIGURES, result(list(SIZES)))
    growth_table.write_page()
    print("\n".join(growth_table.rows()))


if __name__ == "__main__":
    command.run(main)
