"""The page of `dvc plots`."""

from tests.conftest import ROOT
from tools.plots_page import PAGE, page


def test_the_committed_page_is_what_the_tool_writes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(), "run python -m tools.plots_page"


def test_dvc_is_told_to_use_it() -> None:
    assert f"html_template = {PAGE.name}" in (ROOT / ".dvc" / "config").read_text()
