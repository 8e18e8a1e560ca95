"""What the frozen body makes of the labels' names or descriptions."""

import re

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from textclf.encoders.frozen import Frozen
from textclf.errors import InputError
from textclf.oos.labels import in_scope
from textclf.probabilities import Labels
from textclf.rows import new_rows
from textclf.training.probe_start import new_tokenizer
from textclf.training.task import Task
from textclf.unit import unit


def label_vectors(task: Task, frozen: Frozen, pooling: str) -> tuple[NDArray[np.float64], Labels]:
    """Return a vector of length 1 for the text of each in-scope label, shape (labels, size), and the labels' numbers.

    Raises `InputError` for a label whose text has no word, and for two labels with the same token ids.
    """
    names = in_scope(task.labels)
    tokenizer = new_tokenizer(task)
    _check_texts(task, names, tokenizer)
    rows = new_rows([task.label_texts[name] for name in names], tokenizer)
    numbers = np.array([task.labels.index(name) for name in names], dtype=np.int64)
    return unit(frozen.vectors(rows.input_ids, pooling, "")), numbers


def _check_texts(task: Task, names: list[str], tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise `InputError` for a label that says nothing, and for two that say the same.

    Texts are compared by token ids, after case folding: so also where the checkpoint ignores accents or cuts them.
    """
    texts = [task.label_texts[name] for name in names]
    seen: dict[bytes, str] = {}
    folded = new_rows([text.casefold() for text in texts], tokenizer).input_ids
    for name, text, ids in zip(names, texts, folded, strict=True):
        if not re.search(r"[^\W\d]", text):
            raise InputError(
                f"label {name!r} has no word that says what it means; add descriptions to the spec in data/sources"
            )
        if (first := seen.setdefault(ids.tobytes(), name)) != name:
            cut = f" at max_length = {task.params.max_length}" if len(ids) == task.params.max_length else ""
            raise InputError(
                f"labels {first!r} and {name!r} read the same to the checkpoint{cut} "
                f"({task.label_texts[first]!r:.60} and {text!r:.60}); give them different descriptions in the spec in "
                "data/sources"
            )
