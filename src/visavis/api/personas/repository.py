from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit import paging
from visavis.db.models import Persona

Owner = Literal["user", "system"]


class PersonaRepository:
    """Personas that one account may see: its own and the stock ones."""

    def __init__(self, session: AsyncSession, account_id: str) -> None:
        self._session = session
        self._own: ColumnElement[bool] = Persona.account_id == account_id
        self._visible = or_(self._own, Persona.account_id.is_(None))

    async def get(self, persona_id: str) -> Persona | None:
        return await self._session.scalar(select(Persona).where(Persona.id == persona_id, self._visible))

    async def list(self, page: paging.Page, owner: Owner | None, search: str) -> tuple[Sequence[Persona], int]:
        """Own ones first, newest first."""
        query = select(Persona).where(self._visible)
        if owner == "user":
            query = query.where(self._own)
        elif owner == "system":
            query = query.where(Persona.account_id.is_(None))
        if search.strip():
            pattern = paging.like(search)
            query = query.where(
                or_(func.lower(Persona.name).like(pattern, escape="\\"), Persona.id.like(pattern, escape="\\"))
            )
        query = query.order_by(Persona.account_id.is_(None), Persona.created_at.desc(), Persona.id)
        return await paging.fetch(self._session, query, page)

    async def add(self, persona: Persona) -> None:
        self._session.add(persona)
        await self._session.flush()

    async def delete(self, persona: Persona) -> None:
        await self._session.delete(persona)


async def put_stock(session: AsyncSession, persona: Persona) -> None:
    """Insert a stock persona, or bring it up to date with this version of the program."""
    found = await session.get(Persona, persona.id)
    if found is None:
        session.add(persona)
    elif found.document != persona.document:
        found.document, found.name, found.updated_at = persona.document, persona.name, persona.updated_at
