"""Pydantic's findings as sentences that name the field and the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TYPES = {
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "missing": "is required",
    "int_parsing_size": "is too large",
}
_LIMITS = {
    "greater_than_equal": ("must be at least {}", "ge"),
    "greater_than": ("must be more than {}", "gt"),
    "less_than_equal": ("must be at most {}", "le"),
    "less_than": ("must be less than {}", "lt"),
    "string_too_long": ("may have at most {} characters", "max_length"),
    "string_too_short": ("must have at least {} characters", "min_length"),
    "too_long": ("may hold at most {} entries", "max_length"),
    "too_short": ("must hold at least {} entries", "min_length"),
}


def sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """All findings, one clause each, three at most: `layers.tts.tts_engine must be one of …; limit must be …`."""
    seen: dict[str, str] = {}
    for error in errors:
        field = _field(error["loc"])
        seen.setdefault(field, _clause(field, error))
    clauses = list(seen.values())
    more = f"; and {len(clauses) - 3} more" if len(clauses) > 3 else ""
    text = "; ".join(clauses[:3]) + more
    return text if text.endswith((".", "?", "!")) else text + "."


def _field(location: Sequence[str | int]) -> str:
    # Pydantic adds the name of the tried type of a union, such as "function-before[…]" or "str".
    parts = [str(part) for part in location if isinstance(part, int) or "[" not in part]
    return ".".join(parts) or "The body"


def _clause(field: str, error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _TYPES:
        return f"{field} {_TYPES[kind]}"
    if kind in _LIMITS:
        phrase, limit = _LIMITS[kind]
        return f"{field} {phrase.format(context[limit])}"
    if kind in ("literal_error", "enum"):
        choices = str(context["expected"]).replace(" or ", ", ")
        return f"{field} must be {'one of ' if ',' in choices else ''}{choices}"
    if kind == "value_error":
        return f"{field} {context['error']}"
    return f"{field}: {error['msg']}"
