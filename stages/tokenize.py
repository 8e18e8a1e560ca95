"""Tokenize: add to every text the checkpoint's token ids, unpadded, cut at `max_length`."""

from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase

from textclf import process
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import locate, weights_sha256
from textclf.encoders.quiet import quiet_transformers
from textclf.errors import InputError
from textclf.outputs import ensure_parent, write_json
from textclf.params import Params, read_params

CHECKPOINTS = Path("models/checkpoints")
RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
TOKENIZED = Path("data/tokenized")
METRICS = Path("metrics/tokens.json")

CHUNK = 1000  # texts between two steps of the progress bar


def load_tokenizer(folder: Path, params: Params) -> PreTrainedTokenizerBase:
    """Return the checkpoint's fast tokenizer, or an `InputError` if it has none or takes fewer than `max_length`."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer.is_fast:
        raise InputError(f"params.yaml: model = {params.model!r}: it has no fast tokenizer (tokenizer.json)")
    limit = getattr(AutoConfig.from_pretrained(folder), "max_position_embeddings", None)
    if limit and params.max_length > limit:
        raise InputError(f"params.yaml: max_length = {params.max_length}: {params.model} takes at most {limit} tokens")
    return tokenizer


def tokenize(texts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int) -> pd.DataFrame:
    """Return input_ids (at most `max_length` a text, special tokens included), truncated, and tokens before the cut."""
    rows: list[dict[str, Any]] = []
    for start in tqdm(range(0, len(texts), CHUNK), "tokenize", unit="k texts", disable=None):
        encoded = tokenizer(texts[start : start + CHUNK], truncation=True, max_length=max_length)
        for encoding in encoded.encodings:
            special = sum(encoding.special_tokens_mask)
            rest = sum(len(more.ids) - special for more in encoding.overflowing)
            rows.append({"input_ids": encoding.ids, "truncated": rest > 0, "tokens": len(encoding.ids) + rest})
    return pd.DataFrame(rows, columns=["input_ids", "truncated", "tokens"])


def main() -> None:
    """Write data/tokenized (rows, out-of-scope rows, and the checkpoint that they are for) and metrics/tokens.json."""
    params = read_params()
    quiet_transformers()
    checkpoint = read_checkpoint(params.model, CHECKPOINTS)
    folder = locate(checkpoint)
    tokenizer = load_tokenizer(folder, params)
    for path in (OUT_OF_SCOPE, RAW):
        raw = pd.read_parquet(path, columns=["id", "text"])
        rows = tokenize(raw["text"].tolist(), tokenizer, params.max_length)
        pd.concat([raw, rows], axis=1).to_parquet(ensure_parent(TOKENIZED / path.name), index=False)
    pinned = checkpoint.model_copy(update={"weights": weights_sha256(folder)})
    write_json(TOKENIZED / "checkpoint.json", pinned.model_dump(exclude_none=True))
    numbers = {
        "truncated_rows": int(rows["truncated"].sum()),
        "mean_tokens": round(float(rows["tokens"].mean()), 2),
        "longest_tokens": int(rows["tokens"].max()),
    }
    write_json(METRICS, numbers)


if __name__ == "__main__":
    process.run(main)
