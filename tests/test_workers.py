"""A batch in parts: one after the other, by several workers, with states computed twice; the sums are the same."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cluster_nodes import environment as environment
from tests.cluster_nodes import nodes
from tests.conftest import ROOT, without_dropout
from tests.test_seeds import run, trained_with
from tests.toys import params, task
from textclf.encoders.machine import processor_kind, threads
from textclf.errors import InputError
from textclf.methods import full
from textclf.training.loss import loss_function
from tools.runs.config import config_hash

PLAIN: dict[str, Any] = {"full": {"trained_layers": "all"}, "ema": 0.9, "epochs": 2}
HERE = processor_kind("cpu")


@pytest.fixture(scope="module")
def checkpoint(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return without_dropout(tiny("bert"), tmp_path_factory.mktemp("plain") / "bert")


def losses(checkpoint: Path, folder: Path, **changes: Any) -> list[float]:
    """The losses of each epoch: those of a batch whose parts count twice would be twice as high."""
    curve = full.train(task(checkpoint, folder, **PLAIN, **changes)).curve
    return [row[name] for row in curve for name in ("train_loss", "validation_loss")]


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"accumulate": 2}, {"accumulate": 4}, {"gradient_checkpointing": True}], ids=str)
def test_a_batch_in_parts_trains_as_the_whole_one_does(
    checkpoint: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    whole = losses(checkpoint, tmp_path / "whole")
    assert losses(checkpoint, tmp_path / "parts", **changes) == pytest.approx(whole, abs=2e-3)


def test_the_parts_of_a_batch_have_its_loss_with_class_weights_too() -> None:
    labels, logits = torch.tensor([0, 0, 0, 1]), torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    whole, parts = (
        loss_function(labels.numpy(), params(class_weights="balanced", batch_size=4, accumulate=number))
        for number in (1, 4)
    )
    added = sum(parts({"logits": logits[[at]]}, labels[[at]], num_items_in_batch=4) for at in range(4))
    assert float(added) == pytest.approx(float(whole({"logits": logits}, labels)))


def test_a_checkpoint_that_cannot_compute_states_twice_is_refused_before_any_pass(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="gradient_checkpointing: MPNetForSequenceClassification does not support"):
        full.train(task(tiny("mpnet"), tmp_path, **PLAIN, gradient_checkpointing=True))
    assert not (tmp_path / "vectors").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 3}, "batch_size = 8: workers \\* accumulate = 3 must divide it"),
        ({"workers": 2, "accumulate": 8}, "workers \\* accumulate = 16 must divide it"),
        ({"workers": 0}, "workers = 0: should be greater than or equal to 1"),
        ({"workers": 2, "method": "features"}, "method features is fitted by one process; set workers to 1"),
        ({"workers": 2, "method": "lora", "lora": {"unfreeze": "gradual"}}, "'gradual' needs one process"),
        ({"gradient_checkpointing": True, "method": "head"}, "method head trains none"),
    ],
)
def test_work_that_cannot_be_divided_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        params(**changes)


def test_without_ray_several_workers_say_what_to_install(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textclf.training import workers

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(InputError, match=r"needs Ray, which is not installed; pip install -r requirements/cluster.txt"):
        workers.train_epochs(task(tiny("bert"), tmp_path, workers=2), full.train)


def test_workers_on_machines_of_other_kinds_are_refused() -> None:
    from textclf.training.workers import Node, check_kinds

    bf16, fp32 = "bf16 on x86_64 AVX512 AMX", "fp32 on x86_64 AVX512"
    check_kinds(bf16, [Node("a", True, bf16), Node("b", True, bf16)])
    with pytest.raises(InputError) as error:
        check_kinds(bf16, [Node("a", True, bf16), Node("b", True, fp32)])
    assert str(error.value) == (
        "workers: the node b computes in fp32 on x86_64 AVX512, this machine in bf16 on x86_64 AVX512 AMX; weights "
        "would depend on which of them computes what, so use machines of one kind"
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_workers_that_the_nodes_cannot_hold_are_refused_at_once(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textclf.training import workers

    with nodes(threads()) as cluster:
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        with pytest.raises(InputError, match=r"workers = 2: the nodes have room for 1 at a time, each with \d+ proc"):
            workers.train_epochs(task(tiny("bert"), tmp_path, workers=2), full.train)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif("DEFAULT" in HERE, reason="needs a processor with vector instructions")
def test_workers_on_a_node_with_other_instructions_are_refused(
    tiny: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textclf.training import workers

    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    with nodes(2 * threads()) as cluster:
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        with pytest.raises(InputError, match=f"computes in fp32 on .*DEFAULT.*, this machine in fp32 on {HERE}; "):
            workers.train_epochs(task(tiny("bert"), tmp_path, workers=2, device="cpu"), full.train)


WORKER = """
import json, sys
from pathlib import Path
import torch, transformers
from tests.toys import task
from textclf.methods import full

torch.distributed.init_process_group("gloo")
seen, step = [], transformers.Trainer.training_step
def noted(self, model, inputs, *more):
    ids = [row[row > 0].tolist() for row in inputs["input_ids"]]
    seen.append((int(self.state.epoch), ids))
    return step(self, model, inputs, *more)
transformers.Trainer.training_step = noted
checkpoint, folder = map(Path, sys.argv[1:])
full.train(task(checkpoint, folder, workers=2, batch_size=16, epochs=3, early_stopping=None))
Path(f"{folder}/seen-{torch.distributed.get_rank()}.json").write_text(json.dumps(seen))
"""


@pytest.mark.slow
def test_workers_share_all_rows_of_each_epoch_although_dropout_draws_unevenly(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", WORKER, str(tiny("bert")), str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ | group | {"RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    assert [process.wait(300) for process in started] == [0, 0]
    seen = [json.loads((tmp_path / f"seen-{rank}.json").read_text()) for rank in (0, 1)]
    rows = {tuple(ids.tolist()) for ids in task(tiny("bert"), tmp_path).train.input_ids}
    for epoch in range(3):
        parts = [{tuple(row) for at, batch in worker if at == epoch for row in batch} for worker in seen]
        assert parts[0] | parts[1] == rows, epoch


def test_the_threads_of_a_worker_are_those_that_the_metrics_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from textclf.training import workers

    monkeypatch.setattr(workers, "threads", lambda: 8)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert workers.threads_each(4) == 2
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert workers.threads_each(4) == 8
    assert workers.threads_each(1) == 8


def test_a_run_by_one_worker_imports_no_ray() -> None:
    code = "import sys, stages.train, tools.sweep.__main__, tools.predict.many; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_one_worker_leaves_the_configuration_as_it_was() -> None:
    one = run(trained_with(workers=1, accumulate=1, gradient_checkpointing=False))
    assert config_hash(one) == config_hash(run())
    assert config_hash(run(trained_with(workers=2))) != config_hash(run())
