"""The stage slices: the accuracy on parts of the test rows, and what the parts are called."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stages import slices as stage
from textclf.metrics.listing import read_listing, write_listing
from textclf.outputs import ensure_parent
from tools.runs.run import open_run


def rows(**own: Sequence[object]) -> pd.DataFrame:
    """Forty test rows with columns of the source's own."""
    ids = [f"r{number}" for number in range(40)]
    texts = [f"{number} is the number of my parcel" for number in range(40)]
    table = pd.DataFrame({"id": ids, "text": texts, "label": "a", "split": "test"})
    return table.assign(**{f"source.{name}": pd.Series(values, dtype=object) for name, values in own.items()})


def predictions(right: int) -> pd.DataFrame:
    """Predictions of the forty rows, of which the first ones are right."""
    return pd.DataFrame({"id": rows()["id"], "actual": "a", "predicted": ["a"] * right + ["b"] * (40 - right)})


def test_a_slice_has_the_share_of_its_rows_that_are_right() -> None:
    table = rows(style=["hard"] * 20 + ["easy"] * 20).assign(used="test", tokens=8, truncated=False).set_index("id")
    found = stage.slice_accuracies(table, predictions(15).set_index("id"))
    assert found.to_numpy().tolist() == [["style", "easy", 20, 0.0], ["style", "hard", 20, 0.75]]


def test_an_empty_cell_turns_no_whole_number_into_another_name(in_tmp: Path) -> None:
    table = rows(level=[0] * 20 + [1] * 19 + [None], share=[0.5, 1.0] * 20)
    table.to_parquet(ensure_parent(stage.RAW))
    table[["id"]].assign(tokens=8, truncated=False).to_parquet(ensure_parent(stage.TOKENIZED))
    ensure_parent(stage.TRAIN).write_text("id,label\n")
    write_listing(predictions(40), stage.PREDICTIONS)
    stage.main()
    found = read_listing(stage.SLICES)
    assert found[["by", "slice"]].to_numpy().tolist() == [["level", "0"], ["share", "0.5"], ["share", "1.0"]]
    for name in ("train", "validation", "test"):
        ensure_parent(Path(f"data/splits/{name}.csv")).write_text("id,label\n")
    reviewed = open_run().rows
    assert reviewed["source.level"].astype(str).tolist()[:-1] == ["0"] * 20 + ["1"] * 19
