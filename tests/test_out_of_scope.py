"""Out of scope and calibration end to end, in a private copy: what runs, what is written, what a review says."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.conftest import Clone
from tests.test_pipeline import ran


@pytest.fixture(scope="module")
def copy(trained: Clone) -> Iterator[Clone]:
    gate = trained.folder / "review.yaml"
    gate.write_text(gate.read_text().replace("min_rows: 200", "min_rows: 100"))
    trained.commit("fewer rows")
    yield trained
    trained.run("git", "reset", "--hard", "--quiet", "HEAD~1")


def scores(clone: Clone, name: str) -> dict[str, float]:
    found: dict[str, float] = json.loads(clone.read(f"metrics/{name}.json"))
    return found


def test_without_a_method_nothing_of_it_runs(copy: Clone) -> None:
    assert scores(copy, "oos") == {}
    (copy.folder / "data/corpora/shop_support_oos.csv").write_text("text,kind,split\nhm,noise,test\n")
    assert ran(copy.run("dvc", "repro")) == ["download"]


def test_a_threshold_trains_nothing_and_leaves_the_other_scores_alone(copy: Clone) -> None:
    before = copy.read("metrics/test.json")
    output = copy.run("dvc", "exp", "run", "-S", "oos.method=threshold", "-S", "oos.score=energy", "-n", "energy")
    before_training = ["check", "download", "split", "tokenize", "augment"]
    assert ran(output) == [*before_training, "predict", "oos", "package", "robustness", "plot"]
    assert copy.read("metrics/test.json") == before
    found = scores(copy, "oos")
    assert {"auroc", "aupr", "fpr_at_95_recall", "in_scope_accuracy", "out_recall"} <= set(found)
    assert [line.split(",")[0] for line in copy.read("plots/oos_kinds.csv").decode().splitlines()] == [
        "kind",
        "chitchat",
        "gibberish",
        "unsupported",
    ]
    assert len(json.loads(copy.read("metrics/predictions/oos.json"))) == 1 + 120 + 135
    pictures = {path.stem for path in (copy.folder / "plots/pictures").glob("oos_*")}
    assert pictures == {"oos_scores", "oos_roc", "oos_risk_coverage"}
    other = copy.run("dvc", "exp", "run", "-S", "oos.score=mahalanobis", "-n", "mahalanobis")
    assert ran(other) == ["check", "oos", "package", "robustness", "plot"]


def test_a_class_is_trained_and_in_scope_scores_are_of_the_same_rows_and_labels(copy: Clone) -> None:
    output = copy.run("dvc", "exp", "run", "-S", "oos.method=class", "-S", "calibration=temperature", "-n", "class")
    assert "train" in ran(output)
    config = json.loads(copy.read("models/classifier/config.json"))
    assert list(config["id2label"].values())[-3:] == [
        "out_of_scope:chitchat",
        "out_of_scope:gibberish",
        "out_of_scope:unsupported",
    ]
    assert scores(copy, "test")["rows"] == 120
    _, *rows = json.loads(copy.read("metrics/predictions/test.json"))
    assert not {row[1] for row in rows} & {row[2] for row in rows if row[2].startswith("out_of_scope")}
    assert "kind_accuracy" in scores(copy, "oos")
    assert len(scores(copy, "oos")) <= 10
    calibration = scores(copy, "calibration")
    assert calibration["temperature"] != 1
    assert set(calibration) == {"temperature", "log_loss_before", "ece_before"}


def test_the_review_lists_what_moved_in_and_out_of_scope_apart(copy: Clone) -> None:
    out = copy.run("python", "-m", "tools.review", "energy", "class", "--html", "review.html")
    assert "### Out of scope" in out
    assert "| auroc | 0." in out
    assert "### Moved in or out of scope" in out
    assert "train, out of scope: 0 rows added" not in out
    assert '<section id="moved">' in copy.read("review.html").decode()
    since = copy.run("python", "-m", "tools.review", "main", "energy")
    assert since.startswith("## no detectable difference, for these models alone: accuracy")
    assert "test, out of scope: 135 rows added, 0 removed, 0 relabeled" in since


def test_the_card_describes_the_out_of_scope_rule(copy: Clone) -> None:
    copy.run("python", "-m", "tools.publish", "--repo-id", "me/it", "--rev", "class", "--dry-run")
    card = copy.read("exported/hub/README.md").decode()
    assert "(`oos.method: class`; chosen on validation rows)" in card
    assert re.search(r"\| auroc \| 0\.\d+ \|", card)
    assert "`pipeline` doesn't apply the temperature: divide the logits by" in card
    assert "data/corpora/shop_support_oos.csv" in card
    assert "a text classifier of 24 labels" in card.lower()


def test_a_corpus_without_such_rows_stops_before_any_work(copy: Clone) -> None:
    spec = copy.folder / "data/sources/shop_support.yaml"
    spec.write_text(spec.read_text().split("out_of_scope:")[0])
    output = copy.run("dvc", "exp", "run", "-S", "oos.method=class", fails=True)
    assert "error: params.yaml: oos.method = 'class': shop_support has no out-of-scope rows to train on" in output
    assert "Traceback" not in output
    assert ran(output) == ["check", "download"]
