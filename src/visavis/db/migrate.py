"""Bring the tables up to date, with the same Alembic migrations on both databases."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection

from visavis.db.session import Database

_ADVISORY_LOCK = 0x76697376  # "visv"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


async def migrate(database: Database) -> None:
    """Upgrade to the newest revision, one process at a time.

    On PostgreSQL an advisory lock makes a second server wait; on SQLite the transaction itself holds the lock.
    """
    if database.is_sqlite:
        _create_private(database.url)
    async with database.engine.connect() as connection:
        await connection.execution_options(visavis_write=True)
        async with connection.begin():
            if not database.is_sqlite:
                # Held until the transaction ends, however it ends.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade)


def _create_private(url: URL) -> None:
    """Create the file for its owner only; SQLite gives its journal files the mode of the database."""
    if not url.database or url.database.startswith((":memory:", "file:")):
        return
    # A folder that is missing or closed is for the connection to tell of.
    with contextlib.suppress(OSError):
        os.close(os.open(url.database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
