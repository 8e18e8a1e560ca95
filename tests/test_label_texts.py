"""What a label is called in plain words."""

import pytest

from textclf.data.label_texts import label_words


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("ऑर्डर_स्थिति", "ऑर्डर स्थिति"),  # vowel signs are no letters
        ("คืนเงิน-ช้า", "คืนเงิน ช้า"),
        ("cafe\u0301/menu", "caf\u00e9 menu"),
        ("\u2764\ufe0f_love", "love"),
        ("کارت‌ها", "کارتها"),
    ],
)
def test_a_sign_on_a_letter_cuts_no_word(label: str, words: str) -> None:
    assert label_words(label) == words
