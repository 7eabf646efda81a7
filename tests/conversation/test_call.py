"""The life of a call on the embedded host: people come, go and come back, timers run, and it ends once, completely."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from visavis.conversation.errors import BadOffer, CallEnded, CallFull, CallNotFound
from visavis.conversation.host import EmbeddedCallHost
from visavis.conversation.ports import CallSpec, EndReason, TranscriptEntry, TurnTiming
from visavis.replica.stock import bundles
from visavis.settings import Settings

pytestmark = pytest.mark.timeout(60)


class Record:
    def __init__(self) -> None:
        self.joined = 0
        self.reasons: list[str] = []
        self.ended_event = asyncio.Event()

    async def replica_joined(self) -> None:
        self.joined += 1

    async def transcript(self, entry: TranscriptEntry) -> None: ...

    async def turn(self, timing: TurnTiming) -> None: ...

    async def ended(self, reason: EndReason) -> None:
        self.reasons.append(reason)
        self.ended_event.set()


class Guest:
    """A peer that offers what a browser offers."""

    def __init__(self, host: EmbeddedCallHost, conversation_id: str, identity: str) -> None:
        self.host = host
        self.conversation_id = conversation_id
        self.identity = identity
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pictures = 0
        self._readers: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        self.pc.addTransceiver("audio")
        self.pc.addTransceiver("video", direction="recvonly")
        self.pc.createDataChannel("app")
        self.pc.on("track", lambda track: self._readers.append(asyncio.ensure_future(self._read(track))))
        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer = await self.host.connect(
            self.conversation_id,
            sdp=self.pc.localDescription.sdp,
            type="offer",
            participant_id=self.identity,
            name="Guest",
        )
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    async def _read(self, track: object) -> None:
        while True:
            try:
                await track.recv()  # type: ignore[attr-defined]
            except Exception:
                return
            self.pictures += track.kind == "video"  # type: ignore[attr-defined]

    async def sees(self, pictures: int = 5) -> None:
        async with asyncio.timeout(15):
            while self.pictures < pictures:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.pc.close()
        for reader in self._readers:
            reader.cancel()


def a_spec(conversation_id: str = "c1", **changes: object) -> CallSpec:
    spec = CallSpec(
        conversation_id=conversation_id,
        account_id="a",
        conversation_name="n",
        persona_id="p1",
        persona_name="Ada",
        persona={"system_prompt": "You are Ada."},
        replica_id="r90bbd427f71",
        replica_name="Anna",
        replica_path=bundles()["r90bbd427f71"],
        replica_voice="female",
        created_at=time.time(),
        participant_left_timeout=30.0,
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def a_host(tmp_path: Path) -> AsyncIterator[EmbeddedCallHost]:
    host = EmbeddedCallHost(Settings(data=tmp_path, llm_probe=False, video_size="128x128"))
    try:
        yield host
    finally:
        await host.close()


async def ended(record: Record, seconds: float = 10.0) -> str:
    await asyncio.wait_for(record.ended_event.wait(), seconds)
    return record.reasons[0]


async def test_nobody_comes_and_the_call_ends(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(participant_absent_timeout=1.5), record)
        assert host.running() == ("c1",)
        assert await ended(record) == "participant_absent_timeout"
        assert not host.running() and record.joined == 1


async def test_the_longest_duration_counts_from_creation_even_while_somebody_is_there(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(max_call_duration=12.0, created_at=time.time() - 8.0), record)
        guest = Guest(host, "c1", "me")
        await guest.join()
        await guest.sees()
        assert await ended(record) == "max_call_duration"
        await guest.close()


async def test_the_last_person_leaves_and_the_call_ends(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(participant_left_timeout=0.2), record)
        guest = Guest(host, "c1", "me")
        await guest.join()
        await guest.sees()
        assert await host.leave("c1", "me")
        assert await ended(record) == "participant_left_timeout"
        await guest.close()


async def test_a_reloaded_page_comes_back_to_the_same_call(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(participant_left_timeout=0.0), record)
        first = Guest(host, "c1", "me")
        await first.join()
        await first.sees()
        await host.leave("c1", "me", for_good=False)
        await asyncio.sleep(0.5)
        second = Guest(host, "c1", "me")
        await second.join()
        await second.sees()
        assert not record.reasons
        await host.end("c1", "end_conversation_endpoint_hit")
        await first.close()
        await second.close()


async def test_a_new_connection_of_the_same_person_replaces_the_old_one(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(), record)
        first, second = Guest(host, "c1", "me"), Guest(host, "c1", "me")
        await first.join()
        await first.sees()
        await second.join()
        await second.sees()
        assert host.statistics()["c1"]["participants"] == 1
        await first.close()
        await asyncio.sleep(0.2)
        assert host.statistics()["c1"]["participants"] == 1 and not record.reasons
        await second.close()


async def test_a_second_person_is_told_that_the_call_is_full(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        await host.start(a_spec(), Record())
        guest, stranger = Guest(host, "c1", "me"), Guest(host, "c1", "somebody else")
        await guest.join()
        with pytest.raises(CallFull, match="another tab"):
            await stranger.join()
        await guest.close()
        await stranger.close()


async def test_refusals_are_sentences(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        with pytest.raises(CallNotFound, match="not running"):
            await host.connect("c9", sdp="v=0", type="offer", participant_id=None, name=None)
        record = Record()
        await host.start(a_spec(), record)
        with pytest.raises(BadOffer, match=r"audio line|session description"):
            await host.connect("c1", sdp="v=0\r\n", type="offer", participant_id="x", name=None)
        assert host.statistics()["c1"]["participants"] == 0


async def test_a_call_that_cannot_start_ends_with_its_reason_and_admits_nobody(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(replica_path=tmp_path / "no such bundle"), record)
        with pytest.raises((CallEnded, CallNotFound)):
            await Guest(host, "c1", "me").join()
        assert await ended(record) == "exception_encountered_during_conversation_startup"
        assert record.joined == 0 and not host.running()


async def test_ending_twice_at_once_ends_once(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(), record)
        reason: EndReason = "end_conversation_endpoint_hit"
        await asyncio.gather(host.end("c1", reason), host.end("c1", "max_call_duration"))
        assert record.reasons == ["end_conversation_endpoint_hit"]
        assert not await host.end("c1", reason)


async def test_closing_the_host_ends_every_call(tmp_path: Path) -> None:
    records = [Record(), Record()]
    async with a_host(tmp_path) as host:
        for number, record in enumerate(records):
            await host.start(a_spec(f"c{number}"), record)
    assert [record.reasons for record in records] == [["internal error occurred at step server_restart"]] * 2


async def test_many_offers_at_once_take_one_place_and_leave_no_connection_open(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        await host.start(a_spec(), Record())
        strangers = [Guest(host, "c1", f"guest {number}") for number in range(4)]
        outcomes = await asyncio.gather(*(guest.join() for guest in strangers), return_exceptions=True)
        assert sum(outcome is None for outcome in outcomes) == 1
        assert sum(isinstance(outcome, CallFull) for outcome in outcomes) == 3
        await asyncio.gather(*(guest.close() for guest in strangers))


async def test_an_offer_that_never_connects_does_not_keep_an_empty_call_alive(tmp_path: Path) -> None:
    async with a_host(tmp_path) as host:
        record = Record()
        await host.start(a_spec(participant_left_timeout=2.0), record)
        guest, ghost = Guest(host, "c1", "me"), Guest(host, "c1", "ghost")
        await guest.join()
        await guest.sees()
        await host.leave("c1", "me")
        ghost.pc.addTransceiver("audio")
        await ghost.pc.setLocalDescription(await ghost.pc.createOffer())
        offer = ghost.pc.localDescription.sdp
        await host.connect("c1", sdp=offer, type="offer", participant_id="ghost", name=None)
        assert await ended(record) == "participant_left_timeout"
        await guest.close()
        await ghost.close()
