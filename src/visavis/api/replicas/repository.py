from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit import paging
from visavis.db.models import Replica

Owner = Literal["user", "system"]


@dataclass(frozen=True, slots=True)
class Filter:
    owner: Owner | None = None
    ids: Sequence[str] = ()
    model_name: str | None = None


class ReplicaRepository:
    """Replicas that one account may see: its own and the stock ones, without the deleted."""

    def __init__(self, session: AsyncSession, account_id: str) -> None:
        self._session = session
        self._own: ColumnElement[bool] = Replica.account_id == account_id
        self._visible = or_(self._own, Replica.account_id.is_(None)) & Replica.deleted_at.is_(None)

    async def get(self, replica_id: str) -> Replica | None:
        return await self._session.scalar(select(Replica).where(Replica.id == replica_id, self._visible))

    async def list(self, page: paging.Page, wanted: Filter) -> tuple[Sequence[Replica], int]:
        """Own ones first, newest first."""
        query = select(Replica).where(self._visible)
        if wanted.owner == "user":
            query = query.where(self._own)
        elif wanted.owner == "system":
            query = query.where(Replica.account_id.is_(None))
        if wanted.ids:
            query = query.where(Replica.id.in_(wanted.ids))
        if wanted.model_name:
            query = query.where(Replica.model_name == wanted.model_name)
        query = query.order_by(Replica.account_id.is_(None), Replica.created_at.desc(), Replica.name, Replica.id)
        return await paging.fetch(self._session, query, page)

    async def delete(self, replica: Replica) -> None:
        await self._session.delete(replica)


async def put_stock(session: AsyncSession, replica: Replica) -> None:
    """Insert a stock replica, or bring it up to date with this version of the program."""
    found = await session.get(Replica, replica.id)
    if found is None:
        session.add(replica)
    else:
        found.name, found.voice, found.model_name = replica.name, replica.voice, replica.model_name
