"""The limits on requests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Most texts in a request, characters of a text, texts in a forward pass, and texts that wait for one."""

    texts: int = 64
    chars: int = 2000
    batch: int = 32
    queue: int = 256
