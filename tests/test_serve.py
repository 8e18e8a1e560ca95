"""The service: answers, limits, back-pressure, and no message text where it doesn't belong."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.conftest import ROOT
from tests.models import write_words_model
from textclf.errors import InputError
from textclf.inference.model import Answers, Model, load_model
from textclf.oos.rule import OosRule
from tools.serve.__main__ import model_commit
from tools.serve.app import create_app
from tools.serve.limits import Limits

COMMIT = "0123456789abcdef"
SECRET = "aaa, and my number is 4711"


@pytest.fixture(scope="module")
def folder(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words_model(tiny("bert"), tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model(folder)


@pytest.fixture
def client(model: Model) -> Iterator[TestClient]:
    with TestClient(create_app(model, COMMIT, Limits(texts=3, chars=40))) as made:
        yield made


def test_one_text_and_a_list(client: TestClient, model: Model) -> None:
    (one,) = client.post("/predict", json={"text": "aaa please"}).json()["predictions"]
    assert (one["label"], one["out_of_scope"], one["kind"]) == ("a", False, None)
    assert one["labels"][0]["label"] == "a"
    assert sum(entry["probability"] for entry in one["labels"]) == pytest.approx(1, abs=1e-5)
    assert one["labels"][0]["probability"] == pytest.approx(model.predict(["aaa please"]).probabilities.max(), abs=1e-6)
    several = client.post("/predict", json={"text": ["ccc", "bbb"]}).json()["predictions"]
    assert [answer["label"] for answer in several] == ["c", "b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"text": "x" * 41}, "String should have at most 40 characters"),
        ({"text": ["x"] * 4}, "List should have at most 3 items"),
        ({"text": []}, "List should have at least 1 item"),
        ({"text": "  "}, "String should have at least 1 character"),
        ({"text": 7}, "Input should be a valid string"),
        ({}, "Field required"),
    ],
)
def test_what_is_beyond_the_limits_is_refused_with_the_limit(
    client: TestClient, body: dict[str, object], message: str
) -> None:
    refused = client.post("/predict", json=body)
    assert refused.status_code == 422
    assert message in refused.text


def test_an_enormous_body_is_not_even_read(client: TestClient) -> None:
    assert client.post("/predict", json={"text": "x" * 10_000}).status_code == 413
    endless = client.post("/predict", content=iter([b'{"text": "aaa"}']))
    assert (endless.status_code, endless.json()) == (411, {"detail": "content-length is needed"})


def test_out_of_scope_is_said(model: Model) -> None:
    rule = OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=0.5)
    with TestClient(create_app(replace(model, oos_rule=rule), COMMIT, Limits())) as strict:
        (found,) = strict.post("/predict", json={"text": "zzz"}).json()["predictions"]
    assert (found["label"], found["out_of_scope"]) == (None, True)


class Slow:
    """A model that waits until it is let go."""

    def __init__(self, model: Model) -> None:
        self.model, self.go = model, threading.Event()
        self.labels, self.checksum = model.labels, model.checksum

    def predict(self, texts: list[str]) -> Answers:
        self.go.wait(20)
        return self.model.predict(texts)


def test_a_full_queue_answers_503(model: Model) -> None:
    slow = Slow(model)
    with TestClient(create_app(slow, COMMIT, Limits(texts=2, batch=1, queue=2))) as busy:  # type: ignore[arg-type]
        found: list[int] = []

        def ask() -> None:
            found.append(busy.post("/predict", json={"text": "aaa"}).status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        threads[0].start()
        until = time.monotonic() + 10
        while "batch_texts_count 1" not in busy.get("/metrics").text:  # the first is being worked on
            assert time.monotonic() < until
        for thread in threads[1:]:
            thread.start()
        while "waiting_texts 2" not in busy.get("/metrics").text:
            assert time.monotonic() < until
        refused = busy.post("/predict", json={"text": "aaa"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        slow.go.set()
        for thread in threads:
            thread.join()
    assert found == [200, 200, 200]


def test_the_page_says_what_is_served_and_needs_nothing_from_outside(client: TestClient, model: Model) -> None:
    page = client.get("/").text
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", page)
    assert COMMIT in page
    assert model.checksum in page
    assert client.get("/about").json()["commit"] == COMMIT
    assert client.get("/health").json() == {"status": "ok"}
    schema = client.get("/openapi.json").json()
    assert "where is my parcel?" in json.dumps(schema)


def test_the_description_of_the_interface_needs_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/docs").text
    needed = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert len(needed) >= 3
    for address in needed:
        assert address.startswith("/")
        assert client.get(address).status_code == 200


def test_no_text_is_in_logs_or_metrics(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    client.post("/predict", json={"text": SECRET})
    client.get(f"/{SECRET}")
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert lines[0] | {"ms": 0} == {"method": "POST", "path": "/predict", "status": 200, "ms": 0}
    metrics = client.get("/metrics").text
    assert "4711" not in logged + metrics
    assert 'requests_total{path="/predict",status="200"} 1.0' in metrics
    assert 'requests_total{path="other",status="404"} 1.0' in metrics


def test_the_commit_that_an_export_names_is_served_and_of_another_folder_none_is_known(tmp_path: Path) -> None:
    assert model_commit(tmp_path, None) == "unknown"
    (tmp_path / "export.json").write_text('{"format": "onnx"}')
    assert model_commit(tmp_path, None) == "unknown"
    (tmp_path / "export.json").write_text('{"commit": "0123"}')
    assert model_commit(tmp_path, None) == "0123"
    (tmp_path / "export.json").write_text("{")
    with pytest.raises(InputError, match=r"export.json is not valid JSON; export the model again$"):
        model_commit(tmp_path, None)


def test_it_listens_on_loopback_answers_and_ends_cleanly(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tools.serve", "--model", str(folder), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
            until = time.monotonic() + 20
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as response:
                        assert response.status == 200
                        break
                except OSError:
                    assert time.monotonic() < until
                    time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none"], "error: none is not a model: it has no checksums.json; dvc repro makes"),
        (["--rev", "nowhere"], "error: 'nowhere' is not a commit, branch, tag or experiment here"),
        (["--max-texts", "9", "--max-queue", "8"], "--max-queue must hold at least one request of --max-texts"),
    ],
)
def test_mistakes_get_one_sentence(arguments: list[str], message: str) -> None:
    done = subprocess.run([sys.executable, "-m", "tools.serve", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
