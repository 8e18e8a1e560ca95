"""Pages in a headless browser, also as wide as a phone, with texts from outside."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from tests.browser import browser as browser
from tests.browser import needs_chromium
from tests.conftest import ROOT
from tools.errors.page import page as errors_page
from tools.html_text import breakable
from tools.markdown_table import shown
from tools.review import html as review
from tools.review.tables import Table

SERVED = ROOT / "tools/serve/page.html"
WORD = "x" * 300
LABEL = "card_payment_wrong_exchange_rate"
PHONE, SCREEN = {"width": 390, "height": 800}, {"width": 1000, "height": 800}


def errors(path: Path, texts: list[str]) -> str:
    """Write the errors' page of 1,500 wrong rows, or as many as there are texts, and return its address."""
    table = pd.DataFrame({"text": texts, "actual": LABEL, "predicted": "b_" + LABEL, "confidence": 0.9, "loss": 2.0})
    table = table.assign(neighbor=texts, neighbor_label="b", similarity=0.5)
    run: Any = SimpleNamespace(revision=SimpleNamespace(name="x", commit="0" * 40), predictions=range(2000))
    (path / "errors.html").write_text(errors_page(run, table))
    return (path / "errors.html").as_uri()


def data_table(texts: list[str]) -> Table:
    columns = ["change", "split", "text", "old label", "new label", "audit"]
    rows = [["relabeled", "train", text, LABEL, "b_" + LABEL, "label"] for text in texts]
    return Table("data", "Data", "", columns, rows, ("text", "old label", "new label", "audit"))


@pytest.fixture
def reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a review with a table of changed rows."""
    table = data_table([f"row {number}" for number in range(9)] + [WORD])
    for name, value in {"headline": "", "told": "", "tables": [table], "charts": []}.items():
        monkeypatch.setattr(review, name, lambda report, value=value: value)
    side = SimpleNamespace(revision=SimpleNamespace(name="main"))
    report: Any = SimpleNamespace(verdict="improved", base=side, head=side, remarks=[], stale_base="")
    gate: Any = SimpleNamespace(broken=[], headline="", moot=[])
    (tmp_path / "review.html").write_text(review.html(report, gate))
    return (tmp_path / "review.html").as_uri()


def opened(browser: Any, address: str, size: dict[str, int]) -> Any:
    page = browser.new_page(viewport=size)
    page.goto(address)
    return page


def width(page: Any, selector: str) -> int:
    """Return how wide the content of the element is, in pixels, also of what does not fit into it."""
    return cast(int, page.locator(selector).evaluate("found => found.scrollWidth"))


MARKUP = "<img src=x onerror=alert(1)>"


def test_markup_from_outside_is_text_in_both_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors(tmp_path, [MARKUP])
    table = data_table([MARKUP])
    for name, value in {"headline": MARKUP, "told": [MARKUP], "tables": [table], "charts": []}.items():
        monkeypatch.setattr(review, name, lambda report, value=value: value)
    side = SimpleNamespace(revision=SimpleNamespace(name=MARKUP))
    report: Any = SimpleNamespace(verdict="improved", base=side, head=side, remarks=[MARKUP], stale_base=MARKUP)
    gate: Any = SimpleNamespace(broken=[MARKUP], headline=MARKUP, moot=[MARKUP])
    for page in ((tmp_path / "errors.html").read_text(), review.html(report, gate)):
        assert "<img" not in page
        assert "&lt;img" in page


@needs_chromium
@pytest.mark.parametrize("size", [PHONE, SCREEN])
def test_the_reviews_tables_are_filtered_at_any_width(reviewed: str, browser: Any, size: dict[str, int]) -> None:
    page = opened(browser, reviewed, size)
    page.fill("input", "row 4")
    assert page.locator("tbody tr:visible").count() == 1


@needs_chromium
@pytest.mark.parametrize("size", [PHONE, SCREEN])
def test_a_long_word_pushes_no_label_of_a_review_out_of_sight(
    reviewed: str, browser: Any, size: dict[str, int]
) -> None:
    page = opened(browser, reviewed, size)
    assert width(page, ".scroll") <= size["width"]
    assert page.locator("td[data-column='new label']").first.bounding_box()["width"] >= 120


@needs_chromium
@pytest.mark.parametrize("size", [PHONE, {"width": 870, "height": 800}, SCREEN])
def test_a_long_word_makes_the_errors_page_no_wider(tmp_path: Path, browser: Any, size: dict[str, int]) -> None:
    page = opened(browser, errors(tmp_path, [WORD, "short"]), size)
    assert width(page, "html") <= size["width"]
    assert page.locator("td[data-column=actual]").first.bounding_box()["width"] >= 120


@needs_chromium
def test_a_filter_of_the_errors_page_leaves_its_heading_true(tmp_path: Path, browser: Any) -> None:
    page = opened(browser, errors(tmp_path, [f"row {number}" for number in range(1500)]), SCREEN)
    assert page.inner_text("h1") == "1,500 of 2,000 test rows are wrong"
    assert page.inner_text("#shown") == ""
    page.fill("#words", "row 7")
    assert page.inner_text("h1") == "1,500 of 2,000 test rows are wrong"
    assert page.inner_text("#shown") == "111 shown"
    page.fill("#words", "row")
    assert page.inner_text("#shown") == ""


@needs_chromium
def test_names_of_labels_break_after_underscores_on_the_services_page(browser: Any) -> None:
    named = "exchange_rate_<b>x</b>"
    about = {"labels": [named], "commit": "0", "model_sha256": "0", "limits": {"chars": 99}, "feedback": []}
    labels = [{"label": named, "probability": 0.5}]
    answer = {"predictions": [{"label": named, "out_of_scope": False, "labels": labels}]}
    page = browser.new_page()
    page.route("**/predict", lambda route: route.fulfill(json=answer))
    html = SERVED.read_text().replace("{{ about }}", json.dumps(about).replace("<", "\\u003c"))
    page.route("**/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://service.test/")
    page.fill("textarea", "hi")
    page.click("text=Classify")
    for place in ("#label", ".row span:first-child"):
        assert page.inner_text(place) == named
        assert page.inner_html(place).startswith("exchange_<wbr>rate_<wbr>&lt;b&gt;")


def test_signs_that_turn_the_direction_are_replaced(tmp_path: Path, reviewed: str) -> None:
    assert shown("\u202eevil\u202c \u2066\x1b") == "\ufffdevil\ufffd \ufffd\ufffd"
    assert str(breakable("\u202ea_b")) == "\ufffda_<wbr>b"
    errors(tmp_path, ["\u202eevil override"])
    assert (tmp_path / "errors.html").read_text().count("\ufffdevil override") == 2
