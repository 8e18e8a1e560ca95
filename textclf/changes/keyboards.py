"""Keyboards, and which keys lie beside each other on them."""

# The three rows of letters; an apostrophe or a dot keeps the place of a key that types no letter.
ROWS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
    "qwertz": ("qwertzuiop", "asdfghjkl", "yxcvbnm"),
    "colemak": ("qwfpgjluy", "arstdhneio", "zxcvbkm"),
    "dvorak": ("...pyfgcrl", "aoeuidhtns", ".qjkxbmwvz"),
}
OFFSETS = (0.0, 0.25, 0.75)  # of the rows, in widths of a key

Neighbors = dict[str, str]  # a letter and those beside it


def neighbors(keyboard: str, without: tuple[str, ...] = ()) -> Neighbors:
    """Return the letters beside each letter of `keyboard`, without those beside it on the keyboards `without`.

    >>> neighbors("qwerty")["g"]
    'bfhtvy'
    >>> neighbors("qwertz", without=("qwerty",))["t"]
    'z'
    """
    taken = [neighbors(name) for name in without]
    keys = {
        letter: (place + offset, row)
        for row, (letters, offset) in enumerate(zip(ROWS[keyboard], OFFSETS, strict=True))
        for place, letter in enumerate(letters)
        if letter.isalpha()
    }
    near: Neighbors = {}
    for letter, (x, row) in keys.items():
        beside = {other for other, (x2, row2) in keys.items() if abs(x - x2) <= 1 and abs(row - row2) <= 1} - {letter}
        found = beside - {other for known in taken for other in known.get(letter, "")}
        if found:
            near[letter] = "".join(sorted(found))
    return near
