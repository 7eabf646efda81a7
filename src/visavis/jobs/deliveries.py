"""The queries of webhook deliveries. A lane (a conversation) is delivered in the order in which it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.db.models import Conversation, Delivery, now

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"


def add(
    session: AsyncSession, *, event_id: str, account_id: str, lane: str, url: str, payload: Mapping[str, Any]
) -> None:
    """Put a webhook on its way, in the caller's transaction; call `WebhookRunner.wake(lane)` after it commits."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    session.add(Delivery(id=event_id, account_id=account_id, lane=lane, url=url, payload=body))


async def get(session: AsyncSession, event_id: str) -> Delivery | None:
    return await session.scalar(select(Delivery).where(Delivery.id == event_id))


async def head(session: AsyncSession, lane: str) -> str | None:
    """The id of the first delivery of a lane that is still to be made."""
    query = select(Delivery.id).where(Delivery.lane == lane, Delivery.status == PENDING).order_by(Delivery.seq)
    return await session.scalar(query.limit(1))


async def waiting_lanes(session: AsyncSession) -> Sequence[str]:
    return (await session.scalars(select(Delivery.lane).where(Delivery.status == PENDING).distinct())).all()


def attempted(delivery: Delivery, *, status: int | None, error: str | None) -> None:
    """Keep what came of one attempt."""
    delivery.attempts += 1
    delivery.attempted_at = now()
    delivery.last_status, delivery.last_error = status, error


async def finish(session: AsyncSession, delivery: Delivery, outcome: str) -> None:
    """Close a delivery; its row goes with a conversation that was deleted for good in the meantime."""
    delivery.status, delivery.finished_at = outcome, now()
    if not await session.scalar(select(exists().where(Conversation.id == delivery.lane))):
        await session.delete(delivery)


async def forget(session: AsyncSession, before: datetime) -> None:
    """Remove deliveries that were over before a moment."""
    await session.execute(delete(Delivery).where(Delivery.status != PENDING, Delivery.finished_at < before))
