"""The cache for downloads, frozen vectors and checkpoints to resume from: ignored by git, shared by experiments."""

import os
from pathlib import Path


def main_checkout() -> Path:
    """Return the root of the main checkout, also in a queued experiment's copy.

    DVC sets DVC_ROOT for every stage. Files that git ignores (downloads, checkpoints to resume from, a mirror beside
    the repository) are found from there.
    """
    return Path(os.environ.get("DVC_ROOT", "."))


def cache_folder(name: str) -> Path:
    """Return the folder `name` of the cache: `downloads`, `models`, `runs` or `vectors`."""
    return main_checkout() / ".cache" / name
