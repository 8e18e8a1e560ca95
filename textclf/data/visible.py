"""What of a text a reader sees."""

import unicodedata

# Signs that are drawn as nothing although their category is not "format": joiners, fillers, variation selectors.
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
UNSEEN |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def visible(text: str) -> str:
    r"""Return `text` in Unicode's composed form, with single blanks and without signs that no reader sees.

    >>> visible(" caf\u200be\u0301\u200b  \ufe0f ") == "caf\u00e9"
    True
    """
    if not (text.isascii() and text.isprintable()):
        kept = (sign for sign in text if sign.isspace() or _is_seen(sign))
        text = unicodedata.normalize("NFC", "".join(kept))
    return " ".join(text.split())


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cf") and ord(sign) not in UNSEEN
