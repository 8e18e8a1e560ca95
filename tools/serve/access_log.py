"""A line of JSON for each request to the service, without a text, and a limit on its size before it is read.

An error of our own is logged by its type and place alone: its message and its traceback can hold a text.
"""

import json
import sys
import time
import traceback

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tools.serve.metrics import ServiceMetrics

PATHS = ("/", "/about", "/docs", "/feedback", "/health", "/metrics", "/openapi.json", "/predict")


class AccessLog:
    """Wraps an application; rejects bodies of more than `most` bytes or of unknown length.

    Plain ASGI: as a middleware of FastAPI's own kind it would take more than half of the time of a request.
    """

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics, most: int) -> None:
        self.app, self.metrics, self.most = app, metrics, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it, and log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status, failed = time.perf_counter(), 0, {}

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await (self._refusal(scope) or self.app)(scope, receive, watched)
        except Exception as error:
            failed = {"error": type(error).__name__, "at": _place(error)}
            if not status:
                await JSONResponse({"detail": "the service failed; its log says where"}, 500)(scope, receive, watched)
        finally:
            self._log(scope, status or 500, time.perf_counter() - start, failed)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        size = Headers(scope=scope).get("content-length", "")
        if scope["method"] == "POST" and not size.isdigit():
            return JSONResponse({"detail": "content-length is needed"}, 411)
        large = size.isdigit() and int(size) > self.most
        return JSONResponse({"detail": f"more than {self.most:,} bytes"}, 413) if large else None

    def _log(self, scope: Scope, status: int, seconds: float, failed: dict[str, str]) -> None:
        path = scope["path"] if scope["path"] in PATHS else "other"  # anybody can invent a path
        self.metrics.observe(path, status, seconds)
        line = {"method": scope["method"], "path": path, "status": status, "ms": round(1e3 * seconds, 2)}
        print(json.dumps(line | failed), file=sys.stderr, flush=True)


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"
