"""What takes minutes on a cluster of small nodes on this machine: `make test-cluster`. Each result is compared with one
process's, and something is killed in the middle."""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.cluster_nodes import environment as environment
from tests.cluster_nodes import nodes
from tests.conftest import ROOT, Clone
from tests.processes import until
from tests.proxy import CutProxy
from tests.test_folder_job import bucket as bucket
from tests.test_folder_job import model as model
from tests.test_sweep import Toy
from tests.toys import task
from textclf.cluster import connected
from textclf.encoders.machine import threads
from textclf.errors import InputError
from textclf.inference.model import Model
from textclf.methods import full
from textclf.training import workers
from tools.cluster.experiments import Logs, Resources, run_experiments
from tools.cluster.node import Experiment
from tools.predict import many
from tools.predict.folder_job import STATE, Settings, plan

ROWS = int(os.environ.get("CLUSTER_ROWS", "160_000"))  # a million for the figures in docs/cluster.md
FILES = 20

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.filterwarnings("default")]


def own(title: str) -> list[psutil.Process]:
    """This process's descendants with `title` in their command line."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if title in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:  # it has just ended
            continue
    return found


@contextmanager
def told(what: str) -> Iterator[None]:
    """Print the seconds, and the memory of the largest process of this one's family."""
    began, ended, sizes = time.monotonic(), threading.Event(), [0]

    def watch() -> None:
        while not ended.wait(0.5):
            for process in [psutil.Process(), *own("")]:
                with suppress(psutil.Error):  # it has just ended
                    sizes.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    print(f"{ROWS:,} rows, {what}: {time.monotonic() - began:.0f} s, {max(sizes) / 1e6:.0f} MB at most")


def test_actors_that_are_killed_change_no_byte(tmp_path: Path, model: Model, bucket: str) -> None:
    import s3fs

    (tmp_path / "messages").mkdir()
    each = ROWS // FILES
    for number in range(FILES):
        rows = pd.DataFrame({"text": (["aaa and", "bbb or", "", "ccc too"] * each)[:each], "n": range(each)})
        rows.to_parquet(tmp_path / f"messages/{number}.parquet", index=False)
    s3fs.S3FileSystem().put(f"{tmp_path}/messages/", f"{bucket}/messages/", recursive=True)
    (tmp_path / "messages/bad.parquet").write_text("text\nx\n")
    s3fs.S3FileSystem().put(f"{tmp_path}/messages/bad.parquet", f"{bucket}/messages/bad.parquet")
    alone = plan(str(tmp_path / "messages/[0-9]*.parquet"), str(tmp_path / "alone"), Settings("text", window=500))
    with told("one process"):
        many.run(alone, model, False, None, (1, 0))
    job = plan(f"{bucket}/messages", f"{bucket}/scored", Settings("text", window=500))
    killed: list[int] = []

    def kill() -> None:
        victim = until(lambda: [p for p in own("Scorer") if p.status() == "running"] or own("MapWorker"))[0]
        until(lambda: s3fs.S3FileSystem().glob(f"{bucket}/scored/*.parquet", refresh=True))
        victim.kill()
        killed.append(victim.pid)

    with nodes(1, 1) as cluster:
        killer = threading.Thread(target=kill)
        killer.start()
        failed = rf"1 of {FILES + 1} files have no output; .*\n.*bad.parquet is not readable"
        with told("two Ray nodes through S3, an actor killed"), pytest.raises(Exception, match=failed):
            many.run(job, model, False, cluster.address, (1, 0))
        killer.join()
    assert killed
    s3fs.S3FileSystem().get(f"{bucket}/scored/", f"{tmp_path}/back/", recursive=True)
    names = {path.name for path in (tmp_path / "alone").iterdir()} - {STATE}
    assert names == {path.name for path in (tmp_path / "back").iterdir()} - {STATE}
    for name in names:
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "back" / name).read_bytes()


TRAIN = """
import hashlib, sys
from pathlib import Path
from tests.test_workers import PLAIN
from tests.toys import task
from textclf.methods import full
from textclf.training import workers

if __name__ == "__main__":
    given = task(Path(sys.argv[1]), Path(sys.argv[2]), **PLAIN | {"epochs": 6}, workers=2)
    workers.train_epochs(given, full.train)
    trained = full.train(given)
    digest = hashlib.sha256()
    for name, weight in sorted(trained.classifier.model.state_dict().items()):
        digest.update(name.encode() + weight.numpy().tobytes())
    print("DIGEST", digest.hexdigest(), [row["train_loss"] for row in trained.curve])
"""


def trained_by_two(checkpoint: Path, folder: Path, kill: bool) -> str:
    """Train by two workers, of which one is killed after an epoch; return a digest of the weights, and the losses."""
    command = [sys.executable, "-c", TRAIN, str(checkpoint), str(folder)]
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=both, text=True) as process:
        if kill:
            until(lambda: list(folder.glob("resume/checkpoint-*/complete")) or process.poll() is not None)
            own("RayTrainWorker")[-1].kill()
        said = process.communicate()[0]
    (line,) = [line for line in said.splitlines() if line.startswith("DIGEST")] or [said]
    assert line.startswith("DIGEST"), said
    return line


def test_two_workers_repeat_themselves_bit_for_bit_also_when_one_is_killed(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    first = trained_by_two(tiny("bert"), tmp_path / "first", kill=False)
    assert trained_by_two(tiny("bert"), tmp_path / "killed", kill=True) == first


def test_workers_that_find_no_room_give_up_in_the_end(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "1")
    with nodes(2 * threads()) as cluster:
        with connected(cluster.address) as ray:  # something else keeps half of the node, after this connection too
            other = ray.remote(Logs).options(num_cpus=threads(), lifetime="detached", name="other").remote()
            ray.get(other.take.remote())
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        with pytest.raises(InputError, match=r"the workers could not be started: The worker group startup timed out"):
            workers.train_epochs(task(tiny("bert"), tmp_path, workers=2), full.train)


class Project(Toy):
    """The toy project with an S3 remote, and 16 files of a megabyte."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run("dvc", "remote", "add", "--default", "storage", "s3://bucket/project")
        (folder / "big").mkdir()
        for number in range(16):
            (folder / f"big/{number}.bin").write_bytes(random.Random(number).randbytes(1_000_000))
        self.run("dvc", "add", "--quiet", "big")
        self.commit("remote and data")

    def through(self, address: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the S3 server at `address`, and without patience for a server that is gone."""
        environment = self.environment | {
            "AWS_ENDPOINT_URL": address,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_RETRY_MODE": "standard",
        }
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)


def server_at(address: str) -> tuple[str, int]:
    host, port = address.removeprefix("http://").split(":")
    return host, int(port)


def test_a_push_and_a_pull_that_are_cut_leave_nothing_half_and_go_on(tmp_path: Path, bucket: str) -> None:
    import s3fs

    project, server = Project(tmp_path / "project"), os.environ["AWS_ENDPOINT_URL"]
    with CutProxy(server_at(server), 6_000_000) as proxy:
        cut = project.through(proxy.address, "dvc", "push")
        assert proxy.is_cut
    assert cut.returncode != 0, cut.stdout
    store = s3fs.S3FileSystem()
    pushed = [path for path in store.find(f"{bucket}/project") if not path.endswith(".dir")]
    assert 0 < len(pushed) < 16
    for path in pushed:
        assert hashlib.md5(store.cat_file(path)).hexdigest() == "".join(path.split("/")[-2:]), "an object is whole"
    again = project.through(server, "dvc", "push")
    assert int(re.search(r"(\d+) files? pushed", again.stdout)[1]) == 17 - len(pushed), again.stdout  # type: ignore[index]
    project.run("git", "clone", "--quiet", str(project.folder), str(tmp_path / "clone"))
    clone = Clone.__new__(Project)
    clone.folder = tmp_path / "clone"
    with CutProxy(server_at(server), 6_000_000) as proxy:
        cut = clone.through(proxy.address, "dvc", "pull", "big")
        assert proxy.is_cut
    assert cut.returncode != 0, cut.stdout
    fetched = [p for p in (clone.folder / ".dvc/cache/files/md5").rglob("*") if p.is_file() and p.suffix != ".dir"]
    for path in fetched:
        if re.fullmatch("[0-9a-f]{30}", path.name):
            assert hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.name
    assert clone.through(server, "dvc", "pull", "big").returncode == 0
    for file in (project.folder / "big").iterdir():
        assert (clone.folder / "big" / file.name).read_bytes() == file.read_bytes()
    assert "hidden" not in (project.folder / ".dvc/config").read_text()


def test_an_experiment_goes_to_another_checkout_also_when_its_push_and_pull_are_cut(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    project, server = Project(tmp_path / "project"), os.environ["AWS_ENDPOINT_URL"]
    project.run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(tmp_path / "origin.git"))
    project.run("git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    project.run("git", "push", "--quiet", "origin", "main")
    project.run("dvc", "exp", "run", "--name", "four", "-S", "seed=4")
    with CutProxy(server_at(server), 6_000_000) as proxy:
        cut = project.through(proxy.address, "dvc", "exp", "push", "origin", "four")
        assert proxy.is_cut
    assert cut.returncode != 0, cut.stdout
    done = project.through(server, "dvc", "exp", "push", "origin", "four")
    assert done.returncode == 0, done.stderr
    project.run("git", "clone", "--quiet", str(tmp_path / "origin.git"), str(tmp_path / "clone"))
    clone = Clone.__new__(Project)
    clone.folder = tmp_path / "clone"
    with CutProxy(server_at(server), 6_000_000) as proxy:
        cut = clone.through(proxy.address, "dvc", "exp", "pull", "origin", "four")
        assert proxy.is_cut, cut.stdout + cut.stderr
    assert cut.returncode != 0, cut.stdout
    done = clone.through(server, "dvc", "exp", "pull", "origin", "four")
    assert done.returncode == 0, done.stderr
    assert clone.shown() == {"four": 8}
    clone.run("dvc", "exp", "apply", "four")
    assert (clone.folder / "out.txt").read_text() == "4\n"
    for file in (project.folder / "big").iterdir():
        assert (clone.folder / "big" / file.name).read_bytes() == file.read_bytes()


@contextmanager
def blind_node(address: str, hidden: Path, home: Path) -> Iterator[None]:
    """A node that sees nothing of the folder `hidden`, as one on another machine."""
    start = f"mount -t tmpfs none {hidden} && exec ray start --address={address} --num-cpus=1 --block"
    environment = os.environ | {"XDG_CACHE_HOME": str(home)}
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", start], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            with connected(address) as ray:
                until(lambda: any(node["Alive"] and node["Resources"].get("CPU") for node in ray.nodes()), 120)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


NAMESPACES = shutil.which("unshare") and subprocess.run(["unshare", "--mount", "true"]).returncode == 0


@pytest.mark.skipif(not NAMESPACES, reason="needs to be root on Linux")
def test_a_node_without_the_checkout_goes_through_the_remote(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "driver").mkdir()
    (tmp_path / "node").mkdir()
    (tmp_path / "runs").mkdir()
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    project = Project(tmp_path / "driver/project")
    monkeypatch.chdir(project.folder)
    experiments = [Experiment(f"seed-{seed}", [f"seed={seed}"]) for seed in (1, 4)]
    commits = (project.baseline, project.baseline)
    with nodes() as cluster, blind_node(cluster.address, tmp_path / "driver", tmp_path / "node"):
        resources = Resources(cluster.address)
        assert run_experiments(commits, experiments, resources, {}) == {}
        project.run("dvc", "remote", "remove", "storage")
        with pytest.raises(InputError, match=r"has no view of this checkout, and .dvc/config names no default remote"):
            run_experiments(commits, [Experiment("seed-5", ["seed=5"])], resources, {})
        logs = (Path(cluster.head_node.get_session_dir_path()) / "logs").rglob("*")
        assert not [log for log in logs if log.is_file() and b"hidden-key" in log.read_bytes()]
    project.run("git", "checkout", "--quiet", ".")
    assert project.shown() == {"seed-1": 2, "seed-4": 8}
    assert not (tmp_path / "driver/project/.cache/experiments").exists(), "nothing ran beside the driver"
    project.run("dvc", "exp", "apply", "seed-4")
    assert (project.folder / "out.txt").read_text() == "4\n"
