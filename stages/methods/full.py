"""Full fine-tuning: every weight of the checkpoint is trained, the head faster than the body."""

from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

from stages.lib.classifiers import Trained, on_device
from stages.lib.fitting import fit
from stages.lib.heads import output_layer, start_from_probe
from stages.lib.params import Params
from stages.lib.rows import Rows
from stages.lib.scratch import last_checkpoint


def train(
    checkpoint: Path, label_names: list[str], train: Rows, validation: Rows, params: Params, scratch: Path
) -> Trained:
    """Return the classifier of the best epoch and its learning curve."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, model_max_length=params.max_length)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint,
        id2label=dict(enumerate(label_names)),
        label2id={name: number for number, name in enumerate(label_names)},
        use_safetensors=True,
        dtype=torch.float32,
    )
    on_device(model)
    if params.full.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    if params.full.head_init == "probe" and last_checkpoint(scratch) is None:
        start_from_probe(model, train, params.eval_batch_size)
    curve = fit(model, tokenizer, optimizer(model, params), train, validation, params, scratch)
    return Trained(model, tokenizer, curve)


def optimizer(model: PreTrainedModel, params: Params) -> torch.optim.AdamW:
    """Return fused AdamW: the output layer at `full.head_lr_factor` times lr, biases and norms without weight decay."""
    head = set(output_layer(model).parameters())
    groups = [
        {
            "params": [
                p for p in model.parameters() if p.requires_grad and (p in head) == of_head and (p.ndim > 1) == matrix
            ],
            "lr": params.lr * (params.full.head_lr_factor if of_head else 1.0),
            "weight_decay": params.weight_decay if matrix else 0.0,
        }
        for of_head in (False, True)
        for matrix in (False, True)
    ]
    return torch.optim.AdamW(groups, fused=True)
