"""What the stage `robustness` changes texts with. Nothing of it may be used in training; a test compares both lists."""

from pathlib import Path

from textclf.changes.keyboards import neighbors
from textclf.changes.word_lists import WordLists, read_misspellings

KEYBOARDS = ("qwerty", "azerty")

REPORT = WordLists(
    keyboards=tuple(neighbors(name) for name in KEYBOARDS),
    misspellings=read_misspellings(Path(__file__).with_suffix(".txt")),
    greetings=("hi,", "Hi there,", "Hello,", "hello team,", "Good morning,", "Good afternoon!", "good evening,"),
    thanks=("thanks", "Thanks!", "thank you", "Thank you!", "Many thanks", "thanks in advance", "thanks a lot"),
    emojis=("😊", "🙏", "😡", "👍", "😭", "🤷", "😅😅", "❗", ":)"),
)
