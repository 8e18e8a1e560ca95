"""A socket to serve at, had before anything is loaded."""

import socket

from textclf.errors import InputError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host` and `port`, or raise `InputError`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host with an empty or very long part
        cause = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise InputError(f"--host {host} --port {port}: {cause}") from None
