"""Time each stage of a full run, and a run that has nothing to do: `python -m tools.stage_times`.

Runs every stage by force, so that nothing comes from a cache, and then tells whether dvc.lock is still the same.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tools import command
from tools.markdown_table import table

LOCK = Path("dvc.lock")


def run_timed(arguments: list[str]) -> dict[str, float]:
    """Run a command of dvc, pass its output on, and return each stage's seconds; end with its exit code if it fails."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    seconds, stage, start = {}, "", 0.0
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
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


def main() -> None:
    """Print a Markdown table of stages and seconds."""
    command.parser("stage_times", __doc__).parse_args()
    before = LOCK.read_bytes()
    seconds = run_timed(["dvc", "repro", "--force"])
    start = time.monotonic()
    run_timed(["dvc", "repro"])
    idle = time.monotonic() - start
    rows = [*seconds.items(), ("all", sum(seconds.values())), ("nothing to do", idle)]
    print("\n".join(table(["stage", "seconds"], [[name, f"{value:.1f}"] for name, value in rows])))
    print(f"\ndvc.lock is {'unchanged' if LOCK.read_bytes() == before else 'CHANGED'} after the forced run.")


if __name__ == "__main__":
    command.run(main)
