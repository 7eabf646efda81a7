"""Puts together what a model streams in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from visavis.engines.ports import ToolCall


@dataclass(slots=True)
class _Pending:
    index: int | None
    id: str
    name: str
    arguments: str

    def finished(self) -> ToolCall:
        return ToolCall(self.id or f"call_{uuid4().hex[:24]}", self.name, self.arguments.strip() or "{}")


class ToolCallAssembler:
    """Joins the fragments of tool calls; a call is complete when the next one begins or the stream ends.

    Fragments belong together by their index; where a server gives none, or the same for all, a new id begins a call.
    """

    def __init__(self) -> None:
        self._pending: _Pending | None = None

    def push(self, fragments: Iterable[Any]) -> Iterator[ToolCall]:
        for fragment in fragments:
            function = fragment.function
            name = (function.name if function is not None else None) or ""
            arguments = function.arguments if function is not None else None
            if arguments is not None and not isinstance(arguments, str):
                arguments = json.dumps(arguments)
            pending = self._pending
            if pending is None or fragment.index != pending.index or (fragment.id and fragment.id != pending.id != ""):
                yield from self.flush()
                pending = self._pending = _Pending(fragment.index, "", "", "")
            pending.id = pending.id or fragment.id or ""
            pending.name = pending.name or name
            pending.arguments += arguments or ""

    def flush(self) -> Iterator[ToolCall]:
        pending, self._pending = self._pending, None
        if pending is not None and pending.name:
            yield pending.finished()


class ThoughtFilter:
    """Drops a `<think>…</think>` block before the answer: local reasoning models write it into the text."""

    _OPEN, _CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def push(self, text: str) -> str:
        """Return the part of `text` (and of what was held back) that belongs to the answer."""
        if self._state == "answer":
            return text
        self._held += text
        if self._state == "start":
            begun = self._held.lstrip()
            if begun.startswith(self._OPEN):
                self._state = "thinking"
            elif not self._OPEN.startswith(begun):
                return self._answer(self._held)
        if self._state == "thinking":
            end = self._held.find(self._CLOSE)
            if end >= 0:
                return self._answer(self._held[end + len(self._CLOSE) :].lstrip())
        return ""

    def flush(self) -> str:
        """Return what was held back at the end: a beginning that never became a block."""
        return self._answer(self._held) if self._state == "start" else ""

    def _answer(self, text: str) -> str:
        self._state, self._held = "answer", ""
        return text
