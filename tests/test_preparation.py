"""Preparation of texts: what each step does, what spelling correction leaves alone, and that all doors apply it."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.toys import params
from textclf.errors import InputError
from textclf.preparation import preparation, words
from textclf.preparation.preparation import STEPS, Preparation
from textclf.preparation.spelling import Spelling

TRAINING = [
    "Where is my parcel? It has not arrived",
    "my card payment has not arrived",
    "I can't find the refund for my order",
    "please cancel my order today, thx",
] * 5


@pytest.fixture(scope="module")
def english() -> Spelling:
    return Spelling(words.learn(TRAINING, "en", words.whole_words(["macbook", "##book", "plz"])))


@pytest.fixture(scope="module")
def alone() -> Spelling:
    return Spelling(words.learn(TRAINING, None, []))


@pytest.mark.parametrize(
    ("step", "text", "prepared"),
    [
        ("html", "a<br/>b <!-- x --> &pound;5 <3 x < y", "a b   £5 <3 x < y"),
        ("html", "&lt;b&gt;", "<b>"),
        ("unicode", "cafe\u0301 donâ€™t", "caf\u00e9 don't"),
        ("spaces", "\u00a0 a \t b\n", "a b"),
        ("urls", "see www.example.com/a?b=1.", "see link"),
        ("emails", "to a.b+c@d-e.com!", "to email!"),
        (
            "amounts",
            "5.00 GBP, $3, 10€, EUR 20, five dollars, 1 pound",
            "amount, amount, amount, amount, amount, amount",
        ),
        ("amounts", "4 cards, 3 days, 20%", "4 cards, 3 days, 20%"),
        ("dates", "on 2023-05-01, 1/2/2023, May 5, the 5th of May, Monday", "on date, date, date, date, date"),
        ("dates", "may I march in? 24/7", "may I march in? 24/7"),
        ("numbers", "4711, 3.5, -2 and 2nd 4G a1", "number, number, number and 2nd 4G a1"),
    ],
)
def test_a_step_does_what_its_name_says(step: str, text: str, prepared: str) -> None:
    assert STEPS[step](text) == prepared


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wehre is my parcle", "where is my parcel"),
        ("Wehre is it", "Where is it"),
        ("my crad paymnet", "my card payment"),
        ("has notarrived", "has not arrived"),
        ("my par cel has", "my parcel has"),
        ("cancel my oreder, plaese!", "cancel my order, please!"),
        ("I cant' find the refnud", "I cant' find the refund"),
    ],
)
def test_a_likely_error_is_corrected(alone: Spelling, english: Spelling, typed: str, meant: str) -> None:
    assert alone(typed) == meant
    assert english(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "DHL and NHS and my MacBook and iPhone",
        "a macbook, plz",  # of the checkpoint's vocabulary
        "thx",  # of the training rows
        "was it Oredr or Paymnet",  # names, for all we know
        "order 4711x, paymnet_id, parcl.example, @parcl, v2parcl",
        "Xqzzwkp is here",
        "the parcel's label",
        "zu Hause",
        "日本語のテキスト",
        "",
        "?!",
    ],
)
def test_what_may_be_right_stays(english: Spelling, text: str) -> None:
    assert english(text) == text


def test_a_corrector_that_was_used_can_be_sent_to_another_process(alone: Spelling) -> None:
    assert alone("wehre") == "where"
    assert pickle.loads(pickle.dumps(alone))("wehre") == "where"


def test_a_rare_english_word_is_no_reason_to_change_a_name(english: Spelling) -> None:
    assert english("my hotpot and captcha and klarna") == "my hotpot and captcha and klarna"


def test_the_dictionary_is_the_training_rows_alone_the_languages_list_and_the_vocabulary(tmp_path: Path) -> None:
    preparation.fit(["spelling"], ["my frobnicator broke"], None, ["parcel", "##x", "y"], tmp_path)
    rows = (tmp_path / "spelling/words.csv").read_text().splitlines()
    assert rows == ["word,training,language", "broke,1,0", "frobnicator,1,0", "my,1,0", "parcel,0,0"]
    assert preparation.load(tmp_path)(["my frobnicatro"]) == ["my frobnicator"]


def test_spelling_learns_from_the_texts_after_the_steps_before_it(tmp_path: Path) -> None:
    preparation.fit(["html", "spelling"], ["a<br/>frobnicator"], None, [], tmp_path)
    assert "br" not in (tmp_path / "spelling/words.csv").read_text()


def test_a_loaded_corrector_has_its_index_before_the_first_text(tmp_path: Path) -> None:
    preparation.fit(["spelling"], TRAINING, None, [], tmp_path)
    (corrector,) = preparation.load(tmp_path).steps
    assert "_symspell" in vars(corrector)


def test_what_is_saved_prepares_the_same_and_repeats_to_the_byte(tmp_path: Path) -> None:
    names = [*STEPS, "spelling"]
    for folder in ("one", "two"):
        preparation.fit(names, TRAINING, "en", ["macbook"], tmp_path / folder)
    files = [sorted((tmp_path / folder).rglob("*.*")) for folder in ("one", "two")]
    assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]
    loaded = preparation.load(tmp_path / "one")
    assert loaded.names == tuple(names)
    assert loaded(["<b>wehre</b>  is my parcle"]) == ["where is my parcel"]


def test_no_steps_leave_texts_as_they_are(tmp_path: Path) -> None:
    preparation.fit([], [], "en", [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["steps.json"]
    assert preparation.load(tmp_path)([" <b> "]) == [" <b> "]
    assert Preparation((), ())(["a"]) == ["a"]


@pytest.mark.parametrize("content", ["", "{}", '["shout"]', "[1]"])
def test_a_damaged_preparation_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "steps.json").write_text(content)
    with pytest.raises(InputError, match="is no preparation of texts; rebuild the model"):
        preparation.load(tmp_path)


def test_spelling_without_its_words_is_refused(tmp_path: Path) -> None:
    preparation.fit(["spelling"], TRAINING, None, [], tmp_path)
    shutil.rmtree(tmp_path / "spelling")
    with pytest.raises(InputError, match="rebuild the model"):
        preparation.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prepare": ["html", "html"]}, "prepare names 'html' twice"),
        ({"prepare": ["htm"]}, "prepare.0 = 'htm': should be 'html'"),
        ({"prepare": "html"}, "prepare = 'html': should be a valid list"),
        ({"spelling": {"language": "de"}}, "spelling.language = 'de': should be 'en'"),
    ],
)
def test_a_mistake_in_the_steps_is_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        params(**changes)
