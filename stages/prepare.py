"""Prepare: fit the preparation of texts, which the model keeps; what it learns, it learns from training rows alone."""

from pathlib import Path

import pandas as pd

from textclf import process
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.params import Params, read_params
from textclf.preparation import preparation
from textclf.rows import read_listed

CHECKPOINTS = Path("models/checkpoints")
RAW = Path("data/raw/rows.parquet")
TRAIN = Path("data/splits/train.csv")
PREPARATION = Path("data/preparation")


def training_texts() -> list[str]:
    """Return the raw texts of the training rows."""
    texts = pd.read_parquet(RAW, columns=["id", "text"]).set_index("id")["text"]
    return list(texts.loc[read_listed(TRAIN)["id"]])


def vocabulary(params: Params) -> list[str]:
    """Return the vocabulary of the checkpoint's tokenizer."""
    from textclf.encoders.checkpoints import locate  # these import transformers
    from textclf.encoders.quiet import quiet_transformers
    from textclf.encoders.tokenizers import load_tokenizer

    quiet_transformers()
    tokenizer = load_tokenizer(locate(read_checkpoint(params.model, CHECKPOINTS)), params.model, params.max_length)
    return list(tokenizer.get_vocab())


def main() -> None:
    """Write data/preparation: the steps, and the words that spelling correction knows."""
    params = read_params()
    learns = preparation.SPELLING in params.prepare
    texts, known = (training_texts(), vocabulary(params)) if learns else ([], [])
    preparation.fit(params.prepare, texts, params.spelling.language, known, PREPARATION)


if __name__ == "__main__":
    process.run(main)
