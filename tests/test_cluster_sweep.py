"""A whole sweep over two nodes on a toy project: what `dvc exp run` gives, when a node dies, and after Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster_nodes import SMALL, nodes
from tests.cluster_nodes import environment as environment
from tests.conftest import Clone
from tests.processes import processes, until

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.filterwarnings("default")]
VALUES = ["features.C=0.5,2", "seed=1,2,3"]
COMBINED = [[f"features.C={C}", f"seed={seed}"] for C in (0.5, 2) for seed in (1, 2, 3)]


@pytest.fixture
def project(tiny: Callable[[str], Path], tmp_path: Path) -> Clone:
    """A copy of the project whose method is `features`, on a tiny model."""
    clone = Clone(tmp_path / "project", tiny("bert"))
    clone.set(method="features", audit={"enabled": False}, robustness={"rows": 20})
    clone.commit("features")
    return clone


def metrics(project: Clone) -> dict[str, Any]:
    """Every metric of each experiment, by its parameters."""
    (baseline,) = json.loads(project.run("dvc", "exp", "show", "--json"))[1:]
    found = {}
    for experiment in baseline["experiments"] or []:
        data = experiment["revs"][0]["data"]
        values = data["params"]["params.yaml"]["data"]
        found[f"C {values['features']['C']} seed {values['seed']}"] = {
            name: value["data"] for name, value in data["metrics"].items()
        }
    return found


def started(project: Clone, *arguments: str) -> subprocess.Popen[str]:
    """Start a sweep of the six combinations in a process group of its own, as a shell does."""
    ctrl_c = ["env", "--default-signal=INT"]  # a shell's background job, such as these tests may be, ignores it
    command = [*ctrl_c, sys.executable, "-m", "tools.sweep", *VALUES, *arguments]
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment,
        stdout=pipe,
        stderr=both,
        text=True,
        start_new_session=True,
    )


def until_two_stages_run(project: Clone, process: subprocess.Popen[str]) -> None:
    """Wait until two experiments are in their stages."""

    def two_run() -> bool:
        assert process.poll() is None, process.communicate()[0]
        logs = (project.folder / ".cache/sweeps").glob("*.log")
        return sum("Running stage" in log.read_text() for log in logs) >= 2

    until(two_run, 300)


def test_six_runs_on_two_nodes_of_which_one_dies_score_as_dvc_exp_run_does(
    project: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nodes(1, 1) as cluster:
        process = started(project, "--address", cluster.address)
        until_two_stages_run(project, process)
        cluster.remove_node(sorted(cluster.worker_nodes, key=lambda node: node.node_id)[0], allow_graceful=False)
        cluster.add_node(num_cpus=1, **SMALL)
        said = process.communicate(timeout=900)[0]
        assert process.returncode == 0, said
    alone = Clone.__new__(Clone)
    alone.folder = tmp_path / "alone"
    project.run("git", "clone", "--quiet", str(project.folder), str(alone.folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as many as each task's --cpus
    for number, values in enumerate(COMBINED):
        alone.run("dvc", "exp", "run", "--name", f"one-{number}", *(part for one in values for part in ("-S", one)))
        alone.clean()
    on_cluster, one_by_one = metrics(project), metrics(alone)
    assert sorted(on_cluster) == sorted(one_by_one), said
    assert len(one_by_one) == 6
    assert on_cluster == one_by_one


def test_ctrl_c_ends_a_sweep_in_a_line_and_resume_goes_on(project: Clone) -> None:
    with nodes(1, 1) as cluster:
        process = started(project, "--address", cluster.address)
        until_two_stages_run(project, process)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 130, said
        assert said.splitlines()[-1] == "interrupted"
        assert "Traceback" not in said
        until(lambda: not processes(project.folder / ".cache", "stages."), 30)
        process = started(project, "--address", cluster.address, "--resume")
        said = process.communicate(timeout=900)[0]
        assert process.returncode == 0, said
    assert len(metrics(project)) == 6


def test_a_review_s_missing_seeds_run_on_the_nodes_of_a_cluster(project: Clone) -> None:
    rules = project.folder / "review.yaml"
    rules.write_text(rules.read_text().replace("min_rows: 200", "min_rows: 100"))
    revisions = []
    for C in (0.5, 2.0):
        project.set(features={"C": C}, sampling="oversample")  # which draws
        project.run("dvc", "repro")
        project.commit(f"C {C}")
        revisions.append(project.run("git", "rev-parse", "HEAD").strip())
    seeds = project.folder / "results/seeds"
    before = set(seeds.glob("*/*.parquet"))
    with nodes(1, 1) as cluster:
        said = project.run(
            sys.executable, "-m", "tools.review", *revisions, "--seeds", "2", "--address", cluster.address
        )
    assert "2 seeds" in said
    recorded = set(seeds.glob("*/*.parquet")) - before
    assert sorted(file.stem for file in recorded if file.parent.name != "test-sets") == ["42", "42", "43", "43"]
    assert "1 seed to run" not in project.run(sys.executable, "-m", "tools.review", *revisions, "--seeds", "2")
