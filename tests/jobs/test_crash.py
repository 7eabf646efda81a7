"""Kill -9 in the middle: calls and webhooks of a server that dies without a word."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ServerStarter, free_port
from tests.jobs.receiver import Receiver


@pytest.mark.slow
def test_a_killed_server_delivers_everything_after_its_next_start(
    start_server: ServerStarter, start_receiver: Callable[..., Receiver], tmp_path: Path, database_setting: str
) -> None:
    data, port = tmp_path / "data", free_port()
    options = {"database_url": database_setting, "allow_private_urls": "false"}
    first = start_server(data, wait="/openapi.json", **options)
    with first.client() as client:
        body = {"callback_url": f"http://127.0.0.1:{port}/hook", "replica_id": "r90bbd427f71"}
        ended = client.post("/v2/conversations", json=body).json()["conversation_id"]
        # Nobody listens yet, so its webhooks wait.
        assert client.post(f"/v2/conversations/{ended}/end").status_code == 200
        active = client.post("/v2/conversations", json=body).json()["conversation_id"]
    first.stop(signal.SIGKILL)

    receiver = start_receiver(port=port)
    second = start_server(data, wait="/openapi.json", **options)
    with second.client() as client:
        shown = {key: client.get(f"/v2/conversations/{key}?verbose=true").json() for key in (ended, active)}
        assert shown[active]["status"] == "ended"
        assert shown[active]["shutdown_reason"] == "internal error occurred at step server_restart"
        assert shown[ended]["shutdown_reason"] == "end_conversation_endpoint_hit"
        expected = {key: shown[key]["events"] for key in shown}
        receiver.wait(sum(map(len, expected.values())), timeout=60)
    delivered = [json.loads(item.body) for item in receiver.received]
    for key, events in expected.items():
        assert [item for item in delivered if item["conversation_id"] == key] == events
        kinds = [event["event_type"] for event in events]
        assert kinds[-2:] == ["system.shutdown", "application.transcription_ready"]
    assert second.stop(signal.SIGTERM) == 0
