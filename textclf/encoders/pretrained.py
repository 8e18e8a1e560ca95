"""Loading a checkpoint's weights: all of its body, or an error, never weights drawn at random in their place."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, PreTrainedModel

from textclf.encoders.device import on_device
from textclf.encoders.quiet import quiet_transformers
from textclf.errors import InputError


def load_body(folder: Path, device: str = "auto") -> PreTrainedModel:
    """Return the checkpoint's model without a head, on the device that `device` (auto or cpu) means."""
    return on_device(load_pretrained(AutoModel, folder), device)


def load_pretrained(auto: Any, folder: Path, **options: Any) -> PreTrainedModel:
    """Return the model that `auto`, a class such as AutoModel, reads from `folder`, in single precision.

    A new head may be missing there, and a pooler, which some checkpoints lack; `InputError` for anything else.
    """
    quiet_transformers()
    safe = {"use_safetensors": True, "trust_remote_code": False, "output_loading_info": True, "dtype": torch.float32}
    try:
        model, found = auto.from_pretrained(folder, **safe, **options)
    except Exception as error:  # of many kinds: safetensors', RuntimeError for sizes, KeyError of a config, ...
        cause = " ".join(str(error).split())[:200]
        raise InputError(f"{folder}: config and weights can't be loaded together: {cause}") from None
    whole = model.base_model is model
    body = [key for key in found["missing_keys"] if whole or key.startswith(f"{model.base_model_prefix}.")]
    if lacking := sorted(key for key in body if "pooler" not in key):
        raise InputError(
            f"{folder}: the weights lack {len(lacking)} tensors of the config's model, such as {lacking[0]}"
        )
    loaded: PreTrainedModel = model
    return loaded
