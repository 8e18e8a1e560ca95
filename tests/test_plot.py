"""Plot: tables are read as they were written."""

from pathlib import Path

from stages.plot import CLASSES, read_classes
from textclf.outputs import ensure_parent


def test_labels_that_look_like_numbers_or_missing_values_stay_labels(in_tmp: Path) -> None:
    ensure_parent(CLASSES).write_text("label,f1\n1,0.5\nnull,0.25\nNA,0.75\n")
    table = read_classes()
    assert table["label"].tolist() == ["1", "null", "NA"]
    assert table["f1"].tolist() == [0.5, 0.25, 0.75]
