"""Write .dvc/page.html, the page of `dvc plots`, with Vega's scripts inline, so that it needs no network.

Run it again after a new version of vl-convert-python: `python -m tools.plots_page`.
"""

from pathlib import Path

from tools import command

PAGE = Path(".dvc/page.html")
VEGA_LITE = "5.21"  # the major version that DVC's templates are written for

EXPORTS = "window.vegaEmbed = vegaEmbed;"  # all that DVC's pages call

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh_tag}
<title>Plots</title>
<script>
%s
</script>
<style>
  body { font-family: system-ui, sans-serif; margin: 1.5rem; background: white; color: #222; }
  body > div { max-width: 100%%; margin-bottom: 1.5rem; overflow-x: auto; }  /* a plot keeps its width, and scrolls */
  img { max-width: 80vw; }
  @media (min-width: 45rem) { img { max-width: 46vw; } }  /* two revisions side by side */
</style>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def page() -> str:
    """Return the template that DVC fills in at `{refresh_tag}` and `{plot_divs}`."""
    import vl_convert  # takes a second

    bundle = vl_convert.javascript_bundle(EXPORTS, vl_version=VEGA_LITE)
    return TEMPLATE % bundle.replace("</script", "<\\/script")


def main() -> None:
    """Write the page."""
    command.parser("plots_page", __doc__).parse_args()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    command.run(main)
