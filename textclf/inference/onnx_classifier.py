"""An exported classifier: an ONNX graph with its tokenizer, run by onnxruntime, without torch or transformers."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from textclf.classifiers.base import Predicted
from textclf.encoders.batches import Tokens, in_batches
from textclf.errors import InputError
from textclf.inference.files import GRAPH
from textclf.rows import Rows, new_rows

CONFIG, TOKENIZER = "config.json", "tokenizer.json"
INPUTS, OUTPUTS = ["input_ids", "attention_mask"], ["vectors", "logits"]


@dataclass(frozen=True)
class OnnxClassifier:
    """A graph from token ids and mask to vectors and logits; `pad` is the id that fills up a batch."""

    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer
    labels: list[str]
    pad: int

    def rows(self, texts: list[str]) -> Rows:
        """Return texts as rows, cut at the length that the classifier was trained with."""
        return new_rows(texts, self._tokenize)

    def predict(self, rows: Rows, batch_size: int, desc: str) -> Predicted:
        """Return logits and the vectors that they were read from."""
        outputs = in_batches(self._run, rows.input_ids, self.pad, batch_size, desc)
        size = outputs.shape[1] - len(self.labels)
        return Predicted(outputs[:, size:], outputs[:, :size])

    def _tokenize(self, texts: list[str], truncation: bool) -> dict[str, list[list[int]]]:
        return {"input_ids": [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]}

    def _run(self, tokens: Tokens, mask: Tokens) -> NDArray[np.float32]:
        outputs = self.session.run(OUTPUTS, dict(zip(INPUTS, (tokens, mask), strict=True)))
        return np.concatenate(outputs, axis=1)


def load(folder: Path) -> OnnxClassifier:
    """Return the classifier that `tools.export` wrote into `folder`; `InputError` if a part is missing or broken."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        labels = [name for _, name in sorted((int(number), name) for number, name in config["id2label"].items())]
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        session = onnxruntime.InferenceSession(folder / GRAPH, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # tokenizers raises nothing narrower; onnxruntime's errors have no common class
        raise InputError(f"{folder} is not a complete exported model ({error}); export it again") from None
    return OnnxClassifier(session, tokenizer, labels, int(config.get("pad_token_id") or 0))
