"""Connections and transactions.

Two kinds of transaction: `read` and `write`. On SQLite a write takes the lock when it begins; a transaction that
reads first and writes later could otherwise fail at once when another writer was faster, whatever the busy timeout.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from visavis.settings import Settings

BUSY_TIMEOUT_MS = 15_000


def database_url(settings: Settings) -> URL:
    """Where the tables live; SQLite in the data folder unless the settings say otherwise."""
    if not settings.database_url:
        return URL.create("sqlite+aiosqlite", database=str(settings.data / "visavis.db"))
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ValueError(f"VISAVIS_DATABASE_URL must be a sqlite or postgresql URL, not {url.get_backend_name()}.")


class Database:
    """The pool of one process."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_size": 10, "pool_pre_ping": True}
        self.engine = create_async_engine(url, **options)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that changes nothing."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def write(self, *, patience_ms: int = BUSY_TIMEOUT_MS) -> AsyncIterator[AsyncSession]:
        """A transaction that may change things; committed when the block ends, rolled back when it raises.

        `patience_ms` is how long a lock that another one holds may keep it waiting before it raises.
        """
        async with self._sessions() as session, session.begin():
            await session.connection(execution_options={"visavis_write": True, "visavis_patience_ms": patience_ms})
            if not self.is_sqlite and patience_ms != BUSY_TIMEOUT_MS:
                await session.execute(text(f"SET LOCAL lock_timeout = {int(patience_ms)}"))
            yield session

    async def ping(self) -> None:
        """Raise when the database cannot be reached."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling starts too late; `_begin_sqlite` says BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("visavis_write"):
        connection.exec_driver_sql("BEGIN")
        return
    patience = int(options.get("visavis_patience_ms", BUSY_TIMEOUT_MS))
    if patience == BUSY_TIMEOUT_MS:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        # The connection goes back to the pool, where others expect the usual patience.
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
