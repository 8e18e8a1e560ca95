"""Check: reject mistakes in params.yaml and in the specs that it names, before a stage removes its last outputs.

Every other stage comes after this one. It always writes the same bytes, so re-running it never invalidates them.
"""

from pathlib import Path

from textclf import process
from textclf.data.expectations import read_expectations
from textclf.data.source_spec import Source, read_source
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.errors import InputError
from textclf.outputs import ensure_parent
from textclf.params import Params, read_params
from textclf.teachers import check_teachers

PARAMS = Path("params.yaml")
SOURCES = Path("data/sources")
CHECKPOINTS = Path("models/checkpoints")
TEACHERS = Path("data/teachers")
EXPECTED = Path("data/robustness")
FURTHER = Path("data/augment")
CHECKED = Path("data/checked.txt")


def check_trainable(source: Source, params: Params) -> None:
    """Raise `InputError` for a data set without training rows, unless the method needs none."""
    if params.method != "zero_shot" and not source.has_train_file:
        raise InputError(
            f"params.yaml: method = {params.method!r}: {params.dataset} has no training rows; zero_shot needs none"
        )


def check_further_texts(params: Params) -> None:
    """Raise `InputError` if the file of `augment.file` is not there; the stage `augment` reads it."""
    name = params.augment.file
    if name and not (FURTHER / f"{name}.csv").is_file():
        known = ", ".join(sorted(file.stem for file in FURTHER.glob("*.csv"))) or "none so far"
        raise InputError(f"params.yaml: augment.file = {name!r}: no {FURTHER / name}.csv; allowed: {known}")


def main() -> None:
    """Write data/checked.txt."""
    params = read_params(PARAMS)
    check_trainable(read_source(params.dataset, SOURCES), params)
    read_checkpoint(params.model, CHECKPOINTS)
    check_teachers(params.distil.teachers if params.method == "distil" else [], TEACHERS)
    read_expectations(params.dataset, EXPECTED)
    check_further_texts(params)
    ensure_parent(CHECKED).write_text("params.yaml and its specs are valid\n", encoding="utf-8")


if __name__ == "__main__":
    process.run(main)
