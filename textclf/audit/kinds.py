"""The kinds of issues that a row can have."""

# In the order in which they are counted.
KINDS = ("conflict", "near_test", "duplicate", "near_duplicate", "outlier", "label", "disagreement")

# Where each stands in the list of rows to look at: doubts about a label come first.
PLACES = {
    "conflict": 0,
    "label": 1,
    "disagreement": 1,  # the two are one list, the most suspect first
    "near_test": 2,
    "duplicate": 3,
    "near_duplicate": 4,
    "outlier": 5,
}
