"""Export: the graph answers as the classifier does, byte for byte the same each time, and without torch."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from packaging.utils import canonicalize_name
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.conftest import ROOT, Clone
from tests.models import write_model
from tests.toys import LABELS
from textclf.classifiers.baseline import MostFrequent
from textclf.classifiers.encoder import Encoder
from textclf.classifiers.frozen_linear import Features
from textclf.encoders.checkpoints import Checkpoint
from textclf.encoders.pretrained import load_body
from textclf.errors import InputError
from textclf.inference import onnx_classifier
from textclf.inference.files import write_checksums
from textclf.inference.model import load_model
from tools.export import export as export_module
from tools.export import onnx_graph
from tools.export.__main__ import main
from tools.export.export import difference_in_fp32
from tools.export.report import verify
from tools.predict.__main__ import main as predict_main

pytestmark = pytest.mark.slow
TEXTS = ["where is my parcel?", "refund", "a b c d e f g h i j k l m n o p q r s t u v w x y z", "hello there"]
Made = Encoder | Features


def encoder(checkpoint: Path) -> Encoder:
    names = dict(enumerate(LABELS))
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=3, id2label=names)
    return Encoder(model.eval(), AutoTokenizer.from_pretrained(checkpoint, model_max_length=16), "fp32")


def features(checkpoint: Path, pooling: str, labels: int, unit: bool = False) -> Features:
    body, random = load_body(checkpoint), np.random.default_rng(0)
    regression = LogisticRegression().fit(random.normal(size=(60, 32)), np.arange(60) % labels)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, model_max_length=16)
    spec = Checkpoint(folder=str(checkpoint))
    return Features(spec, body, tokenizer, pooling, LABELS[:labels], regression, "fp32", unit=unit)


@pytest.fixture(scope="module")
def made(tiny: Callable[[str], Path]) -> dict[str, Made]:
    return {
        "bert": encoder(tiny("bert")),
        "roberta": encoder(tiny("roberta")),
        "features-mean": features(tiny("bert"), "mean", 3),
        "features-cls": features(tiny("distilbert"), "cls", 2),
        "features-unit": features(tiny("bert"), "mean", 3, unit=True),
    }


@pytest.fixture(scope="module")
def graphs(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Export a case, once for all tests."""
    folder = tmp_path_factory.mktemp("graphs")

    def once(case: str, int8: bool = False, name: str = "") -> Path:
        path = folder / f"{case}{int8}{name}"
        if not path.exists():
            onnx_graph.save(made[case], path, int8)
        return path

    return once


@pytest.mark.parametrize("case", ["bert", "roberta", "features-mean", "features-cls", "features-unit"])
def test_the_graph_gives_the_same_logits_and_vectors(
    made: dict[str, Made], graphs: Callable[..., Path], case: str
) -> None:
    classifier, graph = made[case], onnx_classifier.load(graphs(case))
    assert graph.labels == classifier.labels
    for size in (1, 3):
        ours, theirs = (c.predict(c.rows(TEXTS), size, "") for c in (classifier, graph))
        np.testing.assert_allclose(theirs.logits, ours.logits, atol=1e-4)
        np.testing.assert_allclose(theirs.vectors, ours.vectors, atol=1e-4)  # type: ignore[arg-type]
    assert [len(ids) for ids in graph.rows(TEXTS).input_ids] == [len(ids) for ids in classifier.rows(TEXTS).input_ids]
    assert max(len(ids) for ids in graph.rows(TEXTS).input_ids) == 16
    if isinstance(classifier, Encoder):
        assert classifier.model.config._attn_implementation == "sdpa"  # as before the export


def test_8_bits_are_smaller_and_close(graphs: Callable[..., Path]) -> None:
    sizes = [(graphs("bert", int8) / "model.onnx").stat().st_size for int8 in (False, True)]
    assert sizes[1] < 0.4 * sizes[0]
    exact, small = (onnx_classifier.load(graphs("bert", int8)) for int8 in (False, True))
    difference = exact.predict(exact.rows(TEXTS), 4, "").logits - small.predict(small.rows(TEXTS), 4, "").logits
    assert 0 < np.abs(difference).max() < 0.5


def test_two_exports_are_the_same_bytes_without_a_path(graphs: Callable[..., Path]) -> None:
    one, two = (graphs("bert", True, name) for name in ("", "again"))
    for file in sorted(one.iterdir()):
        assert file.read_bytes() == (two / file.name).read_bytes(), file.name
    assert b".py" not in (one / "model.onnx").read_bytes()


def test_a_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="method baseline has no network to export"):
        onnx_graph.save(MostFrequent(LABELS, np.full(3, 1 / 3)), tmp_path / "graph", int8=False)
    assert not (tmp_path / "graph").exists()


def test_the_comparison_shows_how_far_it_is(
    made: dict[str, Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("textclf.progress.EVERY", 0.0)
    model = load_model(write_model(made["bert"], tmp_path / "model"), exact=True)
    run: Any = SimpleNamespace(test_texts=TEXTS, predictions={"actual": np.array(["a", "b", "c", "a"])})
    assert verify({"before": model, "after": model}, model.predict(TEXTS), run)["answer_agreement"] == 1
    assert difference_in_fp32(model, model.predict(TEXTS), TEXTS) == 0
    names = [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert names == ["verify before", "fp32 before"]


def test_a_graph_with_other_probabilities_is_not_exported(
    made: dict[str, Made], graphs: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = graphs("roberta")
    monkeypatch.setattr(onnx_graph, "save", lambda classifier, folder, int8: shutil.copytree(another, folder))
    monkeypatch.setattr(export_module, "verify", Mock())
    model = load_model(write_model(made["bert"], tmp_path / "model"), exact=True)
    run: Any = SimpleNamespace(test_texts=TEXTS)
    with pytest.raises(InputError) as error:
        export_module.export(model, run, tmp_path / "onnx", int8=False)
    one, other = (found.predict(TEXTS).probabilities for found in (model, load_model(tmp_path / "onnx")))
    difference = float(f"{np.abs(one - other).max():.2g}")
    assert difference > 0.0001
    message = f"the graph's probabilities differ by up to {difference} from the classifier's; not exported"
    assert str(error.value) == message
    assert not (tmp_path / "onnx/export.json").exists()


SERVING = """
import sys
sys.modules |= dict.fromkeys({others})  # as if they were not installed
sys.argv = ["predict", "refund", "--model", "onnx"]
from textclf import load
from tools.predict.__main__ import main
from tools.serve.app import create_app
from tools.serve.limits import Limits
create_app(load("onnx"), "0", Limits())
main()
"""


def test_an_exported_model_needs_no_package_but_those_of_serve_txt(
    made: dict[str, Made], graphs: Callable[..., Path], tmp_path: Path
) -> None:
    shutil.copytree(graphs("bert"), tmp_path / "onnx")
    load_model(write_model(made["bert"], tmp_path / "model")).copy_rules(tmp_path / "onnx")
    write_checksums(tmp_path / "onnx")
    lines = (ROOT / "requirements/serve.txt").read_text().splitlines()
    listed = {canonicalize_name(line.partition("==")[0]) for line in lines}
    owners = {name: set(map(canonicalize_name, found)) for name, found in packages_distributions().items()}
    others = [name for name, found in owners.items() if not found & listed]
    assert "torch" in others
    code = SERVING.format(others=others)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "refund"


@pytest.mark.parametrize("part", ["model.onnx", "config.json", "tokenizer.json"])
def test_a_part_that_is_broken_is_said(graphs: Callable[..., Path], tmp_path: Path, part: str) -> None:
    shutil.copytree(graphs("bert"), tmp_path / "broken")
    (tmp_path / "broken" / part).write_text("{}")
    with pytest.raises(InputError, match="is not a complete exported model"):
        onnx_classifier.load(tmp_path / "broken")


@pytest.fixture(scope="module")
def exported(trained: Clone) -> Iterator[Clone]:
    trained.run("python", "-m", "tools.export", "--format", "onnx")
    yield trained
    shutil.rmtree(trained.folder / "exported")


def test_an_export_is_verified_on_the_test_rows(exported: Clone) -> None:
    report = json.loads(exported.read("exported/onnx/export.json"))
    scores = json.loads(exported.read("metrics/test.json"))
    assert report["rows"] == scores["rows"]
    assert report["commit"] == exported.run("git", "rev-parse", "HEAD").strip()
    assert report["label_agreement"] == report["answer_agreement"] == 1
    for side in ("before", "after"):
        assert report[side]["accuracy"] == scores["accuracy"]
        assert min(report[side].values()) > 0
    files = {path.name for path in (exported.folder / "exported/onnx").iterdir()}
    assert {"model.onnx", "config.json", "tokenizer.json"} <= files
    assert {"calibration.json", "oos", "checksums.json", "export.json", "README.md"} <= files
    assert not list((exported.folder / "exported").glob("*.part"))
    assert "exported" not in exported.run("git", "status", "--short")


def test_the_exported_folder_answers_as_the_model_without_torch(exported: Clone, typed: Callable[..., str]) -> None:
    one, other = (
        typed(predict_main, exported.folder, *TEXTS, "--top", "24", "--model", folder)
        for folder in ("models/classifier", "exported/onnx")
    )
    assert one == other
    loaded = exported.run(
        "python", "-c", "import sys; from pathlib import Path; from textclf import load;"
        "from tools.serve.__main__ import model_commit; print(model_commit(Path('exported/onnx'), None));"
        "load('exported/onnx').predict(['x']); print(sorted({'torch', 'transformers'} & set(sys.modules)))",
    )  # fmt: skip
    assert loaded.split() == [exported.run("git", "rev-parse", "HEAD").strip(), "[]"]


def test_mistakes_get_one_sentence_and_leave_nothing(exported: Clone, typed: Callable[..., str]) -> None:
    def refused(*arguments: str) -> str:
        return typed(main, exported.folder, "--format", "onnx", *arguments, fails=True)

    assert "error: stages exists and is not an export; choose another folder with --out" in refused("--out", "stages")
    assert "error: 'nowhere' is not a commit, branch, tag or experiment here" in refused("--rev", "nowhere")
    exported.set(lr=0.5)
    assert "lr is 0.5 but was 0.001 when stage train ran" in refused()
    assert "label_agreement" in exported.read("exported/onnx/export.json").decode()
