"""Tokenize: the checkpoint's ids, unpadded, cut and counted."""

import inspect
import tokenize as standard_library
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from stages.tokenize import load_tokenizer, tokenize
from tests.conftest import ROOT
from textclf.errors import InputError
from textclf.params import Params, read_params


@pytest.fixture
def params() -> Params:
    return read_params(ROOT / "params.yaml")


def test_rows_are_unpadded_and_as_the_tokenizer_gives_them(pretrained: Path, params: Params) -> None:
    texts = ["where is my parcel?", "hi"]
    rows = tokenize(texts, load_tokenizer(pretrained, params), 64)
    assert rows["input_ids"].tolist() == AutoTokenizer.from_pretrained(pretrained)(texts)["input_ids"]
    assert rows["tokens"].tolist() == [7, 3]
    assert not rows["truncated"].any()


def test_a_long_text_is_cut_between_its_special_tokens_and_its_length_kept(pretrained: Path, params: Params) -> None:
    tokenizer = load_tokenizer(pretrained, params)
    row = tokenize(["hello " * 100], tokenizer, 8).iloc[0]
    assert len(row["input_ids"]) == 8
    assert (row["input_ids"][0], row["input_ids"][-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert (row["tokens"], row["truncated"]) == (102, True)


def test_a_text_that_just_fits_is_not_cut(pretrained: Path, params: Params) -> None:
    assert not tokenize(["hello " * 6], load_tokenizer(pretrained, params), 8)["truncated"].any()


def test_chunks_make_no_difference(pretrained: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_tokenizer(pretrained, params)
    texts = [f"text number {number}" for number in range(7)]
    whole = tokenize(texts, tokenizer, 64)
    monkeypatch.setattr("stages.tokenize.CHUNK", 3)
    assert tokenize(texts, tokenizer, 64).equals(whole)


def test_more_tokens_than_the_checkpoint_takes_are_refused(tiny: Callable[[str], Path], params: Params) -> None:
    with pytest.raises(InputError, match=r"params.yaml: max_length = 513: all-MiniLM-L6-v2 takes at most 512 tokens"):
        load_tokenizer(tiny("bert"), params.model_copy(update={"max_length": 513}))


def test_the_standard_librarys_tokenize_is_not_ours() -> None:
    assert "python" in str(inspect.getsourcefile(standard_library)).lower()
    assert standard_library is not __import__("stages.tokenize").tokenize
