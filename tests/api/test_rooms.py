"""Rooms: what the page behind a link may ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.conftest import Api
from visavis.conversation.errors import BadOffer, CallEnded, CallFull, CallNotFound

OFFER = {"sdp": "v=0", "type": "offer", "name": "Ada"}


async def test_info_needs_no_key(api: Api) -> None:
    conversation_id = await api.conversation(
        conversation_name="Chat", properties={"enable_closed_captions": True, "languages": ["de", "en"]}
    )
    async with api.anonymous() as guest:
        info = (await guest.get(f"/c/{conversation_id}/info")).json()
        poster = await guest.get(info["poster_url"])
    assert info == {
        "conversation_id": conversation_id,
        "conversation_name": "Chat",
        "status": "active",
        "shutdown_reason": None,
        "persona_name": "Vis-à-vis guide",
        "replica_name": "Anna",
        "audio_only": False,
        "closed_captions": True,
        "require_auth": False,
        "poster_url": f"/c/{conversation_id}/poster.jpg",
        "ice_servers": [],
        "language": "de",
    }
    assert poster.headers["content-type"] == "image/jpeg"


async def test_servers_of_the_call_are_told_only_to_who_may_enter_it_now(start_api: Callable[..., Any]) -> None:
    servers = [{"urls": "turn:turn.example.com", "username": "u", "credential": "c"}]
    api: Api = await start_api(ice_servers=json.dumps(servers))
    open_room = await api.conversation()
    private = (await api.post("/v2/conversations", {"replica_id": "r90bbd427f71", "require_auth": True})).json()
    other = (await api.post("/v2/conversations", {"replica_id": "r90bbd427f71", "require_auth": True})).json()
    path, token = f"/c/{private['conversation_id']}/info", private["meeting_token"]
    async with api.anonymous() as guest:

        async def told(path: str, **query: str) -> list[Any]:
            return list((await guest.get(path, params=query)).json()["ice_servers"])

        assert await told(f"/c/{open_room}/info") == servers
        assert await told(path) == []
        assert await told(path, t="x.y.z") == []
        assert await told(path, t=other["meeting_token"]) == []
        assert await told(path, t=token) == servers
        for conversation_id in (open_room, private["conversation_id"]):
            await api.post(f"/v2/conversations/{conversation_id}/end")
        assert await told(f"/c/{open_room}/info") == []
        assert await told(path, t=token) == []


async def test_unknown_rooms(api: Api) -> None:
    async with api.anonymous() as guest:
        assert (await guest.get("/c/c123")).status_code == 200, "the page itself explains"
        for answer in (
            await guest.get("/c/c123/info"),
            await guest.get("/c/c123/poster.jpg"),
            await guest.post("/c/c123/connect", json=OFFER),
            await guest.get("/c/..%2f..%2fetc"),
        ):
            assert answer.status_code == 404
            assert answer.json()["error"].endswith(".")


async def test_connect_and_leave_reach_the_host(api: Api) -> None:
    conversation_id = await api.conversation()
    async with api.anonymous() as guest:
        answer = await guest.post(f"/c/{conversation_id}/connect", json=OFFER)
        assert answer.json() == {"sdp": "v=0", "type": "answer", "participant_id": "participant-1"}
        beacon = json.dumps({"participant_id": "participant-1"})
        left = await guest.post(f"/c/{conversation_id}/leave", content=beacon, headers={"content-type": "text/plain"})
        assert left.status_code == 204
    assert api.host.connected == [(conversation_id, "Ada")]
    assert api.host.left == [(conversation_id, "participant-1")]


async def test_the_hosts_refusals_become_answers(api: Api) -> None:
    conversation_id = await api.conversation()
    async with api.anonymous() as guest:
        for error, status in (
            (CallNotFound("Gone fishing."), 404),
            (CallEnded("It is over."), 410),
            (CallFull("No seat is free."), 409),
            (BadOffer("The offer has no audio."), 400),
        ):
            api.host.connect_error = error
            answer = await guest.post(f"/c/{conversation_id}/connect", json=OFFER)
            assert (answer.status_code, answer.json()) == (status, {"error": str(error)})


async def test_an_ended_conversation_says_so(api: Api) -> None:
    conversation_id = await api.conversation()
    await api.post(f"/v2/conversations/{conversation_id}/end")
    async with api.anonymous() as guest:
        info = (await guest.get(f"/c/{conversation_id}/info")).json()
        assert (info["status"], info["shutdown_reason"]) == ("ended", "end_conversation_endpoint_hit")
        answer = await guest.post(f"/c/{conversation_id}/connect", json=OFFER)
        assert (answer.status_code, answer.json()) == (410, {"error": "This conversation is over."})
        await api.delete(f"/v2/conversations/{conversation_id}")
        assert (await guest.get(f"/c/{conversation_id}/info")).status_code == 404


async def test_a_bad_offer_is_refused_before_the_host_sees_it(api: Api) -> None:
    conversation_id = await api.conversation()
    async with api.anonymous() as guest:
        for body, sentence in (
            ({"type": "offer"}, "sdp is required."),
            ({"sdp": "v=0", "type": "answer"}, "type must be 'offer'."),
            ({"sdp": "", "type": "offer"}, "sdp must have at least 1 characters."),
        ):
            answer = await guest.post(f"/c/{conversation_id}/connect", json=body)
            assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert api.host.connected == []


async def test_an_offer_is_read_only_for_a_room_that_exists_and_only_up_to_its_limit(api: Api) -> None:
    conversation_id = await api.conversation()
    large = json.dumps({**OFFER, "sdp": "v=0", "more": "x" * 256 * 1024})
    async with api.anonymous() as guest:
        answer = await guest.post("/c/c0123456789ab/connect", content=b"not JSON")
        assert answer.status_code == 404
        answer = await guest.post(f"/c/{conversation_id}/connect", content=large)
        assert (answer.status_code, answer.json()) == (413, {"error": "The body is larger than 262144 bytes."})
    assert api.host.connected == []
