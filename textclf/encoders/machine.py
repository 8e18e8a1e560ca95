"""The machine: the properties that determine the bytes of a result, and its processor's name."""

import platform
from pathlib import Path

import torch


def machine() -> list[str]:
    """Return the kind of processor, its number of threads, the GPUs and PyTorch's version."""
    return [*processor_kind().split(), str(threads()), torch.__version__]


def threads() -> int:
    """Return the number of threads that PyTorch computes with."""
    return torch.get_num_threads()


def processor_kind() -> str:
    """Return the architecture, its vector and bf16 instructions, and the GPUs, such as `x86_64 AVX512 AMX`."""
    gpus = [torch.cuda.get_device_name(number).replace(" ", "-") for number in range(torch.cuda.device_count())]
    bf16 = {"AMX": torch.cpu._is_amx_tile_supported(), "BF16": torch.cpu._is_avx512_bf16_supported()}
    best = [name for name, there in bf16.items() if there][:1]
    return " ".join([platform.machine(), torch.backends.cpu.get_cpu_capability(), *best, *gpus])


def processor_name() -> str:
    """Return the processor's name as the system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
