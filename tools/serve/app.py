"""The web service: one model, asked over HTTP. Message texts are in no log and in no metric."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from textclf.data.visible import visible
from textclf.inference.model import Model
from textclf.oos.labels import is_out, kind_of
from tools.refusal import POLICY, refuse
from tools.serve.access_log import AccessLog
from tools.serve.feedback import Feedback, FeedbackFull, choices
from tools.serve.limits import Limits
from tools.serve.metrics import ServiceMetrics
from tools.serve.microbatch import Batcher, QueueFull

PAGE = Path(__file__).with_name("page.html")
SHOWN = 5  # labels of an answer
RETRY_AFTER = "1"  # seconds


class LabelProbability(BaseModel):
    """A label and how probable it is."""

    label: str
    probability: float


class Prediction(BaseModel):
    """The answer to one text; `labels` are the most probable ones, as if the text were in scope."""

    label: str | None = Field(description="null for a text that is out of scope")
    out_of_scope: bool
    kind: str | None = Field(description="the kind of out-of-scope message, if the model distinguishes kinds")
    reply: str | None = Field(description="what to say to a message out of scope, if the data set has replies")
    truncated: bool = Field(description="whether the text is longer than the model takes, so that its end was not read")
    labels: list[LabelProbability]


class Predictions(BaseModel):
    """The answers, in the order of the texts, and the model that gave them."""

    predictions: list[Prediction]
    model_sha256: str = Field(description="as in /about")


def answer(model: Model, texts: list[str]) -> list[Prediction]:
    """Return the answers to `texts`."""
    answers = model.predict(texts)
    best = answers.probabilities.argsort(axis=1, kind="stable")[:, ::-1][:, :SHOWN]
    return [
        Prediction(
            label=None if is_out(predicted) else predicted,
            out_of_scope=is_out(predicted),
            kind=kind_of(predicted) or None,
            reply=model.reply(predicted),
            truncated=answers.truncated[row],
            labels=[
                LabelProbability(label=answers.labels[n], probability=round(float(answers.probabilities[row][n]), 6))
                for n in best[row]
            ],
        )
        for row, predicted in enumerate(answers.predicted)
    ]


def request_schema(limits: Limits) -> type[BaseModel]:
    """Return the schema of a request's body: one text or a list, within the limits."""
    kind = StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.chars)
    one = Annotated[str, kind, AfterValidator(_seen)]
    many = Annotated[list[one], Field(min_length=1, max_length=limits.texts)]
    examples: Any = ["where is my parcel?", ["where is my parcel?", "i want my money back"]]
    return create_model("Question", __config__=ConfigDict(extra="forbid"), text=(one | many, Field(examples=examples)))


def _seen(text: str) -> str:
    if not visible(text):
        raise ValueError("no visible character")
    return text


def create_app(model: Model, commit: str, limits: Limits, feedback: Feedback | None = None) -> FastAPI:
    """Return the application for `model`, which was trained at `commit`; with `feedback` it takes corrections."""
    metrics = ServiceMetrics()

    def work(texts: list[str]) -> list[Prediction]:
        metrics.batch.observe(len(texts))
        return answer(model, texts)

    batcher = Batcher(work, limits.batch, limits.queue)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = asyncio.create_task(batcher.run())
        yield
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker

    title = "Text classification"
    app = FastAPIOffline(title=title, version=commit[:12], lifespan=lifespan, redoc_url=None)
    app.add_middleware(AccessLog, metrics=metrics, most=limits.body)
    app.add_exception_handler(RequestValidationError, refuse)
    right = choices(model.labels, model.oos_rule.outside if model.oos_rule else [], model.replies) if feedback else []
    about = {"commit": commit, "model_sha256": model.checksum, "labels": model.labels, "limits": asdict(limits)}
    _add_pages(app, about | {"feedback": right})
    if feedback:
        _add_feedback(app, feedback, right, limits)
    _add_metrics(app, metrics, batcher)
    _add_predict(app, batcher, limits, model.checksum)
    return app


def _add_pages(app: FastAPI, about: dict[str, Any]) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], response_class=HTMLResponse, include_in_schema=False)
    async def page() -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        text = PAGE.read_text(encoding="utf-8").replace("{{ nonce }}", nonce)
        text = text.replace("{{ about }}", json.dumps(about).replace("<", "\\u003c"))
        return HTMLResponse(text, headers={"Content-Security-Policy": POLICY.format(nonce)})

    @app.get("/about")
    async def about_model() -> dict[str, Any]:
        """Return commit, checksum, labels and limits."""
        return about

    @app.head("/health", include_in_schema=False)
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Return 200 once the model is loaded."""
        return {"status": "ok"}


def _add_metrics(app: FastAPI, metrics: ServiceMetrics, batcher: Batcher[str, Prediction]) -> None:
    @app.get("/metrics", include_in_schema=False)
    async def scrape() -> Response:
        metrics.waiting.set(batcher.waiting)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_predict(app: FastAPI, batcher: Batcher[str, Prediction], limits: Limits, checksum: str) -> None:
    Question = request_schema(limits)

    @app.post("/predict", responses={503: {"description": "the queue is full; try again after Retry-After"}})
    async def predict(body: Question) -> Predictions:  # type: ignore[valid-type]
        """Return label, probabilities and whether it is in scope for one text or a list."""
        text = body.text  # type: ignore[attr-defined]
        try:
            answers = await batcher.ask([text] if isinstance(text, str) else text)
        except QueueFull:
            raise HTTPException(503, "server busy, try again", {"Retry-After": RETRY_AFTER}) from None
        return Predictions(predictions=answers, model_sha256=checksum)


def _add_feedback(app: FastAPI, feedback: Feedback, right: list[str], limits: Limits) -> None:
    kind = StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.chars)
    text: Any = (Annotated[str, kind, AfterValidator(_seen)], Field())

    def known(label: str) -> str:
        if label not in right:
            raise ValueError(f"one of {', '.join(right)} is allowed")
        return label

    label: Any = (Annotated[str, AfterValidator(known)], Field())
    Said = create_model("Said", __config__=ConfigDict(extra="forbid"), text=text, answered=label, label=label)

    @app.post("/feedback", status_code=204, responses={507: {"description": "the file has no room left"}})
    async def store(body: Said) -> None:
        """Keep a message, the answer that it got, and the right label; `out_of_scope` is none of the labels."""
        try:
            feedback.add(body.text, body.answered, body.label)  # type: ignore[attr-defined]
        except FeedbackFull:
            raise HTTPException(507, "no room is left for feedback") from None
