"""Durable webhooks, on real DBOS and a real receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from dbos import DBOS
from sqlalchemy import select
from standardwebhooks import Webhook

from tests.conftest import free_port
from tests.jobs.receiver import Received, Receiver
from visavis.db.migrate import migrate
from visavis.db.models import Account, Conversation, Delivery
from visavis.db.session import Database, database_url
from visavis.jobs import deliveries, webhooks
from visavis.jobs.runner import WebhookRunner
from visavis.settings import Settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

StartReceiver = Callable[..., Receiver]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    settings.data.mkdir()
    database = Database(database_url(settings))
    await migrate(database)
    async with database.write() as session:
        session.add(Account(id="acct", name="test"))
        await session.flush()
        for lane in ("c1", "c2"):
            session.add(
                Conversation(
                    id=lane, account_id="acct", name=lane, status="active", persona_id="p", replica_id="r", request={}
                )
            )
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 0.05)


@asynccontextmanager
async def running(settings: Settings, instance: str = "test-instance") -> AsyncIterator[WebhookRunner]:
    runner = WebhookRunner(settings, instance, lambda _account: SECRET)
    await runner.start()
    try:
        yield runner
    finally:
        await runner.close()


async def put(database: Database, url: str, *event_ids: str, lane: str = "c1") -> None:
    async with database.write() as session:
        for event_id in event_ids:
            deliveries.add(
                session, event_id=event_id, account_id="acct", lane=lane, url=url, payload={"event": event_id, "é": 1}
            )
            await session.flush()


async def finished(database: Database, count: int) -> list[Delivery]:
    """Wait until `count` deliveries are over."""
    async with asyncio.timeout(30):
        while True:
            async with database.read() as session:
                query = select(Delivery).where(Delivery.status != deliveries.PENDING).order_by(Delivery.seq)
                rows = list((await session.scalars(query)).all())
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.05)


def events(received: list[Received]) -> list[str]:
    return [json.loads(item.body)["event"] for item in received]


async def test_a_webhook_arrives_signed_and_is_recorded(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    receiver = start_receiver()
    async with running(settings) as runner:
        await put(database, receiver.url, "evt_1")
        await runner.wake("c1")
        (row,) = await finished(database, 1)
    (got,) = receiver.received
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "evt_1"
    Webhook(SECRET).verify(got.body, got.headers)
    assert json.loads(got.body) == {"event": "evt_1", "é": 1}
    assert (row.status, row.attempts, row.last_status, row.last_error) == ("delivered", 1, 200, None)


async def test_a_lane_keeps_its_order_while_its_head_is_tried_again_and_others_pass(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    attempts: dict[str, int] = {}

    def flaky(received: Received, _number: int) -> int:
        event = json.loads(received.body)["event"]
        attempts[event] = attempts.get(event, 0) + 1
        return 503 if event == "a1" and attempts[event] < 3 else 200

    receiver = start_receiver(flaky)
    async with running(settings) as runner:
        await put(database, receiver.url, "a1", "a2", "a3")
        await put(database, receiver.url, "b1", lane="c2")
        await asyncio.gather(runner.wake("c1"), runner.wake("c1"), runner.wake("c2"))
        await put(database, receiver.url, "a4")
        await runner.wake("c1")
        rows = await finished(database, 5)
    order = events(receiver.received)
    assert [event for event in order if event.startswith("a")] == ["a1", "a1", "a1", "a2", "a3", "a4"]
    assert order.count("b1") == 1
    assert {row.id: row.attempts for row in rows} == {"a1": 3, "a2": 1, "a3": 1, "a4": 1, "b1": 1}


async def test_what_cannot_succeed_is_given_up_and_lets_the_next_one_pass(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    refusing = start_receiver(lambda received, _: 404 if json.loads(received.body)["event"] == "gone" else 200)
    redirecting = start_receiver(lambda *_: 302)
    failing = start_receiver(lambda *_: 500)
    settings = settings.model_copy(update={"webhook_attempts": 3})
    async with running(settings) as runner:
        await put(database, refusing.url, "gone")
        await put(database, redirecting.url, "moved")
        await put(database, "http://169.254.169.254/", "metadata")
        await put(database, failing.url, "failing")
        await put(database, f"http://127.0.0.1:{free_port()}/", "nobody")
        await put(database, refusing.url, "last")
        await runner.wake("c1")
        rows = {row.id: row for row in await finished(database, 6)}
    assert {key: (row.status, row.attempts) for key, row in rows.items()} == {
        "gone": ("failed", 1),
        "moved": ("failed", 1),
        "metadata": ("failed", 1),
        "failing": ("failed", 3),
        "nobody": ("failed", 3),
        "last": ("delivered", 1),
    }
    assert rows["failing"].last_error == "Answered 500."
    assert "link-local" in (rows["metadata"].last_error or "")


async def test_a_receiver_that_hangs_costs_only_its_time(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    import time

    slow = start_receiver(lambda *_: time.sleep(2) or 200)
    settings = settings.model_copy(update={"webhook_attempts": 1, "webhook_timeout": 0.3})
    async with running(settings) as runner:
        await put(database, slow.url, "evt_1")
        await runner.wake("c1")
        (row,) = await finished(database, 1)
    assert (row.status, row.last_error) == ("failed", "The receiver did not answer in 0.3 seconds.")


async def test_what_was_written_but_never_woken_is_delivered_after_the_next_start(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    receiver = start_receiver()
    await put(database, receiver.url, "a1", "a2")
    await put(database, receiver.url, "b1", lane="c2")
    async with running(settings):
        await finished(database, 3)
    assert sorted(events(receiver.received)) == ["a1", "a2", "b1"]


async def test_a_stop_in_the_middle_of_a_pause_loses_nothing(
    settings: Settings, database: Database, start_receiver: StartReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 0.6)
    receiver = start_receiver(lambda _, number: 503 if number == 0 else 200)
    async with running(settings) as runner:
        await put(database, receiver.url, "a1", "a2")
        await runner.wake("c1")
        await asyncio.to_thread(receiver.wait, 1)
        await asyncio.sleep(0.2)
    assert events(receiver.received) == ["a1"]
    async with running(settings):
        await finished(database, 2)
    assert events(receiver.received) == ["a1", "a1", "a2"]


async def test_a_server_takes_over_what_another_one_left(
    settings: Settings, database: Database, start_receiver: StartReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 0.6)
    receiver = start_receiver(lambda _, number: 503 if number == 0 else 200)
    async with running(settings, "gone") as runner:
        await put(database, receiver.url, "a1", "a2")
        await runner.wake("c1")
        await asyncio.to_thread(receiver.wait, 1)
    async with running(settings, "heir") as runner:
        await asyncio.sleep(1.0)
        assert events(receiver.received) == ["a1"], "nobody said that the other server is gone"
        await runner.adopt("gone")
        await finished(database, 2)
    assert events(receiver.received) == ["a1", "a1", "a2"]


async def test_the_rows_of_a_conversation_deleted_for_good_go_when_they_are_delivered(
    settings: Settings, database: Database, start_receiver: StartReceiver
) -> None:
    receiver = start_receiver()
    async with running(settings) as runner:
        await put(database, receiver.url, "a1", "a2", lane="c-deleted")
        await runner.wake("c-deleted")
        await asyncio.to_thread(receiver.wait, 2)
        async with asyncio.timeout(10):
            while True:
                async with database.read() as session:
                    if not (await session.scalars(select(Delivery))).all():
                        break
                await asyncio.sleep(0.05)
    assert events(receiver.received) == ["a1", "a2"]


async def test_what_was_over_long_ago_is_forgotten(
    settings: Settings, database: Database, start_receiver: StartReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = start_receiver()
    async with running(settings) as runner:
        await put(database, receiver.url, "evt_1")
        await runner.wake("c1")
        await finished(database, 1)
        await asyncio.sleep(0.3)
    monkeypatch.setattr(webhooks, "KEPT", timedelta(seconds=0))
    async with running(settings):
        async with database.read() as session:
            assert (await session.scalars(select(Delivery))).all() == []
        assert await asyncio.to_thread(DBOS.list_workflows) == []


def test_pauses_grow_to_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_PAUSE", 1.0)
    assert [webhooks.pause_after(attempt) for attempt in range(7)] == [1, 4, 16, 64, 256, 900, 900]
