"""Events a call sends to everyone in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

Role = Literal["user", "replica"]

UNNUMBERED = "room"
"""Message type of this server's own hints to its room page; they carry no `seq` and are no part of the contract."""


class Wire:
    """Numbers events, wraps them in the contract's envelope and hands them to `send` as JSON."""

    def __init__(self, conversation_id: str, send: Callable[[str], None]) -> None:
        self._conversation_id = conversation_id
        self._send = send
        self._seq = 0

    def emit(
        self,
        event_type: str,
        properties: Mapping[str, Any] | None = None,
        *,
        message_type: str = "conversation",
        inference_id: str | None = None,
        turn_idx: int | None = None,
    ) -> dict[str, Any]:
        """Send one event and return it. Empty optional keys are left out, as the contract has it."""
        event: dict[str, Any] = {
            "message_type": message_type,
            "event_type": event_type,
            "conversation_id": self._conversation_id,
            "timestamp": time.time(),
        }
        if message_type != UNNUMBERED:
            self._seq += 1
            event["seq"] = self._seq
        if inference_id is not None:
            event["inference_id"] = inference_id
        if turn_idx is not None:
            event["turn_idx"] = turn_idx
        if properties is not None:
            event["properties"] = {key: value for key, value in properties.items() if value is not None}
        # Plain ASCII: a lone surrogate (half an emoji of a model) must not break the channel.
        self._send(json.dumps(event))
        return event

    def started_speaking(self, role: Role, *, inference_id: str | None, turn_idx: int | None) -> None:
        """Both generations of the event."""
        ids: dict[str, Any] = {"inference_id": inference_id, "turn_idx": turn_idx}
        self.emit(f"conversation.{role}.started_speaking", **ids)
        self.emit("conversation.started_speaking", {"role": role}, **ids)

    def stopped_speaking(
        self,
        role: Role,
        *,
        duration: float | None,
        interrupted: bool,
        inference_id: str | None,
        turn_idx: int | None,
    ) -> None:
        """Both generations of the event; `duration` in seconds."""
        ids: dict[str, Any] = {"inference_id": inference_id, "turn_idx": turn_idx}
        length = None if duration is None else round(duration, 3)
        older = {"duration": length, "interrupted": interrupted} if role == "replica" else None
        self.emit(f"conversation.{role}.stopped_speaking", older, **ids)
        self.emit(
            "conversation.stopped_speaking", {"role": role, "interrupted": interrupted, "duration": length}, **ids
        )

    def room(self, event_type: str, properties: Mapping[str, Any]) -> None:
        """A hint for this server's own room page."""
        self.emit(event_type, properties, message_type=UNNUMBERED)
