"""Which arithmetic to train in."""

import torch

from stages.lib.errors import InputError


def use_bf16(precision: str) -> bool:
    """Return whether to train in bf16 mixed precision; asking for it where it is not native is an `InputError`."""
    if precision == "bf16" and not has_native_bf16():
        raise InputError("params.yaml: precision = 'bf16': this processor has no native bf16; use auto or fp32")
    return precision != "fp32" and has_native_bf16()


def has_native_bf16() -> bool:
    """Return whether the GPU, or without one the processor, computes in bf16 itself instead of emulating it."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
