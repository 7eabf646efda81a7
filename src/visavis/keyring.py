"""Keys from the command line. Works beside a running server: nothing about keys is cached there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from visavis.api.accounts.service import AccountService
from visavis.api.keys.service import KeyService
from visavis.api.kit.errors import ApiError
from visavis.data_folder import DataFolderError, prepare
from visavis.db.migrate import migrate
from visavis.db.models import ApiKey
from visavis.db.session import Database, database_url
from visavis.settings import Settings

T = TypeVar("T")

Work = Callable[[AccountService, KeyService], Awaitable[T]]


def run(settings: Settings, work: Work[T]) -> T:
    """Do `work` on the tables of `settings`, which are created when they are not there yet."""

    async def inside() -> T:
        prepare(settings.data)
        database = Database(database_url(settings))
        try:
            await migrate(database)
            return await work(AccountService(database), KeyService(database))
        finally:
            await database.close()

    try:
        return asyncio.run(inside())
    except (ApiError, DataFolderError, ValueError) as error:
        typer.echo(str(error), err=True)
    except SQLAlchemyError as error:
        typer.echo(f"The database cannot be used: {error}", err=True)
    raise typer.Exit(1)


def create(account: str, name: str, allow_ips: Sequence[str]) -> Work[tuple[ApiKey, str]]:
    async def work(accounts: AccountService, keys: KeyService) -> tuple[ApiKey, str]:
        return await keys.create((await accounts.ensure(account)).id, name, allow_ips)

    return work


def describe(account: str) -> Work[list[str]]:
    async def work(accounts: AccountService, keys: KeyService) -> list[str]:
        return [_line(row) for row in await keys.list((await accounts.ensure(account)).id)]

    return work


def revoke(account: str, key_id: str) -> Work[ApiKey]:
    async def work(accounts: AccountService, keys: KeyService) -> ApiKey:
        return await keys.revoke((await accounts.ensure(account)).id, key_id)

    return work


def _line(row: ApiKey) -> str:
    used = f"used {row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "never used"
    parts = [row.id, f"…{row.hint}" if row.hint else "…", row.name, used]
    if row.allow_ips:
        parts.append(f"only from {', '.join(row.allow_ips)}")
    if row.revoked_at:
        parts.append(f"revoked {row.revoked_at:%Y-%m-%d %H:%M} UTC")
    return "  ".join(parts)
