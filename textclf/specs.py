"""Reading a spec: a YAML file as a pydantic model, with one sentence for each mistake."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from textclf.errors import InputError

Spec = TypeVar("Spec", bound=BaseModel)


def read_spec(path: Path, schema: type[Spec], renamed: Mapping[str, str] = MappingProxyType({})) -> Spec:
    """Return the file's content as a `schema`, or raise `InputError` with file and key of each mistake.

    `renamed` maps the old names of keys to those of today, for the message.
    """
    try:
        return schema.model_validate(YAML(typ="safe", pure=True).load(path))
    except YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise InputError("\n".join(f"{path}: {_sentence(e, renamed)}" for e in error.errors())) from None


def _sentence(mistake: ErrorDetails, renamed: Mapping[str, str]) -> str:
    key = ".".join(map(str, mistake["loc"]))
    if mistake["type"] == "extra_forbidden" and (name := renamed.get(str(mistake["loc"][-1]))):
        return f"{key} is now called {name}"
    return f"{key or 'the spec'}: {mistake['msg']}"
