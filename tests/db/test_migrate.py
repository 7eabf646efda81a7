"""The migrations, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import OperationalError

from visavis.db.migrate import alembic_config, migrate
from visavis.db.models import Account, Base, TranscriptLine
from visavis.db.session import BUSY_TIMEOUT_MS, Database, database_url
from visavis.db.upsert import upsert
from visavis.settings import Settings


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    settings.data.mkdir()
    database = Database(database_url(settings))
    yield database
    await database.close()


async def test_the_migrations_lead_to_exactly_the_models(database: Database) -> None:
    await migrate(database)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_again_changes_nothing_and_keeps_what_is_there(database: Database) -> None:
    await migrate(database)
    async with database.write() as session:
        session.add(Account(id="a1", name="kept"))
    await migrate(database)
    async with database.read() as session:
        assert (await session.get_one(Account, "a1")).name == "kept"


async def test_two_servers_that_start_at_once_take_turns(settings: Settings, database: Database) -> None:
    other = Database(database_url(settings))
    try:
        await asyncio.gather(migrate(database), migrate(other), migrate(database))
    finally:
        await other.close()
    async with database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM alembic_version"))).scalar() == 1


async def test_the_way_back_leaves_no_table(database: Database) -> None:
    await migrate(database)

    def down(connection: Connection) -> list[str]:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return inspect(connection).get_table_names()

    async with database.engine.connect() as connection:
        await connection.execution_options(visavis_write=True)
        async with connection.begin():
            assert await connection.run_sync(down) == ["alembic_version"]


class TestSessions:
    async def test_a_write_that_raises_leaves_nothing(self, database: Database) -> None:
        await migrate(database)
        with pytest.raises(RuntimeError):
            async with database.write() as session:
                session.add(Account(id="a1", name="x"))
                await session.flush()
                raise RuntimeError
        async with database.read() as session:
            assert await session.get(Account, "a1") is None

    async def test_many_writers_that_read_first_all_get_through(self, database: Database) -> None:
        await migrate(database)
        async with database.write() as session:
            session.add(Account(id="a1", name="x", active_calls_lock=0))

        async def increment() -> None:
            async with database.write() as session:
                account = await session.get_one(Account, "a1", with_for_update=True)
                await asyncio.sleep(0)
                account.active_calls_lock += 1

        await asyncio.gather(*(increment() for _ in range(20)))
        async with database.read() as session:
            assert (await session.get_one(Account, "a1")).active_calls_lock == 20

    async def test_times_come_back_aware_and_in_utc(self, database: Database) -> None:
        await migrate(database)
        moment = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=timezone(timedelta(hours=5)))
        async with database.write() as session:
            session.add(Account(id="a1", name="x", created_at=moment))
        async with database.read() as session:
            found = (await session.get_one(Account, "a1")).created_at
        assert found == moment
        assert found.tzinfo is UTC


async def test_upsert_inserts_changes_or_leaves(database: Database) -> None:
    await migrate(database)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
        values = {"id": "a1", "name": "first", "created_at": datetime.now(UTC), "active_calls_lock": 0}
        assert await upsert(session, Account, values, key=["id"], change=[])
        assert not await upsert(session, Account, {**values, "name": "second"}, key=["id"], change=[])
        assert (await session.scalar(select(Account.name))) == "first"
        assert await upsert(session, Account, {**values, "name": "third"}, key=["id"], change=["name"])
        assert (await session.scalar(select(Account.name))) == "third"


def test_only_known_databases_are_taken() -> None:
    def url(text: str) -> str:
        return database_url(Settings(_env_file=None, database_url=text)).drivername

    assert url("") == "sqlite+aiosqlite"
    assert url("postgresql://h/d") == url("postgresql+psycopg://h/d") == "postgresql+psycopg"
    with pytest.raises(ValueError, match="must be a sqlite or postgresql URL, not mysql"):
        url("mysql://h/d")


def test_floats_keep_their_microseconds_in_the_tables() -> None:
    assert TranscriptLine.__table__.c.timestamp.type.precision == 53


async def test_a_writer_of_little_patience_gives_up_and_leaves_the_others_theirs(database: Database) -> None:
    await migrate(database)
    async with database.write() as session:
        session.add(Account(id="a1", name="first"))
    change = text("UPDATE accounts SET name = 'second' WHERE id = 'a1'")
    async with database.write() as holder:
        await holder.execute(change)
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            async with database.write(patience_ms=50) as session:
                await session.execute(change)
        assert time.monotonic() - begun < 2
        setting = text("PRAGMA busy_timeout" if database.is_sqlite else "SHOW lock_timeout")
        async with database.read() as session:
            # The same connection again: the pool holds no other free one.
            assert await session.scalar(setting) == (BUSY_TIMEOUT_MS if database.is_sqlite else "0")


async def test_only_the_owner_may_read_the_tables(database: Database, settings: Settings) -> None:
    await migrate(database)
    async with database.write() as session:
        session.add(Account(id="a1", name="kept"))
    for path in settings.data.glob("visavis.db*"):
        assert path.stat().st_mode & 0o777 == 0o600, path.name
    assert (settings.data / "visavis.db").exists() is database.is_sqlite
