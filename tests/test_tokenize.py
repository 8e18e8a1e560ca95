"""Tokenize: the checkpoint's ids, unpadded, cut and counted."""

import inspect
import shutil
import tokenize as standard_library
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from stages.tokenize import prepare_label_texts, tokenize, warn_of_unknown
from textclf.encoders.tokenizers import OFFSET, load_tokenizer
from textclf.errors import InputError
from textclf.preparation.preparation import STEPS, Preparation
from textclf.rows import read_label_texts


def test_rows_are_unpadded_and_as_the_tokenizer_gives_them(pretrained: Path) -> None:
    texts = ["where is my parcel?", "hi"]
    rows = tokenize(texts, load_tokenizer(pretrained, "m", 64), 64)
    assert rows["input_ids"].tolist() == AutoTokenizer.from_pretrained(pretrained)(texts)["input_ids"]
    assert rows["tokens"].tolist() == [7, 3]
    assert not rows["truncated"].any()


def test_a_long_text_is_cut_between_its_special_tokens_and_its_length_kept(pretrained: Path) -> None:
    tokenizer = load_tokenizer(pretrained, "m", 64)
    row = tokenize(["hello " * 100], tokenizer, 8).iloc[0]
    assert len(row["input_ids"]) == 8
    assert (row["input_ids"][0], row["input_ids"][-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert (row["tokens"], row["truncated"]) == (102, True)


def test_a_text_that_just_fits_is_not_cut(pretrained: Path) -> None:
    assert not tokenize(["hello " * 6], load_tokenizer(pretrained, "m", 64), 8)["truncated"].any()


def test_chunks_make_no_difference(pretrained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = load_tokenizer(pretrained, "m", 64)
    texts = [f"text number {number}" for number in range(7)]
    whole = tokenize(texts, tokenizer, 64)
    monkeypatch.setattr("stages.tokenize.CHUNK", 3)
    assert tokenize(texts, tokenizer, 64).equals(whole)


def test_what_says_what_a_label_means_is_prepared_too(in_tmp: Path) -> None:
    for folder in ("raw", "tokenized"):
        (in_tmp / "data" / folder).mkdir(parents=True)
    (in_tmp / "data/raw/label_texts.json").write_text('{"fee": "a fee of £5", "other": "card arrival"}')
    prepare_label_texts(Preparation(("amounts",), (STEPS["amounts"],)))
    assert read_label_texts(in_tmp / "data/tokenized/label_texts.json") == {
        "fee": "a fee of amount",
        "other": "card arrival",
    }


def test_more_tokens_than_the_checkpoint_takes_are_refused(tiny: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=r"params.yaml: max_length = 513: m takes at most 512 tokens"):
        load_tokenizer(tiny("bert"), "m", 513)


@pytest.mark.parametrize("architecture", sorted(OFFSET - {"esm", "ibert", "layoutlmv3", "luke", "markuplm", "xmod"}))
def test_models_whose_positions_begin_after_the_paddings_take_fewer_tokens_than_positions(architecture: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModel

    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    config = AutoConfig.for_model(architecture, **sizes, vocab_size=50, max_position_embeddings=34, pad_token_id=1)
    model = AutoModel.from_config(config)
    if architecture == "lilt":
        return  # also takes boxes
    assert model(torch.full((1, 32), 5)).last_hidden_state.shape[1] >= 32
    with pytest.raises((IndexError, RuntimeError)):
        model(torch.full((1, 33), 5))


def test_robertas_last_positions_are_no_tokens(tiny: Callable[[str], Path]) -> None:
    assert load_tokenizer(tiny("roberta"), "m", 511)
    with pytest.raises(InputError, match="m takes at most 511 tokens"):
        load_tokenizer(tiny("roberta"), "m", 512)


def test_a_damaged_checkpoint_is_one_sentence(tiny: Callable[[str], Path], in_tmp: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        folder = shutil.copytree(tiny("bert"), in_tmp / name.replace(".", "-"))
        (folder / name).write_text('{"model": ')
        with pytest.raises(InputError, match=r"params.yaml: model = 'm': config or tokenizer in .* can't be read"):
            load_tokenizer(folder, "m", 8)


def test_a_checkpoint_that_does_not_know_the_language_is_named(
    pretrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tokenize(["ᚠᚢᚦ ᚨᚱᚲ", "hello there"], load_tokenizer(pretrained, "m", 64), 64)
    assert rows["unknown"].tolist() == [2, 0]
    warn_of_unknown(2, 8, "m")
    assert "2 of 8 tokens (25%) are unknown to m; is it a checkpoint of the texts' language?" in capsys.readouterr().err
    warn_of_unknown(1, 80, "m")
    assert not capsys.readouterr().err


def test_the_standard_librarys_tokenize_is_not_ours() -> None:
    assert "python" in str(inspect.getsourcefile(standard_library)).lower()
    assert standard_library is not __import__("stages.tokenize").tokenize
