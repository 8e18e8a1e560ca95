"""Sweeps: what is combined and refused before anything runs, and experiments that come back from a cluster's nodes."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from tests.cluster_nodes import SMALL, nodes
from tests.conftest import ROOT, Clone
from tests.processes import until
from textclf.atomic import ABANDONED
from textclf.cluster import LOCAL, check_reachable, check_room, connected, on_every_node
from textclf.errors import InputError
from textclf.revisions import check_git_config, check_queue, resolve
from textclf.specs import read_yaml
from tools.cluster import node as node_module
from tools.cluster.board import Board, Row
from tools.cluster.experiments import Resources, run_experiments
from tools.cluster.node import Experiment
from tools.cluster.source import has_remote, packed
from tools.runs import sweep as sweep_module
from tools.runs.overrides import assignments
from tools.runs.sweep import check_combinations, combinations
from tools.sweep.__main__ import main


def test_values_are_combined_each_with_each() -> None:
    found = combinations(["lr=1e-4,2e-4", "lora.target_modules=[query,value],auto", "early_stopping=null"])
    assert len(found) == 4
    assert found[0] == {"lr": 1e-4, "lora": {"target_modules": ["query", "value"]}, "early_stopping": None}
    assert found[3] == {"lr": 2e-4, "lora": {"target_modules": "auto"}, "early_stopping": None}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["lr"], "lr: key=value,value is needed, such as lr=1e-4,5e-5"),
        (["lr="], "lr=: key=value,value is needed"),
        (["lr=1e-4,"], None),
        (["lr=1e-4,0.0001"], "lr=0.0001 is there twice; each combination is run once"),
        (["lr=1", "lr=2"], "lr is given twice; give all of its values at once: lr=value,value"),
        (["lr=[1"], r"lr=\[1: '\[1' is not a value"),
        (["--lr=1"], "key=value,value is needed"),
    ],
)
def test_what_is_no_combination_is_refused(entries: list[str], message: str | None) -> None:
    if message is None:
        with pytest.raises(InputError, match="should be a valid number"):
            check_combinations(combinations(entries))
        return
    with pytest.raises(InputError, match=message):
        combinations(entries)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("lrr=1,2", "lrr=1: lrr is not a parameter; did you mean lr?"),
        ("lr=1e-4,fast", "lr=fast: lr = 'fast': should be a valid number"),
        ("dataset=shop_support,none", "dataset=none: dataset = 'none': no data/sources/none.yaml"),
    ],
)
def test_one_bad_value_stops_all_before_any_runs(entry: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError) as error:
        check_combinations(combinations([entry]))
    assert message in str(error.value)


def test_a_board_says_each_change_once_and_keeps_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    board = Board({name: Row(name, f"seed={name}", tmp_path / f"{name}.log") for name in ("a", "b")})
    for line in ("one", "tw\x1b[2Jo"):
        board.add_line("a", line)
    board.set_state("b", "failed", "no room")
    said = capsys.readouterr().err.splitlines()
    assert said == ["running  a  seed=a  one", f"failed   b  seed=b  no room ({tmp_path}/b.log)"]
    assert (tmp_path / "a.log").read_text() == "one\ntw\x1b[2Jo\n"
    assert "\x1b" not in board.line(board.rows["a"]), "what a log holds never acts on the terminal"


def test_without_ray_an_address_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install -r requirements/cluster.txt"), connected("local"):
        pass


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999", "no such host:6379", "a..b:6379"]
)
def test_an_address_at_which_nothing_answers_is_said_at_once(address: str) -> None:
    with pytest.raises(InputError, match=r"no Ray cluster answers at .*; start one with: ray start"):
        check_reachable(address)


def node(cpus: float, gpus: float = 0, alive: bool = True) -> dict[str, Any]:
    """A node as Ray lists it, which leaves out what a node has none of."""
    return {"Alive": alive, "Resources": {"CPU": cpus} | ({"GPU": gpus} if gpus else {})}


def test_room_is_counted_node_by_node() -> None:
    assert check_room([node(3), node(3), node(0), node(64, alive=False)], cpus=2) == 2, "no task lies on two nodes"
    assert check_room([node(8, 1), node(8)], cpus=1, gpus=0.1) == 8
    assert check_room([node(8, 1), node(8)], cpus=0.5) == 32


@pytest.mark.parametrize(
    ("cpus", "gpus", "message"),
    [
        (5, 0, "no node has 5 processors and 0 GPUs; the largest has 4 and 0; lower --cpus or --gpus"),
        (1, 2, "no node has 1 processors and 2 GPUs; the largest has 2 and 1; lower --cpus or --gpus"),
        (3, 0.5, "no node has 3 processors and 0.5 GPUs; the largest has 2 and 1; lower --cpus or --gpus"),
    ],
)
def test_what_no_single_node_holds_is_refused(cpus: float, gpus: float, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        check_room([node(4), node(2, 1), node(2, 1)], cpus, gpus)


STAGE = """
import json, os, re, time
from pathlib import Path
seed = int(re.search("seed: ([0-9])", Path("params.yaml").read_text())[1])
if seed == 3:
    raise SystemExit("seed 3 is bad")
runs = Path(os.environ["RUNS"]) / f"{seed}-{os.getpid()}"
runs.touch()
if seed == 2 and len(list(runs.parent.glob("2-*"))) == 1:
    time.sleep(600)  # until its node is killed
Path("out.txt").write_text(f"{seed}\\n")
Path("metrics.json").write_text(json.dumps({"score": seed * 2}))
print(Path("data.txt").read_text())
"""
DVC_YAML = """
stages:
  train:
    cmd: python stage.py
    deps: [stage.py, data.txt]
    params: [seed]
    outs: [out.txt]
    metrics:
      - metrics.json:
          cache: false
"""


class Toy(Clone):
    """A project of one small stage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.run("dvc", "init", "--quiet")
        self.run("dvc", "config", "core.analytics", "false")
        for key, value in {"user.name": "Someone", "user.email": "someone@example.org"}.items():
            self.run("git", "config", key, value)
        for name, text in {
            "dvc.yaml": DVC_YAML,
            "stage.py": STAGE,
            "data.txt": "committed",
            "params.yaml": "seed: 0\n",
        }.items():
            (folder / name).write_text(text)
        (folder / ".gitignore").write_text("/.cache/\n/out.txt\n.*.part*\n")
        self.commit("first")

    @property
    def baseline(self) -> str:
        return self.run("git", "rev-parse", "HEAD").strip()

    def shown(self) -> dict[str, Any]:
        """The score of each experiment, by its name, as `dvc exp show` has them."""
        (baseline,) = json.loads(self.run("dvc", "exp", "show", "--json"))[1:]
        found = {}
        for experiment in baseline["experiments"] or []:
            data = experiment["revs"][0]["data"]
            found[experiment["name"]] = data["metrics"]["metrics.json"]["data"]["score"]
        return found


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    toy = Toy(tmp_path / "toy")
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    for name in ("DVC_ROOT", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    return toy


def test_a_state_is_packed_with_its_uncommitted_changes_and_without_credentials(toy: Toy) -> None:
    (toy.folder / "data.txt").write_text("changed")
    state = toy.run("git", "stash", "create").strip()
    with packed(toy.baseline, state, {"DATA_MIRROR": "https://name:hidden@host", "MODEL_MIRROR": "/here"}) as source:
        assert source.is_here
        assert source.mirrors == {"MODEL_MIRROR": "/here"}
        assert not source.remote
        assert "hidden" not in repr(source)
    assert not source.is_here, "the marks are gone"
    assert toy.run("git", "for-each-ref", "refs/cluster") == ""


def test_what_a_killed_sweep_left_goes_at_the_next_start(toy: Toy) -> None:
    folders = toy.folder / ".cache", toy.folder / ".dvc/cache"
    marks = [folder / f".{uuid.uuid4()}.part" for folder in folders for _ in range(2)]
    files = [folder / ".vectors.part" for folder in folders]
    for path in (*marks, *files):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    long_ago = int(time.time()) - ABANDONED - 1
    for path in (*marks[::2], *files):
        os.utime(path, (long_ago, long_ago))
    names = [uuid.uuid4(), f"{long_ago}-{uuid.uuid4()}", f"{int(time.time())}-{uuid.uuid4()}"]
    for name in names:  # the first one as an earlier version had it
        toy.run("git", "update-ref", f"refs/cluster/{name}/state", "HEAD")
    with packed(toy.baseline, toy.baseline, {}):
        assert [mark.exists() for mark in marks] == [False, True, False, True]
    assert all(file.exists() for file in files), "what isn't ours"
    kept = toy.run("git", "for-each-ref", "--format=%(refname)", "refs/cluster").split()
    assert kept == [f"refs/cluster/{names[2]}/state"], "another sweep is just starting"


def test_a_sweep_of_many_days_is_not_taken_for_a_killed_one(toy: Toy) -> None:
    with packed(toy.baseline, toy.baseline, {}) as source:
        for mark in source.marks:
            os.utime(mark, (0, 0))
        source.keep()
        with packed(toy.baseline, toy.baseline, {}):
            assert source.is_here


def test_a_remote_that_only_this_checkout_knows_is_refused(toy: Toy) -> None:
    toy.run("dvc", "remote", "add", "--local", "--default", "mine", "/somewhere")
    with pytest.raises(InputError, match="set it with dvc remote add --default, without --local"):
        has_remote()
    toy.run("dvc", "remote", "add", "--default", "mine", "/somewhere")
    assert has_remote()


def test_experiments_that_are_here_run_again_only_if_they_failed(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.run("git", "update-ref", f"refs/exps/{toy.baseline[:2]}/{toy.baseline[2:]}/seed-1", "HEAD")
    run = Mock(return_value={"seed-2": "no room"})
    monkeypatch.setattr(sweep_module, "run_experiments", run)
    one, other = (Experiment(f"seed-{seed}", [f"seed={seed}"]) for seed in (1, 2))
    with pytest.raises(InputError, match=r"^the experiment seed-1 is already there; --resume runs those that"):
        sweep_module.sweep([one, other], Resources(LOCAL), resume=False)
    sweep_module.sweep([one], Resources(LOCAL), resume=True)
    run.assert_not_called()
    assert capsys.readouterr().err == "1 of 1 experiments are here\n"
    with pytest.raises(InputError, match=r"^1 of 1 experiments failed; the same command runs them again$"):
        sweep_module.sweep([one, other], Resources(LOCAL), resume=True)
    assert run.call_args.args[1] == [other]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_experiments_come_back_when_one_fails_and_a_node_dies(toy: Toy, tmp_path: Path) -> None:
    (toy.folder / "data.txt").write_text("changed")  # and not committed
    state = toy.run("git", "stash", "create").strip()
    experiments = [Experiment(f"seed-{seed}", [f"seed={seed}"]) for seed in (1, 2, 3)]
    with nodes(1) as cluster:
        second = cluster.worker_nodes.copy().pop()

        def done(name: str) -> None:
            if name == "seed-1":  # seed-2 runs on the second node, which dies, and a third one comes
                until(lambda: list((tmp_path / "runs").glob("2-*")), 120)
                cluster.add_node(num_cpus=1, **SMALL)
                cluster.remove_node(second, allow_graceful=False)

        failures = run_experiments((toy.baseline, state), experiments, Resources(cluster.address), {}, done)
    assert list(failures) == ["seed-3"]
    assert "dvc exp run failed" in failures["seed-3"]
    assert toy.shown() == {"seed-1": 2, "seed-2": 4}
    log = (toy.folder / ".cache/sweeps/seed-1.log").read_text()
    assert "changed" in log
    assert (toy.folder / "data.txt").read_text() == "changed"
    toy.run("git", "checkout", "--quiet", "data.txt")
    toy.run("dvc", "exp", "apply", "seed-2")
    assert (toy.folder / "out.txt").read_text() == "2\n"
    assert not list((toy.folder / ".cache/experiments").glob("seed-1*")), "a checkout goes when its experiment is done"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_experiments_that_no_node_holds_are_refused_at_once(toy: Toy) -> None:
    experiments = [Experiment("seed-1", ["seed=1"])]
    with pytest.raises(InputError, match=r"no node has 999 processors and 0 GPUs; .*; lower --cpus or --gpus"):
        run_experiments((toy.baseline, toy.baseline), experiments, Resources(LOCAL, cpus=999), {})


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_node_that_fails_or_dies_while_it_is_looked_at_is_named(tmp_path: Path) -> None:
    def fail() -> None:
        raise InputError("no file\nis there")

    def look_for_long() -> None:
        (tmp_path / "looking").touch()
        time.sleep(600)

    def remove_node(cluster: Any) -> None:
        until((tmp_path / "looking").exists)
        cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)

    with nodes(1) as cluster, connected(cluster.address) as ray:
        with pytest.raises(InputError, match=rf"^the node {socket.gethostname()} gives no answer: no file is there$"):
            on_every_node(ray, fail)
        remover = threading.Thread(target=remove_node, args=[cluster])
        remover.start()
        with pytest.raises(InputError, match=rf"^the node {socket.gethostname()} gives no answer: .+$"):
            on_every_node(ray, look_for_long)
        remover.join()


@pytest.mark.parametrize(
    ("message", "runs"), [("[Errno 2] No such file or directory: '/c/runs/39/393b/.x.tmp'", 2), ("no space left", 1)]
)
def test_a_run_that_a_neighbor_broke_is_run_once_more(monkeypatch: pytest.MonkeyPatch, message: str, runs: int) -> None:
    call = Mock(side_effect=InputError(f"dvc exp run failed: ERROR: failed to reproduce 'calibrate': {message}"))
    monkeypatch.setattr(node_module, "_call", call)
    with pytest.raises(InputError, match="calibrate"):
        node_module._reproduce(["dvc"], Mock(), Path(), print)
    assert call.call_count == runs


@pytest.mark.slow
def test_without_an_address_a_sweep_is_queued(trained: Clone) -> None:
    for said in ("queued 2 experiments;", "queued 0 experiments (2 were queued before);"):
        done = subprocess.run(
            [sys.executable, "-m", "tools.sweep", "method=baseline", "seed=1,2"],
            cwd=trained.folder,
            env=trained.environment,
            capture_output=True,
            text=True,
        )
        assert f"{said} dvc queue start runs them" in done.stderr, done.stderr
    assert len([word for word in trained.run("dvc", "queue", "status").split() if word.startswith("sweep-")]) == 2


def test_mistakes_on_the_command_line_get_one_sentence(
    typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for arguments, message in (
        (["lr=1", "--cpus", "0"], "0 is not above 0"),
        (["lr=1", "--gpus", "1.5"], "1.5 is neither a whole number nor a fraction below 1"),
        (["lr=1", "--cpus", "many"], "'many' is not a number"),
        (["lr=1", "--cpus", "2"], "--cpus and --gpus are shares of a cluster's nodes; add --address or leave them out"),
        (["lrr=1"], "lrr is not a parameter"),
    ):
        assert message in typed(main, ROOT, *arguments, fails=True)


LABELS_AS_PEOPLE_WRITE_THEM = [
    "null",
    "12",
    "=1+1",
    'a,b "q"/x',
    "x < y & z's",
    "card arrival",
    "é",
    r"a\\b",
    "True",
    "",
]


def test_dvc_reads_every_label_as_it_was(in_tmp: Path) -> None:
    from dvc.utils.hydra import apply_overrides

    Path("params.yaml").write_text("oos:\n  held_out: []\naugment:\n  file:\n")
    overrides = {"oos": {"held_out": LABELS_AS_PEOPLE_WRITE_THEM}, "augment": {"file": "data/augment/my texts.csv"}}
    apply_overrides("params.yaml", assignments(overrides))
    assert read_yaml(Path("params.yaml")) == overrides


@pytest.mark.parametrize("label", ["card arrival", "=1+1", "a.b", "é", ""])
def test_a_label_that_no_option_can_name_is_refused(label: str) -> None:
    with pytest.raises(InputError, match=r"write it into params\.yaml"):
        assignments({"augment": {"more": {label: 2}}})


@pytest.mark.parametrize("label", ["${x}", "${oc.env:HOME}", "???", "a\x85b"])
def test_a_label_that_dvc_would_change_is_refused(label: str) -> None:
    with pytest.raises(InputError, match=r"oos\.held_out=.*: dvc exp run would change this value; write it into"):
        assignments({"oos": {"held_out": [label]}})


@pytest.mark.parametrize("entry", ["augment=5", "augment=null", "augment.more=null", "augment.more={1: 2}"])
def test_a_value_in_place_of_a_section_is_refused_in_a_sentence(entry: str) -> None:
    with pytest.raises(InputError):
        check_combinations(combinations([entry]))


def test_a_git_configuration_that_dvc_cannot_copy_is_refused(in_tmp: Path) -> None:
    check_git_config()
    subprocess.run(["git", "init", "--quiet"], check=True)
    check_git_config()
    subprocess.run(["git", "config", "user.name", "Jürgen"], check=True)
    with pytest.raises(InputError, match=r"^\.git/config: line \d+ isn't ASCII"):
        check_git_config()


def test_where_dvcs_queue_would_lose_its_results_nothing_is_queued(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_queue()
    toy.commit("second")
    shallow, accented = tmp_path / "shallow", tmp_path / "é"
    toy.run("git", "clone", "--quiet", "--depth", "1", f"file://{toy.folder}", str(shallow))
    monkeypatch.chdir(shallow)
    with pytest.raises(InputError, match=r"in a shallow clone; git fetch --unshallow first$"):
        check_queue()
    toy.run("git", "-C", str(shallow), "fetch", "--quiet", "--unshallow")
    check_queue()
    accented.mkdir()
    monkeypatch.chdir(accented)
    with pytest.raises(InputError, match=r"fails in .*/é, a path that isn't ASCII; clone into another one$"):
        check_queue()


def test_a_subfolder_is_no_place_to_name_a_revision_in(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    (in_tmp / "docs").mkdir()
    monkeypatch.chdir(in_tmp / "docs")
    with pytest.raises(InputError, match=r"^docs/ is a folder of a git repository; run this in its root"):
        resolve("HEAD")
