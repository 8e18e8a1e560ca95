"""Limits on connections: how many there are, and how long one may take to send its request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


def limited_protocol(most: int, seconds: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with limits: a connection beyond `most` is closed, as is one that is late.

    A request must have arrived whole `seconds` after its first byte, the first one `seconds` after the connection.
    uvicorn itself closes only what is idle after an answer.
    """

    class LimitedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.abort()
            else:
                self.watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self.stop()
            super().connection_lost(exc)

        def watch(self) -> None:
            """Start the timer if a request has begun and hasn't arrived whole."""
            cycle = self.cycle
            if cycle is not None and not cycle.response_complete and not cycle.more_body:
                self.stop()
            elif self.timer is None:
                self.timer = self.loop.call_later(seconds, self.transport.close)

        def stop(self) -> None:
            """Stop the timer."""
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

    return LimitedProtocol
