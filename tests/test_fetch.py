"""A file is taken from the first place that has the right bytes; a partial or wrong one never is."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from textclf.data import fetch as fetching
from textclf.data.fetch import fetch
from textclf.data.source_spec import SourceFile
from textclf.errors import InputError

CONTENT = b"text,label\n" + b"hello,greet\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves /good.csv whole, /cut.csv with its second half missing, nothing else; counts requests."""

    requests: list[str]

    def do_GET(self) -> None:
        type(self).requests.append(self.path)
        found = self.path in ("/good.csv", "/cut.csv")
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(CONTENT if self.path == "/good.csv" else CONTENT[: len(CONTENT) // 2])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetching, "RETRIES", 1)
    Handler.requests = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_download_is_checked_and_happens_once(server: str) -> None:
    file = SourceFile(url=f"{server}/good.csv", sha256=SHA256)
    assert fetch(file, "mine").read_bytes() == CONTENT
    assert fetch(file, "mine").read_bytes() == CONTENT
    assert Handler.requests == ["/good.csv"]


def test_a_truncated_download_is_tried_again_and_leaves_nothing(server: str) -> None:
    with pytest.raises(InputError, match=r"cut.csv"):
        fetch(SourceFile(url=f"{server}/cut.csv", sha256=SHA256), "mine")
    assert Handler.requests == ["/cut.csv"] * 2
    assert not [path for path in Path(".cache").rglob("*") if path.is_file()]


def test_a_download_with_the_wrong_checksum_is_refused(server: str) -> None:
    with pytest.raises(InputError, match=r"(?s)good.csv.*hash"):
        fetch(SourceFile(url=f"{server}/good.csv", sha256="0" * 64), "mine")
    assert not [path for path in Path(".cache").rglob("*") if path.is_file()]


def test_a_file_that_is_gone_says_how_to_do_without_the_network(server: str) -> None:
    with pytest.raises(InputError, match=r"gone.csv cannot be downloaded .*DATA_MIRROR .* mine/gone.csv"):
        fetch(SourceFile(url=f"{server}/gone.csv", sha256=SHA256), "mine")


def test_a_mirror_comes_before_the_network(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mirror/mine").mkdir(parents=True)
    Path("mirror/mine/good.csv").write_bytes(CONTENT)
    monkeypatch.setenv("DATA_MIRROR", "mirror")
    assert fetch(SourceFile(url=f"{server}/good.csv", sha256=SHA256), "mine") == Path("mirror/mine/good.csv")
    assert Handler.requests == []


def test_wrong_bytes_in_a_mirror_are_an_error_not_a_reason_to_go_on(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mirror/mine").mkdir(parents=True)
    Path("mirror/mine/good.csv").write_bytes(CONTENT[:-1])
    monkeypatch.setenv("DATA_MIRROR", "mirror")
    with pytest.raises(InputError, match=r"good\.csv has sha256 .* but the source spec says"):
        fetch(SourceFile(url=f"{server}/good.csv", sha256=SHA256), "mine")
    assert Handler.requests == []


def test_a_relative_mirror_is_found_from_a_queued_experiments_copy(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (in_tmp / "shared/mine").mkdir(parents=True)
    (in_tmp / "shared/mine/x.csv").write_bytes(CONTENT)
    for folder in ("main", "copy/deep"):
        (in_tmp / folder).mkdir(parents=True)
    monkeypatch.setenv("DATA_MIRROR", "../shared")
    monkeypatch.setenv("DVC_ROOT", str(in_tmp / "main"))
    monkeypatch.chdir(in_tmp / "copy/deep")
    assert fetch(SourceFile(name="x.csv", sha256=SHA256), "mine").read_bytes() == CONTENT


def test_a_file_from_a_mirror_only_says_so(in_tmp: Path) -> None:
    with pytest.raises(InputError, match=r"x\.csv of mine has no URL; set DATA_MIRROR"):
        fetch(SourceFile(name="x.csv", sha256=SHA256), "mine")


def test_a_folder_is_no_file_with_a_checksum(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (in_tmp / "mirror/d/rows.parquet").mkdir(parents=True)
    monkeypatch.setenv("DATA_MIRROR", str(in_tmp / "mirror"))
    with pytest.raises(InputError, match=r"rows\.parquet is a folder, and the source spec names the sha256 of a file"):
        fetch(SourceFile(name="rows.parquet", sha256=SHA256), "d")


def test_a_file_that_is_missing_here_is_taken_from_the_mirror(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (in_tmp / "mirror/d").mkdir(parents=True)
    (in_tmp / "mirror/d/rows.csv").write_bytes(CONTENT)
    monkeypatch.setenv("DATA_MIRROR", str(in_tmp / "mirror"))
    file = SourceFile(path=Path("data/corpora/rows.csv"), url="https://example.org/rows.csv", sha256=SHA256)
    assert fetch(file, "d").read_bytes() == CONTENT


def test_a_missing_file_of_the_repository_is_named(in_tmp: Path) -> None:
    with pytest.raises(InputError, match=r"^data/corpora/mine\.csv is missing$"):
        fetch(SourceFile(path=Path("data/corpora/mine.csv")), "mine")
