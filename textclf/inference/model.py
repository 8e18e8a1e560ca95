"""A trained model as people use it: texts in, answers out, with its temperature and out-of-scope rule applied."""

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf import classifiers
from textclf.atomic import replace_folder
from textclf.cache import cache_folder
from textclf.checksums import sha256
from textclf.classifiers.base import Predictor
from textclf.errors import InputError
from textclf.inference.files import CALIBRATION_FILE, CHECKSUMS, GRAPH, MODEL, OOS_FOLDER, check_complete
from textclf.oos import rule
from textclf.oos.labels import in_scope
from textclf.oos.rule import OosRule
from textclf.probabilities import Probabilities, softmax


@dataclass(frozen=True)
class Answers:
    """A model's answers to some texts.

    `probabilities` has shape (texts, labels): of the in-scope labels, adding up to 1. `predicted` holds the most
    probable label, or an out-of-scope label, of each text. `scores`, shape (texts,), is the out-of-scope score of
    each text, higher is further out; None without an out-of-scope rule.
    """

    labels: list[str]
    probabilities: Probabilities
    predicted: list[str]
    scores: NDArray[np.float64] | None

    @property
    def intents(self) -> list[str]:
        """The most probable in-scope label of each text."""
        return [self.labels[number] for number in self.probabilities.argmax(axis=1)]


@dataclass(frozen=True)
class Model:
    """A classifier with the temperature and the out-of-scope rule that were chosen on validation rows."""

    folder: Path
    classifier: Predictor
    temperature: float
    oos_rule: OosRule | None

    @cached_property
    def labels(self) -> list[str]:
        """The in-scope labels, in the order of the probabilities."""
        return in_scope(self.classifier.labels)

    def predict(self, texts: list[str], batch_size: int = 64) -> Answers:
        """Return the answers to `texts`, one or more, none empty."""
        predicted = self.classifier.predict(self.classifier.rows(texts), batch_size, "")
        probabilities = softmax(predicted.logits[:, : len(self.labels)] / self.temperature)
        intents = [self.labels[number] for number in probabilities.argmax(axis=1)]
        if self.oos_rule is None:
            return Answers(self.labels, probabilities, intents, None)
        scores, decided = self.oos_rule.predict(predicted.logits, predicted.vectors, intents)
        return Answers(self.labels, probabilities, decided, scores)

    def copy_rules(self, folder: Path) -> None:
        """Copy the files of temperature and out-of-scope rule into `folder`."""
        shutil.copy(self.folder / CALIBRATION_FILE, folder)
        shutil.copytree(self.folder / OOS_FOLDER, folder / OOS_FOLDER)

    @cached_property
    def checksum(self) -> str:
        """The sha256, in hexadecimal, of the model's list of checksums, so of all of its files."""
        return sha256(self.folder / CHECKSUMS)


def load_model(folder: Path = MODEL, rev: str | None = None) -> Model:
    """Return the model in `folder`, or the pipeline's at the revision `rev`; `InputError` if it is not complete.

    The folder is the pipeline's models/classifier, or one that `tools.export` or `tools.publish` wrote.
    """
    if rev is not None and folder != MODEL:
        raise InputError(f"a revision has {MODEL} alone: give {folder} or the revision {rev}, not both")
    if rev is not None:
        folder = _fetched(rev)
    check_complete(folder)
    temperature = float(_read_json(folder / CALIBRATION_FILE)["temperature"])
    return Model(folder, _load_classifier(folder), temperature, rule.load(folder / OOS_FOLDER))


def _fetched(rev: str) -> Path:
    """Return the folder of the pipeline's model at `rev`, kept in the cache for the next time."""
    from textclf.revisions import resolve  # imports dvc, which takes a second

    revision = resolve(rev)
    if revision.sha is None:
        return MODEL
    copy = cache_folder("models") / revision.sha
    if not copy.is_dir():
        with replace_folder(copy) as part:
            revision.fetch(MODEL.as_posix(), part / MODEL.name)
            if not (part / MODEL.name / CHECKSUMS).is_file():
                raise InputError(
                    f"the model at {rev} is from before 0.2.0 and has no {CHECKSUMS}; check out {rev} to use it"
                )
    return copy / MODEL.name


def _load_classifier(folder: Path) -> Predictor:
    if not (folder / GRAPH).is_file():
        return classifiers.load(folder)
    from textclf.inference import onnx_classifier  # imports onnxruntime

    return onnx_classifier.load(folder)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"{path} is not valid JSON; run dvc repro to recreate it") from None
    return values
