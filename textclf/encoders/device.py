"""Where models compute: on a GPU, if there is one and it may be used, or on the processor."""

import torch
from transformers import PreTrainedModel


def choose_device(wanted: str = "auto") -> str:
    """Return the device for `wanted`: with `auto` NVIDIA's (cuda) or Apple's (mps) GPU if there is one; else cpu."""
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def on_device(model: PreTrainedModel, wanted: str = "auto") -> PreTrainedModel:
    """Move `model` to the device for `wanted`; on a GPU, PyTorch is restricted to deterministic algorithms from now."""
    device = choose_device(wanted)
    if device == "cuda":
        torch.use_deterministic_algorithms(True)
    torch.nn.Module.to(model, device)  # its own `to` is not typed
    return model
