from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit import paging
from visavis.db.models import Account, Conversation, Event, Server, TranscriptLine, TurnRecord, now

Status = Literal["active", "ended"]


class ConversationRepository:
    """Conversations of one account."""

    def __init__(self, session: AsyncSession, account_id: str) -> None:
        self._session = session
        self._account_id = account_id
        self._own: ColumnElement[bool] = Conversation.account_id == account_id

    async def get(self, conversation_id: str, *, deleted: bool = False) -> Conversation | None:
        """`deleted` also finds one that was deleted, but not for good."""
        query = select(Conversation).where(self._own, Conversation.id == conversation_id)
        return await self._session.scalar(query if deleted else query.where(Conversation.deleted_at.is_(None)))

    async def list(self, page: paging.Page, status: Status | None) -> tuple[Sequence[Conversation], int]:
        """Newest first."""
        query = select(Conversation).where(self._own, Conversation.deleted_at.is_(None))
        if status:
            query = query.where(Conversation.status == status)
        return await paging.fetch(self._session, query.order_by(Conversation.created_at.desc(), Conversation.id), page)

    async def lock_and_count_active(self) -> int:
        """Active calls of the account, exact until this transaction ends: others who count wait for it."""
        await self._session.execute(
            update(Account)
            .where(Account.id == self._account_id)
            .values(active_calls_lock=Account.active_calls_lock + 1)
        )
        query = select(func.count()).select_from(Conversation).where(self._own, Conversation.status == "active")
        return await self._session.scalar(query) or 0

    async def add(self, conversation: Conversation) -> None:
        self._session.add(conversation)
        await self._session.flush()

    async def delete(self, conversation: Conversation) -> None:
        """For good, with everything that hangs on it."""
        await self._session.delete(conversation)


async def in_room(session: AsyncSession, conversation_id: str) -> Conversation | None:
    """The conversation behind a link. Whoever has the link may ask: a room has no account."""
    return await session.scalar(
        select(Conversation).where(Conversation.id == conversation_id, Conversation.deleted_at.is_(None))
    )


async def close(session: AsyncSession, conversation_id: str, reason: str) -> bool:
    """Set an active conversation to ended; False when it was not active. Two that try at once take turns."""
    moment = now()
    result = await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.status == "active")
        .values(status="ended", shutdown_reason=reason, ended_at=moment, updated_at=moment)
    )
    return cast("CursorResult[Any]", result).rowcount > 0


async def transcript(session: AsyncSession, conversation_id: str) -> Sequence[TranscriptLine]:
    rows = await session.scalars(
        select(TranscriptLine)
        .where(TranscriptLine.conversation_id == conversation_id)
        .order_by(TranscriptLine.timestamp, TranscriptLine.id)
    )
    return rows.all()


async def events(session: AsyncSession, conversation_id: str) -> Sequence[Event]:
    rows = await session.scalars(select(Event).where(Event.conversation_id == conversation_id).order_by(Event.seq))
    return rows.all()


async def turns(session: AsyncSession, conversation_id: str) -> Sequence[TurnRecord]:
    rows = await session.scalars(
        select(TurnRecord).where(TurnRecord.conversation_id == conversation_id).order_by(TurnRecord.turn_idx)
    )
    return rows.all()


async def abandoned(session: AsyncSession, alive_since: datetime | None, own: str) -> Sequence[Conversation]:
    """Active conversations whose process is gone: all but `own`'s, or all whose process shows no sign of life."""
    query = select(Conversation).where(Conversation.status == "active", Conversation.server_id != own)
    if alive_since is not None:
        alive = select(Server.id).where(Server.heartbeat_at >= alive_since)
        query = query.where(Conversation.server_id.not_in(alive))
    return (await session.scalars(query.order_by(Conversation.created_at))).all()


async def not_active(session: AsyncSession, ids: Sequence[str]) -> list[str]:
    """Those of `ids` that the tables no longer hold as active."""
    query = select(Conversation.id).where(Conversation.id.in_(ids), Conversation.status == "active")
    active = set((await session.scalars(query)).all())
    return [one for one in ids if one not in active]


def transcript_entry(line: TranscriptLine) -> dict[str, Any]:
    """A line as the contract's transcript shows it."""
    entry: dict[str, Any] = {
        "role": line.role,
        "content": line.content,
        "timestamp": line.timestamp,
        "seconds_from_start": line.seconds_from_start,
    }
    if line.duration is not None:
        entry["duration"] = line.duration
    if line.inference_id is not None:
        entry["inference_id"] = line.inference_id
    return {**entry, **line.extra}
