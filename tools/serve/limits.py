"""The limits on requests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Most texts in a request, characters of a text, texts in a forward pass, texts that wait for one, connections.

    `seconds` is the time in which a request must have arrived whole.
    """

    texts: int = 64
    chars: int = 2000
    batch: int = 32
    queue: int = 256
    connections: int = 512
    seconds: int = 10

    @property
    def body(self) -> int:
        """The bytes of the largest request: JSON can write a character as two escapes of six bytes."""
        return 1000 + self.texts * (12 * self.chars + 4)
