"""The splits that rows are divided into."""

SPLITS = ("train", "validation", "test")
