"""The classifier that training starts from: the checkpoint with a new head, whose weights may come from a linear probe.

Linear probing, then fine-tuning: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform
Out-of-Distribution". A random head sends large, arbitrary gradients into a good body; a fitted head does not.
"""

import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from textclf.classifiers.encoder import Encoder
from textclf.encoders.device import on_device
from textclf.encoders.forward import Inputs
from textclf.encoders.frozen import Frozen, Vectors
from textclf.encoders.heads import output_layer, read_head, same_logits, without_body
from textclf.encoders.precision import resolve_precision
from textclf.encoders.pretrained import load_pretrained
from textclf.errors import InputError
from textclf.logistic import linear_layer
from textclf.rows import Rows
from textclf.training.determinism import set_seed
from textclf.training.resume import last_checkpoint
from textclf.training.selection import fit_centered
from textclf.training.task import Task
from textclf.training.trackers import trackers
from textclf.training.upper_layers import check_starts_from_states, layers_below

GELU = ("big_bird", "convbert", "electra", "nystromformer", "roformer")  # whose heads have it after the dense layer


def encoder_at_start(task: Task, trained_layers: str | int = "all") -> tuple[Encoder, Frozen]:
    """Return the task's checkpoint with a new head, after seeding everything, and its body, still frozen.

    What the checkpoint can't do is an `InputError` here, before the passes of the frozen body.
    """
    params = task.params
    trackers(task.resume_dir.name)
    set_seed(params.seed)
    encoder = new_encoder(task)
    if params.gradient_checkpointing and not encoder.model.supports_gradient_checkpointing:
        kind = type(encoder.model).__name__
        raise InputError(f"params.yaml: gradient_checkpointing: {kind} does not support it; set it to false")
    cut = layers_below(encoder.body, trained_layers, f"{params.method}.trained_layers")
    frozen = Frozen(encoder.body, encoder.precision, task.vector_cache, cut)
    if cut:
        check_starts_from_states(encoder.model, frozen, task)
    if params.head_init == "probe" or params.method == "head":
        check_reads_cls(encoder.model, task.train)
    return encoder, frozen


def start_head(encoder: Encoder, frozen: Frozen, task: Task) -> None:
    """Fit the head with `head_init: probe`, unless training resumes from a checkpoint, which has the weights."""
    if task.params.head_init == "probe" and last_checkpoint(task.resume_dir) is None:
        vectors = frozen.vectors(task.train.input_ids, "cls", "frozen vectors")
        start_from_probe(encoder.model, task.train, vectors, task.params.class_weights)


def new_encoder(task: Task) -> Encoder:
    """Return the task's checkpoint with a new head that knows the label names, and its tokenizer."""
    model = load_pretrained(
        AutoModelForSequenceClassification,
        task.folder,
        id2label=dict(enumerate(task.labels)),
        label2id={name: number for number, name in enumerate(task.labels)},
    )
    precision = resolve_precision(task.params.precision, task.params.device)
    return Encoder(on_device(model, task.params.device), new_tokenizer(task), precision)


def new_tokenizer(task: Task) -> PreTrainedTokenizerBase:
    """Return the checkpoint's tokenizer, without its notes on this machine, which would be saved with it."""
    tokenizer = AutoTokenizer.from_pretrained(task.folder, model_max_length=task.params.max_length)
    for key in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(key, None)
    return tokenizer


def check_reads_cls(model: PreTrainedModel, rows: Rows) -> None:
    """Raise `InputError` if the head reads anything but the vector of the first token."""

    def from_cls(inputs: Inputs) -> torch.Tensor:
        states = model.base_model(**inputs).last_hidden_state
        with without_body(model):
            logits: torch.Tensor = model(inputs_embeds=states[:, 0]).logits
        return logits

    if not same_logits(model, rows.input_ids[0], from_cls):
        raise InputError(
            f"params.yaml: model: the head of a {type(model).__name__} reads more than the first token's vector; "
            "use a BERT, DistilBERT, RoBERTa, ELECTRA or the like, or method full with head_init = random"
        )


def start_from_probe(model: PreTrainedModel, rows: Rows, vectors: Vectors, class_weights: str) -> None:
    """Give the head the weights of a logistic regression on the frozen body's [CLS] `vectors` of the training `rows`.

    A dense layer between body and output layer, if it is of a known kind, first becomes an identity: its pre-trained
    weights, if any, belong to another task.
    """
    _pass_through(model)
    with torch.inference_mode(), without_body(model):
        given = read_head(model.eval(), {"inputs_embeds": torch.from_numpy(vectors).to(model.device)})[0]
    inputs = given.cpu().numpy()
    # Centered, as the identity layer's offset would otherwise dominate the L2 penalty.
    weight, bias = linear_layer(fit_centered(inputs, rows.labels, class_weights, C=1.0))
    layer = output_layer(model, model.config.num_labels)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))


def _pass_through(model: PreTrainedModel) -> None:
    """Make the dense layer before the output layer an identity: BERT's and RoBERTa's with tanh, DistilBERT's with ReLU.

    tanh is close to linear where layer-normalized vectors lie. ReLU and GELU are above 0, so the identity is shifted.
    """
    pooler = getattr(model.base_model, "pooler", None) or getattr(model, "classifier", None)
    if isinstance(dense := getattr(pooler, "dense", None), nn.Linear):
        _identity(dense, shift=3.0 if model.config.model_type in GELU else 0.0)
    elif isinstance(dense := getattr(model, "pre_classifier", None), nn.Linear):
        _identity(dense, shift=3.0)


def _identity(layer: nn.Linear, shift: float) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.eye(layer.out_features, layer.in_features))
        layer.bias.fill_(shift)
