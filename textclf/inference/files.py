"""The files of a model: a folder with classifier, preparation, temperature and out-of-scope rule, and checksums."""

import json
from pathlib import Path

from textclf.checksums import sha256
from textclf.errors import InputError
from textclf.outputs import write_json

MODEL = Path("models/classifier")  # the pipeline's
CALIBRATION_FILE, OOS_FOLDER, PREPARATION_FOLDER = "calibration.json", "oos", "preparation"
REPLIES_FILE = "replies.json"
CHECKSUMS = "checksums.json"
READ = (".bin", ".json", ".model", ".onnx", ".py", ".safetensors", ".txt")  # endings of what libraries read
GRAPH, REPORT = "model.onnx", "export.json"  # of an exported model: its network, and a comparison with the original


def write_checksums(folder: Path) -> None:
    """Write the sha256 of every file in `folder`, by its path, for `check_complete`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    write_json(folder / CHECKSUMS, {path.relative_to(folder).as_posix(): sha256(path) for path in files})


def check_complete(folder: Path) -> None:
    """Raise `InputError` unless `folder` holds the files of its list of checksums, with the same bytes.

    Another file that a library might read, such as a further adapter, is refused; a README does no harm.
    """
    try:
        listed: dict[str, str] = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
        files = {name: (folder / name, checksum) for name, checksum in listed.items()}
    except FileNotFoundError:
        raise InputError(
            f"{folder} is not a model: it has no {CHECKSUMS}; dvc repro makes {MODEL}, tools.export and tools.publish "
            "make others"
        ) from None
    except (OSError, ValueError, AttributeError, RecursionError):
        raise InputError(f"{folder / CHECKSUMS} is not readable; rebuild the model") from None
    if missing := {CALIBRATION_FILE, f"{OOS_FOLDER}/oos.json", f"{PREPARATION_FOLDER}/steps.json"} - set(files):
        raise InputError(f"{folder / CHECKSUMS} lists no {min(missing)}: a classifier without its rules; rebuild it")
    read = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in READ} - {
        CHECKSUMS,
        REPORT,
    }
    if more := sorted(read - set(files)):
        raise InputError(f"{folder / more[0]} is not in {CHECKSUMS}; remove it or rebuild the model")
    for name, (path, checksum) in files.items():
        if not path.is_file():
            raise InputError(f"{folder} is not complete: {name} is missing; rebuild the model")
        if sha256(path) != checksum:
            raise InputError(f"{path} has changed since the model was made; rebuild the model")
