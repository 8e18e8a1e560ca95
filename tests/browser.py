"""A headless browser, for tests of pages."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ, reason="chromium is not installed; .ci/run installs it"
)

# For `add_init_script`: answers come late.
SLOWLY = """const now = window.fetch;
window.fetch = async (...asked) => { await new Promise(done => setTimeout(done, 700)); return now(...asked); };"""


@pytest.fixture
def browser() -> Iterator[Any]:
    """Chromium; its absence fails the test, which `needs_chromium` skips where that is allowed."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "chromium is needed in CI"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def says(page: Any, selector: str, text: str) -> None:
    """Wait until the element holds the text."""
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_contain_text(text, timeout=20_000)
