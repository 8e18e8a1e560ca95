"""Time each stage of a full run, and a run that has nothing to do: `python -m tools.stage_times`.

Runs every stage by force, so that nothing comes from a cache, and then says whether dvc.lock is still the same.
"""

import subprocess
import sys
import time
from pathlib import Path

from ruamel.yaml import YAML

LOCK = Path("dvc.lock")


def seconds(*arguments: str) -> float:
    """Return how long `dvc repro` with `arguments` took; end with its output if it failed."""
    start = time.monotonic()
    done = subprocess.run(["dvc", "repro", *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.monotonic() - start


def main() -> None:
    """Print a Markdown table of stages and seconds."""
    stages = list(YAML(typ="safe", pure=True).load(Path("dvc.yaml"))["stages"])
    before = LOCK.read_bytes()
    print("| stage | seconds |\n|---|---|")
    times = []
    for stage in stages:
        times.append(seconds("--force", "--single-item", stage))
        print(f"| {stage} | {times[-1]:.1f} |", flush=True)
    print(f"| all | {sum(times):.1f} |\n| nothing to do | {seconds():.1f} |")
    print(f"\ndvc.lock is {'unchanged' if LOCK.read_bytes() == before else 'CHANGED'} after the forced run.")


if __name__ == "__main__":
    main()
