"""Tokenize: prepare every text, and add the checkpoint's token ids, unpadded, cut at `max_length`."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from transformers import PreTrainedTokenizerBase

from textclf import process
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import locate, pinned
from textclf.encoders.quiet import quiet_transformers
from textclf.encoders.tokenizers import load_tokenizer
from textclf.outputs import write_json
from textclf.params import read_params
from textclf.preparation import preparation
from textclf.preparation.preparation import Preparation
from textclf.progress import Progress
from textclf.row_groups import read_groups, write_groups
from textclf.rows import read_label_texts

CHECKPOINTS = Path("models/checkpoints")
RAW = Path("data/raw/rows.parquet")
OUT_OF_SCOPE = Path("data/raw/oos.parquet")
LABEL_TEXTS = Path("data/raw/label_texts.json")
PREPARATION = Path("data/preparation")
TOKENIZED = Path("data/tokenized")
METRICS = Path("metrics/tokens.json")

CHUNK = 1000  # texts that the tokenizer gets at once
MANY_UNKNOWN = 0.05  # of all tokens: then the checkpoint hardly knows the language


def tokenize(texts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int) -> pd.DataFrame:
    """Return a row a text: input_ids (at most `max_length`, special tokens included), truncated, tokens before the cut.

    The column `unknown` counts the tokens among the input_ids that the vocabulary doesn't have.
    """
    rows: list[dict[str, Any]] = []
    for start in range(0, len(texts), CHUNK):
        encoded = tokenizer(texts[start : start + CHUNK], truncation=True, max_length=max_length)
        for encoding in encoded.encodings:
            special = sum(encoding.special_tokens_mask)
            rest = sum(len(more.ids) - special for more in encoding.overflowing)
            size, unknown = len(encoding.ids) + rest, encoding.ids.count(tokenizer.unk_token_id)
            rows.append({"input_ids": encoding.ids, "truncated": rest > 0, "tokens": size, "unknown": unknown})
    return pd.DataFrame(rows, columns=["input_ids", "truncated", "tokens", "unknown"])


def tokenized(
    path: Path, prepared: Preparation, tokenizer: PreTrainedTokenizerBase, max_length: int, counts: Counter[str]
) -> Iterator[pd.DataFrame]:
    """Yield id, prepared text, input_ids, truncated and tokens of the rows of `path`, some at a time.

    The numbers of tokens and rows are added to `counts`.
    """
    shown = Progress("tokenize", "texts", pq.read_metadata(path).num_rows)
    for raw in read_groups(path, ["id", "text"]):
        raw["text"] = prepared(raw["text"])
        rows = tokenize(raw["text"].tolist(), tokenizer, max_length)
        counts.update({name: int(rows[name].sum()) for name in ("truncated", "tokens", "unknown")})
        counts.update(rows=len(rows), kept=sum(map(len, rows["input_ids"])))
        counts["longest"] = max(counts["longest"], rows["tokens"].max() if len(rows) else 0)
        yield pd.concat([raw, rows.drop(columns="unknown")], axis=1)
        shown.add(len(rows))
    shown.close()


def prepare_label_texts(prepared: Preparation) -> None:
    """Write the text that says what each label means, by label, prepared as the rows' texts are."""
    texts = read_label_texts(LABEL_TEXTS)
    write_json(TOKENIZED / LABEL_TEXTS.name, dict(zip(texts, prepared(texts.values()), strict=True)))


def warn_of_unknown(unknown: int, tokens: int, model: str) -> None:
    """Say that the checkpoint doesn't know many of the tokens."""
    if unknown > MANY_UNKNOWN * tokens:
        share = f"{unknown:,} of {tokens:,} tokens ({unknown / tokens:.0%}) are unknown to {model}"
        print(f"warning: {share}; is it a checkpoint of the texts' language? See docs/data.md", file=sys.stderr)


def main() -> None:
    """Write data/tokenized (rows, out-of-scope rows, labels' texts, and the checkpoint) and metrics/tokens.json."""
    params = read_params()
    quiet_transformers()
    checkpoint = read_checkpoint(params.model, CHECKPOINTS)
    folder = locate(checkpoint)
    tokenizer = load_tokenizer(folder, params.model, params.max_length)
    prepared = preparation.load(PREPARATION)
    for path in (OUT_OF_SCOPE, RAW):
        counts = Counter[str]()
        write_groups(tokenized(path, prepared, tokenizer, params.max_length, counts), TOKENIZED / path.name)
    prepare_label_texts(prepared)
    write_json(TOKENIZED / "checkpoint.json", pinned(checkpoint, folder).model_dump(exclude_none=True))
    warn_of_unknown(counts["unknown"], counts["kept"], params.model)
    numbers = {
        "unknown_tokens": counts["unknown"],
        "truncated_rows": counts["truncated"],
        "mean_tokens": round(counts["tokens"] / counts["rows"], 2),
        "longest_tokens": int(counts["longest"]),
    }
    write_json(METRICS, numbers)


if __name__ == "__main__":
    process.run(main)
