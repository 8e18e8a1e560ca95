"""What the frozen body makes of the labels' names or descriptions."""

import re

import numpy as np
from numpy.typing import NDArray

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

    Raises `InputError` for a label whose text has no word.
    """
    names = in_scope(task.labels)
    texts = [task.label_texts[name] for name in names]
    for name, text in zip(names, texts, strict=True):
        if not re.search(r"[^\W\d]", text):
            raise InputError(
                f"label {name!r} has no word that says what it means; add descriptions to the spec in data/sources"
            )
    vectors = frozen.vectors(new_rows(texts, new_tokenizer(task)).input_ids, pooling, "")
    return unit(vectors), np.array([task.labels.index(name) for name in names], dtype=np.int64)
