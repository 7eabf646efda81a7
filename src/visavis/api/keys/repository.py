from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.db.models import ApiKey


class KeyRepository:
    """Keys of one account."""

    def __init__(self, session: AsyncSession, account_id: str) -> None:
        self._session = session
        self._account_id = account_id

    async def add(self, key: ApiKey) -> None:
        self._session.add(key)
        await self._session.flush()

    async def all(self) -> Sequence[ApiKey]:
        rows = await self._session.scalars(
            select(ApiKey).where(ApiKey.account_id == self._account_id).order_by(ApiKey.created_at, ApiKey.id)
        )
        return rows.all()

    async def get(self, key_id: str) -> ApiKey | None:
        return await self._session.scalar(
            select(ApiKey).where(ApiKey.account_id == self._account_id, ApiKey.id == key_id)
        )

    async def count(self) -> int:
        return (
            await self._session.scalar(
                select(func.count()).select_from(ApiKey).where(ApiKey.account_id == self._account_id)
            )
        ) or 0


async def by_digest(session: AsyncSession, digest: str) -> ApiKey | None:
    """The key that authenticates a request; its account is what the request may then see."""
    return await session.scalar(select(ApiKey).where(ApiKey.digest == digest))


async def touch(session: AsyncSession, key_id: str, moment: datetime) -> None:
    await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=moment))
