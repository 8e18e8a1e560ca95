"""Do a run's files belong together? Toy runs whose parameters, code or outputs were changed after the fact."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

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

    stage = {
        "params": {"params.yaml": {"lr": 0.1, "oos.method": "none"}},
        "deps": locked("stages/train.py", "textclf/methods/full.py"),
        "outs": [*locked("metrics/test.json"), {"path": "models/trained", "md5": "in DVC's cache"}],
    }
    declared = {"deps": ["stages/train.py", "textclf/methods/${method}.py"]}
    return SimpleNamespace(
        params={"lr": 0.1, "method": "full", "oos": {"method": "none"}} | params,
        lock={"train": stage},
        stages={"train": declared},
        revision=SimpleNamespace(name="words", md5=lambda path: md5(now[path]) if path in now else None),
    )


def test_a_run_whose_files_belong_together_is_current() -> None:
    assert stale(run()) is None
    check_current(run())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (run(lr=0.5), "lr is 0.5, and was 0.1 when stage train ran"),
        (run(oos={"method": "gate"}), "oos.method is 'gate', and was 'none' when stage train ran"),
        (run(oos="off"), "oos.method is None, and was 'none' when stage train ran"),
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
    only = "textclf/logistic.py is a dependency of stage train in dvc.yaml or dvc.lock, not in both"
    assert stale(more) == f"words: its scores are stale: {only}"


def test_another_method_makes_another_file_a_dependency() -> None:
    reason = stale(run(method="lora"))
    assert reason
    assert "textclf/methods/full.py is a dependency of stage train in dvc.yaml or dvc.lock, not in both" in reason
