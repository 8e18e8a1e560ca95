"""Seeds and deterministic algorithms."""

import os

import torch
import transformers


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and restrict PyTorch to deterministic algorithms."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    transformers.set_seed(seed, deterministic=True)
    # It costs time, and nothing here reads such memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
