"""A project with a data set of one's own, in which a stage is run as DVC runs it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PARAMS = (ROOT / "params.yaml").read_text().replace("shop_support", "mine").replace("all-MiniLM-L6-v2", "m")


def make_project(folder: Path) -> Path:
    """Write params.yaml and the specs of data set and checkpoint into `folder`, and return that."""
    for name, text in {
        "data/sources/mine.yaml": "files:\n  all: data/corpora/all.csv\ntext: text\nlabel: label\n",
        "models/checkpoints/m.yaml": f"hub: a/b\nrevision: {'a' * 40}\n",
        "params.yaml": PARAMS,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run_stage(stage: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the stage in `folder`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"stages.{stage}"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
