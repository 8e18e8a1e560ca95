"""From the states of a text's tokens to one vector."""

import torch
from transformers import PreTrainedModel

LAST = ("cls", "mean")  # of the last layer: the first token's state, and the mean over the tokens
POOLINGS = (*LAST, "layers")  # and the means of all layers, side by side

States = tuple[torch.Tensor, ...]


def pool(states: States, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Return one vector a text, shape (batch, size), by one of `POOLINGS`.

    `states` are those of the embeddings (`layers` leaves them out) and of the layers up to the last, shape
    (batch, tokens, size) each; `mask` has shape (batch, tokens).

    >>> states = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> pool((states, states), torch.tensor([[1, 1, 0]]), "mean")
    tensor([[2.]])
    """
    if pooling == "cls":
        return states[-1][:, 0]
    kept = mask.unsqueeze(-1).to(states[-1].dtype)
    layers = states[1:] if pooling == "layers" else states[-1:]
    return torch.cat([(layer * kept).sum(dim=1) / kept.sum(dim=1) for layer in layers], dim=1)


def pooled(body: PreTrainedModel, inputs: dict[str, torch.Tensor], pooling: str) -> torch.Tensor:
    """Return the vectors of a batch, shape (batch, size), from one pass of the body."""
    if pooling == "layers":
        states = body(**inputs, output_hidden_states=True).hidden_states
    else:
        states = (body(**inputs).last_hidden_state,)
    return pool(states, inputs["attention_mask"], pooling)
