"""Conversations over HTTP: creating, ending, deleting, the record, and what a restart does."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from tests.conftest import Api
from visavis.conversation.ports import TranscriptEntry, TurnTiming
from visavis.db.models import Delivery

# fmt: off
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"replica_id": "r-unknown"}, "Invalid replica_id"),
    ({"persona_id": "p-unknown"}, "Invalid persona_id"),
    ({"face_id": "r90bbd427f71", "replica_id": "rfe12d8b9597"}, "face_id and replica_id are two names of one field"),
    ({"max_participants": 1}, "max_participants must be at least 2."),
    ({"max_participants": True}, "max_participants must be a number, not true or false"),
    ({"audio_only": "loud"}, "audio_only must be true or false."),
    ({"document_retrieval_strategy": "x"}, "document_retrieval_strategy must be one of 'speed', 'balanced', 'qual"),
    ({"policy": "us"}, "policy must be 'eu'"),
    ({"memory_stores": "m"}, "memory_stores must be a list."),
    ({"properties": []}, "properties must be an object."),
    ({"properties": {"max_call_duration": 0}}, "properties.max_call_duration must be at least 1."),
    ({"properties": {"max_call_duration": "long"}}, "properties.max_call_duration must be a whole number."),
    ({"max_call_duration": 0}, "properties.max_call_duration must be at least 1."),
    ({"properties": {"participant_left_timeout": -1}}, "properties.participant_left_timeout must be at least 0."),
    ({"properties": {"language": "klingon"}}, "properties.language must be a language of the contract"),
    ({"properties": {"recording_storage": {"provider": "ftp"}}}, "properties.recording_storage.provider must be"),
    ({"properties": {"recording_storage": {"provider": "s3"}}}, "properties.recording_storage needs bucket_name"),
    ({"properties": {"recording_storage": {"provider": "gcs", "bucket_name": "b", "key_template": "/x"}}},
     "properties.recording_storage.key_template must not begin with /"),
    ({"callback_url": "ftp://example.com"}, "callback_url: It must begin with http:// or https://."),
    ({"callback_url": "http://169.254.169.254/latest"}, "callback_url: 169.254.169.254 may not be called"),
    ({"callback_url": "https://user:hunter2@example.com/hook"}, "callback_url: a user name or password in the address"),
    ({"callback_url": "https://user@example.com/hook"}, "callback_url: a user name or password in the address"),
    ({"meeting_url": "https://meet.example.com/x"}, "meeting_url: this version does not join"),
]
# fmt: on


def line(key: str, content: str, at: float = 1.0) -> TranscriptEntry:
    return TranscriptEntry(
        key=key, role="assistant", content=content, timestamp=1000.0 + at, seconds_from_start=at, inference_id="inf_1"
    )


class TestCreate:
    async def test_the_answer_has_the_contracts_shape_in_both_vocabularies(self, api: Api) -> None:
        body = {"replica_id": "r90bbd427f71", "persona_id": "pdac61133ac5", "conversation_name": "Interview User"}
        answer = await api.post("/v2/conversations", body)
        assert answer.status_code == 200
        created = answer.json()
        assert re.fullmatch(r"c[0-9a-f]{16}", created["conversation_id"])
        assert created["conversation_url"] == f"{api.settings.origin}/c/{created['conversation_id']}"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", created["created_at"])
        assert (created["status"], created["callback_url"]) == ("active", "")
        assert created["replica_id"] == created["face_id"] == "r90bbd427f71"
        assert created["persona_id"] == created["pal_id"] == "pdac61133ac5"
        assert "meeting_token" not in created

    async def test_the_call_gets_everything_resolved(self, api: Api) -> None:
        persona_id = await api.persona(
            default_replica_id="rfe12d8b9597",
            greeting="Persona's greeting",
            layers={"stt": {"participant_pause_sensitivity": "low"}},
        )
        conversation_id = await api.conversation(
            pal_id=persona_id,
            replica_id=None,
            conversational_context="She is late.",
            audio_only=True,
            max_participants=3,
            document_ids=["d1"],
            properties={
                "max_call_duration": 10**9,
                "participant_left_timeout": 7,
                "participant_absent_timeout": 0,
                "enable_transcription": True,
                "language": "de",
                "novel": [1],
            },
        )
        spec = api.host.specs[conversation_id]
        assert (spec.persona_id, spec.persona_name, spec.replica_id) == (persona_id, "P", "rfe12d8b9597")
        assert (spec.greeting, spec.conversational_context) == ("Persona's greeting", "She is late.")
        assert (spec.audio_only, spec.enable_closed_captions, spec.max_participants) == (True, True, 3)
        assert spec.max_call_duration == api.settings.max_call_duration
        assert (spec.participant_left_timeout, spec.participant_absent_timeout) == (7.0, 0.0)
        assert (spec.language, spec.properties["novel"], spec.properties["document_ids"]) == ("de", [1], ["d1"])
        assert spec.persona["layers"]["conversational_flow"]["turn_taking_patience"] == "high"
        assert abs(spec.created_at - time.time()) < 60
        assert (spec.replica_path / "meta.json").is_file()

    async def test_the_greeting_of_the_request_wins_and_nothing_is_needed_at_all(self, api: Api) -> None:
        answer = await api.post("/v2/conversations", {"custom_greeting": "Hi!"})
        spec = api.host.specs[answer.json()["conversation_id"]]
        assert spec.greeting == "Hi!"
        assert spec.persona_id == api.settings.default_persona_id
        assert re.fullmatch(r"New Conversation \d{13}", answer.json()["conversation_name"])

    async def test_older_sdks_put_properties_at_the_top(self, api: Api) -> None:
        conversation_id = await api.conversation(max_call_duration=60, language="spanish", participant_left_timeout=5)
        spec = api.host.specs[conversation_id]
        assert (spec.max_call_duration, spec.language, spec.participant_left_timeout) == (60.0, "spanish", 5.0)

    async def test_a_refusal_names_the_field_and_leaves_nothing_behind(self, api: Api) -> None:
        for body, sentence in REFUSALS:
            answer = await api.post("/v2/conversations", body)
            assert answer.status_code == 400, body
            assert sentence in answer.json()["error"], body
        assert (await api.get("/v2/conversations")).json() == {"data": [], "total_count": 0}
        assert api.host.specs == {}

    async def test_test_mode_ends_at_once_and_uses_no_slot(self, start_api: Callable[..., Any]) -> None:
        api: Api = await start_api(max_concurrent_calls=1)
        for _ in range(3):
            answer = await api.post("/v2/conversations", {"test_mode": True})
            assert (answer.status_code, answer.json()["status"]) == (200, "ended")
        assert api.host.specs == {}
        await api.conversation()

    async def test_the_limit_holds_for_requests_at_the_same_moment(self, start_api: Callable[..., Any]) -> None:
        api: Api = await start_api(max_concurrent_calls=2)
        answers = await asyncio.gather(*(api.post("/v2/conversations", {}) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 400, 400, 400, 400]
        refused = next(answer for answer in answers if answer.status_code == 400)
        assert refused.json() == {"message": "User has reached maximum concurrent conversations"}
        assert len(api.host.specs) == 2
        await api.post(f"/v2/conversations/{next(iter(api.host.specs))}/end")
        await api.conversation()

    async def test_the_limit_is_each_accounts_own(self, start_api: Callable[..., Any]) -> None:
        api: Api = await start_api(max_concurrent_calls=1)
        await api.conversation()
        async with await api.account("other") as other:
            assert (await other.post("/v2/conversations", json={})).status_code == 200

    async def test_a_call_that_cannot_start_ends_with_the_reason(self, api: Api) -> None:
        api.host.fail = RuntimeError("no camera")
        conversation_id = await api.conversation()
        shown = (await api.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert (shown["status"], shown["shutdown_reason"]) == (
            "ended",
            "exception_encountered_during_conversation_startup",
        )
        assert [event["event_type"] for event in shown["events"]] == [
            "system.shutdown",
            "application.transcription_ready",
        ]

    async def test_a_stock_id_from_an_example_can_stand_for_the_default_replica(
        self, start_api: Callable[..., Any]
    ) -> None:
        api: Api = await start_api(map_unknown_replicas=True)
        answer = (await api.post("/v2/conversations", {"replica_id": "r5f0577fc829"})).json()
        assert answer["replica_id"] == api.settings.default_replica_id

    async def test_a_room_token_is_not_kept(self, api: Api) -> None:
        token = "livekit-token-that-is-secret"
        conversation_id = await api.conversation(properties={"livekit_room_token": token, "livekit_ws_url": "ws://x"})
        assert api.host.specs[conversation_id].properties["livekit_room_token"] == token
        from sqlalchemy import text

        async with api.services.database.read() as session:
            assert token not in str((await session.execute(text("SELECT request FROM conversations"))).all())


class TestRecord:
    async def test_verbose_shows_what_the_call_recorded(self, api: Api) -> None:
        conversation_id = await api.conversation()
        record = api.host.records[conversation_id]
        await record.replica_joined()
        await record.replica_joined()
        await record.transcript(line("b", "second", 5.0))
        await record.transcript(line("a", "Hel", 1.0))
        await record.transcript(line("a", "Hello", 1.0))
        await record.turn(TurnTiming(1, "inf_1", {"first_audio": 0.5}))
        live = (await api.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert [entry["content"] for entry in live["transcript"]] == ["Hello", "second"]
        assert live["turns"] == [{"turn_idx": 1, "inference_id": "inf_1", "hops": {"first_audio": 0.5}}]

        assert (await api.post(f"/v2/conversations/{conversation_id}/end")).status_code == 200
        shown = (await api.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert shown["shutdown_reason"] == "end_conversation_endpoint_hit"
        events = {event["event_type"]: event for event in shown["events"]}
        assert list(events) == [
            "system.replica_joined",
            "system.pal_joined",
            "system.shutdown",
            "application.transcription_ready",
        ]
        assert events["system.replica_joined"]["properties"] == {"replica_id": "r90bbd427f71"}
        assert events["system.pal_joined"]["properties"] == {"face_id": "r90bbd427f71"}
        assert events["system.shutdown"]["properties"] == {
            "replica_id": "r90bbd427f71",
            "shutdown_reason": "end_conversation_endpoint_hit",
            "reason": "end_conversation_endpoint_hit",
        }
        ready = events["application.transcription_ready"]
        assert (ready["message_type"], ready["conversation_id"]) == ("application", conversation_id)
        assert ready["properties"]["transcript"][0] == {
            "role": "assistant",
            "content": "Hello",
            "timestamp": 1001.0,
            "seconds_from_start": 1.0,
            "inference_id": "inf_1",
        }
        assert shown["transcript"] == ready["properties"]["transcript"]

    async def test_webhooks_wait_in_order_and_equal_what_verbose_shows(self, api: Api) -> None:
        url = "https://example.com/hook"
        conversation_id = await api.conversation(callback_url=url)
        await api.host.records[conversation_id].replica_joined()
        await api.post(f"/v2/conversations/{conversation_id}/end")
        import json

        async with api.services.database.read() as session:
            rows = (await session.scalars(select(Delivery).order_by(Delivery.seq))).all()
        shown = (await api.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert [json.loads(row.payload) for row in rows] == shown["events"]
        assert {event["webhook_url"] for event in shown["events"]} == {url}
        assert set(api.webhooks.woken) == {conversation_id}

    async def test_an_end_that_is_reported_twice_counts_once(self, api: Api) -> None:
        conversation_id = await api.conversation()
        record = api.host.records[conversation_id]
        await asyncio.gather(record.ended("participant_left_timeout"), record.ended("max_call_duration"))
        shown = (await api.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert len(shown["events"]) == 2
        assert shown["events"][0]["properties"]["reason"] == shown["shutdown_reason"]


class TestEndAndDelete:
    async def test_end_takes_an_empty_json_body_and_may_be_repeated(self, api: Api) -> None:
        conversation_id = await api.conversation()
        for path in (f"/v2/conversations/{conversation_id}/end", f"/v2/conversations/{conversation_id}/end/"):
            answer = await api.post(path, headers={"content-type": "application/json"})
            assert (answer.status_code, answer.json()) == (200, {})
        assert api.host.running() == ()

    async def test_a_call_that_runs_nowhere_still_ends(self, api: Api) -> None:
        conversation_id = await api.conversation()
        api.host.records.clear()
        await api.post(f"/v2/conversations/{conversation_id}/end")
        assert (await api.get(f"/v2/conversations/{conversation_id}")).json()["status"] == "ended"

    async def test_delete_ends_a_running_call_and_hides_it(self, api: Api) -> None:
        conversation_id = await api.conversation()
        assert (await api.delete(f"/v2/conversations/{conversation_id}")).status_code == 204
        assert api.host.running() == ()
        assert (await api.get(f"/v2/conversations/{conversation_id}")).json() == {"error": "Invalid conversation_id"}
        assert (await api.get("/v2/conversations")).json()["total_count"] == 0
        assert (await api.delete(f"/v2/conversations/{conversation_id}")).status_code == 400

    async def test_a_hard_delete_leaves_nothing_but_the_webhooks_on_their_way(self, api: Api) -> None:
        conversation_id = await api.conversation(callback_url="https://example.com/hook")
        await api.host.records[conversation_id].transcript(line("a", "Hello"))
        await api.delete(f"/v2/conversations/{conversation_id}")
        assert (await api.delete(f"/v2/conversations/{conversation_id}?hard=true")).status_code == 204
        from sqlalchemy import text

        async with api.services.database.read() as session:
            for table in ("conversations", "events", "transcript_lines", "turns"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar() == 0
            assert (await session.execute(text("SELECT count(*) FROM deliveries"))).scalar() == 2

    async def test_unknown_ids(self, api: Api) -> None:
        for conversation_id in ("c0", "c" * 500, "%00", "a%2Fb", "\u2603"):
            for method, suffix in (("GET", ""), ("GET", "?verbose=true"), ("POST", "/end"), ("DELETE", "")):
                answer = await api.send(method, f"/v2/conversations/{conversation_id}{suffix}")
                assert answer.status_code in (400, 404), (conversation_id, method)
                assert "error" in answer.json()


class TestList:
    async def test_newest_first_by_status(self, api: Api) -> None:
        first, second = await api.conversation(), await api.conversation()
        await api.post(f"/v2/conversations/{first}/end")
        listed = (await api.get("/v2/conversations")).json()
        assert [item["conversation_id"] for item in listed["data"]] == [second, first]
        assert set(listed["data"][0]) == {
            "conversation_id", "conversation_name", "status", "conversation_url", "callback_url", "replica_id",
            "persona_id", "created_at", "updated_at", "face_id", "pal_id",
        }  # fmt: skip
        for status, expected in (("active", second), ("ended", first)):
            filtered = (await api.get(f"/v2/conversations?status={status}&limit=1&page=0")).json()
            assert [item["conversation_id"] for item in filtered["data"]] == [expected]
            assert filtered["total_count"] == 1
        assert (await api.get("/v2/conversations?status=paused")).status_code == 400


class TestRestart:
    async def test_calls_left_behind_end_with_their_transcript_and_webhooks(
        self, start_api: Callable[..., Any]
    ) -> None:
        before: Api = await start_api()
        conversation_id = await before.conversation(callback_url="https://example.com/hook")
        await before.host.records[conversation_id].transcript(line("a", "Hello"))

        after: Api = await start_api()
        shown = (await after.get(f"/v2/conversations/{conversation_id}?verbose=true")).json()
        assert shown["status"] == "ended"
        assert shown["shutdown_reason"] == "internal error occurred at step server_restart"
        assert [entry["content"] for entry in shown["transcript"]] == ["Hello"]
        assert [event["event_type"] for event in shown["events"]] == [
            "system.shutdown",
            "application.transcription_ready",
        ]
        assert after.webhooks.woken == [conversation_id]


class TestPrivateRooms:
    async def test_require_auth_gives_a_token_that_admits_to_this_room_only(self, api: Api) -> None:
        for body in ({"require_auth": True}, {"properties": {"require_auth": True}}):
            created = (await api.post("/v2/conversations", body)).json()
            other = await api.conversation(require_auth=True)
            offer = {"sdp": "v=0", "type": "offer"}
            async with api.anonymous() as guest:
                room = f"/c/{created['conversation_id']}/connect"
                assert (await guest.post(room, json=offer)).status_code == 403
                assert (await guest.post(f"{room}?t=x.y.z", json=offer)).status_code == 403
                token = created["meeting_token"]
                assert (await guest.post(f"{room}?t={token}", json=offer)).status_code == 200
                assert (await guest.post(room, json={**offer, "token": token})).status_code == 200
                assert (await guest.post(f"/c/{other}/connect?t={token}", json=offer)).status_code == 403
