"""SetFit (Tunstall et al. 2022) in a virtual environment of its own, which sees this project's packages too."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

import numpy as np

from textclf.atomic import replace_folder
from textclf.cache import cache_folder
from textclf.errors import InputError
from textclf.rows import Rows
from tools.few_labels.arms import DataSet
from tools.processes import start_command

PACKAGES = ("setfit==1.2.0", "sentence-transformers==6.2.0")
CHILD = Path(__file__).with_name("setfit_child.py")
ITERATIONS = 20  # pairs of each kind for a row; else SetFit takes all pairs, hours of them


def setfit_accuracy(data: DataSet, drawn: Rows) -> tuple[float, float]:
    """Return SetFit's accuracy on test after training on the `drawn` rows, and the CPU seconds that training took."""
    python = environment()
    with tempfile.TemporaryDirectory() as temporary:
        job, answer = Path(temporary, "job.json"), Path(temporary, "answer.json")
        settings = {"folder": str(data.folder), "iterations": ITERATIONS, "answer": str(answer)}
        rows = {"texts": drawn.texts, "labels": drawn.labels.tolist(), "test": data.test.texts}
        job.write_text(json.dumps(settings | rows), encoding="utf-8")
        environ = os.environ | {"HF_HUB_OFFLINE": "1"}
        arguments = [str(python), str(CHILD), str(job)]
        with start_command(arguments, env=environ, stderr=subprocess.PIPE, cwd=temporary) as process:
            _, said = process.communicate()
        if process.returncode:
            raise InputError(f"SetFit ended with {process.returncode}: {said[-1000:]}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    return float(np.mean(np.array(found["predicted"]) == data.test.labels)), float(found["cpu_seconds"])


def environment() -> Path:
    """Return the Python of the environment, which is made if it isn't there: whole, or not at all."""
    folder = cache_folder("setfit").absolute()
    if not folder.is_dir():
        with replace_folder(folder) as part:
            venv.create(part, symlinks=True)
            python = _python(part)
            pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", *PACKAGES]
            if subprocess.run(pip).returncode:
                raise InputError(f"{' and '.join(PACKAGES)} can't be installed")
            packages = next(part.glob("lib/python*/site-packages"), part / "Lib" / "site-packages")
            (packages / "project.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n", encoding="utf-8")
    return _python(folder)


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
