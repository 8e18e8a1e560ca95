"""Settings of the environment that libraries read when they are loaded; textclf/__init__.py makes them first of all."""

import os
import platform
from pathlib import Path

# A thread that waits for the others sleeps. By default it spins, and where the system has less time to give than there
# are threads, a step of training took twelve times as long. The bytes are the same.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Large tensors in pages of 2 MB, where Linux gives these on request: half the page faults of a step of training.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# Without it, cuBLAS refuses to be deterministic on a GPU.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
# NumPy's OpenBLAS, and SciPy's, would choose kernels by the processor or by this variable, and each adds up in another
# order. These give the same bytes on all x86-64 processors with AVX2.
CPUINFO = Path("/proc/cpuinfo")
if platform.machine() == "x86_64" and CPUINFO.is_file() and " avx2 " in CPUINFO.read_text(encoding="utf-8"):
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
