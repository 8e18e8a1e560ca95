"""A classifier's head: its layers, their inputs, and running it without the body."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from textclf.encoders.forward import Inputs, one_batch


class Precomputed(nn.Module):
    """Stands in for a body whose [CLS] vectors are known: takes them as `inputs_embeds`, shape (batch, size)."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.pooler = getattr(body, "pooler", None)  # BERT's is in its body, but works like a part of the head

    def forward(self, *_: None, inputs_embeds: torch.Tensor, **__: None) -> BaseModelOutputWithPooling:
        """Return the vectors as states of a sequence that has a first token only."""
        states = inputs_embeds[:, None]
        return BaseModelOutputWithPooling(
            last_hidden_state=states, pooler_output=self.pooler(states) if self.pooler else None
        )


@contextmanager
def without_body(model: PreTrainedModel) -> Iterator[None]:
    """In this context `model` is its head alone, and takes [CLS] vectors as `inputs_embeds`, shape (batch, size)."""
    body = model.base_model
    setattr(model, model.base_model_prefix, Precomputed(body))
    try:
        yield
    finally:
        setattr(model, model.base_model_prefix, body)


def same_logits(model: PreTrainedModel, row: NDArray[np.int32], part: Callable[[Inputs], torch.Tensor]) -> bool:
    """Return whether `part` computes from the inputs of a row, its token ids, the logits of the whole model."""
    with torch.inference_mode():
        inputs = one_batch([row], model.eval())
        try:
            return torch.allclose(model(**inputs).logits, part(inputs), atol=1e-3)
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):  # it needs more than it is given
            return False


def output_layer(model: nn.Module, labels: int | None) -> nn.Linear:
    """Return the linear layer that gives the logits: the last with as many outputs as there are labels."""
    return [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == labels][-1]


def head_parameters(model: PreTrainedModel) -> list[nn.Parameter]:
    """Return the parameters of the head: all but those of the body, the pooler included."""
    with without_body(model):
        return list(model.parameters())


def read_head(model: PreTrainedModel, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    """Run `model`; return the inputs of its output layer, shape (batch, size), and the logits (batch, labels).

    The output layer itself computes in fp32: bf16's three digits are too few to tell probabilities apart.
    """
    seen: list[torch.Tensor] = []
    layer = output_layer(model, model.config.num_labels)
    hook = layer.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        logits = model(**inputs).logits
    finally:
        hook.remove()
    if torch.is_autocast_enabled(logits.device.type):
        with torch.autocast(logits.device.type, enabled=False):
            logits = layer(seen[0].float())
    return seen[0], logits
