"""The loss of a batch: cross-entropy, with label smoothing, class weights and teachers as the parameters say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight

from textclf.params import Distil, Params
from textclf.probabilities import Labels


def loss_function(train: Labels, params: Params) -> Callable[..., torch.Tensor]:
    """Return the mean cross-entropy of a batch, with label smoothing and class weights as `params` say.

    With weights it is the weighted sum divided by the number of rows, so that a batch in parts has the same loss.
    Where labels are followed by the teachers' probabilities, the loss is that of `taught_loss`. Of a batch that is
    computed in parts, by `workers` or one after the other (`accumulate`), a part's loss counts by its rows.

    `train` holds the labels of the training rows, from which the weights are computed.
    """
    weight: torch.Tensor | None = None
    if params.class_weights == "balanced":
        balanced = compute_class_weight("balanced", classes=np.unique(train), y=train)
        weight = torch.tensor(balanced, dtype=torch.float32)

    parts = params.workers * params.accumulate

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None, **_: Any) -> torch.Tensor:
        logits = outputs["logits"].float()
        hard = torch.nn.functional.cross_entropy(
            logits,
            hard_labels(labels).long(),
            weight=None if weight is None else weight.to(logits.device),
            label_smoothing=params.label_smoothing,
            reduction="mean" if weight is None else "sum",  # the weighted mean would divide by the sum of weights
        )
        if weight is not None:
            hard = hard / len(labels)
        mean = hard if labels.ndim == 1 else taught_loss(logits, labels[:, 1:], hard, params.distil)
        # The Trainer counts the values of a whole batch's labels, and adds up the parts' losses.
        return mean if parts == 1 or num_items_in_batch is None else mean * (labels.numel() / num_items_in_batch)

    return loss


def taught_loss(logits: torch.Tensor, taught: torch.Tensor, hard: torch.Tensor, distil: Distil) -> torch.Tensor:
    """Return the loss of distillation (Hinton et al. 2015): the labels' (`hard`) and the teachers', weighted.

    `logits` and the teachers' probabilities `taught` have shape (batch, labels). A gradient through probabilities at a
    temperature T is 1/T^2 of the usual one, hence the factor.
    """
    soft = torch.nn.functional.cross_entropy(logits / distil.temperature, taught.float()) * distil.temperature**2
    return (1 - distil.weight) * hard + distil.weight * soft


def hard_labels(labels: Any) -> Any:
    """Return the labels without the teachers' probabilities that may follow them."""
    return labels if labels.ndim == 1 else labels[:, 0]
