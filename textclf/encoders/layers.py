"""A body cut in two: its lower layers, and the model that starts from their states."""

import copy
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedModel


class GivenStates(nn.Module):
    """Stands in for the embeddings of a body whose lower layers have run: passes their states on."""

    def forward(self, input_ids: None, inputs_embeds: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        """Return the states, shape (batch, tokens, size). DistilBERT gives them by position, others by name."""
        return inputs_embeds


def layers_of(body: nn.Module) -> nn.ModuleList:
    """Return the body's layers, the lowest first."""
    return cast(nn.ModuleList, body.get_submodule(_name_of_layers(body)))


def lower_model(body: PreTrainedModel, cut: int) -> PreTrainedModel:
    """Return a body of the lowest `cut` layers, which shares its weights with `body`."""
    lower: PreTrainedModel = _with(body, _name_of_layers(body), nn.ModuleList(list(layers_of(body))[:cut]))
    return _with(lower, "pooler", None) if getattr(body, "pooler", None) else lower  # the states don't depend on it


def upper_model(model: PreTrainedModel, cut: int) -> PreTrainedModel:
    """Return a model that takes the states of the lowest `cut` layers as `inputs_embeds`, shape (batch, tokens, size).

    It shares its weights with `model`: trained there, they are trained here.
    """
    body = cast(PreTrainedModel, model.base_model)
    above = _with(body, _name_of_layers(body), nn.ModuleList(list(layers_of(body))[cut:]))
    upper: PreTrainedModel = _with(model, model.base_model_prefix, _with(above, "embeddings", GivenStates()))
    return upper


def _name_of_layers(body: nn.Module) -> str:
    lists: dict[str, int] = {name: len(part) for name, part in body.named_modules() if isinstance(part, nn.ModuleList)}
    return max(lists, key=lists.__getitem__)


def _with(module: Any, name: str, part: nn.Module | None) -> Any:
    """Return a copy of `module` that differs in the part `name` alone and shares all others."""
    first, _, rest = name.partition(".")
    copied = copy.copy(module)
    copied._modules = dict(module._modules)
    copied._modules[first] = _with(module._modules[first], rest, part) if rest else part
    return copied
