"""Source specs: the shipped ones are valid and pinned, and mistakes name the file and the key."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf.data.source_spec import read_source
from textclf.errors import InputError

SPECS = ROOT / "data" / "sources"
GOOD = {"files": {"train": "train.csv"}, "text": "message", "label": "team"}


def spec(**changes: Any) -> None:
    with Path("mine.yaml").open("w") as file:
        YAML().dump({**GOOD, **changes}, file)


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_a_shipped_spec_is_valid_and_says_what_it_is(name: str) -> None:
    source = read_source(name, SPECS)
    assert source.about
    assert source.license
    assert all(file.sha256 or file.path for file in source.files.values())


def test_five_lines_are_enough_for_a_csv_of_ones_own(in_tmp: Path) -> None:
    Path("mine.yaml").write_text(
        "files:\n  train: data/corpora/train.csv\n  test: data/corpora/test.csv\ntext: message\nlabel: team\n"
    )
    assert read_source("mine", Path()).files["test"].path == Path("data/corpora/test.csv")


def test_an_unknown_data_set_says_which_are_known() -> None:
    with pytest.raises(InputError, match=r"dataset = 'shop': no .*shop.yaml; allowed: banking77, clinc150, emotion"):
        read_source("shop", SPECS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"txet": "x"}, "mine.yaml: txet: Extra inputs are not permitted"),
        ({"licence": "x"}, "mine.yaml: licence is now called license"),
        ({"files": {"test": "x.csv"}}, "either a train file or one file of all rows is needed"),
        ({"files": {"all": "x.csv", "test": "y.csv"}}, "a file of all rows cannot be combined with others"),
        ({"files": {"train": {"url": "https://example.org/x.csv"}}}, "sha256 is needed"),
        ({"files": {"train": {"sha256": "0" * 64}}}, "path, url or name is needed"),
        ({"files": {"train": {"url": "ftp://x", "sha256": "0" * 64}}}, "mine.yaml: files.train.url"),
    ],
)
def test_a_bad_spec_is_named(changes: dict[str, Any], message: str, in_tmp: Path) -> None:
    spec(**changes)
    with pytest.raises(InputError) as error:
        read_source("mine", Path())
    assert message in str(error.value)
