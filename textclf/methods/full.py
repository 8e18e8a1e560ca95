"""Full fine-tuning: every weight of the checkpoint is trained, the head faster than the body."""

from collections.abc import Iterator

from torch import nn
from transformers import DataCollatorWithPadding, PreTrainedModel

from textclf.encoders.heads import output_layer
from textclf.params import Params
from textclf.training.determinism import resolve_precision
from textclf.training.probe_start import encoder_at_start
from textclf.training.task import Task, Trained, count
from textclf.training.trainer import adamw, fit, token_rows


def train(task: Task) -> Trained:
    """Return the classifier of the best epoch and its learning curve."""
    params = task.params
    encoder = encoder_at_start(task)
    model = encoder.model
    if params.full.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    train, validation = token_rows(task.train), token_rows(task.validation)
    optimizer = adamw(learning_rates(model, params), params.weight_decay)
    collate = DataCollatorWithPadding(encoder.tokenizer)
    curve = fit(model, optimizer, train, validation, collate, params, task.resume_dir, task.curve_file)
    return Trained(encoder, curve, *count(model.parameters()), resolve_precision(params.precision))


def learning_rates(model: PreTrainedModel, params: Params) -> Iterator[tuple[nn.Parameter, float]]:
    """Yield each trained parameter with its lr; the output layer's is `head_lr_factor` times that of the body."""
    head = set(output_layer(model, model.config.num_labels).parameters())
    for parameter in model.parameters():
        if parameter.requires_grad:
            yield parameter, params.lr * (params.head_lr_factor if parameter in head else 1.0)
