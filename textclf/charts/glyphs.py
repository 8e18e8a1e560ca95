"""Letters that the pictures' font does not have."""

import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib.font_manager import FontProperties, findfont, get_font

SAID: set[str] = set()  # scripts of which a person knows that the pictures have no glyphs


@contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Silence matplotlib, which warns of each letter that has no glyph each time; `save` says it once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def say_missing(text: str) -> None:
    """Print one line that names the scripts of letters without a glyph, unless it was said before.

    Fonts of the machine would draw some of them, and with them the bytes would depend on the machine.
    """
    known = get_font(findfont(FontProperties())).get_charmap()
    missing = {_script(letter) for letter in set(text) if ord(letter) not in known and letter.isprintable()}
    if missing - SAID:
        names = ", ".join(sorted(missing - SAID))
        SAID.update(missing)
        boxes = f"pictures have boxes for letters that their font doesn't have ({names})"
        print(f"{boxes}; numbers and CSV files are complete", file=sys.stderr)


def _script(letter: str) -> str:
    """Return the first word of a letter's Unicode name, and `symbols` for all symbols, which have no such word.

    >>> _script("退"), _script("ไ"), _script("🛒")
    ('CJK', 'THAI', 'symbols')
    """
    others = {"S": "symbols", "P": "punctuation"}
    return others.get(unicodedata.category(letter)[0]) or unicodedata.name(letter, "other").split()[0]
