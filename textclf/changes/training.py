"""What training texts are changed with: nothing that the stage `robustness` uses, so that its scores stay honest."""

from pathlib import Path

from textclf.changes.keyboards import neighbors
from textclf.changes.word_lists import WordLists, read_misspellings

TRAINING = WordLists(
    keyboards=tuple(neighbors(name, without=("qwerty", "azerty")) for name in ("qwertz", "colemak", "dvorak")),
    misspellings=read_misspellings(Path(__file__).with_suffix(".txt")),
    greetings=("hey,", "Hey guys,", "hiya", "Greetings,", "Dear Sir or Madam,", "howdy,", "yo", "Excuse me,"),
    thanks=("cheers", "Cheers!", "thx", "ty!", "much appreciated", "Kind regards", "appreciate it", "tia"),
    emojis=("🙂", "😂", "😢", "😠", "🤔", "😩", "👋👋", "❤️", "‼️", ":-("),
)
