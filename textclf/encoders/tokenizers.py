"""A checkpoint's tokenizer and how many tokens its model takes."""

from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, PreTrainedConfig, PreTrainedTokenizerBase

from textclf.errors import InputError

VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model", "merges.txt")
# Models whose positions begin after the padding token's id, as RoBERTa's do: 514 positions are 512 tokens.
OFFSET = {
    "camembert",
    "data2vec-text",
    "esm",
    "ibert",
    "layoutlmv3",
    "lilt",
    "longformer",
    "luke",
    "markuplm",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}


def load_tokenizer(folder: Path, name: str, max_length: int) -> PreTrainedTokenizerBase:
    """Return the fast tokenizer of the checkpoint in `folder`, which params.yaml calls `name`.

    Raises `InputError` for a checkpoint that can't be read, that has no fast tokenizer, or whose model takes fewer
    than `max_length` tokens.
    """
    if not any(file.is_file() for pattern in VOCABULARIES for file in folder.glob(pattern)):
        raise InputError(f"params.yaml: model = {name!r}: {folder} holds no tokenizer (tokenizer.json)")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        limit = most_tokens(AutoConfig.from_pretrained(folder, trust_remote_code=False))
    except Exception as error:  # of many kinds: the library's, tokenizers' plain Exception, KeyError, ...
        cause = " ".join(str(error).split())[:200]
        raise InputError(
            f"params.yaml: model = {name!r}: config or tokenizer in {folder} can't be read: {cause}"
        ) from None
    if not tokenizer.is_fast:
        raise InputError(f"params.yaml: model = {name!r}: it has no fast tokenizer (tokenizer.json)")
    if limit is not None and max_length > limit:
        raise InputError(f"params.yaml: max_length = {max_length}: {name} takes at most {limit} tokens")
    return tokenizer


def most_tokens(config: PreTrainedConfig) -> int | None:
    """Return how many tokens a model takes at most, None if its positions have no limit."""
    positions: int | None = getattr(config, "max_position_embeddings", None)
    if positions is None or config.model_type not in OFFSET:
        return positions
    return positions - (config.pad_token_id or 0) - 1


def saved_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer that was saved with a classifier; without its file, the library would make an empty one."""
    if not (folder / "tokenizer.json").is_file():
        raise InputError(f"{folder} has no tokenizer.json; rebuild the model")
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    return tokenizer
