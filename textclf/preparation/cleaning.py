"""Steps that clean a text: markup, broken encodings, blanks, addresses."""

import html
import logging
import re
from types import ModuleType
from typing import cast

LINK, EMAIL = "link", "email"  # plain words, which the vocabulary of a checkpoint has
TAG = re.compile(r"<!--.*?-->|</?[a-z][^<>]*>", re.IGNORECASE | re.DOTALL)


def strip_html(text: str) -> str:
    """Return `text` with a blank for each tag, and with its entities decoded.

    >>> strip_html("Great film!<br /><br />2 &lt; 3 &amp; 5 < 6")
    'Great film!  2 < 3 & 5 < 6'
    """
    return html.unescape(TAG.sub(" ", text))


def fix_unicode(text: str) -> str:
    """Return `text` with repaired mojibake, straight quotes, and letters in Unicode's composed form (NFC).

    >>> fix_unicode("I donâ€™t like the cafÃ©")
    "I don't like the café"
    """
    import ftfy

    return ftfy.fix_text(text, unescape_html=False, normalization="NFC")


def single_spaces(text: str) -> str:
    r"""Return `text` with a single blank for each run of blanks and line breaks, and none at its ends.

    >>> single_spaces(" where  is\nit ")
    'where is it'
    """
    return " ".join(text.split())


def replace_urls(text: str) -> str:
    """Return `text` with the word `link` for each web address.

    >>> replace_urls("it says https://example.com/help?id=4 is down")
    'it says link is down'
    """
    replaced: str = _cleantext().replace_urls(text, LINK)
    return replaced


def replace_emails(text: str) -> str:
    """Return `text` with the word `email` for each e-mail address.

    >>> replace_emails("write to jo.doe@example.co.uk, please")
    'write to email, please'
    """
    replaced: str = _cleantext().replace_emails(text, EMAIL)
    return replaced


def _cleantext() -> ModuleType:
    logging.getLogger("cleantext").setLevel(logging.ERROR)  # it recommends a package that nothing here uses
    import cleantext

    return cast(ModuleType, cleantext)
