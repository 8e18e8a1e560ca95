"""A stand-in for the Hub's endpoints that publishing uses: keeps what is sent, refuses what it is told to."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_secretsecretsecretsecretsecret"


@dataclass
class Hub:
    """Its state: files by name, whether the repository is private, and the paths that were asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    private: bool | None = None  # None: no repository
    message: str = ""
    card_problem: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and JSON for a request of somebody who has the token."""
        if path == "/api/validate-yaml":
            return (400, self.card_problem) if self.card_problem else (200, {"errors": [], "warnings": []})
        if path == "/api/repos/create":
            if self.private is not None:
                return 409, {"error": "exists", "url": f"{self.address}/me/my-model"}
            self.private = json.loads(body).get("private") or json.loads(body).get("visibility") == "private"
            return 200, {"url": f"{self.address}/me/my-model", "name": "me/my-model"}
        if path.endswith("/settings"):
            self.private = json.loads(body).get("private") or json.loads(body).get("visibility") == "private"
            return 200, {}
        if path.endswith("/preupload/main"):
            listed = json.loads(body)["files"]
            modes = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in listed]
            return 200, {"files": modes}
        if path.endswith("/tree/main"):
            return 200, [{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in self.files]
        if path.endswith("/commit/main"):
            return self._commit([json.loads(line) for line in body.splitlines()])
        return 200, {"id": "me/my-model", "private": self.private, "sha": "0" * 40, "siblings": []}

    def _commit(self, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        for line in lines:
            if line["key"] == "header":
                self.message = line["value"]["summary"]
            elif line["key"] == "file":
                self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                del self.files[line["value"]["path"]]
        url = f"{self.address}/me/my-model/commit/{'1' * 40}"
        return 200, {"success": True, "commitOid": "1" * 40, "commitUrl": url, "hookOutput": ""}


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve `hub` on a free port of this machine, at its `address`."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = self.path.split("?")[0]
            hub.asked.append(path)
            known = self.headers.get("authorization") == f"Bearer {TOKEN}" or path == "/api/validate-yaml"
            status, found = hub.answer(self.command, path, body) if known else (401, {"error": "Invalid token"})
            sent = found.encode() if isinstance(found, str) else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_HEAD = _handle

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()
