"""Several servers on one PostgreSQL: who ends whose calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.conftest import Api
from visavis.api.conversations.presence import Presence
from visavis.db.models import Server, now

StartApi = Callable[..., Any]


@pytest.fixture(autouse=True)
def only_where_servers_share_a_database(settings: Any) -> None:
    if not settings.database_url:
        pytest.skip("SQLite has one server")


async def status(api: Api, conversation_id: str) -> str:
    return str((await api.get(f"/v2/conversations/{conversation_id}")).json()["status"])


async def test_a_living_servers_calls_are_left_alone(start_api: StartApi, settings: Any) -> None:
    first: Api = await start_api()
    conversation_id = await first.conversation()
    second: Api = await start_api(data=settings.data.parent / "second")
    assert await status(second, conversation_id) == "active"


async def test_a_silent_servers_calls_end_and_its_deliveries_are_adopted(start_api: StartApi, settings: Any) -> None:
    first: Api = await start_api()
    conversation_id = await first.conversation(callback_url="https://example.com/hook")
    async with first.services.database.write() as session:
        await session.execute(update(Server).values(heartbeat_at=now() - timedelta(minutes=2)))
    second: Api = await start_api(data=settings.data.parent / "second")
    assert await status(second, conversation_id) == "ended"
    assert second.webhooks.woken == [conversation_id]
    assert second.webhooks.adopted == [(settings.data / "instance").read_text()]


async def test_a_call_ended_at_another_server_stops_where_it_runs(start_api: StartApi, settings: Any) -> None:
    first: Api = await start_api()
    kept, ended = await first.conversation(), await first.conversation()
    second: Api = await start_api(data=settings.data.parent / "second")
    assert (await second.post(f"/v2/conversations/{ended}/end")).status_code == 200
    assert set(first.host.running()) == {kept, ended}
    presence = Presence(
        first.services.database,
        first.services.conversations,
        first.host,
        server_id="srv_test",
        instance="test",
        adopt=first.webhooks.adopt,
    )
    await presence.reconcile()
    assert first.host.running() == (kept,)
