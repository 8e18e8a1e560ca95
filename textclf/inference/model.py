"""A trained model as people use it: texts in, answers out, with its preparation, temperature and out-of-scope rule."""

import json
import shutil
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from textclf import classifiers
from textclf.atomic import replace_folder
from textclf.cache import cache_folder
from textclf.checksums import sha256
from textclf.classifiers.base import Loading, Predicted, Predictor
from textclf.errors import InputError
from textclf.inference.files import (
    CALIBRATION_FILE,
    CHECKSUMS,
    GRAPH,
    MODEL,
    OOS_FOLDER,
    PREPARATION_FOLDER,
    REPLIES_FILE,
    check_complete,
)
from textclf.oos import rule
from textclf.oos.labels import in_scope, is_out, kind_of
from textclf.oos.rule import OosRule
from textclf.preparation import preparation
from textclf.preparation.preparation import Preparation
from textclf.probabilities import Probabilities, softmax
from textclf.rows import Rows


@dataclass(frozen=True)
class Answers:
    """A model's answers to some texts.

    `probabilities` has shape (texts, labels): of the in-scope labels, adding up to 1. `predicted` holds the most
    probable label, or an out-of-scope label, of each text. `scores`, shape (texts,), is the out-of-scope score of
    each text, higher is further out; None without an out-of-scope rule. `truncated` tells which texts have more tokens
    than the model takes, so that their end was not read.
    """

    labels: list[str]
    probabilities: Probabilities
    predicted: list[str]
    scores: NDArray[np.float64] | None
    truncated: list[bool]

    @property
    def intents(self) -> list[str]:
        """The most probable in-scope label of each text."""
        return [self.labels[number] for number in self.probabilities.argmax(axis=1)]


@dataclass(frozen=True)
class Model:
    """A classifier with the preparation of its texts, and the temperature and rule that validation rows chose.

    `replies` are those to messages out of scope, by kind; `default` is for those of any other kind.
    """

    folder: Path
    preparation: Preparation
    classifier: Predictor
    temperature: float
    oos_rule: OosRule | None
    replies: dict[str, str] = field(default_factory=dict)

    @cached_property
    def labels(self) -> list[str]:
        """The in-scope labels, in the order of the probabilities."""
        return in_scope(self.classifier.labels)

    def predict(self, texts: list[str], batch_size: int = 64, desc: str = "") -> Answers:
        """Return the answers to `texts`, one or more, none empty; `desc` names the progress bar, none without it."""
        rows = self.rows(texts)
        predicted, cut = self.classifier.predict(rows, batch_size, desc), _truncated(self.classifier, rows)
        probabilities = self._probabilities(predicted)
        intents = [self.labels[number] for number in probabilities.argmax(axis=1)]
        if self.oos_rule is None:
            return Answers(self.labels, probabilities, intents, None, cut)
        scores, decided = self.oos_rule.predict(predicted.logits, predicted.vectors, intents)
        return Answers(self.labels, probabilities, decided, scores, cut)

    def reply(self, predicted: str) -> str | None:
        """Return the reply to a message with this answer; None if it is in scope, or if there are no replies."""
        return self.replies.get(kind_of(predicted), self.replies.get("default")) if is_out(predicted) else None

    def rows(self, texts: list[str]) -> Rows:
        """Return raw texts as prepared rows for the classifier, cut at the length that it was trained with."""
        return self.classifier.rows(self.preparation(texts))

    def probabilities(self, rows: Rows, batch_size: int, desc: str) -> Probabilities:
        """Return the probabilities of the in-scope labels, shape (rows, labels); `desc` names the progress bar."""
        return self._probabilities(self.classifier.predict(rows, batch_size, desc))

    def _probabilities(self, predicted: Predicted) -> Probabilities:
        return softmax(predicted.logits[:, : len(self.labels)] / self.temperature)

    def copy_rules(self, folder: Path) -> None:
        """Copy the files of preparation, temperature, out-of-scope rule and replies into `folder`."""
        shutil.copytree(self.folder / PREPARATION_FOLDER, folder / PREPARATION_FOLDER)
        shutil.copy(self.folder / CALIBRATION_FILE, folder)
        if (self.folder / REPLIES_FILE).is_file():  # a model of before 0.2.0 has none
            shutil.copy(self.folder / REPLIES_FILE, folder)
        shutil.copytree(self.folder / OOS_FOLDER, folder / OOS_FOLDER)

    def in_fp32(self) -> "Model":
        """Return the same model answering in fp32; it must have been loaded with `exact`."""
        return replace(self, classifier=replace(self.classifier, precision="fp32"))  # type: ignore[type-var]

    @cached_property
    def checksum(self) -> str:
        """The sha256, in hexadecimal, of the model's list of checksums, so of all of its files."""
        return sha256(self.folder / CHECKSUMS)


def load_model(folder: Path = MODEL, rev: str | None = None, exact: bool = False, device: str = "auto") -> Model:
    """Return the model in `folder`, or the pipeline's at the revision `rev`; `InputError` if it is not complete.

    `exact` is for a classifier that is to be saved again, and `device` is where it answers (see `Loading`). The folder
    is the pipeline's models/classifier, or one that `tools.export` or `tools.publish` wrote.
    """
    if rev is not None and folder != MODEL:
        raise InputError(f"a revision has {MODEL} alone: give {folder} or the revision {rev}, not both")
    if rev is not None:
        folder = _fetched(rev)
    check_complete(folder)
    temperature = _temperature(folder / CALIBRATION_FILE)
    try:
        prepared, oos_rule = preparation.load(folder / PREPARATION_FOLDER), rule.load(folder / OOS_FOLDER)
        classifier = _load_classifier(folder, Loading(exact=exact, device=device))
        replies = _replies(folder / REPLIES_FILE)
        return _tried(Model(folder, prepared, classifier, temperature, oos_rule, replies))
    except InputError:
        raise
    except ModuleNotFoundError as error:
        raise InputError(
            f"{folder} needs the Python package {error.name}, which is not installed: an exported model takes "
            "requirements/serve.txt, any other requirements.txt"
        ) from None
    except Exception as error:  # of many kinds: safetensors', tokenizers', KeyError of a config, ...
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(f"{folder} is damaged and can't be loaded ({cause}); rebuild the model") from None


def _tried(model: Model) -> Model:
    """Return `model` after an answer has shown that its parts fit together."""
    names = model.classifier.labels
    logits = model.classifier.predict(model.classifier.rows(names), 64, "").logits
    if len(set(names)) < len(names) or logits.shape[1] != len(names):
        raise ValueError("its labels are not those of its weights")
    if np.isnan(logits).any() or not np.isfinite(model.predict(["?"]).probabilities).all():
        raise ValueError("its probabilities are not finite")
    return model


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


def _load_classifier(folder: Path, loading: Loading) -> Predictor:
    if not (folder / GRAPH).is_file():
        return classifiers.load(folder, loading)
    from textclf.inference import onnx_classifier  # imports onnxruntime

    return onnx_classifier.load(folder)


def _truncated(classifier: Predictor, rows: Rows) -> list[bool]:
    """Return which rows were cut; only those that are as long as can be are tokenized once more."""
    tokenizer = getattr(classifier, "tokenizer", None)  # a baseline has none
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if backend is None or backend.truncation is None:
        return [False] * len(rows.ids)
    most = backend.truncation["max_length"]
    return [
        len(ids) >= most and len(backend.encode(text).overflowing) > 0
        for ids, text in zip(rows.input_ids, rows.texts, strict=True)
    ]


def _replies(path: Path) -> dict[str, str]:
    values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise InputError(f"{path} holds no replies by kind; rebuild the model")
    return values


def _temperature(path: Path) -> float:
    try:
        temperature = float(json.loads(path.read_text(encoding="utf-8"))["temperature"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise InputError(f"{path} holds no temperature; rebuild the model") from None
    if not 1e-3 <= temperature <= 1e3:
        raise InputError(f"{path}: temperature = {temperature}: 0.001 to 1000 is allowed; rebuild the model")
    return temperature
