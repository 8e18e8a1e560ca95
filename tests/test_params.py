"""params.yaml is checked as a whole, and each mistake is one sentence."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.toys import params as toy_params
from textclf.errors import InputError
from textclf.params import Params, check_params, read_params


@pytest.fixture
def values() -> dict[str, Any]:
    return read_params(ROOT / "params.yaml").model_dump()


def test_the_shipped_parameters_are_valid() -> None:
    assert read_params(ROOT / "params.yaml").dataset == "shop_support"


@pytest.mark.parametrize("spelling", ["5e-5", "5e-05", "0.00005", "5.0e-5"])
def test_every_spelling_of_a_small_number_is_that_number(spelling: str, in_tmp: Path) -> None:
    text = (ROOT / "params.yaml").read_text().replace("lr: 3e-4", f"lr: {spelling}")
    Path("params.yaml").write_text(text)
    assert read_params().lr == 0.00005


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("lr", -1, "params.yaml: lr = -1: should be greater than 0"),
        ("lr", "fast", "params.yaml: lr = 'fast': should be a valid number"),
        (
            "full",
            {"trained_layers": "layer"},
            "params.yaml: full.trained_layers = 'layer': should be 'all' or 'layers', or a valid integer",
        ),
        (
            "lora",
            {"trained_layers": 0},
            "params.yaml: lora.trained_layers = 0: should be 'all', or greater than or equal to 1",
        ),
        ("epochs", 2.5, "params.yaml: epochs = 2.5: should be a valid integer"),
        ("epochs", True, "params.yaml: epochs = True: should be a valid integer"),
        (
            "method",
            "lorra",
            "params.yaml: method = 'lorra': should be 'full', 'distil', 'head', 'lora', 'features', 'zero_shot' or",
        ),
        ("precision", "fp16", "params.yaml: precision = 'fp16': should be 'auto', 'bf16' or 'fp32'"),
        ("split", {"seed": "x"}, "params.yaml: split.seed = 'x': should be a valid integer"),
        ("lora", {"targets": "auto"}, "params.yaml: lora.targets is now called lora.target_modules"),
        ("head", {"init": "probe"}, "params.yaml: head.init is now called head_init"),
        ("head", {"innit": "probe"}, "params.yaml: head.innit is not a parameter; allowed here: nothing"),
        ("lrr", 1, "params.yaml: lrr is not a parameter; did you mean lr?"),
        ("split", {"sede": 1}, "params.yaml: split.sede is not a parameter; did you mean seed?"),
        ("zzz", 1, "params.yaml: zzz is not a parameter; allowed here: dataset, model"),
        ("split", {"train-limit": 1}, "params.yaml: split.train-limit is not a parameter; did you mean train_limit?"),
        ("learning rate", 1, "params.yaml: learning rate is not a parameter; allowed here: dataset, model"),
        ("head", None, "params.yaml: head = None: should be a mapping of keys to values"),
        ("augment", {"more": []}, "params.yaml: augment.more = []: should be a mapping of keys to values"),
    ],
)
def test_a_bad_value_or_key_is_named_with_what_is_allowed(
    values: dict[str, Any], key: str, value: Any, message: str
) -> None:
    values[key] = values[key] | value if isinstance(value, dict) else value
    with pytest.raises(InputError) as error:
        check_params(values)
    assert message in str(error.value)


def test_all_mistakes_are_said_at_once(values: dict[str, Any]) -> None:
    del values["seed"]
    with pytest.raises(InputError) as error:
        check_params(values | {"lr": 0, "warmup": 2})
    assert len(str(error.value).splitlines()) == 3
    assert "params.yaml: seed is missing" in str(error.value)


def test_a_name_of_any_signs_has_its_own_line(values: dict[str, Any]) -> None:
    values["augment"] |= {"more": {"card arrival": 0, "refund-x": 200}}
    with pytest.raises(InputError) as error:
        check_params(values)
    assert str(error.value).splitlines() == [
        "params.yaml: augment.more.card arrival = 0: should be greater than or equal to 1",
        "params.yaml: augment.more.refund-x = 200: should be less than or equal to 100",
    ]


@pytest.mark.parametrize(("text", "message"), [("a: [", "not valid YAML"), ("- 1", "mapping of keys to values")])
def test_a_file_that_is_no_mapping_is_refused(text: str, message: str, in_tmp: Path) -> None:
    Path("params.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_params()


def test_a_missing_file_says_where_to_run(in_tmp: Path) -> None:
    with pytest.raises(InputError, match="run from the root of the repository"):
        read_params()


def test_the_schema_decides_nothing() -> None:
    """No stage depends on it, so it has no default and gives every value back as it is."""
    values = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
    assert check_params(values).model_dump() == values
    waiting: list[type[BaseModel]] = [Params]
    while waiting:
        for field in waiting.pop().model_fields.values():
            assert field.is_required()
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                waiting.append(field.annotation)


def test_dvc_rewrites_the_file_as_it_is_but_for_the_value(in_tmp: Path) -> None:
    """`dvc exp run -S` writes the whole file; a diff shows the changed value alone."""
    from dvc.utils.serialize import modify_yaml

    before = (ROOT / "params.yaml").read_text()
    Path("params.yaml").write_text(before)
    with modify_yaml("params.yaml") as values:
        values["seed"] = 43
    changed = [line for line in Path("params.yaml").read_text().splitlines() if line not in before.splitlines()]
    assert changed == ["seed: 43"]


def test_parameters_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_params(ROOT / "params.yaml").lr = 1.0  # type: ignore[misc]


def choices(annotation: Any) -> Iterator[str]:
    """The words that a parameter, or any parameter of a section, may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from choices(field.annotation)
    for part in get_args(annotation):
        if isinstance(part, str):
            yield part
        else:
            yield from choices(part)


def test_params_yaml_says_something_of_every_choice() -> None:
    said = re.sub(r"^ *\w+:", "", (ROOT / "params.yaml").read_text(), flags=re.MULTILINE)  # values and comments
    for choice in choices(Params):
        assert re.search(rf"\b{choice}\b", said), f"params.yaml doesn't mention {choice}"


def test_the_default_run_is_the_one_that_is_documented() -> None:
    params = read_params(ROOT / "params.yaml")
    assert (params.dataset, params.model, params.method) == ("shop_support", "all-MiniLM-L6-v2", "full")


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("features", "C", "abc", "features.C = 'abc': should be a valid number, or a list of such"),
        ("features", "C", -1, "features.C = -1: should be greater than 0, or a list of such"),
        ("features", "C", [1.0, "x"], "features.C.1 = 'x': should be a valid number"),
        ("features", "C", [], "features.C = []: should have 1 or more entries"),
        ("lora", "target_modules", 5, "lora.target_modules = 5: should be 'auto', or a list of such"),
        ("lora", "target_modules", ["a", 1], "lora.target_modules.1: put it in quotes, as it is written; YAML reads 1"),
        ("oos", "held_out", "a", "oos.held_out = 'a': should be a valid list"),
    ],
)
def test_a_mistake_in_a_value_or_a_list_is_one_line_with_the_key_as_it_is_written(
    section: str, key: str, value: object, message: str
) -> None:
    values = read_params(ROOT / "params.yaml").model_dump()
    values[section] = values[section] | {key: value}
    with pytest.raises(InputError) as error:
        check_params(values)
    assert str(error.value) == f"params.yaml: {message}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"method": "zero_shot", "workers": 2},
            "workers = 2: method zero_shot is fitted by one process; set work",
        ),
        ({"method": "features", "accumulate": 2}, "accumulate = 2: method features is fitted by one process; set acc"),
        (
            {"method": "baseline", "gradient_checkpointing": True},
            "gradient_checkpointing = true: method baseline is fitted by one process; set gradient_.* to false",
        ),
        (
            {"gradient_checkpointing": True, "full": {"trained_layers": 2}},
            "full.trained_layers = 2 starts from states .* gradient_checkpointing does not support; set it to false",
        ),
        (
            {"method": "zero_shot", "class_weights": "balanced"},
            "learns from no row; set class_weights to none",
        ),
        (
            {"split": {"rows_per_label": 1}, "oos": {"method": "threshold", "score": "fisher"}},
            "oos.score = 'fisher' needs two training rows of a label, and split.rows_per_label is 1; use knn",
        ),
        ({"method": "zero_shot", "sampling": "oversample"}, "learns from no row; set sampling to none"),
        ({"method": "zero_shot", "augment": {"file": "x"}}, "zero_shot learns from no row; leave augment.file out"),
        (
            {"method": "zero_shot", "augment": {"typo": 0.3}},
            "params.yaml: method zero_shot learns from no row; leave augment.typo out",
        ),
        (
            {"method": "zero_shot", "augment": {"typo": 0.3, "copies": 2, "more": {"a": 2}}},
            "method zero_shot learns from no row; leave augment.typo, augment.copies and augment.more out",
        ),
        ({"augment": {"more": {True: 2}}}, 'params.yaml: augment.more: put the name true in quotes: "true"'),
        ({"augment": {"more": {1: 2}}}, 'params.yaml: augment.more: put the name 1 in quotes: "1"'),
        ({"method": "zero_shot", "oos": {"method": "gate"}}, "oos.method = 'gate' learns from rows"),
        ({"prepare": ["numbers", "spaces", "dates"]}, "prepare: dates finds nothing after numbers; name it before"),
    ],
)
def test_what_would_do_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        toy_params(**changes)
