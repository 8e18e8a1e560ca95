"""Seeds, deterministic algorithms, and the arithmetic to train in."""

import os

import torch
import transformers

from textclf.errors import InputError


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, and restrict PyTorch to deterministic algorithms."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses to be deterministic
    transformers.set_seed(seed, deterministic=True)


def resolve_precision(precision: str) -> str:
    """Return the arithmetic for `precision` (auto, bf16 or fp32) on this machine: bf16 or fp32.

    Raises `InputError` if bf16 is asked for where it is not native.
    """
    if precision == "bf16" and not has_native_bf16():
        raise InputError("params.yaml: precision = 'bf16': this processor has no native bf16; use auto or fp32")
    return "bf16" if precision != "fp32" and has_native_bf16() else "fp32"


def has_native_bf16() -> bool:
    """Return whether the GPU, or without one the processor, computes in bf16 itself instead of emulating it."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
