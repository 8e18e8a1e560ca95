"""How long each stage took when it last ran: `python -m tools.stage_times`.

With `--run`, every stage runs by force, so that nothing comes from a cache, then a run that has nothing to do is timed,
and it is told whether dvc.lock is still the same.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from textclf.errors import InputError
from textclf.process import TIMES
from textclf.specs import read_yaml
from tools import command
from tools.markdown_table import table
from tools.processes import start_command

LOCK = Path("dvc.lock")


def run_timed(arguments: list[str]) -> dict[str, float]:
    """Run a command of dvc, pass its output on, and return each stage's seconds; end with its exit code if it fails."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    seconds, stage, start = {}, "", 0.0
    with start_command(arguments, stdout=subprocess.PIPE, env=environment) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if stage and line.startswith(("Running stage", "Updating lock file")):
                seconds[stage] = time.monotonic() - start
                stage = ""
            if match := re.match(r"Running stage '(\w+)'", line):
                stage, start = match[1], time.monotonic()
    if stage:
        seconds[stage] = time.monotonic() - start
    if process.returncode:
        sys.exit(process.returncode)
    return seconds


def last_times() -> dict[str, float]:
    """Return the seconds of each stage's last run here, in the order of dvc.yaml; `InputError` if none ran."""
    stages: dict[str, object] = read_yaml(Path("dvc.yaml"))["stages"]
    files = {stage: TIMES / f"{stage}.txt" for stage in stages}
    if found := {stage: float(file.read_text()) for stage, file in files.items() if file.is_file()}:
        return found
    raise InputError("no stage has run here yet; dvc repro, or --run to run all by force")


def run_all() -> dict[str, float]:
    """Run every stage by force, then nothing; return the seconds, and say whether dvc.lock has changed."""
    before = LOCK.read_bytes()
    seconds = run_timed(["dvc", "repro", "--force"])
    start = time.monotonic()
    run_timed(["dvc", "repro"])
    print(f"\ndvc.lock is {'unchanged' if LOCK.read_bytes() == before else 'CHANGED'} after the forced run.\n")
    return seconds | {"all": sum(seconds.values()), "nothing to do": time.monotonic() - start}


def main() -> None:
    """Print a Markdown table of stages and seconds."""
    parser = command.parser("stage_times", __doc__)
    parser.add_argument("--run", action="store_true", help="run every stage again, by force")
    seconds = run_all() if parser.parse_args().run else last_times()
    print("\n".join(table(["stage", "seconds"], [[name, f"{value:.1f}"] for name, value in seconds.items()])))


if __name__ == "__main__":
    command.run(main)
