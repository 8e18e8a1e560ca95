"""Pages in a headless browser, also as wide as a phone, with texts from outside."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from tests.browser import browser as browser
from tests.browser import needs_chromium, says
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


def review_of(monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    """Return a review's page with `text` wherever a text, a name or a parameter can stand."""
    for name, value in {"headline": text, "told": text, "tables": [data_table([text])], "charts": []}.items():
        monkeypatch.setattr(review, name, lambda report, value=value: value)
    side = SimpleNamespace(revision=SimpleNamespace(name=text))
    report: Any = SimpleNamespace(verdict="improved", base=side, head=side, remarks=[text], stale_base=text)
    gate: Any = SimpleNamespace(broken=[text], headline=text, moot=[text])
    return review.html(report, gate)


def test_markup_from_outside_is_text_in_both_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors(tmp_path, [MARKUP])
    for page in ((tmp_path / "errors.html").read_text(), review_of(monkeypatch, MARKUP)):
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
    says(page, "#shown", "111 shown")
    assert page.inner_text("h1") == "1,500 of 2,000 test rows are wrong"
    page.fill("#words", "row")
    page.wait_for_function("shown.textContent === ''")


def served(browser: Any, about: dict[str, Any], answer: dict[str, Any], status: int) -> Any:
    """Return the service's page after a message, to which the service answers so."""
    page = browser.new_page()
    page.route("**/predict", lambda route: route.fulfill(json=answer, status=status))
    html = SERVED.read_text().replace("{{ about }}", json.dumps(about).replace("<", "\\u003c"))
    page.route("**/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://service.test/")
    page.fill("textarea", "hi")
    page.click("text=Classify")
    return page


@needs_chromium
@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ({"detail": [{"loc": ["body"], "msg": "no visible character"}]}, 422, "refused this: no visible character."),
        ({"detail": "server busy, try again"}, 503, "refused this: server busy, try again."),
        ({"predictions": [], "model_sha256": "1"}, 200, "The service has another model now; reload the page."),
    ],
    ids=str,
)
def test_the_services_page_says_why_there_is_no_answer(
    browser: Any, answer: dict[str, Any], status: int, said: str
) -> None:
    about = {"labels": ["a"], "commit": "0", "model_sha256": "0", "limits": {"chars": 99}, "feedback": []}
    page = served(browser, about, answer, status)
    says(page, "#answer", said)
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"


@needs_chromium
def test_feedback_that_is_refused_can_be_sent_again(browser: Any) -> None:
    about = {"labels": ["a"], "commit": "0", "model_sha256": "0", "limits": {"chars": 99}, "feedback": ["a", "b"]}
    found = {"label": "a", "out_of_scope": False, "labels": [{"label": "a", "probability": 1.0}]}
    page = served(browser, about, {"predictions": [found], "model_sha256": "0"}, 200)
    page.route("**/feedback", lambda route: route.fulfill(json={"detail": "no room"}, status=507), times=1)
    page.select_option("#feedback select", label="b")
    page.click("text=Send")
    says(page, "#feedback", "The service refused this: no room.")
    page.route("**/feedback", lambda route: route.fulfill(status=204))
    page.click("text=Send")
    says(page, "#answer", "Thank you.")


@needs_chromium
def test_a_filter_that_the_browser_fills_again_is_applied(reviewed: str, tmp_path: Path, browser: Any) -> None:
    for address, field in ((reviewed, "section input"), (errors(tmp_path, ["row 4", "row 5"]), "#words")):
        page = opened(browser, address, SCREEN)
        page.fill(field, "row 4")
        page.goto("about:blank")
        page.go_back()
        assert page.input_value(field) == "row 4"
        assert page.locator("tbody tr:visible").count() == 1


@needs_chromium
def test_long_names_in_a_reviews_sentences_make_no_page_wider_than_a_phone(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "review.html").write_text(review_of(monkeypatch, WORD))
    page = opened(browser, (tmp_path / "review.html").as_uri(), PHONE)
    assert width(page, "html") <= PHONE["width"]


@needs_chromium
def test_names_of_labels_break_after_underscores_on_the_services_page(browser: Any) -> None:
    named = "exchange_rate_<b>x</b>"
    about = {"labels": [named], "commit": "0", "model_sha256": "0", "limits": {"chars": 99}, "feedback": []}
    labels = [{"label": named, "probability": 0.5}]
    answer = {"predictions": [{"label": named, "out_of_scope": False, "labels": labels}], "model_sha256": "0"}
    page = served(browser, about, answer, 200)
    for place in ("#label", ".row span:first-child"):
        assert page.inner_text(place) == named
        assert page.inner_html(place).startswith("exchange_<wbr>rate_<wbr>&lt;b&gt;")


def test_signs_that_turn_the_direction_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown("\u202eevil\u202c \u2066\x1b") == "\ufffdevil\ufffd \ufffd\ufffd"
    assert str(breakable("\u202ea_b")) == "\ufffda_<wbr>b"
    errors(tmp_path, ["\u202eevil override"])
    assert (tmp_path / "errors.html").read_text().count("\ufffdevil override") == 2
    page = review_of(monkeypatch, "\u202eevil")
    assert "\u202e" not in page
    assert page.count("\ufffdevil") == 10
