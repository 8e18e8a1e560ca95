"""Recorded seeds: which runs share them, when they still hold, and what the review says of them."""

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from tests.test_differences import LABELS, differences, predictions
from textclf.errors import InputError
from tools.cluster.experiments import Resources
from tools.review.sentences import headline, noise, same_inputs
from tools.runs import experiments, seeds
from tools.runs.config import config_hash
from tools.runs.records import FOLDER, Record, new_folder, read_record, record_of, write_seed
from tools.runs.run import PREDICTIONS
from tools.runs.seeds import _missing
from tools.runs.tables import pooled_variance, seeds_of

Lock = dict[str, Any]


def run(change: Callable[[Lock], object] = lambda lock: None, **more: Any) -> Any:
    """A toy run, its dvc.lock as `change` leaves it; `more` are values of its params.yaml and of its training."""
    train = {"seed": 42, "lr": 0.1, "method": "full", "full": {"trained_layers": "layers"}, "early_stopping": None}
    lock: Lock = {
        "download": {"params": {"params.yaml": {"dataset": "shop"}}, "outs": [{"path": "data/raw", "md5": "1.dir"}]},
        "tokenize": {"outs": [{"path": "data/tokenized", "md5": "2.dir"}]},
        "split": {"outs": [{"path": "data/splits", "md5": "3.dir"}]},
        "train": {
            "params": {"params.yaml": train},
            "deps": [{"path": "textclf/methods/full.py", "md5": "4"}],
            "outs": [{"path": "models/trained", "md5": "5.dir"}],
        },
        "oos": {"params": {"params.yaml": {"oos.method": "none"}}},
        "evaluate": {"params": {"params.yaml": {"evaluation": {"ece_bins": 15}}}},
    }
    change(lock)
    machine = {"processor": "x86_64 AVX512", "threads": 2, "precision": "bf16"} | more.pop("machine", {})
    stages = lock["oos"]["params"]["params.yaml"], lock["evaluate"]["params"]["params.yaml"]
    oos = {"oos": {"method": stages[0]["oos.method"]}}
    return SimpleNamespace(
        params=lock["train"]["params"]["params.yaml"] | oos | stages[1] | more,
        lock=lock,
        machine={key: value for key, value in machine.items() if value is not None},
        predictions=(table := predictions(seed=int(more.get("seed", 42)))),
        labels=LABELS,
        scores={"accuracy": round(float((table["actual"] == table["predicted"]).mean()), 4), "roc_auc": 0.99},
        oos_scores={},
        decisions=None,
        revision=SimpleNamespace(
            md5=lambda path: f"of {more.get('seed', 42)}" if path == PREDICTIONS else None,
            json=lambda path: {"train": 1000},
        ),
    )


def trained_with(**values: Any) -> Callable[[Lock], object]:
    """A change of parameters of stage train."""
    return lambda lock: lock["train"]["params"]["params.yaml"].update(values)


def set_md5(stage: str, kind: str, md5: str) -> Callable[[Lock], object]:
    """A change of the first file that a stage read (`deps`) or wrote (`outs`)."""
    return lambda lock: lock[stage][kind][0].update(md5=md5)


@pytest.mark.parametrize(
    "same",
    [
        run(trained_with(seed=43), seed=43),
        run(set_md5("train", "deps", "other code")),
        run(set_md5("train", "outs", "another classifier")),
        run(lambda lock: lock["train"]["deps"].append({"path": "textclf/new.py", "md5": "6"})),
        run(lambda lock: lock["download"]["params"]["params.yaml"].update(dataset="the same rows, renamed")),
        run(trained_with(sampling="none", new_stop=None, new_list=[], new_section={"part": "none"})),
        run(machine={"processor": "aarch64 DEFAULT", "threads": 8}),
    ],
    ids=["seed", "code", "classifier", "new code", "name of the data", "what is off", "machine"],
)
def test_the_configuration_is_the_same_with_another(same: Any) -> None:
    assert config_hash(same) == config_hash(run())


@pytest.mark.parametrize(
    "other",
    [
        run(trained_with(lr=0.2)),
        run(trained_with(early_stopping=2)),
        run(trained_with(full={"trained_layers": "all"})),
        run(lambda lock: lock["oos"]["params"]["params.yaml"].update({"oos.method": "gate"})),
        run(lambda lock: lock["evaluate"]["params"]["params.yaml"]["evaluation"].update(ece_bins=10)),
        run(set_md5("download", "outs", "other rows")),
        run(set_md5("tokenize", "outs", "another checkpoint")),
        run(set_md5("split", "outs", "other splits")),
        run(method="lora"),
        run(machine={"precision": "fp32"}),
    ],
    ids=["lr", "switched on", "section", "oos", "scoring", "data", "tokens", "splits", "method", "precision"],
)
def test_the_configuration_is_another_with_another(other: Any) -> None:
    found = config_hash(other)
    assert found
    assert found != config_hash(run())


def test_teachers_are_a_part_of_the_configuration_where_one_learns_from_them() -> None:
    def taught(md5: str) -> Callable[[Lock], object]:
        return lambda lock: lock.update(teach={"outs": [{"path": "data/taught.parquet", "md5": md5}]})

    one, another = (config_hash(run(taught(md5), method="distil")) for md5 in ("6", "7"))
    assert one != another
    assert config_hash(run(taught("6"))) == config_hash(run())


def test_a_run_from_before_the_precision_was_recorded_has_no_configuration(in_tmp: None) -> None:
    older = run(machine={"precision": None})
    assert config_hash(older) is None
    assert read_record(older) is None
    assert config_hash(run(lambda lock: lock.pop("tokenize"))) is None


def record(*seeds: int) -> Record:
    """Record some seeds of the toy run's configuration."""
    folder = FOLDER / str(config_hash(run()))
    for seed in seeds:
        write_seed(run(trained_with(seed=seed), seed=seed), folder)
    return Record(folder)


def test_a_record_is_found_by_every_run_of_the_configuration(in_tmp: None) -> None:
    assert read_record(run()) is None, "nothing is recorded yet"
    found = record(42, 44, 43)
    assert found.seeds == [42, 43, 44]
    assert read_record(run()) == read_record(run(set_md5("train", "deps", "other code"))) == found
    assert read_record(run(trained_with(lr=0.2))) is None
    assert read_record(run(lambda lock: lock["oos"]["params"]["params.yaml"].update({"oos.method": "gate"}))) is None
    assert read_record(run(set_md5("tokenize", "outs", "the same in other bytes"))) == found
    renumbered = run()
    renumbered.labels = LABELS[::-1]
    assert read_record(renumbered) is None
    assert found.scores("roc_auc") == [0.99, 0.99, 0.99]


def test_other_out_of_scope_rows_are_another_configuration_although_no_row_in_scope_is_predicted_otherwise(
    in_tmp: None,
) -> None:
    table = pd.DataFrame(
        {"actual": ["a", "out_of_scope"], "predicted": "a", "intent": "a", "score": [0.1, 0.2]},
        index=pd.Index(["r1", "r2"], name="id"),
    )

    def deciding(decisions: pd.DataFrame) -> Any:
        made = run(lambda lock: lock["oos"]["params"]["params.yaml"].update({"oos.method": "threshold"}))
        made.decisions = decisions
        return made

    write_seed(deciding(table), FOLDER / "decides")
    assert read_record(deciding(table.iloc[::-1])) == Record(FOLDER / "decides")
    assert read_record(deciding(table.assign(predicted="out_of_scope"))) is None
    assert read_record(deciding(table.rename({"r2": "r3"}))) is None


def test_predictions_come_back_within_half_a_digit(in_tmp: None) -> None:
    found, whole = record(43).predictions(43), predictions(seed=43)
    pd.testing.assert_frame_equal(found[["actual", "predicted"]], whole[["actual", "predicted"]], check_names=False)
    np.testing.assert_allclose(found[["confidence", "loss"]], whole[["confidence", "loss"]], rtol=1e-3, atol=1e-3)


def test_records_are_small_and_the_same_bytes_each_time(in_tmp: None) -> None:
    folder = record(42, 43).folder
    files = {path: path.read_bytes() for path in [*folder.iterdir(), *(FOLDER / "test-sets").iterdir()]}
    assert len(files) == 4, "two seeds, their scores, and the ids once"
    assert all(len(content) < 10_000 for content in files.values())
    record(43, 42)
    assert files == {path: path.read_bytes() for path in files}


def test_a_record_that_the_runs_own_predictions_contradict_is_not_believed(in_tmp: None) -> None:
    record(42, 43)
    other = run()
    other.revision.md5 = lambda path: "others"
    assert read_record(other) is None
    name = config_hash(run())
    assert name
    assert record_of(name), "the table of results shows it with the commit that it is of"
    assert read_record(run(trained_with(seed=50), seed=50)) is None, "what can't be checked is not believed"
    assert read_record(run(machine={"processor": "aarch64 DEFAULT"})) is None


def test_two_codes_of_one_configuration_have_a_record_each(in_tmp: None) -> None:
    first = record(42, 43)
    other = run()
    other.revision.md5 = lambda path: "0123456789"
    folder = new_folder(other)
    assert folder.name.startswith(f"{first.folder.name}-")
    write_seed(other, folder)
    assert read_record(other) == Record(folder)
    assert read_record(run()) == first


def test_a_record_that_was_cut_or_half_committed_is_named(in_tmp: None) -> None:
    found = record(42, 43)
    (found.folder / "43.parquet").unlink()
    with pytest.raises(InputError, match=r"43.parquet is missing, but a record.json needs it"):
        found.predictions(43)
    shutil.copy(found.folder / "42.parquet", found.folder / "43.parquet")
    with pytest.raises(InputError, match=r"43.parquet is damaged \(accuracy 0.\d+, and record.json says 0.\d+\)"):
        found.predictions(43)
    pd.read_parquet(found.folder / "42.parquet").head(9).to_parquet(found.folder / "43.parquet")
    with pytest.raises(InputError, match=r"43.parquet is damaged \(not the predictions of 300 rows\)"):
        found.predictions(43)
    (found.folder / "43.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"43.parquet is damaged \(.*\); restore it from git, or remove the folder"):
        found.predictions(43)
    (found.folder / "record.json").write_text('{"labels": []}')
    with pytest.raises(InputError, match=r"record.json is damaged \(params\); restore it from git"):
        read_record(run())
    (found.folder / "record.json").write_text("<<<<<<< HEAD")
    with pytest.raises(InputError, match=r"record.json is damaged \(no valid JSON\); restore it from git"):
        read_record(run())


def test_a_side_has_its_own_run_first_and_then_the_other_seeds(in_tmp: None) -> None:
    record(42, 43, 44)
    found = seeds_of(run())
    assert len(found.tables) == 3
    pd.testing.assert_frame_equal(found.tables[0], predictions(seed=42))
    assert found.roc_auc == [0.99] * 3


def test_the_spread_is_pooled_over_configurations_with_about_as_many_training_rows(in_tmp: None) -> None:
    assert pooled_variance(1000, (run(), run())) == ({}, 0)
    record(42, 43, 44)
    assert pooled_variance(0, (trained_by_nobody := run(trained_with(lr=0.3)), trained_by_nobody)) == ({}, 0)
    found, configurations = pooled_variance(1100, (run(), run()))
    assert configurations == 1
    assert found["accuracy"].freedom == 2
    elsewhere = run(trained_with(lr=0.2))
    assert pooled_variance(2000, (elsewhere, elsewhere)) == ({}, 0)
    assert pooled_variance(2000, (run(), elsewhere))[1] == 1, "a side's own record tells of it in any case"


@pytest.mark.parametrize(("file", "same"), [("mine", False), (None, True)])
def test_edited_further_texts_are_another_configuration(file: str | None, same: bool) -> None:
    def further(md5: str) -> Callable[[Lock], object]:
        return lambda lock: lock.update(augment={"outs": [{"path": "data/augmented.parquet", "md5": md5}]})

    hashes = {config_hash(run(further(md5), augment={"file": file})) for md5 in ("6", "7")}
    assert (len(hashes) == 1) == same


def test_records_of_one_training_count_once(in_tmp: None) -> None:
    first = record(42, 43, 44)
    for name, params in {"calibrated": {"calibration": "temperature"}, "other": {"lr": 0.3}}.items():
        copy = FOLDER / name
        shutil.copytree(first.folder, copy)
        content = json.loads((copy / "record.json").read_text())
        content["params"] |= params
        (copy / "record.json").write_text(json.dumps(content))
    found, configurations = pooled_variance(1000, (run(), run()))
    assert configurations == 2
    assert found["accuracy"].freedom == 4


def test_a_record_of_a_method_that_draws_nothing_tells_nothing_of_others(in_tmp: None) -> None:
    folder = record(42, 43, 44).folder / "record.json"
    content = json.loads(folder.read_text())
    for one in content["seeds"].values():
        one["predictions"] = "the same"
    folder.write_text(json.dumps(content))
    assert pooled_variance(1000, (run(trained_with(lr=0.2)),) * 2) == ({}, 0)


def test_an_experiment_that_fails_is_named(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def start(command: list[str], **options: Any) -> Any:
        called.extend([command, options["cwd"]])
        return nullcontext(Mock(wait=Mock(return_value=3)))

    monkeypatch.setattr(experiments, "start_command", start)
    monkeypatch.setattr(experiments, "open_run", Mock(side_effect=InputError("it has not been run")))
    with pytest.raises(InputError, match=r"^the experiment seed-43 failed \(exit code 3\); see above$"):
        experiments.ensure_experiment(in_tmp, "seed-43", ["seed=43"])
    assert called == [["dvc", "exp", "run", "--temp", "--name", "seed-43", "-S", "seed=43"], in_tmp]


def test_seeds_that_fail_on_a_cluster_are_counted_and_one_is_named(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds, "is_here", lambda name: False)
    monkeypatch.setattr(seeds, "run_experiments", lambda *_: {"seed-43": "no room"})
    with pytest.raises(InputError, match=r"^1 of 2 seeds failed, such as seed-43: no room$"):
        seeds._run_on_cluster("0" * 40, {"seed-43": 43, "seed-44": 44}, "x", in_tmp, Resources("local"))


def test_where_no_seed_can_run_none_is_recorded(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise InputError("a shallow clone")

    monkeypatch.setattr(seeds, "stale", lambda run: None)
    monkeypatch.setattr(seeds, "check_queue", refused)
    with pytest.raises(InputError, match="a shallow clone"):
        seeds.ensure_seeds(run(), 2)
    assert not list(in_tmp.iterdir())
    assert seeds.ensure_seeds(run(), 1).seeds == [42], "which needs no run"


def test_seeds_are_counted_on_from_the_runs_own() -> None:
    assert _missing([42], 42, 5) == [43, 44, 45, 46]
    assert _missing([42, 44, 50], 42, 5) == [43, 45]
    assert _missing([1, 2, 3], 1, 2) == []


def report(seeds: tuple[int, int] = (1, 1), pooled: int = 0, **more: Any) -> Any:
    found = differences(predictions(seed=1), predictions(right=0.98, seed=2))
    row = found.scores.set_index("metric").loc["accuracy"]
    values = {"differences": found, "row": row, "verdict": row["verdict"], "min_effect": 0.005, "primary": "accuracy"}
    return SimpleNamespace(**values | {"seeds": seeds, "pooled": pooled, "draw": (True, True)} | more)


def test_the_review_says_how_many_seeds_speak_and_what_the_interval_knows_of_them() -> None:
    assert headline(report()).startswith("improved, for these models alone: accuracy ")
    assert noise(report()).startswith("One seed on each side and no spread is recorded: that is one model")
    assert headline(report(pooled=3)).startswith("improved: accuracy ")
    assert "pooled over 3 recorded configurations" in noise(report(pooled=3))
    assert "One seed on a side: " in noise(report((1, 5), pooled=3))
    fitted = report(draw=(False, False))
    assert headline(fitted).startswith("improved: accuracy ")
    assert noise(fitted) == "Neither side draws anything in training, so that one seed says all."
    assert "comes from the test rows and" in noise(report((1, 5), draw=(False, True)))
    assert headline(report((5, 5))).endswith(", means of 5 seeds")
    assert "comes from the test rows and" in noise(report((5, 5)))
    assert "To detect 0.5 points in 80% of cases" in noise(report((5, 5)))


def test_two_runs_with_the_same_inputs_are_told_apart_by_what_differs() -> None:
    sides = {"base": run(), "head": run(machine={"processor": "aarch64 DEFAULT", "precision": "fp32"})}
    assert same_inputs(SimpleNamespace(**sides)) == (  # type: ignore[arg-type]
        "All inputs of the scores are the same; different: processor x86_64 AVX512 and aarch64 DEFAULT; "
        "precision bf16 and fp32."
    )
