"""Only the head is trained, on the frozen body's vectors, which are computed once instead of once an epoch."""

from transformers import default_data_collator

from textclf.encoders.heads import head_parameters, without_body
from textclf.training.probe_start import encoder_at_start, start_head
from textclf.training.task import Task, Trained
from textclf.training.trainer import adamw, fit, vector_rows


def train(task: Task) -> Trained:
    """Return an ordinary classifier, the frozen body in place, with the head of the best epoch, and its curve.

    The head is the architecture's own: pooler and classifier in BERT, pre_classifier and classifier in DistilBERT.
    """
    params = task.params
    encoder, frozen = encoder_at_start(task)
    model = encoder.model
    start_head(encoder, frozen, task)
    train, validation = (
        frozen.vectors(rows.input_ids, "cls", "frozen vectors") for rows in (task.train, task.validation)
    )
    model.requires_grad_(False)
    for parameter in head_parameters(model):
        parameter.requires_grad_(True)
    optimizer = adamw(((parameter, params.lr) for parameter in head_parameters(model)), params.weight_decay)
    rows = vector_rows(task.train, train), vector_rows(task.validation, validation)
    with without_body(model):
        curve = fit(model, optimizer, *rows, default_data_collator, task)
    return Trained(encoder, curve, model.num_parameters(only_trainable=True), model.num_parameters())
