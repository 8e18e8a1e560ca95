"""Every door through which a text comes in prepares it alike: the stage, `load`, command, service, export."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from stages import tokenize
from tests.models import write_model
from tests.toys import LABELS, params
from textclf.classifiers.encoder import Encoder
from textclf.errors import InputError
from textclf.inference.files import PREPARATION_FOLDER, write_checksums
from textclf.inference.model import Model, load_model
from textclf.outputs import write_json
from textclf.preparation.preparation import STEPS
from textclf.rows import read_tokens
from tools.export import onnx_graph
from tools.predict import score_file
from tools.predict.score_file import Job
from tools.serve.app import create_app
from tools.serve.limits import Limits

pytestmark = pytest.mark.slow
TRAINING = ["where is my parcel", "please cancel the order", "I want my money back"] * 3
WORN = [
    "wehre is my parcle",
    "Paid £12.50 on Friday<br />",
    "see www.example.com  now",
    "donâ€™t",
    "cancel teh oredr 4711",
]
TEXTS = [f"{WORN[number % len(WORN)]} {number}" for number in range(100)]


@pytest.fixture(scope="module")
def model(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Model:
    names = dict(enumerate(LABELS))
    network = AutoModelForSequenceClassification.from_pretrained(tiny("bert"), num_labels=3, id2label=names)
    encoder = Encoder(network.eval(), AutoTokenizer.from_pretrained(tiny("bert"), model_max_length=16), "fp32")
    folder = tmp_path_factory.mktemp("prepared")
    return load_model(write_model(encoder, folder, steps=[*STEPS, "spelling"], training=TRAINING))


@pytest.fixture(scope="module")
def client(model: Model) -> Iterator[TestClient]:
    with TestClient(create_app(model, "0123456789abcdef", Limits())) as made:
        yield made


def test_the_steps_change_what_the_classifier_reads(model: Model) -> None:
    prepared = model.preparation(TEXTS[:5])
    assert prepared[0] == "where is my parcel number"
    assert prepared[1] == "Paid amount on date number"
    bare = model.classifier.predict(model.classifier.rows(TEXTS), 64, "").logits
    assert not np.allclose(bare, model.classifier.predict(model.rows(TEXTS), 64, "").logits)


def test_training_tokenizes_what_the_model_reads_and_counts_it(
    model: Model, tiny: Callable[[str], Path], in_tmp: Path
) -> None:
    shutil.copytree(tiny("bert"), tokenize.CHECKPOINTS / "tiny")
    values = params(model="tiny", max_length=16, prepare=list(model.preparation.names))
    write_json(Path("params.yaml"), values.model_dump())
    shutil.copytree(model.folder / PREPARATION_FOLDER, tokenize.PREPARATION)
    texts = [*TEXTS, f"ᚠᚢᚦ {'please ' * 20}"]
    rows = pd.DataFrame({"id": [str(number) for number in range(len(texts))], "text": texts})
    tokenize.RAW.parent.mkdir(parents=True)
    rows.to_parquet(tokenize.RAW)
    rows.head(1).to_parquet(tokenize.OUT_OF_SCOPE)
    write_json(tokenize.LABEL_TEXTS, {})
    tokenize.main()
    trained = read_tokens(tokenize.TOKENIZED / "rows.parquet")["input_ids"]
    assert [list(ids) for ids in trained] == [list(ids) for ids in model.rows(texts).input_ids]
    sizes = [len(ids) for ids in AutoTokenizer.from_pretrained(tiny("bert"))(model.preparation(texts))["input_ids"]]
    assert json.loads(tokenize.METRICS.read_text()) == {
        "unknown_tokens": 1,
        "truncated_rows": 1,
        "mean_tokens": round(sum(sizes) / 101, 2),
        "longest_tokens": 23,
    }


def test_the_command_and_the_service_answer_as_load_does_and_with_the_raw_text(
    model: Model, client: TestClient, tmp_path: Path
) -> None:
    answers = model.predict(TEXTS)
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    score_file.run(Job(tmp_path / "in.csv", "text", tmp_path / "out.csv"), model, resume=False)
    scored = pd.read_csv(tmp_path / "out.csv")
    assert scored["text"].tolist() == TEXTS
    assert scored["predicted"].tolist() == answers.predicted
    np.testing.assert_allclose(scored["confidence"], answers.probabilities.max(axis=1), atol=1e-5)
    served = [
        answer
        for start in range(0, 100, 10)
        for answer in client.post("/predict", json={"text": TEXTS[start : start + 10]}).json()["predictions"]
    ]
    assert [answer["label"] for answer in served] == answers.predicted


def test_an_export_prepares_as_the_model_does(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "onnx"
    onnx_graph.save(model.classifier, folder, int8=False)
    model.copy_rules(folder)
    write_checksums(folder)
    exported = load_model(folder)
    assert exported.preparation.names == model.preparation.names
    np.testing.assert_allclose(exported.predict(TEXTS).probabilities, model.predict(TEXTS).probabilities, atol=1e-4)


def test_a_model_without_its_preparation_is_refused(model: Model, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model.folder, tmp_path / "copy"))
    shutil.rmtree(copy / "preparation")
    with pytest.raises(InputError, match=r"is not complete: preparation/.* is missing"):
        load_model(copy)
    listed = json.loads((copy / "checksums.json").read_text())
    kept = {name: checksum for name, checksum in listed.items() if not name.startswith("preparation")}
    (copy / "checksums.json").write_text(json.dumps(kept))
    with pytest.raises(
        InputError, match=r"lists no preparation/steps\.json: a classifier without its rules; rebuild it"
    ):
        load_model(copy)
