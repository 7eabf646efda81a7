from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.db.models import Account


class AccountRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_name(self, name: str) -> Account | None:
        return await self._session.scalar(
            select(Account).where(Account.name == name).order_by(Account.created_at).limit(1)
        )

    async def add(self, account: Account) -> None:
        self._session.add(account)
        await self._session.flush()
