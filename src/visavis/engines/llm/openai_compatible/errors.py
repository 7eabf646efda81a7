"""Failures of the chat protocol as sentences that a person understands and that hold no secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import httpx

from visavis.outbound import OutboundRefused

if TYPE_CHECKING:
    import openai

_KEY_LIKE = re.compile(r"(?i)\b(?:sk|pk|key|tok|xai|gsk|hf)[-_][\w\-*.]{6,}|bearer\s+\S+")
_DETAIL_LIMIT = 200


def refused(error: BaseException) -> OutboundRefused | None:
    """The refusal of our own guard behind an SDK error, or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OutboundRefused):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def sentence(error: Exception, *, server: str, model: str, secrets: Iterable[str]) -> str | None:
    """Say what went wrong at `server`, or return None for an error that is not the server's."""
    import openai

    where = f"The language model at {server}"
    guard = refused(error)
    if guard is not None:
        return f"{where} may not be reached: {guard}"
    if isinstance(error, openai.APIStatusError):
        return f"{where} {_status(error, model, list(secrets))}"
    if isinstance(error, openai.APIConnectionError | httpx.TransportError):
        return f"{where} {_connection(error)}"
    if isinstance(error, openai.APIError):
        return f"{where} reported an error{_detail(error.message, list(secrets))}"
    # A body of another shape surfaces as any of these while the SDK reads it.
    if isinstance(error, ValueError | openai.OpenAIError | AttributeError | TypeError):
        return f"{where} sent something that is not a chat stream."
    return None


def _connection(error: Exception) -> str:
    import openai

    kinds = (error, error.__cause__)
    if any(isinstance(kind, openai.APITimeoutError | httpx.TimeoutException) for kind in kinds):
        return "did not answer in time."
    if any(isinstance(kind, httpx.ConnectError) for kind in kinds):
        return "cannot be reached. Is it running?"
    return "broke off the connection."


def _status(error: openai.APIStatusError, model: str, secrets: list[str]) -> str:
    code = error.status_code
    if code in (401, 403):
        return f"refused the API key ({code})."
    if 300 <= code < 400:
        return f"redirects elsewhere ({code}); give its final address as base URL."
    if code == 404:
        meaning = f"knows no model {model!r}, or has no chat route under this base URL"
    elif code == 429:
        meaning = "takes no more requests now: rate limit or quota"
    else:
        meaning = "failed" if code >= 500 else "did not accept the request"
    return f"{meaning} ({code}){_detail(_said(error.body), secrets)}"


def _said(body: object) -> str:
    if isinstance(body, dict):
        said = body.get("message") or body.get("detail") or body.get("error")
        return said if isinstance(said, str) else _said(said) if isinstance(said, dict) else ""
    return ""


def _detail(said: str | None, secrets: list[str]) -> str:
    text = " ".join((said or "").split())
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "…").replace(secret.removeprefix("Bearer "), "…")
    text = _KEY_LIKE.sub("…", text)[:_DETAIL_LIMIT].rstrip(" .")
    return f": {text}." if text else "."
