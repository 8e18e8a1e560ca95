"""The arithmetic of training and inference: bf16, where the processor computes in it, or fp32."""

import sys
from functools import cache

import torch
from torch import nn
from transformers import PreTrainedModel

from textclf.encoders.device import choose_device
from textclf.errors import InputError


def resolve_precision(precision: str, device: str) -> str:
    """Return the arithmetic for `precision` (auto, bf16 or fp32) on this machine: bf16 or fp32.

    `device` is auto or cpu. Raises `InputError` if bf16 is asked for where it is not native.
    """
    native = has_native_bf16(choose_device(device))
    if precision == "bf16" and not native:
        raise InputError("params.yaml: precision = 'bf16': this processor has no native bf16; use auto or fp32")
    return "bf16" if precision != "fp32" and native else "fp32"


@cache
def has_native_bf16(device: str) -> bool:
    """Return whether the processor (`cpu`) or the GPU (`cuda`) computes in bf16 itself instead of emulating it.

    Of Apple's GPUs (`mps`), PyTorch can't tell.
    """
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Return the context in which a model computes in `precision`, or in fp32 where bf16 is not native."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16" and has_native_bf16(device.type))


def prepare(body: PreTrainedModel, precision: str, exact: bool) -> None:
    """Prepare a loaded body for answers in `precision`, and say in a line if this processor has no bf16 for them.

    Unless `exact`, linear layers keep their weights in bf16, so that `autocast` need not convert them for each batch.
    The answers stay the same to the bit, but the body can't be saved or answer in fp32 any more.
    """
    if precision == "bf16" and not has_native_bf16(body.device.type):
        line = "the classifier was made in bf16, which this processor lacks: it answers in fp32, with other last digits"
        print(line, file=sys.stderr)
    elif precision == "bf16" and not exact:
        for layer in body.modules():
            if isinstance(layer, nn.Linear):
                layer.to(torch.bfloat16)
