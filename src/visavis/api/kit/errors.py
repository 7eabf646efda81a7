"""Refusals, and the one place where they become answers.

The contract has two bodies, `{"error": …}` and `{"message": …}`, each with a plain string that says what and why.
"""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from visavis.api.kit.sentences import sentence

log = structlog.get_logger(__name__)


class ApiError(Exception):
    """A request that cannot be met; `str()` is the sentence for the caller."""

    status = 400
    key = "error"

    def __init__(self, text: str, **extra: Any) -> None:
        super().__init__(text)
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {self.key: str(self), **self.extra}


class Invalid(ApiError):
    """400: a value is wrong, or an id is unknown (the contract answers 400 there, not 404)."""


class InvalidMessage(ApiError):
    """400 in the contract's other body."""

    key = "message"


class Unauthorized(ApiError):
    status = 401
    key = "message"

    def __init__(self, text: str = "Invalid access token", **extra: Any) -> None:
        super().__init__(text, **extra)


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class Gone(ApiError):
    status = 410


class TooLarge(ApiError):
    status = 413


class NotImplementedHere(ApiError):
    status = 501


class Unavailable(ApiError):
    status = 503


class MalformedPatch(ApiError):
    """422: the JSON Patch itself cannot be read; `detail` says what is wrong with it."""

    status = 422
    key = "message"

    def __init__(self, detail: str) -> None:
        super().__init__("Invalid JSON patch format", detail=detail)


def answer(error: ApiError) -> Response:
    return JSONResponse(error.body(), status_code=error.status)


def install(app: FastAPI) -> None:
    """Answer every refusal, expected or not, in the contract's bodies."""

    @app.exception_handler(ApiError)
    async def refused(_request: Request, error: ApiError) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        details = [{**detail, "loc": detail["loc"][1:]} for detail in error.errors()]
        return answer(Invalid(sentence(details)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        text = {
            404: f"There is nothing at {request.url.path}.",
            405: f"{request.url.path} does not answer {request.method}.",
        }.get(error.status_code, str(error.detail))
        return JSONResponse({"error": text}, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
        # This answer is made outside the middleware that gives all others their headers.
        return JSONResponse(
            {"error": "The server made a mistake; its log has the details."},
            status_code=500,
            headers={
                "x-content-type-options": "nosniff",
                "referrer-policy": "no-referrer",
                "cache-control": "no-store",
            },
        )
