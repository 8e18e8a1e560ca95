"""Do a run's files belong together? Toy runs whose parameters, code or outputs were changed after the fact."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Clone
from textclf.errors import InputError
from tools.runs.stale import check_current, stale

FILES = {"stages/train.py": b"train", "textclf/methods/full.py": b"full", "metrics/test.json": b"{}"}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def run(files: dict[str, bytes] | None = None, **params: Any) -> Any:
    """A run of one stage, which read two parameters and two files and wrote one; what is given was changed since."""
    now = FILES | (files or {})

    def locked(*names: str) -> list[dict[str, str]]:
        return [{"path": name, "md5": md5(FILES[name])} for name in names]

    train = {
        "params": {"params.yaml": {"lr": 0.1, "oos.method": "none"}},
        "deps": locked("stages/train.py", "textclf/methods/full.py"),
        "outs": [*locked("metrics/test.json"), {"path": "models/trained", "md5": "in DVC's cache"}],
    }
    predict = {"deps": [{"path": "models/trained", "md5": "in DVC's cache"}], "outs": []}
    declared = {"deps": ["stages/train.py", "textclf/methods/${method}.py"]}
    return SimpleNamespace(
        params={"lr": 0.1, "method": "full", "oos": {"method": "none"}} | params,
        lock={"train": train, "predict": predict},
        stages={"train": declared, "predict": {"deps": ["models/trained"]}},
        revision=SimpleNamespace(
            name="words", sha="0" * 40, md5=lambda path: md5(now[path]) if path in now else None, tracked=now.get
        ),
    )


def test_a_run_whose_files_belong_together_is_current() -> None:
    assert stale(run()) is None
    check_current(run())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (run(lr=0.5), "lr is 0.5 but was 0.1 when stage train ran"),
        (run(oos={"method": "gate"}), "oos.method is 'gate' but was 'none' when stage train ran"),
        (run(oos="off"), "oos.method is None but was 'none' when stage train ran"),
        (run({"stages/train.py": b"more"}), "stages/train.py has changed since stage train read it"),
        (run({"metrics/test.json": b"[]"}), "metrics/test.json has changed since stage train wrote it"),
    ],
)
def test_what_has_changed_since_is_said(changed: Any, reason: str) -> None:
    assert stale(changed) == f"words: its scores are stale: {reason}"
    with pytest.raises(InputError, match=r"^words: its scores are stale: "):
        check_current(changed)


def test_a_dependency_on_one_side_only_is_said() -> None:
    more = run()
    more.stages["train"]["deps"].append("textclf/logistic.py")
    only = "dvc.yaml and dvc.lock disagree on whether stage train depends on textclf/logistic.py"
    assert stale(more) == f"words: its scores are stale: {only}"


def test_an_input_that_is_not_the_output_of_the_stage_before_is_said() -> None:
    changed = run()
    changed.lock["train"]["outs"][1]["md5"] = "of a later training"
    different = "stage predict read a different models/trained from the one that stage train last wrote"
    assert stale(changed) == f"words: its scores are stale: {different}"


def test_an_input_that_cannot_be_checked_is_not_fine() -> None:
    unknown = run()
    unknown.lock["predict"]["deps"].append({"path": "data/rows.csv", "md5": "1"})
    unknown.stages["predict"]["deps"].append("data/rows.csv")
    assert stale(unknown) == "words: its scores are stale: data/rows.csv has changed since stage predict read it"
    unknown.lock["train"]["outs"].append({"path": "data", "md5": "2.dir"})
    assert "cannot be compared: dvc.lock has only the md5 of data" in str(stale(unknown))


def test_a_comment_in_the_parameters_makes_no_score_stale() -> None:
    commented = run()
    commented.lock["check"] = {"deps": [{"path": "params.yaml", "md5": "before the comment"}], "outs": []}
    commented.stages["check"] = {"deps": ["params.yaml"]}
    assert stale(commented) is None


def test_a_stage_that_was_added_or_removed_is_said() -> None:
    more = run()
    more.stages["oos"] = {}
    assert stale(more) == "words: its scores are stale: dvc.yaml and dvc.lock disagree about stage oos"


def test_another_method_makes_another_file_a_dependency() -> None:
    reason = stale(run(method="lora"))
    assert reason
    assert "dvc.yaml and dvc.lock disagree on whether stage train depends on textclf/methods/full.py" in reason


def test_relabeled_rows_that_nothing_was_run_on_are_stale(trained: Clone) -> None:
    corpus = trained.folder / "data/corpora/shop_support.csv"
    corpus.write_text(corpus.read_text().replace(",order_status", ",cancel_order", 50))
    trained.commit("50 rows relabeled")
    for command in (("review", "HEAD~1", "HEAD"), ("review", "HEAD~1"), ("publish", "--repo-id", "me/it", "--dry-run")):
        said = trained.run("python", "-m", f"tools.{command[0]}", *command[1:], fails=True)
        assert "its scores are stale: data/corpora has changed since stage download read it" in said


def test_scores_from_before_a_stage_was_run_alone_are_stale(trained: Clone) -> None:
    trained.set(calibration="temperature")
    trained.run("dvc", "repro", "--single-item", "calibrate")
    trained.commit("a temperature, but no scores with it")
    said = trained.run("python", "-m", "tools.review", "HEAD~1", "HEAD", fails=True)
    assert "read a different models/calibration.json from the one that stage calibrate last wrote" in said


def test_an_output_that_was_changed_by_hand_is_stale(trained: Clone) -> None:
    file = trained.folder / "models/calibration.json"
    file.chmod(0o644)
    file.write_text('{"temperature": 3.0}')
    said = trained.run("python", "-m", "tools.review", "HEAD", fails=True)
    assert "models/calibration.json has changed since stage calibrate wrote it" in said
