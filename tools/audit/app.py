"""The page of decisions: one suspect after another, each decision written to the corrections file at once."""

import json
import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from textclf.errors import InputError
from tools.audit.session import Session
from tools.audit.similar import Similar
from tools.audit.store import AlreadyJudged, Gone
from tools.refusal import POLICY, refuse

PAGE = Path(__file__).with_name("page.html")
HOSTS = ["127.0.0.1", "localhost"]  # against other sites' names for this address

Short = Annotated[str, Field(max_length=1000)]


class Decision(BaseModel):
    """A decision about the row with this key."""

    model_config = ConfigDict(extra="forbid")

    key: Short
    action: Short
    label: Short = ""
    reason: Short = ""


class Undo(BaseModel):
    """The key of the row whose decision is taken back."""

    model_config = ConfigDict(extra="forbid")

    key: Short


class Asked(BaseModel):
    """A text that is compared with the rows of some labels."""

    model_config = ConfigDict(extra="forbid")

    key: Short
    labels: list[Short] = Field(max_length=2)


def create_app(session: Session, similar: Similar, file: str) -> FastAPI:
    """Return the application; `file` is the corrections file as the page names it."""
    app = FastAPI(title="Audit", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.add_exception_handler(RequestValidationError, refuse)
    app.add_exception_handler(InputError, tell)
    token = secrets.token_urlsafe(16)  # a page of another site can't read it, so it can't write decisions
    _add_page(app, session, token, file)
    _add_rows(app, session, similar)
    _add_decisions(app, session, token)
    return app


async def tell(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 with the sentence of a mistake, such as one in the corrections file."""
    return JSONResponse({"detail": str(error)}, 422)


def _add_page(app: FastAPI, session: Session, token: str, file: str) -> None:
    @app.get("/")
    def page() -> HTMLResponse:
        about = json.dumps({"labels": session.labels, "by": session.by, "file": file, "token": token})
        nonce = secrets.token_urlsafe(16)
        text = PAGE.read_text(encoding="utf-8").replace("{{ nonce }}", nonce)
        text = text.replace("{{ about }}", about.replace("<", "\\u003c"))
        headers = {"Content-Security-Policy": POLICY.format(nonce), "Cache-Control": "no-store"}
        return HTMLResponse(text, headers=headers)


def _add_rows(app: FastAPI, session: Session, similar: Similar) -> None:
    @app.get("/rows")
    def rows() -> dict[str, Any]:
        left = session.left()
        return {"rows": [item.shown() for item in left], "all": len(session.items), "decided": session.decided}

    @app.post("/similar")
    def most_similar(asked: Asked) -> dict[str, list[str]]:
        return similar.to(session.item(asked.key).text, [label for label in asked.labels if label])


def _add_decisions(app: FastAPI, session: Session, token: str) -> None:
    def check(given: str) -> None:
        if not secrets.compare_digest(given.encode(), token.encode()):
            raise HTTPException(403, "reload the page: the tool was started again")

    @app.post("/decide")
    def decide(decision: Decision, x_token: Annotated[str, Header()] = "") -> dict[str, int]:
        check(x_token)
        try:
            session.decide(decision.key, decision.action, decision.label, decision.reason)
        except AlreadyJudged as error:
            raise HTTPException(409, str(error)) from None
        return {"decided": session.decided}

    @app.post("/undo")
    def undo(asked: Undo, x_token: Annotated[str, Header()] = "") -> dict[str, int]:
        check(x_token)
        try:
            session.undo(asked.key)
        except Gone as error:
            raise HTTPException(409, str(error)) from None
        return {"decided": session.decided}
