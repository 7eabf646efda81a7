"""Bring the tables up to date, with the same Alembic migrations on both databases."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import Connection

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
    async with database.engine.connect() as connection:
        await connection.execution_options(visavis_write=True)
        async with connection.begin():
            if not database.is_sqlite:
                # Held until the transaction ends, however it ends.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
