"""Randomness that repeats."""

import os

import transformers


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and let PyTorch use deterministic algorithms alone."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    transformers.set_seed(seed, deterministic=True)
