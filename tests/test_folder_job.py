"""Scoring many files: an output for each, whole or absent, as the single file's; on this machine and in S3."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from urllib.request import Request, urlopen

import pandas as pd
import pytest

from textclf.cluster import LOCAL
from textclf.errors import InputError
from textclf.inference.model import Model, load_model
from tools.predict import cluster, many, score_file
from tools.predict.__main__ import is_many, main
from tools.predict.folder_job import STATE, FolderJob, Settings, begin, find_files, plan
from tools.predict.model_files import unpacked_model
from tools.predict.stores import open_store

TEXTS = ["aaa and", "bbb or", "", "ccc too"]


@pytest.fixture(scope="module")
def model(words_model: Path) -> Model:
    return load_model(words_model)


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """A folder of three files of three formats, and of others that are none of ours."""
    folder = tmp_path / "messages"
    (folder / "2025").mkdir(parents=True)
    rows = pd.DataFrame({"text": TEXTS * 3, "n": range(12)})
    rows.to_csv(folder / "a.csv", index=False)
    rows.to_json(folder / "b.jsonl", orient="records", lines=True)
    rows.to_parquet(folder / "2025/c.parquet", index=False)
    (folder / "notes.txt").write_text("not rows")
    (folder / ".hidden.csv").write_text("text\nx\n")
    return folder


def job(source: Path | str, target: Path | str, pattern: str = "") -> FolderJob:
    return plan(f"{source}{pattern}", str(target), Settings("text", window=5))


def score(work: FolderJob, model: Model, resume: bool = False) -> None:
    many.run(work, model, resume, None, (1, 0))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_file_is_scored_as_it_is_alone(messages: Path, tmp_path: Path, model: Model) -> None:
    score(job(messages, tmp_path / "out"), model)
    found = tree(tmp_path / "out")
    assert set(found) == {"a.csv", "b.jsonl", "2025/c.parquet", STATE}
    for name in set(found) - {STATE}:
        alone = tmp_path / Path(name).name
        score_file.run(score_file.Job(messages / name, "text", alone, window=5), model, resume=False)
        assert found[name] == alone.read_bytes(), name
    assert pd.read_parquet(tmp_path / "out/2025/c.parquet")["reason"].tolist() == ["", "", "empty", ""] * 3


def test_a_pattern_names_its_files(messages: Path) -> None:
    assert find_files(f"{messages}/*.csv") == (str(messages), ["a.csv"])
    assert find_files(f"{messages}/**/*.parquet") == (str(messages), ["2025/c.parquet"])
    with pytest.raises(InputError, match=r"\*.tsv holds no file; allowed endings: .csv, .tsv, .jsonl, .parquet"):
        find_files(f"{messages}/*.tsv")


def test_a_folder_or_a_pattern_are_many_files_and_a_file_whose_name_has_brackets_is_one(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").touch()
    assert [is_many(str(tmp_path / name)) for name in ("", "*.csv", "a[1].csv", "b.csv")] == [True, True, False, False]
    assert is_many("s3://bucket/messages/a.csv")


def test_a_folder_whose_name_has_brackets_is_no_pattern(messages: Path) -> None:
    folder = messages.rename(messages.with_name("m[1]"))
    assert find_files(str(folder)) == (str(folder), ["2025/c.parquet", "a.csv", "b.jsonl"])


def test_the_address_of_a_file_names_it_alone(messages: Path, tmp_path: Path, model: Model) -> None:
    score(job(f"file://{messages}/a.csv", tmp_path / "out"), model)
    assert set(tree(tmp_path / "out")) == {"a.csv", STATE}
    with pytest.raises(InputError, match=r"out.csv ends as a file does; the answers come into a folder: name one"):
        job(f"file://{messages}/a.csv", tmp_path / "out.csv")


def test_a_target_in_the_source_is_no_input(messages: Path, model: Model) -> None:
    score(job(messages, messages / "scored"), model)
    again = job(messages, messages / "scored")
    assert again.names == ["2025/c.parquet", "a.csv", "b.jsonl"]
    assert begin(again, model.checksum, resume=True) == []
    assert job(messages, messages / "scored", "/**/*.csv").names == ["a.csv"]
    with pytest.raises(InputError, match=r"holds no file outside of .*/messages/2025, the folder for the output"):
        job(messages, messages / "2025", "/*/*.parquet")
    assert job(messages / "2025", messages).names == ["c.parquet"], "a source in the target is one"


def test_what_is_for_a_cluster_s_tasks_is_refused_where_nothing_of_it_is_done(
    messages: Path, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    one = ("--in", "a.csv", "--out", "out.csv")
    for arguments in (("x", "--address", "local"), (*one, "--address", "local")):
        said = typed(main, messages, *arguments, fails=True)
        assert "--address, --cpus and --gpus are for --in with a folder or a pattern" in said
    for arguments in (("x", "--cpus", "2"), (*one, "--gpus", "1"), ("--in", ".", "--out", "o", "--cpus", "2")):
        said = typed(main, messages, *arguments, fails=True)
        assert "--cpus and --gpus are shares of a cluster's nodes; add --address or leave them out" in said
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # meant for other commands
    assert "none is not a model" in typed(main, messages, "x", "--model", "none", fails=True)


def test_a_bad_file_fails_alone_and_is_named_at_the_end(messages: Path, tmp_path: Path, model: Model) -> None:
    (messages / "bad.csv").write_text("text\nx,y\n")
    (messages / "worse.parquet").write_text("text\nx\n")
    with pytest.raises(InputError) as error:
        score(job(messages, tmp_path / "out"), model)
    lines = str(error.value).splitlines()
    assert lines[0] == "2 of 5 files have no output; --resume tries them again:"
    assert lines[1].startswith(f"{messages}/bad.csv: line 2 has 2 cells") or lines[1].startswith("bad.csv: line 2")
    assert "worse.parquet is not readable as parquet" in lines[2]
    assert {"a.csv", "b.jsonl", "2025/c.parquet"} <= set(tree(tmp_path / "out"))
    (messages / "bad.csv").write_text("text\naaa\n")
    (messages / "worse.parquet").unlink()
    score(job(messages, tmp_path / "out"), model, resume=True)
    assert (tmp_path / "out/bad.csv").read_text().splitlines()[1].startswith("aaa,a,")


def test_a_file_that_fails_in_an_unforeseen_way_fails_alone(
    messages: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = score_file.run

    def broken(work: score_file.Job, *given: Any, **more: Any) -> int:
        if work.source.name == "a.csv":
            raise ZeroDivisionError("float division\nby zero")
        return run(work, *given, **more)

    monkeypatch.setattr(score_file, "run", broken)
    with pytest.raises(InputError) as error:
        score(job(messages, tmp_path / "out"), model)
    assert str(error.value).splitlines() == [
        "1 of 3 files have no output; --resume tries them again:",
        "a.csv: ZeroDivisionError: float division by zero",
    ]
    assert {"b.jsonl", "2025/c.parquet"} <= set(tree(tmp_path / "out"))


def test_resume_scores_what_is_new_or_changed_and_nothing_else(messages: Path, tmp_path: Path, model: Model) -> None:
    out = tmp_path / "out"
    score(job(messages, out), model)
    with pytest.raises(InputError, match=r"already holds a?.*; continue with --resume or name another folder"):
        score(job(messages, out), model)
    (messages / "d.csv").write_text("text\naaa\n")
    (messages / "a.csv").write_text("text\nbbb\n")
    assert begin(job(messages, out), model.checksum, resume=True) == ["a.csv", "d.csv"]
    assert not (out / "a.csv").exists(), "an older input's output is gone before the note names the new one"
    assert begin(job(messages, out), model.checksum, resume=True) == ["a.csv", "d.csv"], "not scored yet"
    (out / "a.csv.parts").mkdir()  # a run that was killed within a.csv, which then changes again
    (messages / "a.csv").write_text("text\naaa again\n")
    begin(job(messages, out), model.checksum, resume=True)
    assert not (out / "a.csv.parts").exists()
    elsewhere = tmp_path / "elsewhere"  # where another command scores a.csv alone
    (elsewhere / "a.csv.parts").mkdir(parents=True)
    begin(job(messages, elsewhere), model.checksum, resume=False)
    assert (elsewhere / "a.csv.parts").exists()
    score(job(messages, out), model, resume=True)
    assert begin(job(messages, out), model.checksum, resume=True) == []
    with pytest.raises(
        InputError, match="belongs to another column, batch size, delimiter or model; name another folder"
    ):
        begin(job(messages, out), "another model", resume=True)


def test_outputs_that_nobody_noted_are_not_taken_for_whole(messages: Path, tmp_path: Path, model: Model) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.csv").write_text("mine")
    with pytest.raises(InputError, match=rf"holds a.csv, but no {STATE} that says what it is"):
        score(job(messages, tmp_path / "out"), model, resume=True)
    assert (tmp_path / "out/a.csv").read_text() == "mine"


def test_two_inputs_never_share_an_output(messages: Path, tmp_path: Path) -> None:
    (messages / "a.csv.gz").touch()
    with pytest.raises(InputError, match=r"a.csv and a.csv.gz would both be scored into a.csv; rename one"):
        job(messages, tmp_path / "out")
    with pytest.raises(InputError, match="is the input; name another folder"):
        job(messages, messages, "/*.jsonl")


def test_a_place_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"^nothing://here is .* address of files: Protocol not known: nothing$"):
        open_store("nothing://here")
    with pytest.raises(InputError, match=rf"^{tmp_path}/none does not exist$"):
        open_store(str(tmp_path)).read("none")
    with pytest.raises(InputError, match=rf"^{tmp_path}/folder can't be used: IsADirectoryError: "):
        open_store(str(tmp_path)).read("folder")


def test_a_node_that_does_not_see_the_folders_is_named(
    messages: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = job(messages, tmp_path / "out")
    begin(work, model.checksum, resume=False)

    def on_two_nodes(ray: Any, look: Callable[..., Any], marks: list[Path]) -> list[tuple[str, str]]:
        return [look(marks), ("far", str(marks[1]))]

    monkeypatch.setattr(cluster, "on_every_node", on_two_nodes)
    with pytest.raises(InputError, match=rf"^the node far doesn't see {tmp_path}/out/{STATE}; use s3:// or a shared"):
        cluster.check_folders(None, work)


def test_a_cluster_that_gives_up_says_how_to_go_on(
    messages: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray: Any = SimpleNamespace(nodes=list, put=str, exceptions=SimpleNamespace(RayError=ConnectionError))
    monkeypatch.setattr(cluster, "connected", lambda address: nullcontext(ray))
    monkeypatch.setattr(cluster, "check_room", lambda *_: 1)
    monkeypatch.setattr(cluster, "check_folders", lambda *_: None)
    monkeypatch.setattr(cluster, "_results", Mock(side_effect=ConnectionError("the actor\ndied")))
    with pytest.raises(InputError, match=r"^the cluster gave up after 3 retries.* --resume.*: the actor died$"):
        many.run(job(messages, tmp_path / "out"), model, False, LOCAL, (1, 0))


def test_the_command_names_what_failed_with_exit_code_1(
    messages: Path, tmp_path: Path, model: Model, typed: Callable[..., str]
) -> None:
    (messages / "bad.csv").write_text("other\nx\n")
    options = ("--in", str(messages), "--out", str(tmp_path / "out"), "--model", str(model.folder))
    said = typed(main, tmp_path, *options, fails=True)
    assert "error: 1 of 4 files have no output; --resume tries them again:" in said
    assert "bad.csv: no column 'text'; it has other" in said
    assert "Traceback" not in said


def test_actors_that_unpack_a_model_at_once_never_replace_what_another_one_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    files = {f"{number}/weights": bytes(1000) for number in range(300)}

    def loaded(_: int) -> int:
        return (unpacked_model(files, "checksum") / "299/weights").stat().st_ino

    with ThreadPoolExecutor(4) as actors:
        assert len(set(actors.map(loaded, range(4)))) == 1


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on an S3 server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hidden-key",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import s3fs

    reset = Request(f"http://{host}:{port}/moto-api/reset", method="POST")  # it remembers an earlier server's buckets
    urlopen(reset).close()
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("bucket")
    yield "s3://bucket"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_in_s3_are_scored_as_files_here(messages: Path, tmp_path: Path, model: Model, bucket: str) -> None:
    import s3fs

    store = s3fs.S3FileSystem()
    store.put(f"{messages}/", f"{bucket}/messages/", recursive=True)
    score(job(messages, tmp_path / "out"), model)
    score(job(f"{bucket}/messages", f"{bucket}/scored"), model)
    store.get(f"{bucket}/scored/", f"{tmp_path}/back/", recursive=True)
    here, there = tree(tmp_path / "out"), tree(tmp_path / "back")
    assert {name: here[name] for name in here if name != STATE} == {n: there[n] for n in there if n != STATE}
    assert begin(job(f"{bucket}/messages/*.csv", f"{bucket}/scored"), model.checksum, resume=True) == []
    assert find_files(f"{bucket}/messages/a.csv") == (f"{bucket}/messages", ["a.csv"])
    store.pipe_file(f"{bucket}/messages/scored/a.csv", b"text\nbbb\n")
    assert job(f"{bucket}/messages", f"{bucket}/messages/scored").names == ["2025/c.parquet", "a.csv", "b.jsonl"]
    store.pipe_file(f"{bucket}/messages/a.csv", b"text\nbbb\n")
    assert begin(job(f"{bucket}/messages/*.csv", f"{bucket}/scored"), model.checksum, resume=True) == ["a.csv"]
    with pytest.raises(InputError) as error:
        plan("s3://nowhere/messages", f"{bucket}/scored", Settings("text"))
    assert "hidden-key" not in str(error.value)
    assert json.loads(store.cat_file(f"{bucket}/scored/{STATE}"))["job"][0] == "text"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_actors_that_no_node_holds_are_refused_at_once(messages: Path, tmp_path: Path, model: Model) -> None:
    with pytest.raises(InputError, match=r"no node has 1 processors and 999 GPUs; .*; lower --cpus or --gpus"):
        many.run(job(messages, tmp_path / "out"), model, False, LOCAL, (1, 999))
