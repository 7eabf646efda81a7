"""Stand-ins for the parts around the HTTP service: a host without media, webhooks without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from visavis.conversation.errors import CallNotFound
from visavis.conversation.ports import CallRecord, CallSpec, EndReason


class FakeHost:
    """Keeps its calls in memory and their records as a real host does; `fail` is raised by the next start."""

    def __init__(self) -> None:
        self.specs: dict[str, CallSpec] = {}
        self.records: dict[str, CallRecord] = {}
        self.fail: Exception | None = None
        self.problems: list[str] = []
        self.connected: list[tuple[str, str | None]] = []
        self.left: list[tuple[str, str]] = []
        self.connect_error: Exception | None = None

    async def start(self, spec: CallSpec, record: CallRecord) -> None:
        if self.fail is not None:
            raise self.fail
        self.specs[spec.conversation_id] = spec
        self.records[spec.conversation_id] = record

    async def end(self, conversation_id: str, reason: EndReason) -> bool:
        record = self.records.pop(conversation_id, None)
        if record is None:
            return False
        await record.ended(reason)
        return True

    def running(self) -> Sequence[str]:
        return tuple(self.records)

    async def connect(
        self, conversation_id: str, *, sdp: str, type: str, participant_id: str | None, name: str | None
    ) -> dict[str, Any]:
        if self.connect_error is not None:
            raise self.connect_error
        if conversation_id not in self.records:
            raise CallNotFound("This conversation is not running.")
        self.connected.append((conversation_id, name))
        return {"sdp": "v=0", "type": "answer", "participant_id": participant_id or "participant-1"}

    async def leave(self, conversation_id: str, participant_id: str, *, for_good: bool = True) -> bool:
        self.left.append((conversation_id, participant_id))
        return True

    async def warm(self) -> list[str]:
        return self.problems

    async def close(self) -> None:
        """Its calls stay as they are, as after a crash."""


class SilentWebhooks:
    """Remembers which lanes were woken; what waits in the tables stays there."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.adopted: list[str] = []

    async def start(self) -> None: ...

    async def wake(self, lane: str) -> None:
        self.woken.append(lane)

    async def adopt(self, instance: str) -> None:
        self.adopted.append(instance)

    async def close(self) -> None: ...
