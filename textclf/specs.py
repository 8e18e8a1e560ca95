"""Reading a spec: a YAML file as a pydantic model, with one sentence for each mistake."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from textclf.errors import InputError

Spec = TypeVar("Spec", bound=BaseModel)

IN_YAML = {  # what pydantic says in the words of Python
    "dict_type": "should be a mapping of keys to values",
    "model_type": "should be a mapping of keys to values",
    "too_short": "should have {min_length} or more entries",
    "tuple_type": "should be a valid list",
}


def read_spec(path: Path, schema: type[Spec], renamed: Mapping[str, str] = MappingProxyType({})) -> Spec:
    """Return the file's content as a `schema`, or raise `InputError` with file and key of each mistake.

    `renamed` maps the old names of keys to those of today, for the message.
    """
    try:
        return schema.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError("\n".join(f"{path}: {_sentence(e, schema, renamed)}" for e in error.errors())) from None


def read_yaml(path: Path) -> Any:
    """Return what the file holds; one that can't be read is an `InputError`.

    Read as DVC reads it (YAML 1.2), so that `5e-5` and `5e-05` are numbers.
    """
    try:
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing here; run from the root of the repository") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply") from None
    except (YAMLError, ValueError, TypeError, AttributeError) as error:  # of values that only look like dates, ...
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def unquoted(mistake: ErrorDetails, key: str) -> str:
    """Return a sentence about a name or a value, that of `key`, that YAML doesn't read as text, or nothing.

    >>> unquoted({"type": "string_type", "loc": ("more", 1, "[key]"), "msg": "Input should be ...", "input": True}, "")
    'more: put the name true in quotes: "true"'
    """
    if mistake["type"] != "string_type":
        return ""
    *above, _, last = "", "", *mistake["loc"]
    value = mistake["input"]
    if last == "[key]":
        return f'{".".join(map(str, above[2:]))}: put the name {_in_yaml(value)} in quotes: "{_in_yaml(value)}"'
    if value is None and isinstance(last, int):
        return f'{key}: an entry of the list is empty; write a text, such as "null" in quotes'
    if isinstance(value, (bool, int, float, date)):
        return f"{key}: put it in quotes, as it is written; YAML reads {_in_yaml(value)}"
    return ""


def told(mistake: ErrorDetails) -> str:
    """Return what pydantic says of a value, in the words of those who write YAML.

    >>> told({"type": "tuple_type", "loc": ("columns",), "msg": "Input should be a valid tuple", "input": 1})
    'should be a valid list'
    """
    if words := IN_YAML.get(mistake["type"]):
        return words.format(**mistake.get("ctx", {}))
    return mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _in_yaml(value: Any) -> str:
    """Return what YAML writes for a number, a date, true or false."""
    return json.dumps(value, default=str).strip('"')


def _sentence(mistake: ErrorDetails, schema: type[BaseModel], renamed: Mapping[str, str]) -> str:
    key = ".".join(map(str, mistake["loc"]))
    if line := unquoted(mistake, key):
        return line
    if mistake["type"] == "extra_forbidden" and (name := renamed.get(str(mistake["loc"][-1]))):
        return f"{key} is now called {name}"
    if mistake["type"] == "extra_forbidden":
        return f"unknown key {key}" + f"; allowed: {', '.join(schema.model_fields)}" * (len(mistake["loc"]) == 1)
    return f"{key or 'the spec'}: {told(mistake)}"
