"""How a classifier starts: the checkpoint with a new head, whose weights may come from a linear probe.

Linear probing, then fine-tuning: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
Out-of-Distribution". A random head sends large, arbitrary gradients into a good body; a fitted one does not.
"""

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from stages.lib.encoders import Encoder, on_device
from stages.lib.errors import InputError
from stages.lib.forward import one_batch
from stages.lib.frozen import Vectors
from stages.lib.heads import output_layer, read_head, without_body
from stages.lib.linear import fit_logistic, one_row_a_label
from stages.lib.quiet import quiet_transformers
from stages.lib.rows import Rows
from stages.lib.task import Task


def new_encoder(task: Task) -> Encoder:
    """Return the task's checkpoint with a new head that knows the label names, and its tokenizer."""
    quiet_transformers()
    model = AutoModelForSequenceClassification.from_pretrained(
        task.folder,
        id2label=dict(enumerate(task.labels)),
        label2id={name: number for number, name in enumerate(task.labels)},
        use_safetensors=True,
        dtype=torch.float32,
    )
    return Encoder(on_device(model), new_tokenizer(task))


def new_tokenizer(task: Task) -> PreTrainedTokenizerBase:
    """Return the checkpoint's tokenizer, without what it remembers of this machine: that would be saved with it."""
    tokenizer = AutoTokenizer.from_pretrained(task.folder, model_max_length=task.params.max_length)
    for key in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(key, None)
    return tokenizer


def refuse_other_heads(model: PreTrainedModel, rows: Rows, vectors: Vectors) -> None:
    """Raise `InputError` if the head reads anything but the body's vector of the first token."""
    if not _same_logits(model.eval(), rows, vectors):
        raise InputError(
            f"params.yaml: model: the head of a {type(model).__name__} reads more than the first token's vector; "
            "use a BERT, DistilBERT, RoBERTa, ELECTRA or the like, or method full with full.head_init = random"
        )


def _same_logits(model: PreTrainedModel, rows: Rows, vectors: Vectors) -> bool:
    with torch.inference_mode():
        whole = model(**one_batch(rows.input_ids[:1], model)).logits
        try:
            with without_body(model):
                alone = model(inputs_embeds=torch.from_numpy(vectors[:1]).to(model.device)).logits
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):  # it misses what a body gives
            return False
    return torch.allclose(whole, alone, atol=1e-3)


def start_from_probe(model: PreTrainedModel, rows: Rows, vectors: Vectors, class_weights: str) -> None:
    """Give the head the weights of a logistic regression on the frozen body's [CLS] `vectors` of the training `rows`.

    The dense layer between the body and the output layer, if there is one of a known kind, is first made to pass the
    body's vector through, as its pre-trained weights (if any) belong to another task.
    """
    refuse_other_heads(model, rows, vectors)
    _pass_through(model)
    with torch.inference_mode(), without_body(model):
        given = read_head(model.eval(), {"inputs_embeds": torch.from_numpy(vectors).to(model.device)})[0]
    inputs = given.cpu().numpy()
    centre = inputs.mean(axis=0)  # a pass-through's shift is no scale to regularize by
    weight, bias = one_row_a_label(fit_logistic(inputs - centre, rows.labels, class_weights, C=1.0))
    layer = output_layer(model, model.config.num_labels)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(np.asarray(bias - weight @ centre)))


def _pass_through(model: PreTrainedModel) -> None:
    """Make the dense layer before the output layer an identity: BERT's and RoBERTa's with tanh, DistilBERT's with ReLU.

    tanh is close to linear where layer-normalized vectors lie; ReLU is so above 0, so the identity is shifted there.
    """
    pooler = getattr(model.base_model, "pooler", None) or getattr(model, "classifier", None)
    if isinstance(dense := getattr(pooler, "dense", None), nn.Linear):
        _identity(dense, shift=0.0)
    elif isinstance(dense := getattr(model, "pre_classifier", None), nn.Linear):
        _identity(dense, shift=3.0)


def _identity(layer: nn.Linear, shift: float) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.eye(layer.out_features, layer.in_features))
        layer.bias.fill_(shift)
