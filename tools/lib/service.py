"""The web service: one model, asked over HTTP. Message texts are in no log and in no metric."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field, StringConstraints, create_model

from stages.lib.out_of_scope import is_out, kind_of
from tools.lib.batcher import Batcher, Full
from tools.lib.model import Model
from tools.lib.service_log import Logged
from tools.lib.service_metrics import ServiceMetrics

PAGE = Path(__file__).with_name("service.html")
SHOWN = 5  # labels of an answer
RETRY_AFTER = "1"  # seconds


@dataclass(frozen=True)
class Limits:
    """What a request may hold (texts, characters of a text), and how many texts go into a pass and may wait for one."""

    texts: int = 64
    characters: int = 2000
    batch: int = 32
    waiting: int = 256


class LabelProbability(BaseModel):
    """A label and how probable it is."""

    label: str
    probability: float


class Prediction(BaseModel):
    """The answer to one text; `labels` are the most probable ones, as if the text were in scope."""

    label: str | None = Field(description="null for a text that is out of scope")
    out_of_scope: bool
    kind: str | None = Field(description="the kind of out of scope, where the model tells kinds apart")
    labels: list[LabelProbability]


class Answer(BaseModel):
    """The answers, in the order of the texts."""

    predictions: list[Prediction]


def predictions(model: Model, texts: list[str]) -> list[Prediction]:
    """Return the answers to `texts`."""
    found = model.answer(texts)
    best = found.probabilities.argsort(axis=1, kind="stable")[:, ::-1][:, :SHOWN]
    return [
        Prediction(
            label=None if is_out(predicted) else predicted,
            out_of_scope=is_out(predicted),
            kind=kind_of(predicted) or None,
            labels=[
                LabelProbability(label=found.labels[n], probability=round(float(found.probabilities[row][n]), 6))
                for n in best[row]
            ],
        )
        for row, predicted in enumerate(found.predicted)
    ]


def question(limits: Limits) -> type[BaseModel]:
    """Return the schema of a request's body: one text or a list, within the limits."""
    kind = StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.characters)
    one = Annotated[str, kind]
    many = Annotated[list[one], Field(min_length=1, max_length=limits.texts)]
    examples: Any = ["where is my parcel?", ["where is my parcel?", "i want my money back"]]
    return create_model("Question", text=(one | many, Field(examples=examples)))


def create_app(model: Model, commit: str, limits: Limits = Limits()) -> FastAPI:
    """Return the application for `model`, which was trained at `commit`."""
    metrics = ServiceMetrics()

    def work(texts: list[str]) -> list[Prediction]:
        metrics.batch.observe(len(texts))
        return predictions(model, texts)

    batcher = Batcher(work, limits.batch, limits.waiting)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker = asyncio.create_task(batcher.run())
        yield
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker

    title = "Text classification"
    app = FastAPIOffline(title=title, version=commit[:12], lifespan=lifespan, redoc_url=None)
    app.add_middleware(Logged, metrics=metrics, most=1000 + 8 * limits.texts * limits.characters)
    about = {"commit": commit, "model_sha256": model.checksum, "labels": model.labels, "limits": asdict(limits)}
    Question = question(limits)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def page() -> str:
        return PAGE.read_text(encoding="utf-8").replace("{{ about }}", json.dumps(about).replace("<", "\\u003c"))

    @app.get("/about")
    async def what_is_served() -> dict[str, Any]:
        """Return commit, checksum, labels and limits."""
        return about

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Return 200 once the model is loaded."""
        return {"status": "ok"}

    @app.get("/metrics", include_in_schema=False)
    async def scrape() -> Response:
        metrics.waiting.set(batcher.waiting)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.post("/predict", responses={503: {"description": "too much is waiting; try again after Retry-After"}})
    async def predict(body: Question) -> Answer:  # type: ignore[valid-type]
        """Return label, probabilities and whether it is in scope for one text or a list."""
        text = body.text  # type: ignore[attr-defined]
        try:
            return Answer(predictions=await batcher.ask([text] if isinstance(text, str) else text))
        except Full:
            raise HTTPException(503, "too much is waiting; try again", {"Retry-After": RETRY_AFTER}) from None

    return app
