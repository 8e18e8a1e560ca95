"""Source specs: the shipped ones are valid and pinned, and mistakes name the file and the key."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from textclf.data.source_spec import read_source
from textclf.errors import InputError

SPECS = ROOT / "data" / "sources"
GOOD = {"files": {"train": "data/corpora/train.csv"}, "text": "message", "label": "team"}


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
    with pytest.raises(
        InputError, match=r"dataset = 'shop': no .*shop.yaml; allowed: banking77, banking77_corrected, clinc150"
    ):
        read_source("shop", SPECS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"txet": "x"}, "mine.yaml: unknown key txet; allowed: about, license, language, example, files"),
        ({"files": {"train": {"txet": "x"}}}, "mine.yaml: unknown key files.train.txet"),
        ({"columns": "text"}, "mine.yaml: columns: should be a valid list"),
        ({"files": 7}, "mine.yaml: files: should be a mapping of keys to values"),
        ({"licence": "x"}, "mine.yaml: licence is now called license"),
        (
            {"files": {"validation": "data/corpora/x.csv"}},
            "a train file, one file of all rows, or for method zero_shot a test file is needed",
        ),
        ({"descriptions": {1: "x"}}, 'descriptions: put the name 1 in quotes: "1"'),
        ({"descriptions": {"a": " "}}, "'a': the description is empty"),
        ({"descriptions": {"out_of_scope": "x"}}, "'out_of_scope': the description is empty, or the label is reserved"),
        (
            {"files": {"all": "data/corpora/x.csv", "test": "data/corpora/y.csv"}},
            "a file of all rows cannot be combined with others",
        ),
        ({"files": {"train": {"url": "https://example.org/x.csv"}}}, "sha256 is needed"),
        ({"files": {"train": {"sha256": "0" * 64}}}, "path, url or name is needed"),
        (
            {"files": {"train": {"path": "data/corpora/x.csv", "url": "https://example.org/x.csv"}}},
            "sha256 is needed beside a url",
        ),
        (
            {
                "files": {
                    name: {"url": f"https://x.org/{name}/0.csv", "sha256": name[0].replace("t", "0").rjust(64, one)}
                    for name, one in (("train", "0"), ("test", "1"))
                }
            },
            "two files are called '0.csv', in the mirror and among the downloads; give each a name",
        ),
        (
            {"files": {"train": "x.csv"}},
            "path: 'x.csv' is not in data/corpora, the folder that DVC watches",
        ),
        ({"files": {"train": "data/corpora/../x.csv"}}, "is not in data/corpora"),
        ({"files": {"train": "/etc/passwd"}}, "is not in data/corpora"),
        ({"files": {"train": {"name": "../x.csv", "sha256": "0" * 64}}}, "files.train.name: '../x.csv' is not a bare"),
        (
            {"files": {"train": {"url": "https://x.org/", "sha256": "0" * 64}}},
            "name is needed, as the url ends",
        ),
        ({"files": {"train": {"name": "..", "sha256": "0" * 64}}}, "'..' is not a bare file name"),
        ({"files": {"train": {"name": "", "sha256": "0" * 64}}}, "'' is not a bare file name"),
        (
            {"split": "part"},
            "split is for one file of all rows; other files are named by their split",
        ),
        (
            {"out_of_scope": {"files": {"test": "data/corpora/x.csv"}, "split": "part"}},
            "out_of_scope: split is for one file of all rows; other files are named by their split",
        ),
        ({"split": ""}, "split: String should have at least 1 character"),
        ({"out_of_scope": {"files": {}}}, "out_of_scope.files: should have 1 or more entries"),
        ({"label_names": ["out_of_scope", "b"]}, "label_names: 'out_of_scope' can't be a label"),
        ({"label_names": [" b", "c"]}, "label_names: ' b' can't be a label"),
        ({"text": ""}, "mine.yaml: text: String should have at least 1 character"),
        ({"text": "team"}, "text and label are both the column 'team'"),
        ({"label": ["a", "b"]}, "label: ['a', 'b']: one column is needed; one label a row is needed; multi-label"),
        ({"columns": ["message", "message", "team"]}, "columns: 'message' appears twice"),
        ({"files": {"train": {"url": "ftp://x", "sha256": "0" * 64}}}, "mine.yaml: files.train.url"),
    ],
)
def test_a_bad_spec_is_named(changes: dict[str, Any], message: str, in_tmp: Path) -> None:
    spec(**changes)
    with pytest.raises(InputError) as error:
        read_source("mine", Path())
    assert message in str(error.value)


def test_a_spec_that_is_a_folder_or_not_text_is_one_sentence(in_tmp: Path) -> None:
    Path("mine.yaml").mkdir()
    with pytest.raises(InputError, match=r"mine.yaml cannot be read: Is a directory"):
        read_source("mine", Path())
    Path("yours.yaml").write_bytes(b"text: caf\xe9\n")
    with pytest.raises(InputError, match=r"yours.yaml is not valid YAML"):
        read_source("yours", Path())


def test_a_spec_that_a_queued_experiment_lacks_says_so(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("main").mkdir()
    Path("copy").mkdir()
    Path("main/mine.yaml").touch()
    monkeypatch.setenv("DVC_ROOT", str(in_tmp / "main"))
    monkeypatch.chdir("copy")
    with pytest.raises(InputError, match=r"mine.yaml is not tracked by git, .* doesn't have it; git add mine.yaml"):
        read_source("mine", Path())


def test_a_urls_query_is_no_part_of_the_files_name(in_tmp: Path) -> None:
    spec(files={"train": {"url": "https://example.org/a/x.csv?download=true", "sha256": "0" * 64}})
    assert read_source("mine", Path()).files["train"].filename == "x.csv"


def test_out_of_scope_rows_in_one_file_have_a_split_column_of_their_own(in_tmp: Path) -> None:
    spec(out_of_scope={"files": {"all": "data/corpora/out.csv"}, "split": "part"})
    source = read_source("mine", Path())
    assert source.split is None
    assert source.out_of_scope_source is not None
    assert source.out_of_scope_source.split == "part"
