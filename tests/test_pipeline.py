"""The real dvc.yaml end to end, on a tiny model in a private copy: what a user types, and what it must do.

The tests run in this order, and each finds the copy as the first one did.
"""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import Clone
from tests.faults import kill_stage, out_files
from tests.processes import processes, until

STAGES = {
    "check",
    "download",
    "tokenize",
    "split",
    "audit",
    "prepare",
    "augment",
    "teach",
    "train",
    "predict",
    "calibrate",
    "oos",
    "package",
    "evaluate",
    "slices",
    "robustness",
    "plot",
}
NO_CHANGE = "Data and pipelines are up to date."


def ran(output: str) -> list[str]:
    """The stages whose command was run."""
    return re.findall(r"^> python -m stages\.(\w+)", output, re.M)


def without_check(lock: bytes) -> dict[str, Any]:
    """dvc.lock's stages but for the one that depends on how params.yaml is written, not on its values alone."""
    stages: dict[str, Any] = YAML(typ="safe", pure=True).load(lock)["stages"]
    return {name: stage for name, stage in stages.items() if name != "check"}


def test_every_output_is_there(trained: Clone) -> None:
    metrics = {path.name for path in (trained.folder / "metrics").glob("*.json")}
    before = {"data", "corrections", "tokens", "split", "audit"}
    after = {"train", "validation", "test", "calibration", "oos", "slices", "robustness", "expectations"}
    assert metrics == {f"{name}.json" for name in before | after}
    pictures = {path.stem for path in (trained.folder / "plots/pictures").iterdir()}
    assert pictures == {
        "class_distribution",
        "confused_pairs",
        "confusion_matrix",
        "confusion_shares",
        "extreme_rows",
        "f1_by_label",
        "learning_curve",
        "lengths_by_label",
        "map",
        "map_of_training",
        "reliability",
        "robustness",
        "token_lengths",
    }
    for name in ("test", "validation"):
        columns, *rows = json.loads(trained.read(f"metrics/predictions/{name}.json"))
        assert columns == ["id", "actual", "predicted", "confidence", "loss", "auc"]
        scores = json.loads(trained.read(f"metrics/{name}.json"))
        assert scores["accuracy"] == round(sum(row[1] == row[2] for row in rows) / len(rows), 4)
    for path in (trained.folder / "metrics").glob("*.json"):
        numbers = json.loads(path.read_text())
        assert isinstance(numbers, list) or len(numbers) <= 10, path
    for path in out_files(trained):
        assert str(trained.folder.parent).encode() not in path.read_bytes(), path


def test_the_saved_classifier_is_an_ordinary_one_with_label_names(trained: Clone) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = trained.folder / "models/classifier"
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".json", ".safetensors"}
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    assert model.config.id2label[0] == "account_details"
    assert AutoTokenizer.from_pretrained(folder).model_max_length == 24
    assert str(trained.folder.parent) not in (folder / "config.json").read_text()


def test_the_second_run_does_nothing(trained: Clone) -> None:
    assert NO_CHANGE in trained.run("dvc", "repro")
    assert trained.run("git", "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "changes", [{}, {"full": {"trained_layers": 1}}, {"method": "lora"}], ids=["full", "upper layers", "lora"]
)
def test_copies_and_further_texts_are_trained_on(trained: Clone, changes: dict[str, Any]) -> None:
    parent = trained.read("data/splits/train.csv").decode().splitlines()[1].split(",")[0]
    (trained.folder / "data/augment/more.csv").write_text(f"parent,text\n{parent},a heron flew off with it\n")
    trained.set(epochs=1, augment={"file": "more", "typo": 0.5, "copies": 1}, **changes)
    assert "train" in ran(trained.run("dvc", "repro", "train"))


def test_another_lr_runs_what_follows_train_and_the_old_one_comes_from_the_run_cache(trained: Clone) -> None:
    before = trained.read("dvc.lock")
    slower = trained.run("dvc", "exp", "run", "-S", "lr=5e-5", "--name", "slower")
    assert set(ran(slower)) == {
        "check",
        "train",
        "predict",
        "calibrate",
        "package",
        "evaluate",
        "slices",
        "robustness",
        "plot",
    }
    assert "lr: 5e-05" in trained.read("params.yaml").decode()
    diff = trained.run("dvc", "params", "diff")
    assert "5e-05" in diff
    assert "test.json" in trained.run("dvc", "metrics", "diff")
    again = trained.run("dvc", "exp", "run", "-S", "lr=0.001", "--name", "as-before")
    assert set(ran(again)) <= {"check"}
    assert without_check(trained.read("dvc.lock")) == without_check(before)
    shown = trained.run("dvc", "exp", "show", "--csv", "--only-changed")
    assert "slower" in shown


def test_plot_parameters_run_plot_alone(trained: Clone) -> None:
    trained.set(plots={"loss_rows": 5})
    assert ran(trained.run("dvc", "repro")) == ["check", "plot"]
    trained.reset()
    assert ran(trained.run("dvc", "repro")) == []


def test_a_harmless_edit_retrains_nothing_and_a_line_of_the_trainer_does(trained: Clone) -> None:
    def edit(name: str, text: str) -> str:
        file = trained.folder / "textclf" / name
        file.write_text(file.read_text() + text)
        return trained.run("dvc", "status", "train")

    for name in ("params.py", "errors.py", "process.py", "charts/style.py", "metrics/calibration.py", "oos/rule.py"):
        assert NO_CHANGE in edit(name, "# a comment\n"), name
    assert "textclf/training/trainer.py" in edit("training/trainer.py", "FURTHER = 1\n")


def test_a_new_version_of_a_package_runs_the_stages_that_import_it_and_no_others(trained: Clone) -> None:
    for file in (trained.folder / "requirements").glob("*.txt"):
        file.write_text(re.sub("^matplotlib==.*", "matplotlib==99", file.read_text(), flags=re.M))
    stale = re.findall(r"^(\w+):$", trained.run("dvc", "status"), re.M)
    assert sorted(stale) == ["audit", "plot"]


def test_a_bad_value_stops_before_anything_else_runs_with_one_sentence(trained: Clone) -> None:
    stages = YAML(typ="safe", pure=True).load(trained.folder / "dvc.lock")["stages"].values()
    outputs = {out["path"] for stage in stages for out in stage["outs"]} - {"data/checked.txt"}
    for change, message in (
        (
            "method=lorra",
            "error: params.yaml: method = 'lorra': should be 'full', 'distil', 'head', 'lora', 'features'",
        ),
        ("dataset=shop", "error: params.yaml: dataset = 'shop': no data/sources/shop.yaml; allowed: banking77"),
        ("model=mini", "error: params.yaml: model = 'mini': no such checkpoint; allowed: all-MiniLM-L6-v2"),
        ("lr=abc", "error: params.yaml: lr = 'abc': should be a valid number"),
        ("lora.alpha=sixteen", "error: params.yaml: lora.alpha = 'sixteen': should be a valid integer"),
        ("+lrr=1e-4", "error: params.yaml: lrr is not a parameter; did you mean lr?"),
        ("+lora.dropuot=0.1", "error: params.yaml: lora.dropuot is not a parameter; did you mean dropout?"),
        ("plots.dpi=0", "error: params.yaml: plots.dpi = 0: should be greater than or equal to 50"),
    ):
        output = trained.run("dvc", "exp", "run", "-S", change, fails=True)
        assert message in output
        assert "Traceback" not in output
        assert ran(output) == ["check"]
        assert trained.run("git", "status", "--porcelain").split() == ["M", "params.yaml"], "nothing is lost"
        assert not [path for path in outputs if not (trained.folder / path).exists()], "nor of what git ignores"
        trained.reset()
    assert ran(trained.run("dvc", "repro")) == []


def test_plots_show_and_diff_need_no_network(trained: Clone) -> None:
    shown = trained.run("dvc", "plots", "show")
    page = Path(shown.strip().removeprefix("file://")).read_text()
    assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?:""", page)
    assert "window.vegaEmbed=" in page
    for title in ("Confusion matrix (test)", "F1 by label (test)", "Validation accuracy", "Loss", "Reliability (test)"):
        assert title in page
    assert "predictions" not in page
    specs, _ = json.JSONDecoder().raw_decode(trained.run("dvc", "plots", "diff", "HEAD~1", "--json"))
    assert "plots/confusion.csv" in str(specs["data"])


def killed_after_an_epoch(clone: Clone, epoch: int, victim: str) -> None:
    """Run the stage train by force and kill dvc, or the stage, once `epoch` checkpoints have been written whole."""
    command = ["dvc", "repro", "--force", "--single-item", "train"]
    pipe, error = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(
        command, cwd=clone.folder, env=clone.environment, stdout=pipe, stderr=error, text=True
    ) as process:
        end, seen = time.monotonic() + 300, set[Path]()  # an earlier one may be removed
        while len(seen := seen | set(clone.folder.glob(".cache/runs/*/checkpoint-*/complete"))) < epoch:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < end
            time.sleep(0.01)
        if victim == "dvc":
            process.kill()
        else:
            assert kill_stage(clone, "train")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found through /proc")
def test_a_killed_run_goes_on_from_its_last_epoch_and_ends_with_the_same_bytes(trained: Clone) -> None:
    before = trained.read("dvc.lock")
    killed_after_an_epoch(trained, 1, "dvc")
    until(lambda: not processes(trained.folder, "stages.train"), 2)  # seconds
    killed_after_an_epoch(trained, 2, "stage")
    output = trained.run("dvc", "repro", "--force")
    assert "resuming the interrupted run from its checkpoint-" in output
    assert set(ran(output)) == STAGES
    assert trained.read("dvc.lock") == before
    assert trained.run("git", "status", "--porcelain") == ""
    assert not [path for path in trained.folder.glob(".cache/runs/*") if path.is_dir()]
