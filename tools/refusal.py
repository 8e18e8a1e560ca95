"""What a service answers to a request that isn't as its schema says, and what its pages may load."""

import re
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

KINDS = ("string_type", "list_type")  # pydantic's names of mistakes in the kind of a value
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{}'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"  # which default-src doesn't cover
)


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 with what is wrong and where; of the input, only a key that isn't allowed is in the answer."""
    mistakes = error.errors() if isinstance(error, RequestValidationError) else []
    placed = [(_place(one), one) for one in mistakes]
    # Where a text or a list is allowed there is a mistake for each, and "no list" says nothing about a text too long.
    told = [place for place, one in placed if one["type"] not in KINDS]
    meant = [
        {"loc": place, "msg": one["msg"].removeprefix("Value error, ")}
        for place, one in placed
        if one["type"] not in KINDS or not any(other[: len(place)] == place for other in told)
    ]
    return JSONResponse({"detail": meant}, 422)


def _place(mistake: dict[str, Any]) -> list[int | str]:
    """Return the keys and positions that lead to a value, without pydantic's names for the kinds that are allowed."""
    if mistake["type"] == "extra_forbidden":
        return list(mistake["loc"])
    return [part for part in mistake["loc"] if re.fullmatch(r"\w+", str(part))]
