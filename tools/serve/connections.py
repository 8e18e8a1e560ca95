"""Limits on connections: how many there are, and how long one may take to send its request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class LimitedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, which itself closes only what is idle after an answer, with two limits.

    A connection beyond `most` is closed, as is one that is late: a request must have arrived whole `seconds` after its
    first byte, the first one `seconds` after the connection.
    """

    most: int
    seconds: float
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Close a connection too many, and await the request of another."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self.watch()

    def data_received(self, data: bytes) -> None:
        """Pass data on, and see whether the request is whole; blank lines between requests begin none."""
        super().data_received(data)
        if data.strip():
            self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer, too."""
        self.stop()
        super().connection_lost(exc)

    def watch(self) -> None:
        """Start the timer if a request has begun and hasn't arrived whole, and stop it if it has."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self.stop()
        elif self.timer is None:
            self.timer = self.loop.call_later(self.seconds, self.transport.close)

    def stop(self) -> None:
        """Stop the timer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def limited_protocol(most: int, seconds: float) -> type[asyncio.Protocol]:
    """Return a `LimitedProtocol` with these limits."""
    return type("LimitedProtocol", (LimitedProtocol,), {"most": most, "seconds": seconds})
