"""A trained classifier: what every method returns, how it is saved, and the one way to get probabilities from it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerBase

from stages.lib.forward import forward
from stages.lib.scores import Probabilities, softmax


@dataclass(frozen=True)
class Trained:
    """What a method gives to the train stage; `curve` is empty for a method without epochs."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    curve: list[dict[str, float]]


def save(trained: Trained, folder: Path) -> None:
    """Write weights (safetensors), config with label names, and tokenizer: what `from_pretrained` loads, no more."""
    trained.model.save_pretrained(folder)
    trained.tokenizer.save_pretrained(folder)


def load(folder: Path) -> PreTrainedModel:
    """Return the classifier that `save` wrote."""
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
    return on_device(model)


def on_device(model: PreTrainedModel) -> PreTrainedModel:
    """Move `model` to the GPU, if there is one."""
    torch.nn.Module.to(model, "cuda" if torch.cuda.is_available() else "cpu")  # its own `to` is not typed
    return model


def predict_proba(
    model: PreTrainedModel, input_ids: list[NDArray[np.int32]], batch_size: int, what: str
) -> Probabilities:
    """Return probabilities, shape (rows, labels), in the rows' order; `what` names the progress bar."""
    return softmax(forward(model, lambda inputs: model(**inputs).logits, input_ids, batch_size, what))
