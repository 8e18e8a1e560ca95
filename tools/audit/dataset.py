"""The data set that params.yaml names: its corrections file, and what data/ doesn't hold of it."""

from pathlib import Path

from textclf.data.corpus import read_corpus
from textclf.data.source_spec import read_source
from textclf.errors import InputError
from textclf.params import read_params
from textclf.specs import read_yaml

SOURCES, LOCK = Path("data/sources"), Path("dvc.lock")


def corrections_file() -> Path:
    """Return the corrections file of the data set; `InputError` without one, or if data/ is of another data set."""
    dataset = read_params().dataset
    if (made := _made_from()) != dataset:
        found = "no data set that dvc.lock names" if made is None else repr(made)
        raise InputError(f"params.yaml: dataset = {dataset!r}, but data/ was made from {found}; run dvc repro")
    if (path := read_source(dataset, SOURCES).corrections) is None:
        raise InputError(
            f"data/sources/{dataset}.yaml names no corrections file; add a line such as "
            f"corrections: data/corrections/{dataset}.csv"
        )
    return path


def texts_left_out() -> list[str]:
    """Return the texts of the source's out-of-scope rows if data/ lacks them, as it does with `oos.method: none`.

    `download` looks at them all the same when it adds a row.
    """
    params = read_params()
    source = read_source(params.dataset, SOURCES).model_copy(update={"corrections": None})
    if params.oos.method != "none" or source.out_of_scope is None:
        return []
    oos = params.oos.model_copy(update={"method": "threshold", "held_out": []})
    return list(read_corpus(source, params.dataset, oos).out_of_scope["text"])


def _made_from() -> str | None:
    """Return the data set of the last `dvc repro`, or None if there was none."""
    stages = read_yaml(LOCK).get("stages", {}) if LOCK.is_file() else {}
    dataset: str | None = stages.get("download", {}).get("params", {}).get("params.yaml", {}).get("dataset")
    return dataset
