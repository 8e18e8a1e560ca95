"""When two texts are the same for a reader: the one rule by which test and validation texts are kept apart."""

import pandas as pd

from textclf.data.visible import visible


def same_texts(texts: "pd.Series[str]") -> "pd.Series[str]":
    r"""Return a key for each text, equal for texts that differ only in case, blanks, Unicode's form or invisible signs.

    >>> same_texts(pd.Series(["Where is\tmy  caf\u00e9?", " where is my cafe\u0301\u200b?"])).nunique()
    1
    """
    return texts.map(same_text)


def same_text(text: str) -> str:
    """Return the key of one text, as `same_texts` does."""
    return visible(visible(text).casefold())
