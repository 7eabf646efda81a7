"""Calls come and go; memory does not stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import CallServer
from visavis.talk.client import TalkClient

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CYCLES = 50
STEADY_AFTER = 5


def test_fifty_calls_leave_memory_within_ten_percent_of_what_five_left(
    servers: Callable[..., CallServer], tmp_path: Path
) -> None:
    server = servers(tmp_path / "data")

    async def one_call() -> None:
        created = server.create(persona_id="pdac61133ac5", custom_greeting="Hi.")
        async with TalkClient(server.url, created["conversation_id"]) as client:
            await client.next_reply(timeout=20)
        server.end(created["conversation_id"])

    resident = []
    for _ in range(CYCLES):
        asyncio.run(one_call())
        resident.append(server.resident())
    ratio = resident[-1] / resident[STEADY_AFTER - 1]
    megabytes = [round(size / 1e6) for size in (resident[STEADY_AFTER - 1], resident[-1])]
    print(f"\nresident after {STEADY_AFTER} and {CYCLES} calls: {megabytes} MB, ratio {ratio:.3f}")
    assert ratio <= 1.10
