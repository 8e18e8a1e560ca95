"""A model's files as bytes, so that a cluster's nodes get them from the driver and need no copy of their own."""

import os
from pathlib import Path

from filelock import FileLock

from textclf.atomic import replace_folder


def packed_model(folder: Path) -> dict[str, bytes]:
    """Return the files of the model in `folder` by their paths in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def unpacked_model(files: dict[str, bytes], checksum: str) -> Path:
    """Return the folder of these files on this node, where all of its actors share them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "textclf" / "models" / checksum
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # the first actor unpacks it, while the others wait
        if not folder.is_dir():
            with replace_folder(folder) as part:
                for name, content in files.items():
                    (part / name).parent.mkdir(parents=True, exist_ok=True)
                    (part / name).write_bytes(content)
    return folder
