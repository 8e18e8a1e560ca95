"""The page of `dvc plots`, and the templates of its plots."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser import browser as browser
from tests.browser import needs_chromium
from tests.conftest import ROOT
from tools.plots_page import PAGE, page

WIDE = '<div class="vega-embed" style="display: inline-block"><div style="width: 900px; height: 9px"></div></div>'
PICTURE = (
    '<div style="white-space: nowrap"><img src="data:image/svg+xml,<svg xmlns=\'http://www.w3.org/2000/svg\'/>"></div>'
)


def test_the_committed_page_is_what_the_tool_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run python -m tools.plots_page"


def test_dvc_is_told_to_use_it() -> None:
    assert f"html_template = {PAGE.name}" in (ROOT / ".dvc" / "config").read_text()


@needs_chromium
def test_on_a_phone_a_wide_plot_scrolls_and_a_picture_fills_the_screen(tmp_path: Path, browser: Any) -> None:
    style = page().partition("<style>")[2].partition("</style>")[0]
    (tmp_path / "plots.html").write_text(f"<style>{style}</style><body>{WIDE}{PICTURE}</body>")
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    phone.goto((tmp_path / "plots.html").as_uri())
    assert phone.locator("html").evaluate("found => found.scrollWidth") == 390
    assert phone.locator("img").evaluate("found => getComputedStyle(found).maxWidth") == "312px"


@pytest.mark.parametrize("template", sorted((ROOT / ".dvc/plots").glob("*.json")), ids=lambda path: path.stem)
def test_however_many_labels_an_axis_has_their_names_dont_overlap(template: Path) -> None:
    content = json.loads(template.read_text())
    spec = content.get("spec", content)
    for axis, side in (("x", "width"), ("y", "height")):
        if spec["encoding"].get(axis, {}).get("type") == "nominal":
            settings = spec["encoding"][axis]["axis"]
            roomy = isinstance(spec[side], dict) and spec[side]["step"] >= settings["labelFontSize"]
            assert roomy or settings["labelOverlap"] == "greedy"
