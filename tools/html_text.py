"""Text from outside in HTML pages."""

from markupsafe import Markup, escape

from tools.markdown_table import shown


def breakable(text: str) -> Markup:
    """Return `shown(text)` escaped, with line breaks allowed after underscores, which are frequent in labels.

    >>> str(breakable("card_arrival <b>"))
    'card_<wbr>arrival &lt;b&gt;'
    """
    return Markup("_<wbr>").join(escape(part) for part in shown(text).split("_"))
