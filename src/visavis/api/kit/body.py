"""JSON bodies, read strictly: what cannot be kept and given back unchanged is refused with a sentence.

`json.loads` alone would take duplicate keys, NaN, infinities and lone surrogates, and fail badly on deep nesting.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from fastapi import Depends, Request

from visavis.api.kit.errors import Invalid, TooLarge

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 100

# Possessive, and content with a string that never ends: whatever begins with a quote matches, and nothing is read
# twice. A pattern that could fail at the end of the body would be tried again from every quote in it.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


async def read_bytes(request: Request, limit: int = MAX_BYTES) -> bytes:
    """The body, of at most `limit` bytes, whatever its length header says."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


def parse(raw: bytes) -> Any:
    """The JSON value of a body. Raises `Invalid` with the place of the first thing that is wrong."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not valid UTF-8 (byte {error.start}).") from error
    _check_depth(text)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise Invalid(_explain(text, error)) from error
    except ValueError as error:  # a whole number of more digits than Python converts
        raise Invalid("The body holds a number that is too long.") from error
    if "\\" in text:
        _check_strings(value)
    return value


async def json_value(request: Request) -> Any:
    """FastAPI dependency: any JSON value; an empty body is refused."""
    return await _read_value(request, MAX_BYTES)


async def json_object(request: Request) -> dict[str, Any]:
    """FastAPI dependency: a JSON object."""
    return await read_object(request, MAX_BYTES)


async def read_object(request: Request, limit: int) -> dict[str, Any]:
    """A JSON object of at most `limit` bytes. Raises `Invalid`, `TooLarge`."""
    value = await _read_value(request, limit)
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.")
    return value


async def _read_value(request: Request, limit: int) -> Any:
    raw = await read_bytes(request, limit)
    if not raw.strip():
        raise Invalid("The body is empty; a JSON document is required.")
    return parse(raw)


JsonValue = Annotated[Any, Depends(json_value)]
JsonObject = Annotated[dict[str, Any], Depends(json_object)]


def _check_depth(text: str) -> None:
    depth = 0
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Invalid(f"The body is nested more than {MAX_DEPTH} levels deep.")
        elif mark in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Invalid(f"The body names the key {json.dumps(key[:200])} twice in one object.")
            seen.add(key)
    return value


def _constant(name: str) -> Any:
    raise Invalid(f"The body holds {name}, which is not a JSON number.")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Invalid(f"The body holds {text[:20]}, which is too large a number.")
    return value


def _explain(text: str, error: json.JSONDecodeError) -> str:
    place = f"line {error.lineno}, column {error.colno}"
    before, at = text[: error.pos], text[error.pos : error.pos + 1]
    # The decoder points at the bracket after a trailing comma, or (Python 3.13) at the comma itself.
    if (at in ("}", "]") and before.rstrip().endswith(",")) or "trailing comma" in error.msg:
        return f"The body is not valid JSON: a comma has nothing after it ({place})."
    return f"The body is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} ({place})."


def _check_strings(value: Any) -> None:
    """Refuse what no database and no UTF-8 text can hold: lone surrogates and NUL."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid("The body holds a NUL character (\\u0000), which cannot be stored.")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Invalid("The body holds half of a surrogate pair (\\ud800 to \\udfff).") from error
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            _check_strings(item)
