"""A model's answers to many texts, with progress."""

import numpy as np

from textclf.inference.model import Answers, Model
from textclf.progress import progress

PART = 512  # texts between two signs of progress


def predict(model: Model, texts: list[str], desc: str) -> Answers:
    """Return the answers to `texts`, one or more; `desc` names the progress."""
    parts = [texts[start : start + PART] for start in range(0, len(texts), PART)]
    found = [model.predict(part) for part in progress(parts, map(len, parts), desc, "rows")]
    scores = [part.scores for part in found if part.scores is not None]
    return Answers(
        model.labels,
        np.concatenate([part.probabilities for part in found]),
        [label for part in found for label in part.predicted],
        np.concatenate(scores) if scores else None,
        [cut for part in found for cut in part.truncated],
    )
