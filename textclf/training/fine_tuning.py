"""Fine-tuning of body and head, or of the upper layers and the head, by the Trainer."""

from collections.abc import Iterator

from torch import nn
from transformers import DataCollatorWithPadding, PreTrainedModel

from textclf.encoders.heads import output_layer
from textclf.params import Params
from textclf.training.augmentation import fresh_rows
from textclf.training.probe_start import encoder_at_start, start_head
from textclf.training.task import Task, Trained
from textclf.training.trainer import Collate, adamw, fit, token_rows
from textclf.training.upper_layers import freeze_below, upper_part


def fine_tune(task: Task, trained_layers: str | int) -> Trained:
    """Return the classifier of the best epoch and its learning curve.

    `trained_layers` is `all` (weights), `layers` (all but the word embeddings), or a number of upper layers.
    """
    params = task.params
    encoder, frozen = encoder_at_start(task, trained_layers)
    start_head(encoder, frozen, task)
    model: PreTrainedModel = encoder.model
    collate: Collate = DataCollatorWithPadding(encoder.tokenizer)
    if trained_layers == "layers":
        model.get_input_embeddings().requires_grad_(False)
    if frozen.cut:
        freeze_below(model, frozen.cut)
        model, collate = upper_part(model, frozen, task)
    fresh = fresh_rows(task, collate)
    train, validation = token_rows(task.train, task.taught, positions=fresh is not None), token_rows(task.validation)
    optimizer = adamw(learning_rates(model, params), params.weight_decay)
    curve = fit(model, optimizer, train, validation, fresh or collate, task, [fresh] if fresh else [])
    whole = encoder.model
    return Trained(encoder, curve, whole.num_parameters(only_trainable=True), whole.num_parameters())


def learning_rates(model: PreTrainedModel, params: Params) -> Iterator[tuple[nn.Parameter, float]]:
    """Yield each trained parameter with its lr; the output layer's is `head_lr_factor` times that of the body."""
    head = set(output_layer(model, model.config.num_labels).parameters())
    for parameter in model.parameters():
        if parameter.requires_grad:
            yield parameter, params.lr * (params.head_lr_factor if parameter in head else 1.0)
