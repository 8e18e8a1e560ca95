"""A TCP proxy on loopback that is cut after so many bytes."""

import socket
import threading
from contextlib import suppress


class CutProxy:
    """Passes connections on to `target`, host and port, until `limit` bytes have passed in both directions."""

    def __init__(self, target: tuple[str, int], limit: int) -> None:
        self.target, self.left, self.lock = target, limit, threading.Lock()
        self.open: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def __enter__(self) -> "CutProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cut()

    @property
    def is_cut(self) -> bool:
        """Whether the limit was reached."""
        return self.left <= 0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:  # cut
                return
            server = socket.create_connection(self.target)
            self.open += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while content := source.recv(65536):
                with self.lock:
                    self.left -= len(content)
                if self.is_cut:
                    break
                sink.sendall(content)
        except OSError:  # the other side has ended
            pass
        if self.is_cut:
            self._cut()
        sink.close()

    def _cut(self) -> None:
        for one in (self.server, *self.open):
            with_shutdown(one)


def with_shutdown(connection: socket.socket) -> None:
    """End a connection at once, whoever reads from it."""
    with suppress(OSError):  # it has ended
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
