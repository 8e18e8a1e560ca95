"""The machine: the properties that determine the bytes of a result, and its processor's name."""

import platform
from pathlib import Path

import torch

from textclf.encoders.device import choose_device


def machine(device: str = "auto") -> list[str]:
    """Return the kind of processor, the GPUs if `device` takes one, the number of threads and PyTorch's version."""
    return [*processor_kind(device).split(), str(threads()), torch.__version__]


def threads() -> int:
    """Return the number of threads that PyTorch computes with."""
    return torch.get_num_threads()


def processor_kind(device: str = "auto") -> str:
    """Return the architecture and its vector and bf16 instructions, such as `x86_64 AVX512 AMX`.

    The GPUs follow if `device`, auto or cpu, takes one.
    """
    chosen = choose_device(device)
    names = (torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    gpus = {"cuda": [name.replace(" ", "-") for name in names], "mps": ["MPS"], "cpu": []}[chosen]
    bf16 = {"AMX": torch.cpu._is_amx_tile_supported(), "BF16": torch.cpu._is_avx512_bf16_supported()}
    best = [name for name, there in bf16.items() if there][:1]
    return " ".join([platform.machine(), torch.backends.cpu.get_cpu_capability(), *best, *gpus])


def processor_name() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
