"""Tokenize: add to every text the checkpoint's token ids, unpadded, cut at `max_length`."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import PreTrainedTokenizerBase

from textclf import process
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import locate, pinned
from textclf.encoders.quiet import quiet_transformers
from textclf.encoders.tokenizers import load_tokenizer
from textclf.outputs import ensure_parent, write_json
from textclf.params import read_params
from textclf.progress import progress

CHECKPOINTS = Path("models/checkpoints")
RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
TOKENIZED = Path("data/tokenized")
METRICS = Path("metrics/tokens.json")

CHUNK = 1000  # texts between two steps of the progress bar
MANY_UNKNOWN = 0.05  # of all tokens: then the checkpoint hardly knows the language


def tokenize(texts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int) -> pd.DataFrame:
    """Return a row a text: input_ids (at most `max_length`, special tokens included), truncated, tokens before the cut.

    The column `unknown` counts the tokens among the input_ids that the vocabulary doesn't have.
    """
    rows: list[dict[str, Any]] = []
    starts = range(0, len(texts), CHUNK)
    for start in progress(starts, (len(texts[start : start + CHUNK]) for start in starts), "tokenize", "texts"):
        encoded = tokenizer(texts[start : start + CHUNK], truncation=True, max_length=max_length)
        for encoding in encoded.encodings:
            special = sum(encoding.special_tokens_mask)
            rest = sum(len(more.ids) - special for more in encoding.overflowing)
            size, unknown = len(encoding.ids) + rest, encoding.ids.count(tokenizer.unk_token_id)
            rows.append({"input_ids": encoding.ids, "truncated": rest > 0, "tokens": size, "unknown": unknown})
    return pd.DataFrame(rows, columns=["input_ids", "truncated", "tokens", "unknown"])


def warn_of_unknown(unknown: int, tokens: int, model: str) -> None:
    """Say that the checkpoint doesn't know many of the tokens."""
    if unknown > MANY_UNKNOWN * tokens:
        share = f"{unknown:,} of {tokens:,} tokens ({unknown / tokens:.0%}) are unknown to {model}"
        print(f"warning: {share}; is it a checkpoint of the texts' language? See docs/data.md", file=sys.stderr)


def main() -> None:
    """Write data/tokenized (rows, out-of-scope rows, and the checkpoint that they are for) and metrics/tokens.json."""
    params = read_params()
    quiet_transformers()
    checkpoint = read_checkpoint(params.model, CHECKPOINTS)
    folder = locate(checkpoint)
    tokenizer = load_tokenizer(folder, params.model, params.max_length)
    for path in (OUT_OF_SCOPE, RAW):
        raw = pd.read_parquet(path, columns=["id", "text"])
        rows = tokenize(raw["text"].tolist(), tokenizer, params.max_length)
        pd.concat([raw, rows.drop(columns="unknown")], axis=1).to_parquet(
            ensure_parent(TOKENIZED / path.name), index=False
        )
    write_json(TOKENIZED / "checkpoint.json", pinned(checkpoint, folder).model_dump(exclude_none=True))
    unknown = int(rows["unknown"].sum())
    warn_of_unknown(unknown, sum(map(len, rows["input_ids"])), params.model)
    numbers = {
        "unknown_tokens": unknown,
        "truncated_rows": int(rows["truncated"].sum()),
        "mean_tokens": round(float(rows["tokens"].mean()), 2),
        "longest_tokens": int(rows["tokens"].max()),
    }
    write_json(METRICS, numbers)


if __name__ == "__main__":
    process.run(main)
