"""Reproducible text classification: the library that the pipeline's stages and the tools share."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textclf.inference.model import Model

# Before PyTorch is loaded: a thread that waits for the others sleeps. By default it spins, and where the system has
# less time to give than there are threads, a step of training took twelve times as long. The bytes are the same.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Large tensors in pages of 2 MB, where Linux gives these on request: half the page faults of a step of training.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# Before NumPy is loaded: its OpenBLAS, and SciPy's, would choose kernels by the processor or by this variable, and each
# adds up in another order. These give the same bytes on all x86-64 processors with AVX2.
CPUINFO = Path("/proc/cpuinfo")
if platform.machine() == "x86_64" and CPUINFO.is_file() and " avx2 " in CPUINFO.read_text(encoding="utf-8"):
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"


def load(folder: str | Path = "models/classifier", rev: str | None = None) -> Model:
    """Return the trained model in `folder`: of the pipeline, exported, or downloaded after `tools.publish`.

    With `rev` it is the pipeline's at that commit, branch, tag or experiment, from DVC's cache or remote. A folder that
    is not a complete model raises `textclf.errors.InputError`.

    >>> from textclf import load
    >>> answers = load("models/classifier").predict(["where is my parcel?"])
    >>> answers.predicted  # one label a text, possibly an out-of-scope label
    ['order_status']
    >>> answers.probabilities.shape  # of the texts, for each of answers.labels
    (1, 24)
    """
    from textclf.inference.model import load_model  # slow to import

    return load_model(Path(folder), rev)
