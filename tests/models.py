"""Toy models in a folder, as stage package writes them: classifier, preparation, temperature, rule, checksums."""

from collections.abc import Sequence
from pathlib import Path

from tests.toys import task
from textclf import classifiers
from textclf.classifiers.base import Classifier
from textclf.inference.files import CALIBRATION_FILE, OOS_FOLDER, PREPARATION_FOLDER, write_checksums
from textclf.methods import baseline
from textclf.oos import rule
from textclf.oos.rule import OosRule
from textclf.outputs import write_json
from textclf.preparation import preparation


def write_model(
    classifier: Classifier,
    folder: Path,
    temperature: float = 1.0,
    oos: OosRule | None = None,
    steps: Sequence[str] = (),
    training: Sequence[str] = (),
) -> Path:
    """Write a whole model into `folder`, and return that; its preparation learns from the texts `training`."""
    classifiers.save(classifier, folder)
    preparation.fit(steps, training, "en", [], folder / PREPARATION_FOLDER)
    write_rules(folder, temperature, oos)
    return folder


def write_rules(folder: Path, temperature: float, oos: OosRule | None) -> None:
    """Write temperature and rule into the model in `folder`, and the checksums that then hold."""
    write_json(folder / CALIBRATION_FILE, {"temperature": temperature})
    (folder / OOS_FOLDER).mkdir(exist_ok=True)
    if oos is None:
        rule.save_none(folder / OOS_FOLDER)
    else:
        oos.save(folder / OOS_FOLDER)
    write_checksums(folder)


def write_words_model(checkpoint: Path, folder: Path) -> Path:
    """Write a model of words: what comes after `aaa`, `bbb` and `ccc`, of the labels a, b and c, plays no part."""
    trained = baseline.train(task(checkpoint, folder, method="baseline"))
    return write_model(trained.classifier, folder / "model")
