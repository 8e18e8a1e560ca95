"""What about a machine determines the bytes of a result."""

import platform

import torch


def machine() -> list[str]:
    """Return the kind of processor, its number of threads, the GPUs and PyTorch's version."""
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    capability = torch.backends.cpu.get_cpu_capability()
    return [platform.machine(), capability, str(torch.get_num_threads()), torch.__version__, *gpus]
