"""Expectations that people write down: what is read, what is refused, when one is met."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from textclf.data.expectations import Expectation, check_labels, read_expectations
from textclf.errors import InputError

FOLDER = ROOT / "data" / "robustness"


def read(folder: Path, text: str) -> list[Expectation]:
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    return read_expectations("mine", folder)


def test_a_template_is_filled_with_each_combination(tmp_path: Path) -> None:
    found = read(tmp_path, 'expect: [{text: "{a} is {b}{b}", a: [x, y], b: ["1", ""], label: l}]')
    assert [one.texts for one in found] == [("x is 11",), ("x is ",), ("y is 11",), ("y is ",)]
    assert {one.label for one in found} == {"l"}


def test_a_data_set_without_a_file_expects_nothing(tmp_path: Path) -> None:
    assert read_expectations("other", tmp_path) == []
    assert read(tmp_path, "same: []") == read(tmp_path, "same:\nexpect:") == []
    assert read(tmp_path, "") == read(tmp_path, "# nothing yet") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('expect: [{text: "{a}?", label: l}]', r"expect.0: \{a\} appears in the text, but no list a says what fills"),
        (
            "expect: [{text: hi, label: l, a: [x]}]",
            r"expect.0: \{a\} does not appear in the text, but there is a list a",
        ),
        ("expect: [{text: hi}]", r"expect.0.label: Field required"),
        ('expect: [{text: "{a}", label: l, a: [" "]}]', r"expect.0: its lists leave a text empty"),
        ('expect: [{text: "{a}", label: l, a: []}]', r"expect.0.a: should have 1 or more entries"),
        ('expect: [{text: "{a}", label: l, a: [7]}]', "expect.0.a.0: put it in quotes, as it is written; YAML reads 7"),
        ("expect: [{text: hi, label: true}]", "expect.0.label: put it in quotes, as it is written; YAML reads true"),
        (
            'expect: [{text: "where {my thing}", label: l, my thing: [x]}]',
            r"expect.0: a place's name consists of letters, digits and _, unlike \{my thing\}",
        ),
        ('expect: [{text: "{a}", label: l, a: [x, y, x]}]', "expect.0.a: 'x' appears twice"),
        (
            'expect: [{text: "x{a}{b}", label: l, a: ["", y], b: ["", y]}]',
            "expect: 'xy' appears twice, in expect.0 and expect.0",
        ),
        (
            "expect: [{text: z, label: l}, {text: x, label: l}, {text: '{a}', a: [y, x], label: l}]",
            "expect: 'x' appears twice, in expect.1 and expect.2",
        ),
        (
            "expect: [{text: x, label: l}, {text: x, label: m}]",
            "expect: 'x' has two labels, l in expect.0 and m in expect.1",
        ),
        ("same: [[x, y], [x, ' x ']]", "same.1: 'x' appears twice"),
        ("differ: [[x, y, x]]", "differ.0: 'x' appears twice"),
        ("same: [[z, x], [x, y], [y, x]]", "same: same.1 and same.2 are the same group"),
        ("differ: [[x, y], [y, x]]", "differ: differ.0 and differ.1 are the same group"),
        (
            "{same: [[a, b], [x, y, z]], differ: [[a, x], [z, v, x]]}",
            "differ: differ.1 contradicts same or expect, by which 'x' and 'z' get one label",
        ),
        (
            "{expect: [{text: x, label: l}, {text: y, label: m}], same: [[x, v, y]]}",
            "same: same.0 contradicts expect, which says: 'x' is l, 'y' is m",
        ),
        (
            "{expect: [{text: '{a}', a: [x, y], label: l}], differ: [[x, v, y]]}",
            "differ: differ.0 contradicts same or expect, by which 'x' and 'y' get one label",
        ),
        (
            "{same: [[a, b], [c, d], [b, c]], differ: [[a, d]]}",
            "differ: differ.0 contradicts same or expect, by which 'a' and 'd' get one label",
        ),
        (
            "{expect: [{text: a, label: l}, {text: c, label: l}], same: [[a, b]], differ: [[b, c]]}",
            "differ: differ.0 contradicts same or expect, by which 'b' and 'c' get one label",
        ),
        (
            "{expect: [{text: a, label: l}, {text: c, label: m}], same: [[a, b], [b, c]]}",
            "same: same.1 contradicts expect, which says: 'a' is l, 'c' is m",
        ),
        ("same: [[only one]]", r"same.0: should have 2 or more entries"),
        ("differ: [hello]", r"differ.0: should be a valid list"),
        ("exspect: []", r"unknown key exspect; allowed: expect, same, differ"),
        ("- 7", r"the spec: should be a mapping of keys to values"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=f"mine.yaml: {message}"):
        read(tmp_path, text)


def test_a_text_may_stand_in_several_groups(tmp_path: Path) -> None:
    found = read(tmp_path, "{expect: [{text: x, label: l}], same: [[x, y], [x, y, z]], differ: [[x, a], [y, a]]}")
    assert len(found) == 5


def test_a_value_of_a_place_may_hold_braces(tmp_path: Path) -> None:
    assert read(tmp_path, 'expect: [{text: "{a}", a: ["{my thing}"], label: l}]')[0].texts == ("{my thing}",)


def test_lists_that_make_too_many_texts_are_refused(tmp_path: Path) -> None:
    words = ", ".join(f"w{number}" for number in range(40))
    with pytest.raises(InputError, match="its lists make 1,600 texts; 1,000 are allowed"):
        read(tmp_path, f'expect: [{{text: "{{a}}{{b}}", a: [{words}], b: [{words}], label: l}}]')


def test_when_an_expectation_is_met() -> None:
    expect = Expectation(kind="expect", texts=("x",), label="a")
    assert expect.met(["a"])
    assert not expect.met(["b"])
    same = Expectation(kind="same", texts=("x", "y", "z"))
    assert same.met(["b", "b", "b"])
    assert not same.met(["b", "b", "a"])
    differ = Expectation(kind="differ", texts=("x", "y", "z"))
    assert differ.met(["a", "b", "c"])
    assert not differ.met(["a", "b", "a"])


def test_a_label_that_the_data_set_lacks_is_named_with_a_like_one(tmp_path: Path) -> None:
    found = read(tmp_path, "expect: [{text: hi, label: ordr_status}]")
    message = "mine.yaml: expect: 'ordr_status' is no label of mine; did you mean order_status?"
    with pytest.raises(InputError, match=message):
        check_labels(found, ["order_status", "refund"], "mine", tmp_path)


def test_those_of_shop_support_are_many_and_of_its_labels() -> None:
    found = read_expectations("shop_support", FOLDER)
    labels = set(pd.read_csv(ROOT / "data/corpora/shop_support.csv")["label"])
    kinds = [one.kind for one in found]
    assert {kind: kinds.count(kind) >= 8 for kind in ("expect", "same", "differ")} == dict.fromkeys(kinds, True)
    assert len({one.label for one in found} - {""}) >= 15
    check_labels(found, sorted(labels), "shop_support", FOLDER)
