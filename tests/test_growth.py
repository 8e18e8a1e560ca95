"""The measurement of growth: made-up rows, what a stage uses, and the page with the table."""

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster_nodes import until
from tests.conftest import ROOT
from textclf.errors import InputError
from textclf.params import check_params
from textclf.specs import read_yaml
from tools.bench import growth, growth_table
from tools.bench.synthetic import LONGEST, SHORTEST, texts, vocabulary_size, word, write_csv


def test_the_same_seed_makes_the_same_rows() -> None:
    assert list(texts(300, seed=5)) == list(texts(300, seed=5))
    assert list(texts(300, seed=5)) != list(texts(300, seed=6))


def test_frequencies_are_uneven_and_no_two_words_are_the_same() -> None:
    names = [word(number) for number in range(vocabulary_size(1_000_000))]
    assert len(set(names)) == len(names)
    counts = Counter(name for text, _ in texts(3000, seed=0) for name in text.split())
    (_, first), *_, (_, last) = counts.most_common(300)
    assert first > 30 * last
    assert sum(count == 1 for count in counts.values()) > len(counts) / 5


def test_labels_can_be_told_by_their_words_and_lengths_vary() -> None:
    rows = list(texts(3000, seed=0))
    by_label = [Counter(name for text, own in rows if own == label for name in text.split()) for label in (3, 4)]
    own = [{name for name, count in counts.items() if count > 5} for counts in by_label]
    assert len(own[0] - own[1]) > 3
    lengths = [len(text.split()) for text, _ in rows]
    assert (min(lengths), max(lengths)) == (SHORTEST, LONGEST)


def test_the_copy_is_a_project_with_made_up_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    growth.copy_project(tmp_path)
    growth.set_up(tmp_path, 50)
    params = check_params(read_yaml(tmp_path / "params.yaml"))
    assert (params.dataset, params.method) == ("synthetic", "baseline")
    with (tmp_path / "data/corpora/synthetic.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 50
    used = growth.measure("python -m stages.check", tmp_path)
    assert used["cpu_s"] > 0
    assert 20 < used["peak_mb"] < 4000  # a child begins with what its parent has
    assert (tmp_path / "data/checked.txt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_a_stage_ends_when_its_measurement_is_killed(tmp_path: Path) -> None:
    (tmp_path / "textclf").symlink_to(ROOT / "textclf")
    (tmp_path / "stages").mkdir()
    shutil.copy(ROOT / "stages/__init__.py", tmp_path / "stages")
    started = tmp_path / "started"
    lines = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    (tmp_path / "stages/sleep.py").write_text(lines)
    code = f"from tools.bench.growth import *; measure('python -m stages.sleep', Path({str(tmp_path)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until(lambda: started.exists() and started.read_text(), 30)
    process.terminate()
    process.wait()
    until(lambda: not Path(f"/proc/{started.read_text()}").exists(), 10)


def test_stages_come_in_the_order_in_which_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names = list(growth.stages())
    assert names[:5] == ["check", "download", "split", "prepare", "tokenize"]
    assert growth.stages()["train"] == "python -m stages.train"


def test_a_stage_that_fails_ends_it_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise SystemExit('error: no rows')")
    with pytest.raises(InputError, match=r"python bad\.py ended with 1: error: no rows"):
        growth.measure("python bad.py", tmp_path)


def test_figures_that_no_commit_holds_yet_are_no_changes_and_others_are(in_tmp: Path) -> None:
    for name in ("results/speed/other.json", "params.yaml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *arguments], check=True)
    Path("results/speed/other.json").write_text("[]")
    growth.elsewhere(growth.check_unchanged)
    Path("params.yaml").write_text("lr: 1")
    with pytest.raises(InputError, match=r"params\.yaml has uncommitted changes; commit them first"):
        growth.elsewhere(growth.check_unchanged)


def test_the_table_says_how_a_stage_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = {str(rows): {"train": {"cpu_s": rows / 1000, "wall_s": 1.0, "peak_mb": rows // 10}} for rows in (1000, 9000)}
    result = {"commit": "0" * 40, "processor": "one", "seed": 0, "rows": used}
    (tmp_path / "growth.json").write_text(json.dumps(result))
    monkeypatch.setattr(growth_table, "FIGURES", tmp_path / "growth.json")
    assert growth_table.rows()[2] == "| `train` | 1.0 s, 100 MB | 9.0 s, 900 MB | 9.0 times |"


def test_the_page_is_written_from_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert growth_table.PAGE.read_text() == growth_table.page(), "stale: python -m tools.bench.growth --table"


def test_the_rows_are_a_csv_that_download_reads(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv", 20, seed=0)
    with (tmp_path / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["text"], row["label"]) for row in rows] == [(text, f"label_{own:02d}") for text, own in texts(20, 0)]
