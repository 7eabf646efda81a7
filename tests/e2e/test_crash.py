"""kill -9 in the middle of a call: nothing said is lost, nothing stays open, everybody who waits is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.conftest import CallServer, free_port
from visavis.talk.client import TalkClient

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def callbacks() -> Iterator[tuple[str, list[dict]]]:
    """A webhook receiver on loopback, and what it received."""
    received: list[dict] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", received
    server.shutdown()


def test_a_call_cut_by_kill_9_is_ended_recorded_and_reported_after_the_restart(
    servers: Callable[..., CallServer], tmp_path: Path, callbacks: tuple[str, list[dict]]
) -> None:
    hook, received = callbacks
    port = free_port()
    first = servers(tmp_path / "data", port=port)
    created = first.create(persona_id="pdac61133ac5", custom_greeting="Welcome.", callback_url=hook)
    conversation_id = created["conversation_id"]

    async def talk_until_answered() -> str:
        async with TalkClient(first.url, conversation_id) as client:
            await client.next_reply(timeout=20)
            await client.respond("Who are you?")
            reply = await client.next_reply(timeout=20)
            await asyncio.sleep(0.5)
            first.kill()
            return reply.text

    answer = asyncio.run(talk_until_answered())
    assert answer

    second = servers(tmp_path / "data", port=port)
    body = second.verbose(conversation_id)
    assert body["status"] == "ended"
    assert "server_restart" in body["shutdown_reason"]
    said = [(entry["role"], entry["content"]) for entry in body["transcript"] if entry["role"] != "system"]
    assert ("assistant", "Welcome.") in said
    assert ("user", "Who are you?") in said
    assert said[-1][0] == "assistant" and said[-1][1].split()[:2] == answer.split()[:2]

    deadline = time.monotonic() + 30
    wanted = {"system.replica_joined", "system.shutdown", "application.transcription_ready"}
    while time.monotonic() < deadline and not wanted <= {event["event_type"] for event in received}:
        time.sleep(0.2)
    kinds = [event["event_type"] for event in received]
    assert wanted <= set(kinds)
    assert kinds.index("system.shutdown") < kinds.index("application.transcription_ready")
    shutdown = next(event for event in received if event["event_type"] == "system.shutdown")
    assert shutdown["conversation_id"] == conversation_id
    with second.client() as http:
        assert http.get("/v2/conversations", params={"status": "active"}).json()["total_count"] == 0
