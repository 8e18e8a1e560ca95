"""An ordinary Hugging Face classifier, the result of methods `full`, `distil`, `head` and gradual `lora`."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from textclf.classifiers.base import Loading, Predicted
from textclf.encoders.device import on_device
from textclf.encoders.forward import forward
from textclf.encoders.heads import read_head
from textclf.encoders.precision import prepare
from textclf.encoders.quiet import quiet_transformers
from textclf.encoders.tokenizers import saved_tokenizer
from textclf.errors import InputError
from textclf.rows import Rows, new_rows


@dataclass(frozen=True)
class Encoder:
    """A model with its tokenizer, and the arithmetic in which it answers."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    precision: str
    kind = "encoder"

    @property
    def body(self) -> PreTrainedModel:
        """The model without its head; BERT's pooler stays in it."""
        return cast(PreTrainedModel, self.model.base_model)

    @property
    def labels(self) -> list[str]:
        """The label names, in the order of the logits."""
        names = self.model.config.id2label or {}
        return [str(name) for _, name in sorted(names.items())]

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows."""
        return new_rows(texts, self.tokenizer)

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), config with label names, and tokenizer: what `from_pretrained` loads."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return logits and the inputs of the output layer."""

        def read(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            return torch.cat(read_head(self.model, inputs), dim=1)

        outputs = forward(self.model, read, rows.input_ids, batch_size, desc, self.precision)
        size = outputs.shape[1] - int(self.model.config.num_labels or 0)
        return Predicted(outputs[:, size:], outputs[:, :size])


def load(folder: Path, precision: str, loading: Loading) -> Encoder:
    """Return the classifier that `Encoder.save` wrote."""
    quiet_transformers()
    options = {"use_safetensors": True, "trust_remote_code": False, "output_loading_info": True}
    model, found = AutoModelForSequenceClassification.from_pretrained(folder, **options)
    if missing := sorted(found["missing_keys"]):  # transformers would draw them at random
        raise InputError(f"{folder} lacks the weights of {missing[0]}; rebuild the model")
    encoder = Encoder(on_device(model, loading.device), saved_tokenizer(folder), precision)
    prepare(encoder.body, precision, loading.exact)
    return encoder
