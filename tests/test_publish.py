"""Publish: what goes to the Hub, its card, and one sentence for whatever stands in the way."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard, constants
from transformers import pipeline

from tests.conftest import Clone
from tests.hub import TOKEN, Hub, serving
from textclf.errors import InputError
from textclf.inference.model import load_model
from textclf.oos.rule import OosRule
from tools.card import card as card_module
from tools.card.card import used_parameters, write_card
from tools.publish.__main__ import main
from tools.publish.hub import prepare, push
from tools.runs.run import open_run

TEXT = "where is my parcel?"
TUNED = ["ema", "lr", "warmup"]


def publish(clone: Clone, *arguments: str, fails: bool = False, **environment: str) -> str:
    """Return what `tools.publish` printed; without a Hub unless `environment` names one."""
    command = ["python", "-m", "tools.publish", "--repo-id", "me/my-model", *arguments]
    home = {"HF_HOME": str(clone.folder / ".cache/hf"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    known = {key: value for key, value in clone.environment.items() if not key.startswith(("HF_", "HUGGING"))}
    done = subprocess.run(
        command, cwd=clone.folder, env=known | home | environment, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(trained: Clone) -> Path:
    out = publish(trained, "--dry-run", "--license", "mit")
    assert "nothing was sent; it would go to me/my-model, private" in out
    return trained.folder / "exported/hub"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub()) as running:
        yield running


def test_the_folder_is_an_ordinary_classifier_with_the_same_answers(trained: Clone, written: Path) -> None:
    ours = load_model(trained.folder / "models/classifier").predict([TEXT])
    np.testing.assert_array_equal(load_model(written).predict([TEXT]).probabilities, ours.probabilities)
    (found,) = pipeline("text-classification", str(written))([TEXT])
    assert found["label"] == ours.intents[0]
    assert (written / "model.safetensors").read_bytes() == trained.read("models/classifier/model.safetensors")


def test_the_card_is_of_this_run(trained: Clone, written: Path) -> None:
    card = ModelCard.load(written / "README.md")
    results = {result.metric_name: result.metric_value for result in card.data.eval_results}
    scores = json.loads(trained.read("metrics/test.json"))
    assert results == {name.replace("_", " "): value for name, value in scores.items() if name != "rows"}
    assert card.data.license == "mit"
    assert card.data.library_name == "transformers"
    head = trained.run("git", "rev-parse", "HEAD").strip()
    assert f"Commit `{head}`; `make repro` there gives the same bytes" in card.text
    assert card.data.language == "en"
    assert 'classify("where is my parcel?")' in card.text
    assert "CC0-1.0" in card.text
    checksum = trained.run("sha256sum", "data/corpora/shop_support.csv").split()[0]
    assert f"| `data/corpora/shop_support.csv` | `{checksum}` |" in card.text
    assert f"| accuracy | {scores['accuracy']:.4f} | " in card.text
    assert not re.search(r"\| 0\.\d{1,3} \|", card.text), "all scores have four digits"
    assert "| `style` | `everyday` |" in card.text
    assert re.search(r"\| `none` \| 0\.\d{4} \| 0\.\d{3} to 0\.\d{3} \|  \|  \|\n\| `typo` \| 0\.\d{4} \|", card.text)
    assert re.search(r"It meets \d+ of \d+ expectations", card.text)
    assert "It has no rule for them" in card.text
    assert "lr: 0.001" in card.text
    for picture in ("confusion_matrix.png", "reliability.png"):
        assert f"]({picture})" in card.text
        assert (written / picture).read_bytes() == trained.read(f"plots/pictures/{picture}")


def test_the_card_says_temperature_and_rule(trained: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.folder)
    rule = OosRule("threshold", "energy", 1, ["out_of_scope"], {}, threshold=-1.5)
    model = replace(load_model(), temperature=1.25, oos_rule=rule)
    monkeypatch.setattr(card_module, "uncommitted", lambda: "params.yaml")
    write_card(tmp_path, open_run(), model, "me/my-model")
    text = ModelCard.load(tmp_path / "README.md").text
    assert "divide the logits by 1.25 before the softmax" in text
    assert "The rule in `oos/` decides which are out of scope" in text
    assert "A message is out of scope if its score is above -1.5" in text
    assert "It has no rule for them" not in text
    assert ", with changes that were not committed. numpy==" in text
    assert "make repro" not in text


@pytest.mark.parametrize(("method", "more"), [("features", []), ("full", TUNED), ("distil", TUNED)])
def test_the_card_lists_no_parameter_that_the_method_does_not_read(method: str, more: list[str]) -> None:
    stages: dict[str, dict[str, Any]] = {
        "teach": {"distil.teachers": ["a"], "distil.temperature": 2.0, "method": method},
        "train": {method: {"C": 1}, "lr": 0.1, "warmup": 0.1, "ema": None, "seed": 42},
        "plot": {"plots": {"dpi": 60}, "evaluation": {"bins": 15}, "oos": {"method": "none"}},
    }
    lock = {name: {"params": {"params.yaml": params}} for name, params in stages.items()}
    run: Any = SimpleNamespace(params={"method": method}, lock=lock)
    listed = {line.split(":")[0] for line in used_parameters(run).splitlines() if line[0] not in " -"}
    assert listed == {"evaluation", "method", "oos", "seed", method, *more}


def test_all_of_it_goes_to_a_private_repository(trained: Clone, hub: Hub) -> None:
    out = publish(trained, HF_TOKEN=TOKEN, HF_ENDPOINT=hub.address)
    assert f"{hub.address}/me/my-model/commit/" in out
    assert hub.private is True
    folder = trained.folder / "exported/hub"
    sent = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert hub.files == sent
    assert hub.message == f"Commit {trained.run('git', 'rev-parse', 'HEAD').strip()}"
    assert hub.asked.index("/api/validate-yaml") < hub.asked.index("/api/repos/create")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, in_tmp: Path) -> Callable[..., None]:
    """Point this process to a Hub."""

    def point(address: str, token: str = TOKEN) -> None:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setenv("HF_TOKEN", token)

    return point


def test_a_public_repository_is_not_written_by_mistake(written: Path, hub: Hub, at: Callable[..., None]) -> None:
    at(hub.address)
    hub.private = False
    with pytest.raises(InputError, match="exists and is public; pass --public if this is intended"):
        push(written, "me/my-model", public=False, message="x")
    assert not hub.files
    push(written, "me/my-model", public=True, message="x")
    assert "README.md" in hub.files


def test_a_private_repository_becomes_public_if_that_is_asked_for(
    written: Path, hub: Hub, at: Callable[..., None]
) -> None:
    at(hub.address)
    push(written, "me/my-model", public=False, message="x")
    assert hub.private is True
    hub.card_problem = "no license"
    with pytest.raises(InputError, match="the Hub rejects its card"):
        push(written, "me/my-model", public=True, message="x")
    assert hub.private is True, "what was not published is not shown"
    hub.card_problem = ""
    push(written, "me/my-model", public=True, message="x")
    assert hub.private is False


def test_the_files_of_an_earlier_model_go_away(written: Path, hub: Hub, at: Callable[..., None]) -> None:
    at(hub.address)
    hub.private = True
    earlier = ("preparation/spelling/words.csv", "oos/oos.safetensors", "features.json")
    hub.files = dict.fromkeys([*earlier, "README.md", ".gitattributes", "our-logo.svg"], b"before")
    push(written, "me/my-model", public=False, message="x")
    assert not set(earlier) & set(hub.files)
    assert hub.files["README.md"] == (written / "README.md").read_bytes()
    assert hub.files["our-logo.svg"] == hub.files[".gitattributes"] == b"before"


def test_what_the_hub_refuses_is_said_in_its_words(written: Path, hub: Hub, at: Callable[..., None]) -> None:
    at(hub.address, "hf_another")
    with pytest.raises(InputError, match=r"^me/my-model was not published; the Hub answered: Invalid token$"):
        push(written, "me/my-model", public=False, message="x")
    at(hub.address)
    hub.card_problem = "license is not allowed"
    with pytest.raises(InputError, match="the Hub rejects its card: license is not allowed"):
        push(written, "me/my-model", public=False, message="x")
    assert not hub.files


def test_without_network_there_is_one_sentence(written: Path, at: Callable[..., None]) -> None:
    at("http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"^http://127.0.0.1:9 cannot be reached \(ConnectError\); the prepared"):
        push(written, "me/my-model", public=False, message="x")


def test_without_a_token_nothing_is_begun(
    trained: Clone, typed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(trained.folder / "none"))
    out = typed(main, trained.folder, "--repo-id", "me/my-model", fails=True)
    assert "error: no token for the Hub; set HF_TOKEN" in out


@pytest.mark.parametrize(
    ("repo_id", "message"),
    [
        ("my-model", "error: --repo-id my-model: your name or an organization's is missing, as in me/my-model"),
        ("me/my model", "error: --repo-id me/my model: Repo id must"),
    ],
)
def test_a_bad_name_is_said(trained: Clone, typed: Callable[..., str], repo_id: str, message: str) -> None:
    assert message in typed(main, trained.folder, "--repo-id", repo_id, "--dry-run", fails=True)


def test_changes_that_no_commit_holds_are_refused(trained: Clone, typed: Callable[..., str]) -> None:
    with (trained.folder / "CONTRIBUTING.md").open("a") as guide:
        guide.write("\nmore\n")
    said = "CONTRIBUTING.md has uncommitted changes; commit them first, because the output names its commit"
    out = typed(main, trained.folder, "--repo-id", "me/my-model", "--dry-run")
    assert f"warning: without --dry-run this would be refused: {said}" in out
    with pytest.raises(InputError, match=said):
        prepare(trained.folder / "exported/hub", "me/my-model", None, None, dry_run=False)


def test_the_card_names_where_the_code_is_without_a_password(trained: Clone) -> None:
    for address, shown in (
        ("https://me:secret@example.org/team/it.git", "https://example.org/team/it"),
        ("git@example.org:team/it.git", "https://example.org/team/it"),
        ("ssh://git@example.org:22/team/it", "https://example.org/team/it"),
        ("/srv/it.git", ""),
    ):
        trained.run("git", "remote", "add", "origin", address)
        assert trained.run("python", "-c", "from textclf.revisions import origin; print(origin())") == f"{shown}\n"
        trained.run("git", "remote", "remove", "origin")
