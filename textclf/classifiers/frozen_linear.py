"""Frozen vectors with a logistic regression on them. The body is not saved: it is the pinned checkpoint's."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textclf.classifiers.base import Loading, Predicted
from textclf.encoders.checkpoints import Checkpoint, locate
from textclf.encoders.forward import forward
from textclf.encoders.frozen import Frozen
from textclf.encoders.pooling import pooled
from textclf.encoders.precision import prepare
from textclf.encoders.pretrained import load_body
from textclf.encoders.tokenizers import saved_tokenizer
from textclf.logistic import from_tensors, logits, to_tensors
from textclf.outputs import write_json
from textclf.rows import Rows, new_rows
from textclf.unit import unit

SETTINGS, TENSORS = "features.json", "features.safetensors"


@dataclass(frozen=True)
class Features:
    """A frozen body, how its states are pooled into a vector, and the regression on that.

    With `unit`, the regression is on the vector scaled to length 1. With `frozen`, vectors are kept between runs.
    """

    checkpoint: Checkpoint
    body: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    pooling: str
    labels: list[str]
    regression: LogisticRegression
    precision: str
    frozen: Frozen | None = None
    unit: bool = False
    kind = "features"

    def save(self, folder: Path) -> None:
        """Write the regression's tensors, the tokenizer, and which checkpoint, pooling and labels they are for."""
        self.tokenizer.save_pretrained(folder)
        save_file(to_tensors(self.regression), folder / TENSORS)
        settings = {"pooling": self.pooling, "labels": self.labels} | ({"unit": True} if self.unit else {})
        write_json(folder / SETTINGS, settings | {"checkpoint": self.checkpoint.model_dump(exclude_none=True)})

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows."""
        return new_rows(texts, self.tokenizer)

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return logits and the pooled vectors."""
        if self.frozen:
            vectors = self.frozen.vectors(rows.input_ids, self.pooling, desc)
        else:
            read = partial(pooled, self.body, pooling=self.pooling)
            vectors = forward(self.body, read, rows.input_ids, batch_size, desc, self.precision)
        return Predicted(logits(self.regression, unit(vectors) if self.unit else vectors), vectors)


def load(folder: Path, precision: str, loading: Loading) -> Features:
    """Return the classifier that `Features.save` wrote, its body from the checkpoint."""
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    checkpoint = Checkpoint.model_validate(settings["checkpoint"])
    regression = from_tensors(load_file(folder / TENSORS), len(settings["labels"]))
    tokenizer = saved_tokenizer(folder)
    body = load_body(locate(checkpoint), loading.device)
    prepare(body, precision, loading.exact or loading.cache_dir is not None)  # the cache's key is the exact weights
    frozen = Frozen(body, precision, loading.cache_dir) if loading.cache_dir else None
    pooling, labels, of_unit = settings["pooling"], settings["labels"], settings.get("unit", False)
    return Features(checkpoint, body, tokenizer, pooling, labels, regression, precision, frozen, of_unit)
