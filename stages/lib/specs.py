"""Reading a spec: a YAML file as a pydantic model, with one sentence for each mistake."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.lib.errors import InputError

Spec = TypeVar("Spec", bound=BaseModel)


def read_spec(path: Path, schema: type[Spec]) -> Spec:
    """Return the file's content as a `schema`, or an `InputError` that names file and key."""
    try:
        return schema.model_validate(YAML(typ="safe", pure=True).load(path))
    except YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, e['loc'])) or 'the spec'}: {e['msg']}" for e in error.errors()]
        raise InputError("\n".join(lines)) from None
