"""What a call says of itself, kept in tables: transcript, timings, events, and the webhooks that tell others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.conversations import repository
from visavis.api.kit import ids, times
from visavis.conversation.ports import EndReason, TranscriptEntry, TurnTiming
from visavis.db.models import Conversation, Event, TranscriptLine, TurnRecord, now
from visavis.db.session import Database
from visavis.db.upsert import upsert
from visavis.jobs import deliveries

Wake = Callable[[str], Awaitable[None]]
"""Told the id of a conversation whose webhooks wait."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a record is about: what its events repeat."""

    conversation_id: str
    account_id: str
    replica_id: str
    callback_url: str

    @classmethod
    def of(cls, conversation: Conversation) -> Subject:
        return cls(conversation.id, conversation.account_id, conversation.replica_id, conversation.callback_url)


def event_payload(event: Event, subject: Subject) -> dict[str, Any]:
    """An event as webhooks carry it and `GET …?verbose=true` shows it."""
    return {
        "properties": event.properties,
        "conversation_id": subject.conversation_id,
        "webhook_url": subject.callback_url,
        "event_type": event.event_type,
        "message_type": event.message_type,
        "timestamp": times.iso_micro(event.created_at),
    }


class DatabaseCallRecord:
    """`CallRecord` on the tables. Each method returns once the fact is committed; repeating one changes nothing."""

    def __init__(self, database: Database, subject: Subject, wake: Wake) -> None:
        self._database = database
        self._subject = subject
        self._wake = wake

    async def replica_joined(self) -> None:
        async with self._database.write() as session:
            replica = {"replica_id": self._subject.replica_id}
            await self._event(session, "system.replica_joined", replica)
            await self._event(session, "system.pal_joined", {"face_id": self._subject.replica_id})
        await self._told()

    async def transcript(self, entry: TranscriptEntry) -> None:
        values = {
            "conversation_id": self._subject.conversation_id,
            "key": entry.key,
            "role": entry.role,
            "content": entry.content,
            "timestamp": entry.timestamp,
            "seconds_from_start": entry.seconds_from_start,
            "duration": entry.duration,
            "inference_id": entry.inference_id,
            "extra": entry.extra,
        }
        key = ("conversation_id", "key")
        async with self._database.write() as session:
            await upsert(session, TranscriptLine, values, key=key, change=[name for name in values if name not in key])

    async def turn(self, timing: TurnTiming) -> None:
        values = {
            "conversation_id": self._subject.conversation_id,
            "turn_idx": timing.turn_idx,
            "inference_id": timing.inference_id,
            "hops": dict(timing.hops),
        }
        key = ("conversation_id", "turn_idx", "inference_id")
        async with self._database.write() as session:
            await upsert(session, TurnRecord, values, key=key, change=["hops"])

    async def ended(self, reason: EndReason) -> None:
        """Close the conversation, then say so: what a webhook tells is visible to whoever it tells."""
        replica = {"replica_id": self._subject.replica_id}
        async with self._database.write() as session:
            if await repository.close(session, self._subject.conversation_id, reason):
                await self._event(session, "system.shutdown", {**replica, "shutdown_reason": reason, "reason": reason})
                lines = await repository.transcript(session, self._subject.conversation_id)
                entries = [repository.transcript_entry(line) for line in lines]
                await self._event(session, "application.transcription_ready", {**replica, "transcript": entries})
        await self._told()

    async def _event(self, session: AsyncSession, event_type: str, properties: dict[str, Any]) -> None:
        """Write an event that happens once in a call, and its webhook, in one transaction."""
        event = Event(
            id=ids.event_id(),
            conversation_id=self._subject.conversation_id,
            once=event_type,
            event_type=event_type,
            message_type=event_type.partition(".")[0],
            properties=properties,
            created_at=now(),
        )
        columns = ("id", "conversation_id", "once", "event_type", "message_type", "properties", "created_at")
        values = {name: getattr(event, name) for name in columns}
        if not await upsert(session, Event, values, key=("conversation_id", "once"), change=()):
            return
        if self._subject.callback_url:
            deliveries.add(
                session,
                event_id=event.id,
                account_id=self._subject.account_id,
                lane=self._subject.conversation_id,
                url=self._subject.callback_url,
                payload=event_payload(event, self._subject),
            )
            # One by one, since the order of the rows is the order of delivery.
            await session.flush()

    async def _told(self) -> None:
        if self._subject.callback_url:
            await self._wake(self._subject.conversation_id)
