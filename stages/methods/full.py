"""Full fine-tuning: every weight of the checkpoint is trained, the head faster than the body."""

from collections.abc import Iterator

from torch import nn
from transformers import DataCollatorWithPadding, PreTrainedModel

from stages.lib.fitting import adamw, fit, token_rows
from stages.lib.frozen import vectors
from stages.lib.heads import output_layer
from stages.lib.params import Params
from stages.lib.scratch import last_checkpoint
from stages.lib.seeds import set_seed
from stages.lib.starts import new_encoder, start_from_probe
from stages.lib.task import Task, Trained, count


def train(task: Task) -> Trained:
    """Return the classifier of the best epoch and its learning curve."""
    params = task.params
    set_seed(params.seed)
    encoder = new_encoder(task)
    model = encoder.model
    if params.full.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    if params.full.head_init == "probe" and last_checkpoint(task.scratch) is None:
        known = vectors(encoder.body, task.train, "cls", params.eval_batch_size, "probe", task.vectors)
        start_from_probe(model, task.train, known, params.class_weights)
    train, validation = token_rows(task.train), token_rows(task.validation)
    optimizer = adamw(learning_rates(model, params), params.weight_decay)
    curve = fit(model, optimizer, train, validation, DataCollatorWithPadding(encoder.tokenizer), params, task.scratch)
    return Trained(encoder, curve, *count(model.parameters()))


def learning_rates(model: PreTrainedModel, params: Params) -> Iterator[tuple[nn.Parameter, float]]:
    """Yield each trained parameter with its lr: the output layer's is `full.head_lr_factor` times that of the rest."""
    head = set(output_layer(model, model.config.num_labels).parameters())
    for parameter in model.parameters():
        if parameter.requires_grad:
            yield parameter, params.lr * (params.full.head_lr_factor if parameter in head else 1.0)
