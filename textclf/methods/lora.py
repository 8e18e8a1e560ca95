"""LoRA (Hu et al. 2022) trains small matrices beside the body's linear layers, and the head; the body stays frozen.

With `lora.unfreeze: gradual` the body is trained too, from the top (Howard & Ruder 2018): adapters and head alone in
the first epoch, and one more layer in each later epoch, the highest first; the embeddings never. The optimizer holds
every weight from the start. It skips a weight without a gradient, weight decay included, so a layer's Adam moments and
their bias correction begin in the epoch in which it is unfrozen; its lr is then the schedule's at that step times
`lora.body_lr_factor`. At the end the adapter is merged into the changed body, which leaves an ordinary classifier.
"""

from collections.abc import Iterator
from typing import Any

from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from torch import nn
from transformers import DataCollatorWithPadding, PreTrainedModel, TrainerCallback, TrainerState

from textclf.classifiers.encoder import Encoder
from textclf.classifiers.lora import Adapter
from textclf.encoders.heads import output_layer
from textclf.encoders.layers import layers_of
from textclf.errors import InputError
from textclf.params import Params
from textclf.training.augmentation import fresh_rows
from textclf.training.probe_start import encoder_at_start, start_head
from textclf.training.task import Task, Trained
from textclf.training.trainer import Collate, adamw, fit, token_rows
from textclf.training.upper_layers import upper_part


def train(task: Task) -> Trained:
    """Return adapter and head of the best epoch, or the merged classifier after gradual unfreezing, and the curve."""
    params = task.params
    encoder, frozen = encoder_at_start(task, params.lora.trained_layers)
    target_modules(encoder.model, params.lora.target_modules, frozen.cut)  # a wrong name is said before any pass
    start_head(encoder, frozen, task)
    adapted = with_adapters(encoder.model, params, frozen.cut)
    adapter = Adapter(adapted, encoder.tokenizer, task.checkpoint, encoder.precision)
    whole = adapter.encoder.model  # not the PeftModel: of that the Trainer would save the adapter alone
    model: PreTrainedModel = whole
    collate: Collate = DataCollatorWithPadding(encoder.tokenizer)
    if frozen.cut:
        model, collate = upper_part(whole, frozen, task)
    gradual, fresh = params.lora.unfreeze == "gradual", fresh_rows(task, collate)
    frozen_at_start = [parameter for parameter in model.parameters() if not parameter.requires_grad]
    curve = fit(
        model,
        adamw(learning_rates(model, params), params.weight_decay),
        token_rows(task.train, positions=fresh is not None),
        token_rows(task.validation),
        fresh or collate,
        task,
        [*([Unfreeze(model)] if gradual else []), *([fresh] if fresh else [])],
    )
    if not gradual:
        return Trained(adapter, curve, whole.num_parameters(only_trainable=True), whole.num_parameters())
    for parameter in frozen_at_start:  # as in the epoch that is kept, not in the last one
        parameter.requires_grad_(False)
    unfreeze(model, next(number for number, row in enumerate(curve) if row["kept"]))
    sizes = model.num_parameters(only_trainable=True), model.num_parameters()
    merged = Encoder(adapter.model.merge_and_unload(), encoder.tokenizer, encoder.precision)
    return Trained(merged, curve, *sizes)


def with_adapters(model: PreTrainedModel, params: Params, cut: int) -> PeftModel:
    """Return `model` with adapters beside the linear layers that `lora.target_modules` names, above the lowest `cut`.

    Its head stays trainable. After a probe the dense layer before the output layer is an identity; it is saved, but not
    trained.
    """
    head = head_modules(model)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=params.lora.r,
        lora_alpha=params.lora.alpha,
        lora_dropout=params.lora.dropout,
        target_modules=target_modules(model, params.lora.target_modules, cut),
        modules_to_save=head,
    )
    adapted = get_peft_model(model, config)
    if params.head_init == "probe":
        trained = set(output_layer(adapted, model.config.num_labels).parameters())
        for name, parameter in adapted.named_parameters():
            if "modules_to_save" in name and parameter not in trained:
                parameter.requires_grad_(False)
    return adapted


def head_modules(model: PreTrainedModel) -> list[str]:
    """Return the names of the head's modules, the body's pooler included."""
    body = model.base_model
    own = [name for name, part in model.named_children() if part is not body and list(part.parameters())]
    return own + (["pooler"] if getattr(body, "pooler", None) else [])


def target_modules(model: PreTrainedModel, wanted: str | list[str], cut: int = 0) -> list[str]:
    """Return the full names of the body's linear layers: all (`auto`), or those that end in a name of `wanted`.

    Those in the lowest `cut` layers are left out.
    """
    body = model.base_model
    below = {part for layer in list(layers_of(body))[:cut] for part in layer.modules()}
    linear = {name: part for name, part in body.named_modules() if isinstance(part, nn.Linear) and part not in below}
    layers = [name for name in linear if "pooler" not in name]
    if wanted == "auto":
        return [f"{model.base_model_prefix}.{name}" for name in layers]
    chosen = [name for name in layers if f".{name}".endswith(tuple(f".{end}" for end in wanted))]
    for end in wanted:
        if not any(f".{name}".endswith(f".{end}") for name in chosen):
            known = ", ".join(sorted({name.split(".")[-1] for name in layers}))
            raise InputError(
                f"params.yaml: lora.target_modules: {end!r} is not a linear layer of the body, which has {known}"
            )
    return [f"{model.base_model_prefix}.{name}" for name in chosen]


def learning_rates(model: PreTrainedModel, params: Params) -> Iterator[tuple[nn.Parameter, float]]:
    """Yield each weight with its lr: adapters at lr, head and (if it is ever to be trained) body at their multiples."""
    lora = params.lora
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            yield parameter, params.lr * (params.head_lr_factor if "modules_to_save" in name else 1.0)
        elif lora.unfreeze == "gradual":
            yield parameter, params.lr * lora.body_lr_factor


def unfreeze(model: PreTrainedModel, layers: int) -> None:
    """Let the weights of the highest `layers` layers of the body be trained."""
    stack = layers_of(model)
    for layer in list(stack)[max(0, len(stack) - layers) :]:
        layer.requires_grad_(True)


class Unfreeze(TrainerCallback):
    """Unfreeze one more layer in each epoch after the first; resumed in epoch n, all that are due by then."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model

    def on_epoch_begin(self, args: Any, state: TrainerState, control: Any, **_: Any) -> None:
        """Count epochs from 0: in epoch n the highest n layers are trained."""
        unfreeze(self.model, round(state.epoch or 0))
