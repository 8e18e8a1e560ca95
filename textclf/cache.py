"""The cache for downloads, frozen vectors and checkpoints to resume from: ignored by git, shared by experiments."""

import os
from pathlib import Path


def main_checkout() -> Path:
    """Return the root of the main checkout, also in a queued experiment's copy.

    DVC sets DVC_ROOT for every stage. Files that git ignores (downloads, checkpoints to resume from, a mirror beside
    the repository) are found from there.
    """
    return Path(os.environ.get("DVC_ROOT", "."))


def is_watched(path: Path, folder: Path) -> bool:
    """Return whether DVC notices a change to `path` because a stage depends on `folder`.

    It doesn't look behind a link to another folder.
    """
    if folder not in path.parents or ".." in path.parts:
        return False
    below = [path, *path.parents][: len(path.parts) - len(folder.parts)]
    return not any(part.is_symlink() and part.is_dir() for part in below)


def untracked(path: Path) -> str:
    """Return why a queued experiment doesn't have `path`, which lies in the main checkout; else nothing."""
    if path.exists() or not (main_checkout() / path).exists():
        return ""
    return f"{path} is not tracked by git, so a queued experiment doesn't have it; git add {path}"


def cache_folder(name: str) -> Path:
    """Return the folder `name` of the cache: `checkpoints`, `downloads`, `models`, `runs` or `vectors`."""
    return main_checkout() / ".cache" / name
