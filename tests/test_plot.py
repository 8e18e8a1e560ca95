"""Plot: tables are read as they were written."""

from pathlib import Path

from stages.plot import read_labelled


def test_labels_that_look_like_numbers_or_missing_values_stay_labels(in_tmp: Path) -> None:
    Path("classes.csv").write_text("label,f1\n1,0.5\nnull,0.25\nNA,0.75\n")
    table = read_labelled(Path("classes.csv"))
    assert table["label"].tolist() == ["1", "null", "NA"]
    assert table["f1"].tolist() == [0.5, 0.25, 0.75]
