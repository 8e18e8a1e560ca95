"""The head alone is trained, on what the frozen body says of each row; that is computed once, not once an epoch."""

from transformers import default_data_collator

from stages.lib.fitting import adamw, fit, vector_rows
from stages.lib.frozen import vectors
from stages.lib.heads import head_parameters, without_body
from stages.lib.scratch import last_checkpoint
from stages.lib.seeds import set_seed
from stages.lib.starts import new_encoder, refuse_other_heads, start_from_probe
from stages.lib.task import Task, Trained, count


def train(task: Task) -> Trained:
    """Return an ordinary classifier, the frozen body in place, with the head of the best epoch, and its curve.

    The head is the architecture's own: pooler and classifier in BERT, pre_classifier and classifier in DistilBERT.
    """
    params = task.params
    set_seed(params.seed)
    encoder = new_encoder(task)
    model = encoder.model
    train, validation = (
        vectors(encoder.body, rows, "cls", params.eval_batch_size, name, task.vectors)
        for name, rows in (("train", task.train), ("validation", task.validation))
    )
    refuse_other_heads(model, task.train, train)
    if params.head.init == "probe" and last_checkpoint(task.scratch) is None:
        start_from_probe(model, task.train, train, params.class_weights)
    model.requires_grad_(False)
    for parameter in head_parameters(model):
        parameter.requires_grad_(True)
    optimizer = adamw(((parameter, params.lr) for parameter in head_parameters(model)), params.weight_decay)
    rows = vector_rows(task.train, train), vector_rows(task.validation, validation)
    with without_body(model):
        curve = fit(model, optimizer, *rows, default_data_collator, params, task.scratch)
    return Trained(encoder, curve, *count(model.parameters()))
