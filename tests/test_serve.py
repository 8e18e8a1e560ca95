"""The service: answers, limits, back-pressure, and no message text where it doesn't belong."""

import json
import os
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
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.browser import SLOWLY, needs_chromium, says
from tests.browser import browser as browser
from tests.conftest import ROOT
from tests.models import write_model
from tests.processes import until
from tests.toys import task
from textclf.errors import InputError
from textclf.inference.files import MODEL
from textclf.inference.model import Answers, Model, load_model
from textclf.methods import full
from textclf.oos.rule import OosRule
from textclf.revisions import resolve
from tools.listening import listen
from tools.serve.__main__ import model_commit, parse_args
from tools.serve.app import create_app
from tools.serve.feedback import Feedback
from tools.serve.limits import Limits

COMMIT = "0123456789abcdef"
JSON = {"Content-Type": "application/json"}
SECRET = "aaa, and my number is 4711"


@pytest.fixture(scope="module")
def model(words_model: Path) -> Model:
    return load_model(words_model)


@pytest.fixture
def client(model: Model) -> Iterator[TestClient]:
    with TestClient(create_app(model, COMMIT, Limits(texts=3, chars=40))) as made:
        yield made


def test_one_text_gets_one_answer_and_a_list_one_for_each_text(client: TestClient, model: Model) -> None:
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


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": NaN}',
        b'{"text": "4711 \\ud800"}',
        b'{"text": ["4711 \\ud800", "aaa"]}',
        b'{"text": "aaa", "4711": 1}',
        b'{"txet": "4711"}',
        b'{"text": {"4711": 1}}',
        b'{"text": "4711"',
        b'"4711"',
        b"\xff4711",
        b"[" * 900,
        b"null",
        b"",
    ],
)
def test_a_body_that_is_no_question_is_refused_and_shown_nowhere(
    client: TestClient, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = client.post("/predict", content=body, headers=JSON)
    assert refused.status_code in (400, 422)
    assert refused.json()["detail"]
    shown = capsys.readouterr()
    assert "4711" not in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err
    assert client.post("/predict", json={"text": "aaa"}).status_code == 200


def test_a_mistake_is_told_of_the_kind_of_value_that_was_sent_and_by_its_place(client: TestClient) -> None:
    refused = client.post("/predict", json={"text": ["a", "  "]})
    assert refused.json()["detail"] == [
        {"loc": ["body", "text", 1], "msg": "String should have at least 1 character"},
    ]
    places = [one["loc"] for one in client.post("/predict", json={"text": 7}).json()["detail"]]
    assert places == [["body", "text"]] * 2, "neither a text nor a list"


@pytest.mark.parametrize("key", ["top", "top-k", "max texts", ""])
def test_an_unknown_key_is_named(client: TestClient, key: str) -> None:
    refused = client.post("/predict", json={"text": "aaa", key: 3})
    assert refused.status_code == 422
    assert refused.json()["detail"] == [{"loc": ["body", key], "msg": "Extra inputs are not permitted"}]


def test_every_mistake_is_told(client: TestClient) -> None:
    places = [one["loc"] for one in client.post("/predict", json={"text": ["", 7], "x": 1}).json()["detail"]]
    assert places == [["body", "text", 0], ["body", "text", 1], ["body", "x"]]


def test_the_longest_text_is_within_the_limits_however_it_is_escaped(model: Model) -> None:
    with TestClient(create_app(model, COMMIT, Limits())) as whole:
        texts = ["\U0001f4e6" * 2000] * 64
        body = json.dumps({"text": texts}, ensure_ascii=True)
        assert whole.post("/predict", content=body, headers=JSON).status_code == 200


class Broken:
    """A model that fails with a message that holds the text."""

    def __init__(self, model: Model) -> None:
        self.labels, self.checksum, self.reply = model.labels, model.checksum, model.reply

    def predict(self, texts: list[str]) -> Answers:
        raise ValueError(f"cannot do {texts[0]}")


def test_an_error_of_our_own_is_logged_by_type_and_place_alone(
    model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    with TestClient(create_app(Broken(model), COMMIT, Limits())) as broken:  # type: ignore[arg-type]
        for _ in range(2):
            failed = broken.post("/predict", json={"text": SECRET})
            assert failed.status_code == 500
            assert failed.json() == {"detail": "the service failed; its log says where"}
    shown = capsys.readouterr()
    line = json.loads(shown.err.splitlines()[0])
    assert (line["status"], line["error"]) == (500, "ValueError")
    assert re.search(r"test_serve\.py:\d+$", line["at"])
    assert "4711" not in shown.out + shown.err


def test_a_text_that_is_too_long_for_the_model_says_so(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    toy = full.train(task(tiny("bert"), tmp_path, epochs=1, max_length=8)).classifier
    with TestClient(create_app(load_model(write_model(toy, tmp_path / "model")), COMMIT, Limits())) as short:
        found = short.post("/predict", json={"text": ["hello " * 6, "hello " * 7]}).json()["predictions"]
    assert [answer["truncated"] for answer in found] == [False, True]


def test_head_is_answered(client: TestClient) -> None:
    for path in ("/health", "/"):
        found = client.head(path)
        assert (found.status_code, found.content) == (200, b"")


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
        self.labels, self.checksum, self.reply = model.labels, model.checksum, model.reply

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
        until(lambda: "batch_texts_count 1" in busy.get("/metrics").text, 10)  # the first is being worked on
        for thread in threads[1:]:
            thread.start()
        until(lambda: "waiting_texts 2" in busy.get("/metrics").text, 10)
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


def test_head_is_the_commit_of_the_pipelines_model_only_if_its_lock_names_that_model(in_tmp: Path) -> None:
    MODEL.mkdir(parents=True)
    (MODEL / "weights").write_text("of HEAD")
    assert model_commit(MODEL, None) == "unknown", "outside a repository"
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "--allow-empty", "-m", "no pipeline"], check=True)
    assert model_commit(MODEL, None) == "unknown"
    out = {"path": str(MODEL), "md5": resolve("workspace").md5(str(MODEL))}
    (in_tmp / "dvc.lock").write_text(json.dumps({"stages": {"package": {"outs": [out]}}}))
    subprocess.run(["git", "add", "dvc.lock"], check=True)
    assert model_commit(MODEL, None) == "unknown", "it is not committed"
    subprocess.run(["git", *who, "commit", "--quiet", "-m", "run"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert [model_commit(MODEL, rev) for rev in (None, "workspace", "HEAD")] == [head, head, head]
    (MODEL / "weights").write_text("of a later run")
    assert [model_commit(MODEL, rev) for rev in (None, "workspace", "HEAD")] == ["unknown", "unknown", head]


@pytest.fixture
def service(words_model: Path) -> Iterator[Callable[..., tuple["subprocess.Popen[str]", int]]]:
    """Start the service with some options; return process and port once it answers."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple["subprocess.Popen[str]", int]:
        command = [sys.executable, "-m", "tools.serve", "--model", str(words_model), "--port", "0", *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        address = process.stdout.readline().strip()
        port = int(address.rpartition(":")[2])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as response:
            assert response.status == 200
        return process, port

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


Service = Callable[..., tuple["subprocess.Popen[str]", int]]


def test_it_listens_on_loopback_answers_and_ends_cleanly(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["serve"])
    assert parse_args().host == "127.0.0.1"
    process, port = service()
    asked = json.dumps({"text": SECRET}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", asked, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) in (0, -signal.SIGTERM)
    assert SECRET not in process.stderr.read()  # type: ignore[union-attr]


HALF = (
    b'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"text": "4711'
)


def test_a_half_sent_request_does_not_keep_it_from_ending(service: Service) -> None:
    process, port = service("--grace", "1", "--timeout", "60")
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(HALF)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)
    assert process.stderr
    assert "4711" not in process.stderr.read()


def drip(connection: socket.socket, seconds: float) -> None:
    """Send a byte now and then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(b"s")
        time.sleep(0.2)


def closed(connection: socket.socket, within: float) -> bool:
    """Whether the other side closes the connection in time."""
    connection.settimeout(within)
    try:
        while connection.recv(1000):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def test_connections_that_send_half_a_request_or_nothing_are_closed(service: Service) -> None:
    _, port = service("--timeout", "1")
    address = ("127.0.0.1", port)
    with (
        socket.create_connection(address) as silent,
        socket.create_connection(address) as header,
        socket.create_connection(address) as body,
    ):
        header.sendall(b"GET /health HTTP/1.1\r\nHo")
        body.sendall(HALF)
        with pytest.raises(ConnectionError):  # a byte now and then gains no time
            drip(header, seconds=3)
        assert all(closed(connection, 2) for connection in (silent, body))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as response:
        assert response.status == 200


def test_connections_beyond_the_limit_are_closed_at_once(service: Service) -> None:
    _, port = service("--max-connections", "3", "--timeout", "30")
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", port)) as fourth:
        assert closed(fourth, 2)
    assert not closed(held[0], 0.2)
    for connection in held:
        connection.close()


def test_an_address_that_cannot_be_had_is_one_sentence_before_the_model_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError) as error:
        listen("127.0.0.1", taken.getsockname()[1])
    assert re.fullmatch(r"--host 127.0.0.1 --port \d+: Address already in use", str(error.value))
    for host in ("no such host", "a..b"):  # no name server is asked for these
        with pytest.raises(InputError, match=f"--host {re.escape(host)} --port 8000: "):
            listen(host, 8000)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none"], "error: none is not a model: it has no checksums.json; dvc repro makes"),
        (["--rev", "nowhere"], "error: 'nowhere' is not a commit, branch, tag or experiment here"),
        (["--port", "99999"], "--port 99999: 0 to 65535 is allowed"),
        (["--grace", "0"], "limits must be between 1 and 1,000,000,000"),
        (["--max-chars", "99999999999999999999"], "limits must be between 1 and 1,000,000,000"),
        (["--max-texts", "9", "--max-queue", "8"], "--max-queue must hold at least one request of --max-texts"),
    ],
)
def test_mistakes_get_one_sentence(arguments: list[str], message: str) -> None:
    done = subprocess.run([sys.executable, "-m", "tools.serve", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


REPLIES = {"chitchat": "Hello! What about your order?", "default": "Could you say it in other words?"}


@pytest.fixture
def strict(model: Model) -> Model:
    rule = OosRule("threshold", "probability", 1, ["out_of_scope"], {}, threshold=0.5)
    return replace(model, oos_rule=rule, replies=REPLIES)


def test_a_message_out_of_scope_gets_the_reply_of_its_kind(strict: Model) -> None:
    with TestClient(create_app(strict, COMMIT, Limits())) as made:
        (found,) = made.post("/predict", json={"text": "zzz"}).json()["predictions"]
        assert found["reply"] == REPLIES["default"]
        (found,) = made.post("/predict", json={"text": "aaa please"}).json()["predictions"]
        assert found["reply"] is None
    assert strict.reply("out_of_scope:chitchat") == REPLIES["chitchat"]
    assert replace(strict, replies={}).reply("out_of_scope") is None


def test_without_a_file_there_is_no_feedback(client: TestClient) -> None:
    assert client.post("/feedback", json={"text": "x", "answered": "a", "label": "b"}).status_code == 404
    assert client.get("/about").json()["feedback"] == []


def test_feedback_is_kept_whole_and_in_no_log(
    strict: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import csv

    file = tmp_path / "said.csv"
    with TestClient(create_app(strict, COMMIT, Limits(chars=40), Feedback(file))) as made:
        said = {"text": 'aaa, "4711"\n=1+1', "answered": "a", "label": "out_of_scope:chitchat"}
        assert made.post("/feedback", json=said).status_code == 204
        for wrong in ({"label": "d"}, {"answered": "4711"}, {"text": " "}, {"text": "x" * 41}, {"who": "me"}):
            refused = made.post("/feedback", json=said | wrong)
            assert refused.status_code == 422
            assert "4711" not in refused.text
        assert made.get("/about").json()["feedback"][-2:] == ["out_of_scope", "out_of_scope:chitchat"]
    with file.open(newline="") as lines:
        assert list(csv.DictReader(lines)) == [said]
    assert "4711" not in "".join(capsys.readouterr())
    assert file.stat().st_mode & 0o077 == 0


def test_the_feedback_file_is_bounded_and_belongs_to_nothing_else(strict: Model, tmp_path: Path) -> None:
    file = tmp_path / "said.csv"
    feedback = Feedback(file, most=50)
    with TestClient(create_app(strict, COMMIT, Limits(), feedback)) as made:
        codes = [made.post("/feedback", json={"text": "hi", "answered": "a", "label": "b"}).status_code for _ in "123"]
    assert codes == [204, 204, 507]
    assert file.read_text().splitlines()[-1] == '"hi","a","b"'
    with file.open("a") as more:
        more.write('"half')
    with pytest.raises(InputError, match=r"said.csv ends in the middle of a line; remove that line$"):
        Feedback(file)
    with pytest.raises(InputError, match="its first line is not text,answered,label; it holds something else"):
        Feedback(Path(__file__))
    with pytest.raises(InputError, match="not a file in a folder that exists"):
        Feedback(tmp_path / "none" / "said.csv")


def test_a_line_for_which_the_disk_has_no_room_leaves_no_half(
    strict: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = tmp_path / "said.csv", os.write
    feedback = Feedback(file)
    before = file.read_bytes()
    with TestClient(create_app(strict, COMMIT, Limits(), feedback)) as made:
        monkeypatch.setattr(os, "write", lambda place, line: write(place, line[:3]))
        said = {"text": "hi", "answered": "a", "label": "b"}
        assert made.post("/feedback", json=said).status_code == 507
        monkeypatch.undo()
        assert file.read_bytes() == before
        assert made.post("/feedback", json=said).status_code == 204


@pytest.mark.slow
@needs_chromium
def test_what_is_right_is_stored_with_the_message_that_was_asked_whatever_is_typed_meanwhile(
    service: Service, browser: Any, tmp_path: Path
) -> None:
    file = tmp_path / "said.csv"
    _, port = service("--feedback", str(file))
    page = browser.new_page()
    page.add_init_script(SLOWLY)
    page.goto(f"http://127.0.0.1:{port}/")
    page.fill("textarea", "aaa please")
    page.keyboard.press("Enter")
    page.fill("textarea", "bbb, still being typed")
    page.keyboard.press("Enter")  # an answer is on its way
    says(page, "#feedback", "Your message is stored with it.")
    page.select_option("#feedback select", label="c")
    page.click("text=Send")
    says(page, "#answer", "Thank you.")
    assert file.read_text().splitlines()[1:] == ['"aaa please","a","c"']


@pytest.mark.slow
@needs_chromium
def test_the_page_sends_what_is_right(service: Service, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "said.csv"
    _, port = service("--feedback", str(file))
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    page.fill("textarea", "aaa <b>please</b>")
    page.click("text=Classify")
    says(page, "#feedback", "Your message is stored with it.")
    assert page.locator("#feedback option").all_inner_texts() == [
        "Not right? Choose what is",
        "a",
        "b",
        "c",
        "none of these",
    ]
    page.select_option("#feedback select", label="c")
    page.click("text=Send")
    says(page, "#answer", "Thank you.")
    assert file.read_text().splitlines()[1] == '"aaa <b>please</b>","a","c"'
