"""LoRA's result: an adapter and a head. The body is the pinned checkpoint's and is not saved."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from peft import LoraConfig, PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from textclf.classifiers.base import Loading, Predicted
from textclf.classifiers.encoder import Encoder
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.device import on_device
from textclf.encoders.precision import prepare
from textclf.encoders.pretrained import load_pretrained
from textclf.encoders.tokenizers import saved_tokenizer
from textclf.outputs import write_json
from textclf.rows import Rows

ADAPTER, CHECKPOINT = "adapter_model.safetensors", "checkpoint.json"


@dataclass(frozen=True)
class Adapter:
    """An encoder with adapters in its linear layers."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    checkpoint: Checkpoint
    precision: str
    kind = "adapter"

    @property
    def encoder(self) -> Encoder:
        """The model inside, adapters in place."""
        return Encoder(cast(PreTrainedModel, self.model.get_base_model()), self.tokenizer, self.precision)

    @property
    def labels(self) -> list[str]:
        """The label names, in the order of the logits."""
        return self.encoder.labels

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows."""
        return self.encoder.rows(texts)

    def save(self, folder: Path) -> None:
        """Write adapter and head as PEFT does, config with label names, tokenizer, and which checkpoint they are for.

        PEFT's own `save_pretrained` lists modules in the order of a set, which varies, and adds a model card.
        """
        config = cast(LoraConfig, self.model.peft_config["default"])
        config.target_modules = sorted(config.target_modules or ())
        config.modules_to_save = sorted(config.modules_to_save or ())
        config.base_model_name_or_path = self.checkpoint.hub or self.checkpoint.folder  # not where it lies here
        config.revision = self.checkpoint.revision
        config.inference_mode = True
        config.save_pretrained(str(folder))
        # Else PEFT asks the Hub for the body's vocabulary, to find out whether its embeddings have grown.
        state = get_peft_model_state_dict(self.model, save_embedding_layers=False)
        tensors = {name: tensor.contiguous() for name, tensor in state.items()}
        save_file(tensors, folder / ADAPTER, metadata={"format": "pt"})
        self.encoder.model.config.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        write_json(folder / CHECKPOINT, self.checkpoint.model_dump(exclude_none=True))

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return logits and the inputs of the output layer."""
        return self.encoder.predict(rows, batch_size, desc)


def load(folder: Path, precision: str, loading: Loading) -> Encoder:
    """Return the classifier with the adapter merged into the checkpoint's weights, so that it costs no time."""
    checkpoint = Checkpoint.model_validate_json((folder / CHECKPOINT).read_bytes())
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    base = load_pretrained(AutoModelForSequenceClassification, locate(checkpoint), config=config)
    merged = PeftModel.from_pretrained(base, str(folder)).merge_and_unload()
    encoder = Encoder(on_device(merged, loading.device), saved_tokenizer(folder), precision)
    prepare(encoder.body, precision, loading.exact)
    return encoder
