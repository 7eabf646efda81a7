"""Accounts. A server has one unless the operator adds more from the command line."""

from __future__ import annotations

from visavis.api.accounts.repository import AccountRepository
from visavis.api.kit import ids
from visavis.db.models import Account
from visavis.db.session import Database

DEFAULT_ACCOUNT = "default"


class AccountService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, name: str = DEFAULT_ACCOUNT) -> Account:
        """The account called `name`, created when there is none."""
        async with self._database.write() as session:
            repository = AccountRepository(session)
            account = await repository.by_name(name)
            if account is None:
                account = Account(id=ids.account_id(), name=name)
                await repository.add(account)
            return account
