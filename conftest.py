"""The model in the example of `textclf.load`, which runs as a doctest."""

from pathlib import Path

import pytest

CLASSES = Path(__file__).parent / "plots" / "classes.csv"


@pytest.fixture(autouse=True)
def model_of_the_doctest(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a model with the default run's labels, of which order_status is the most frequent, and go where it is."""
    if isinstance(request.node, pytest.DoctestItem) and request.node.name == "textclf.load":
        import numpy as np
        import pandas as pd

        from tests.models import write_model
        from textclf.classifiers.baseline import MostFrequent

        labels = pd.read_csv(CLASSES)["label"].tolist()
        frequency = np.array([2.0 if label == "order_status" else 1.0 for label in labels])
        write_model(MostFrequent(labels, frequency / frequency.sum()), tmp_path / "models" / "classifier")
        monkeypatch.chdir(tmp_path)
