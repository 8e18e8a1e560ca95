"""Texts changed as people type them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf.changes import report, training
from textclf.changes.apply import CHANGES, apply_change
from textclf.changes.keyboards import ROWS, neighbors
from textclf.changes.report import REPORT
from textclf.changes.training import TRAINING
from textclf.changes.word_lists import WordLists

TEXT = "Where's my parcel? I ordered 2 books on 12.05., it's late!"
BOTH = pytest.mark.parametrize("words", [REPORT, TRAINING], ids=["report", "training"])


def changed(name: str, text: str = TEXT, rows: int = 300, words: WordLists = REPORT) -> list[str]:
    return [apply_change(name, text, f"row {number}", words) for number in range(rows)]


def edits(before: str, after: str) -> int:
    """The fewest letters to insert, leave out, replace or swap with the next one, whatever their case."""
    before, after = before.lower(), after.lower()
    table = {(i, 0): i for i in range(len(before) + 1)} | {(0, j): j for j in range(len(after) + 1)}
    for i, a in enumerate(before, 1):
        for j, b in enumerate(after, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
            if before[i - 2 : i] == after[j - 2 : j][::-1] and i > 1 and j > 1:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(before), len(after)]


@BOTH
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_decided_by_key_and_name_alone(name: str, words: WordLists) -> None:
    text = f"{TEXT} you"
    once, again = (changed(name, text, rows=50, words=words) for _ in range(2))
    assert once == again
    assert text not in once
    code = f"from tests.test_changes import *\nprint(changed({name!r}, rows=50) == {changed(name, rows=50)!r})"
    if name == "misspelling":  # in a process with another seed for the hashes of strings
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == "True"


def test_keys_and_names_draw_apart() -> None:
    assert len(set(changed("typo"))) > 100
    assert len({apply_change(name, "where is my parcel", "1", REPORT) for name in ("typo", "two_typos")}) == 2


@given(st.text(max_size=40), st.sampled_from(CHANGES), st.sampled_from([REPORT, TRAINING]))
def test_any_text_stays_a_text(text: str, name: str, words: WordLists) -> None:
    assert apply_change(name, text, "1", words).strip() or not text.strip()


@BOTH
def test_a_typo_is_one_edit_and_two_typos_are_two_in_different_words(words: WordLists) -> None:
    for text in changed("typo", rows=100, words=words):
        assert edits(TEXT, text) == 1
        assert re.findall(r"\d+", text) == ["2", "12", "05"]
    for text in changed("two_typos", rows=100, words=words):
        assert edits(TEXT, text) == 2
    assert edits("parcel", apply_change("two_typos", "parcel", "1", words)) == 1  # no other word


def test_typos_are_of_all_kinds_and_seldom_at_the_start() -> None:
    found = changed("typo", "parcel", 2000)
    assert set(found) >= {"pacrel", "parccel", "parcl", "parvel", "pqrcel"}  # q is beside a on azerty alone
    assert 0.02 < sum(not text.startswith("p") for text in found) / len(found) < 0.08
    assert "whereis it" in changed("typo", "where is it")
    assert set(changed("typo", "to be or 42!")) == {"to be or 42!"}  # no word of three letters
    assert {"Hte", "Yhe"} < set(changed("typo", "The", 1000))  # a capital stays in front
    assert all(edits("привет", text) == 1 for text in changed("typo", "привет"))  # on no keyboard that we have


def test_longer_words_are_hit_more_often() -> None:
    hit = sum(text.startswith("the,") for text in changed("typo", "the, information", 1000))
    assert 730 < hit < 840  # 11 of 14 letters


def test_misspellings_keep_the_case_and_come_from_the_list() -> None:
    wrong = REPORT.misspellings["money"]
    assert {text.removesuffix(" 5") for text in changed("misspelling", "money 5")} == set(wrong)
    assert set(changed("misspelling", "Money")) == {text.capitalize() for text in wrong}
    assert set(changed("misspelling", "MONEY")) == {text.upper() for text in wrong}
    assert set(changed("misspelling", "xyzzy")) == {"xyzzy"}


def test_one_word_is_dropped_if_there_are_two() -> None:
    assert set(changed("word_dropped", "Where is my parcel?")) == {
        "is my parcel?",
        "Where my parcel?",
        "Where is parcel?",
        "Where is my?",
    }
    assert set(changed("word_dropped", "parcel?")) == {"parcel?"}
    assert set(changed("word_dropped", "मेरा ऑर्डर")) == {"मेरा", "ऑर्डर"}  # vowel signs are no letters
    assert set(changed("word_dropped", "un cafe\u0301 \u2764\ufe0f")) == {"cafe\u0301 \u2764\ufe0f", "un \u2764\ufe0f"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (TEXT, "Where's my parcel I ordered 2 books on 12.05 it's late"),
        ("mail a.b@c.com (please), e-mail - now", "mail a.b@c.com please e-mail now"),
        ("多少钱？", "多少钱"),
        ("?!", "?!"),
    ],
)
def test_punctuation_goes_but_not_inside_of_words_and_numbers(text: str, plain: str) -> None:
    assert apply_change("no_punctuation", text, "1", REPORT) == plain


@given(st.text(alphabet=".-…(。？a0_' \n\u3000", max_size=30))
@settings(max_examples=2000)
def test_a_run_of_marks_goes_whole_or_stays_whole(text: str) -> None:
    marks = r"""[.,;:!?…"“”„«»()\[\]{}¿¡–—-]+"""
    # What defines the change. Its time grows with the square of the text.
    plain = re.sub(rf"(?<!\S){marks}\s*|{marks}(?!\S)|[。，、！？；：「」]", "", text)
    assert apply_change("no_punctuation", text, "1", REPORT) == (plain if plain.strip() else text)


def test_apostrophes_and_case() -> None:
    assert apply_change("no_apostrophes", "it's Jane’s 'own'", "1", REPORT) == "its Janes 'own'"
    assert apply_change("case", "it's late", "1", REPORT) == "IT'S LATE"


@BOTH
def test_greeting_thanks_and_emoji_leave_the_text_whole(words: WordLists) -> None:
    assert all(text.endswith(f" {TEXT}") for text in changed("greeting", words=words))
    assert all(text.startswith(f"{TEXT} ") for text in changed("thanks", words=words) + changed("emoji", words=words))
    for name, count in (
        ("greeting", len(words.greetings)),
        ("thanks", len(words.thanks)),
        ("emoji", len(words.emojis)),
    ):
        assert len(set(changed(name, words=words))) == count


def test_a_space_is_doubled_missed_or_moved() -> None:
    assert set(changed("spaces", "my parcel")) == {"my  parcel", "myparcel", "m yparcel", "myp arcel"}
    assert set(changed("spaces", "parcel")) == {"parcel"}


def test_numbers_become_others_of_the_same_length() -> None:
    for text in changed("numbers", "12 of 305 at 0790, 0"):
        assert re.fullmatch(r"[1-9]\d of [1-9]\d\d at 0\d\d\d, [1-9]", text)
        assert not {"12", "305", "0790"} & set(re.findall(r"\d+", text))
    assert len(apply_change("numbers", "1" * 6000, "1", REPORT)) == 6000


def test_training_sees_nothing_that_the_report_uses() -> None:
    pairs = [{(a, b) for board in words.keyboards for a, near in board.items() for b in near} for words in LISTS]
    assert pairs[0]
    assert pairs[1]
    assert not pairs[0] & pairs[1]
    for part in ("greetings", "thanks"):  # no word in common
        first, second = (set(re.findall(r"\w+", " ".join(getattr(words, part)).lower())) for words in LISTS)
        assert not first & second, part
    first, second = (set("".join(words.emojis)) - {"\N{VARIATION SELECTOR-16}", ":"} for words in LISTS)
    assert not first & second
    known, used = (words.misspellings for words in LISTS)
    assert not known.keys() & used.keys()
    assert not {text for texts in known.values() for text in texts} & {
        text for texts in used.values() for text in texts
    }
    assert not {word[:4] for word in known} & {word[:4] for word in used}  # receive and received are in one half


LISTS = (REPORT, TRAINING)


@pytest.mark.parametrize("module", [report, training])
def test_a_list_of_misspellings_names_its_source_and_license(module: object) -> None:
    text = Path(str(module.__file__)).with_suffix(".txt").read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert "codespell 2.4.3" in text
    assert "CC BY-SA 3.0" in text
    for line in (line for line in text.splitlines() if not line.startswith("#")):
        word, *wrong = line.split()
        assert wrong
        assert all(re.fullmatch("[a-z]+", part) for part in (word, *wrong))
        assert word not in wrong


def test_keys_beside_each_other_are_so_both_ways() -> None:
    for keyboard in ROWS:
        near = neighbors(keyboard)
        assert len(near) == 26
        assert all(letter in near[other] for letter, others in near.items() for other in others)


def test_no_heavy_package_is_imported() -> None:
    code = "import sys, textclf.changes.apply, textclf.changes.report, textclf.changes.training; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "pandas", "numpy", "transformers"} & set(run.stdout.split())
