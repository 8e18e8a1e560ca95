"""Preparation of texts: what each step does, what spelling correction leaves alone, and that all doors apply it."""

import csv
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from timeit import timeit
from typing import Any

import pandas as pd
import pytest

from stages import prepare as stage
from tests.conftest import ROOT
from tests.toys import params
from textclf.changes.apply import CHANGES, apply_change
from textclf.changes.report import REPORT
from textclf.errors import InputError
from textclf.outputs import ensure_parent
from textclf.preparation import preparation, words
from textclf.preparation.preparation import STEPS, Preparation
from textclf.preparation.spelling import Spelling
from tools.bench import preparation as bench

TRAINING = [
    "Where is my parcel? It has not arrived",
    "my card payment has not arrived",
    "I can't find the refund for my order",
    "please cancel my order today, thx",
    "it came too late to turn it off, to be sure of it",
] * 5
FIGURES = ["1", "1,", "1 ", "127.0.0.1,"]
WORDS = ["a", "a ", "ab ", "the ", "wehre ", "wehre,", " ", ",", "'", '"', "-", "a-", "a."]
MARKUP = ["<", "<a", "<!--", "</", "&", "&#", "&#9;"]
ADDRESSES = ["@", "a@", "a@b.", "+a", "www.", "http://", "http://a@", "http://a:"]
AFTER_A_START = [("-->", "<!--"), ("&#", "9"), ("a@a", "a-"), ("http://", ":a"), ("a couple", " "), ("1", " ")]
BETWEEN_WORDS = [("a", marks, "b") for marks in (".", "-", ".,")]
LONG = [
    *(("", part, "") for part in FIGURES + WORDS + MARKUP + ADDRESSES),
    *((start, part, "") for start, part in AFTER_A_START),
    *BETWEEN_WORDS,
]


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
        ("html", "Jo <jo@x.de>, <https://x.io|x> a<b and c>d", "Jo <jo@x.de>, <https://x.io|x> a<b and c>d"),
        ("html", "<!DOCTYPE html><p class='a'>a</p><br / ><hr/><o:p></o:p><td nowrap>b", "  a      b"),
        ("html", "a<!-- <b>\n -->b <!-- c <i>d", "a b <!-- c  d"),
        ("html", "&#163;5 &#" + "9" * 5000, "£5 \N{REPLACEMENT CHARACTER}"),
        ("unicode", "cafe\u0301 donâ€™t", "caf\u00e9 don't"),
        ("spaces", "\u00a0 a \t b\n", "a b"),
        ("urls", "see www.example.com/a?b=1.", "see link"),
        ("urls", "HTTPS://a.co.uk, (http://u:p@a.com:80/x) or ftp://a.b?c=d&e", "link, (link) or link"),
        ("urls", "http, www. and a.com/http://", "http, www. and a.com/http://"),
        ("emails", "to a.b+c@d-e.com!", "to email!"),
        ("emails", "<jo@x.de>; jo[at]x.co.uk, A@B.ORG.", "<email>; email, email."),
        ("emails", "2 pcs@3.50, @jo and jo@home", "2 pcs@3.50, @jo and jo@home"),
        (
            "amounts",
            "5.00 GBP, $3, 10€, EUR 20, five dollars, 1 pound",
            "amount, amount, amount, amount, amount, amount",
        ),
        ("amounts", "1,250.00 euros,5 € and 5k€", "amount,amount and amount"),
        ("amounts", "4 cards, 3 days, 20%", "4 cards, 3 days, 20%"),
        ("dates", "on 2023-05-01, 1/2/2023, May 5, the 5th of May, Monday", "on date, date, date, date, date"),
        ("dates", "may I march in? 24/7", "may I march in? 24/7"),
        ("numbers", "4711, 3.5, -2 and 2nd 4G a1", "number, number, number and 2nd 4G a1"),
    ],
)
def test_a_step_does_what_its_name_says(step: str, text: str, prepared: str) -> None:
    assert STEPS[step](text) == prepared


@pytest.mark.parametrize("name", [*STEPS, "spelling", *CHANGES])
def test_time_grows_with_the_text_and_not_with_its_square(name: str, alone: Spelling) -> None:
    alone("wehre")  # makes the index
    step = partial(apply_change, name, key="row", words=REPORT) if name in CHANGES else STEPS.get(name, alone)
    for start, repeated, end in LONG:
        texts = ((start + repeated * size)[:size] + end for size in (12_500, 100_000))
        short, long = (timeit(partial(step, text), timer=time.process_time, number=1) for text in texts)
        assert long < 24 * short + 0.1, (start, repeated, end, short, long)


def test_an_address_that_never_ends_does_not_stall() -> None:
    endless = "a@a" + ".a-aa" * 400
    assert STEPS["emails"](endless) == endless
    assert STEPS["urls"](f"http://{endless}") == "link"


def test_addresses_are_replaced_without_a_word_on_the_screen() -> None:
    code = "from textclf.preparation.cleaning import *; print(replace_urls('www.a.com'), replace_emails('jo@a.com'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("link email\n", "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wehre is my parcle", "where is my parcel"),
        ("Wehre is it", "Where is it"),
        ("my crad paymnet", "my card payment"),
        ("has notarrived", "has not arrived"),
        ("my par cel has", "my parcel has"),
        ("cancell my order, plaese!", "cancel my order, please!"),
        ("I cant' find the refnud", "I cant' find the refund"),
        ("where  is my   parcel", "where is my parcel"),
        ("Wheeeere is myyy oooorder", "Where is my order"),
        ("my rrrefuuuuuund", "my refund"),
        ("it came tooo late, turn it offf", "it came too late, turn it off"),
    ],
)
def test_a_likely_error_is_corrected(alone: Spelling, english: Spelling, typed: str, meant: str) -> None:
    assert alone(typed) == meant
    assert english(typed) == meant


@pytest.mark.parametrize("between", [" ", "\n", "\t", "\u00a0"])
def test_a_blank_of_any_kind_divides_words(english: Spelling, between: str) -> None:
    text = f"Where is my paymnet.{between}Where is it"
    assert english(text) == text.replace("paymnet", "payment")


def test_a_word_that_is_cut_is_joined_once_and_only_where_a_blank_cuts_it() -> None:
    correct = Spelling(words.learn(["my account is closed", "open a card"] * 5, None, []))
    assert correct("A ccount is closed, a ccount") == "Account is closed, account"
    assert correct("my a-ccount, a  ccount") == "my a-ccount, account"


def test_more_errors_are_likely_where_a_list_has_what_is_a_word(alone: Spelling, english: Spelling) -> None:
    typed = "cancel my oreder and the refnd for a cart"
    assert english(typed) == "cancel my order and the refund for a cart"
    assert alone(typed) == typed


@pytest.mark.parametrize(
    ("training", "text"),
    [
        ("我想退货", "我想换货"),
        ("怎么注册账户", "怎么注销账户"),
        ("返品したい", "返金したい"),
        ("أريد استرداد المبلغ", "أريد استبدال المبلغ"),
        ("meine bestellung", "eine bestellung"),
        ("ich brauche eine karte", "ich brauche seine karten"),
        ("der gutschein für die karte", "die gutscheinkarte"),
    ],
)
def test_another_word_is_no_error_where_no_list_tells(training: str, text: str) -> None:
    assert Spelling(words.learn([training] * 20, None, []))(text) == text


def test_greek_and_cyrillic_words_are_corrected() -> None:
    correct = Spelling(words.learn(["где мой заказ", "πού είναι η κάρτα"] * 20, None, []))
    assert correct("где мой зкааз, πού είναι η κάτρα") == "где мой заказ, πού είναι η κάρτα"


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
        "the shop’s and the xqzzwkp’s",
        "x" * 50,
        "card xxxx, www, and the iii",
        "xxl, xxxl or xxxs",
        "the pa RCEL",
        "xqzzzzwkp",
        "wooo",  # of the language's list, nothing but 'wo'
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
    preparation.fit(["spelling"], ["my frobnicator broke"] * 5, None, ["parcel", "##x", "y"], tmp_path)
    rows = (tmp_path / "spelling/words.csv").read_text().splitlines()
    assert rows == ["word,training,language", "broke,5,0", "frobnicator,5,0", "my,5,0", "parcel,0,0"]
    assert preparation.load(tmp_path)(["my frobnicatro"]) == ["my frobnicator"]


def test_spelling_learns_from_the_texts_after_the_steps_before_it(tmp_path: Path) -> None:
    preparation.fit(["html", "spelling"], ["a<br/>frobnicator"], None, [], tmp_path)
    assert "br" not in (tmp_path / "spelling/words.csv").read_text()


def test_the_stage_learns_from_training_rows_alone(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame({"id": ["r1", "r2", "r3"], "text": ["my parcel", "my frobnicator", "my xyzzy"]})
    rows.to_parquet(ensure_parent(stage.RAW))
    ensure_parent(stage.TRAIN).write_text("id,label\nr1,a\n")
    monkeypatch.setattr(stage, "read_params", lambda: params(prepare=["spelling"], spelling={"language": None}))
    monkeypatch.setattr(stage, "vocabulary", lambda _: [])
    stage.main()
    assert set(words.load(stage.PREPARATION / "spelling").training) == {"my", "parcel"}


def test_words_too_long_to_be_corrected_are_not_learned(tmp_path: Path) -> None:
    longest, longer, longer_still = ("a" * letters for letters in (words.LONGEST, words.LONGEST + 1, 140_000))
    training = [f"my {longer} parcel {longer_still}", f"{longest} is my card"]
    preparation.fit(["spelling"], training * 5, None, [longest, longer, longer_still], tmp_path)
    learned = words.load(tmp_path / "spelling")
    assert set(learned.training) == {"my", "parcel", longest, "is", "card"}
    assert set(learned.pairs) == {(longest, "is"), ("is", "my"), ("my", "card")}
    assert not learned.vocabulary
    assert preparation.load(tmp_path)([f"paarcel {longer_still}"]) == [f"parcel {longer_still}"]


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


def test_words_longer_than_a_csv_file_may_have_are_refused(tmp_path: Path) -> None:
    preparation.fit(["spelling"], TRAINING, None, [], tmp_path)
    with (tmp_path / "spelling/words.csv").open("a") as file:
        file.write(f"{'a' * 140_000},1,0\n")
    limit = csv.field_size_limit(131_072)  # the module's own, which reading a data set raises for the whole process
    try:
        with pytest.raises(InputError, match="is no preparation of texts; rebuild the model"):
            preparation.load(tmp_path)
    finally:
        csv.field_size_limit(limit)


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


def test_what_it_does_is_counted_for_each_split_and_shown(in_tmp: Path, typed: Callable[..., str]) -> None:
    preparation.fit(["html"], [], None, [], in_tmp / bench.PREPARATION)
    Path("data/raw").mkdir()
    Path("data/splits").mkdir()
    pd.DataFrame({"id": ["1", "2"], "text": ["a<br/>card", "a card"]}).to_parquet(bench.RAW)
    for split, ids in (("train", []), ("validation", ["2"]), ("test", ["1", "2"])):  # as for method zero_shot
        Path(f"data/splits/{split}.csv").write_text("\n".join(["id,label", *(f"{id},x" for id in ids)]) + "\n")
    lines = typed(bench.main, in_tmp, "--show", "3").splitlines()
    assert lines[0] == "train: it has no texts"
    assert lines[1].startswith("validation: 0 of 1 texts changed (0.0%), ")
    assert lines[2].startswith("test: 1 of 2 texts changed (50.0%), ")
    assert lines[3:] == ["  a<br/>card -> a card"]
