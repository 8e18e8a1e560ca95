"""The picture of an answer has every label, or the most probable ones."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from matplotlib.figure import Figure

from textclf.charts import style
from textclf.inference.model import Answers
from tools.predict import answers
from tools.predict.__main__ import parse_args


def drawn(labels: int, top: int, monkeypatch: pytest.MonkeyPatch) -> Figure:
    """The figure of an answer of a model with so many labels, the last the most probable."""
    names = [f"label {number}" for number in range(labels)]
    probabilities = np.arange(1, labels + 1, dtype=float)[None] / np.arange(1, labels + 1).sum()
    answer = Answers(names, probabilities, [names[-1]], None, [False])
    model: Any = SimpleNamespace(predict=lambda texts: answer)
    figures: list[Figure] = []
    monkeypatch.setattr(style, "save", lambda figure, path, dpi: figures.append(figure))
    answers.plot(model, "where is it?", Path("x.png"), top)
    return figures[0]


def options(monkeypatch: pytest.MonkeyPatch, *typed: str) -> Any:
    monkeypatch.setattr(sys, "argv", ["predict", "where is it?", *typed])
    return parse_args()


def test_the_picture_shows_up_to_20_labels_and_the_terminal_3(monkeypatch: pytest.MonkeyPatch) -> None:
    assert options(monkeypatch, "--plot", "x.png").top == 20
    assert options(monkeypatch, "--plot", "x.png", "--top", "5").top == 5
    assert options(monkeypatch).top == 3


def test_typed_texts_are_read_so_many_at_a_time_as_the_option_says(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answers(["a", "b"], np.array([[0.9, 0.1]]), ["a"], None, [False])
    model = Mock(predict=Mock(return_value=answer))
    answers.show(model, ["where is it?"], 1, 7)
    model.predict.assert_called_once_with(["where is it?"], 7)
    assert "90.0%" in capsys.readouterr().out


def test_a_text_does_nothing_to_the_terminal_that_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answers(["a", "b"], np.array([[0.9, 0.1]]), ["a"], None, [False])
    answers.show(Mock(predict=Mock(return_value=answer)), ["\x1b[2Jwhere\nis \u202eit?"], 1, 7)
    assert capsys.readouterr().out.splitlines()[0] == "\ufffd[2Jwhere is \ufffdit?"


@pytest.mark.parametrize(("labels", "shown"), [(2, 2), (20, 20), (24, 20), (77, 20)])
def test_all_labels_are_drawn_up_to_20_and_what_is_left_out_is_said(
    monkeypatch: pytest.MonkeyPatch, labels: int, shown: int
) -> None:
    axes = drawn(labels, 20, monkeypatch).axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [f"label {number}" for number in range(labels - 1, labels - 1 - shown, -1)]
    assert axes.get_xlabel() == ("probability" if shown == labels else f"probability, the 20 highest of {labels}")
