"""Steps that clean a text: markup, broken encodings, blanks, addresses."""

import html
import re

LINK, EMAIL = "link", "email"  # plain words, which the vocabulary of a checkpoint has
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# A name, attributes that stand alone, then some with values: neither `<jo@example.com>` nor `a<b and c>d` is a tag.
ALONE = "async|border|checked|controls|disabled|hidden|multiple|noshade|nowrap|open|readonly|required|reversed|selected"
TAG = re.compile(
    rf"<(?:/?[a-z][a-z0-9:-]*+(?:\s++(?:{ALONE})\b)*+(?:\s[^<>=]*+=[^<>]*+|\s*+/?\s*+)|!doctype[^<>]*+)>", re.IGNORECASE
)
NO_CHARACTER = re.compile(r"&#[0-9]{20,}+;?")  # `html.unescape` raises at 4,301 digits
# Runs of signs are possessive (`++`): what they took they never give back, so that the time grows with the text alone.
URL = re.compile(
    r"(?<![\w/.])(?:(?:https?|ftp)://|www\d{0,3}\.)[\w%-]++(?:[.:@][\w%-]++)*+(?:[/?#][^\s)\]}]*+)?", re.IGNORECASE
)
LABEL = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"  # of a domain, between its dots
MAILBOX = re.compile(
    rf"(?<![\w@.+-])[\w+-]++(?:\.[\w+-]++)*+(?:@|[(<{{\[]at[)>}}\]])(?:{LABEL}\.)+[a-z][a-z0-9]++", re.IGNORECASE
)


def strip_html(text: str) -> str:
    """Return `text` with a blank for each comment and tag, and with its entities decoded.

    >>> strip_html("Great film!<br /><br />2 &lt; 3 &amp; 5 < 6")
    'Great film!  2 < 3 & 5 < 6'
    """
    last = text.rfind("-->") + 3  # what opens behind it never ends: looking for each end would take quadratic time
    shown = COMMENT.sub(" ", text[:last]) + text[last:]
    return html.unescape(NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", TAG.sub(" ", shown)))


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
    return URL.sub(LINK, text)


def replace_emails(text: str) -> str:
    """Return `text` with the word `email` for each e-mail address.

    >>> replace_emails("write to jo.doe@example.co.uk, please")
    'write to email, please'
    """
    return MAILBOX.sub(EMAIL, text)
