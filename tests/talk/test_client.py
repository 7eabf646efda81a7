"""A client against a server that beeps."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from beeping_server import ANSWER, GREETING, BeepingServer

from visavis.engines.ports import Pcm
from visavis.talk import client as client_module
from visavis.talk.client import TalkClient
from visavis.talk.errors import CallOver, NoAnswer, NoMediaPath, Refused, ServerUnreachable


async def test_a_spoken_turn_is_answered_and_timed(server: BeepingServer, words: Pcm) -> None:
    async with TalkClient(server.url, "c1") as client:
        greeting = await client.next_reply(5)
        speech = await client.speak(words, 16_000)
        reply = await client.next_reply(5)
        beep = server.seen.beeps[-1]

    assert greeting.text == GREETING
    assert greeting.latency is None
    assert reply.text == ANSWER
    assert reply.hops == {"turn_decided": 0.2, "first_frame": 0.3}
    assert speech.started_at is not None
    assert speech.ended_at is not None
    # 0.1 s of silence and 0.5 s of sound, of whole 20 ms frames.
    assert speech.ended_at - speech.started_at == pytest.approx(0.58, abs=0.1)
    assert reply.prompted_at == speech.ended_at
    assert reply.latency is not None
    # What the client measures is what happened: from its last sound to the server's first.
    assert reply.latency == pytest.approx(beep - speech.ended_at, abs=0.06)
    assert reply.latency > 0.25


async def test_the_sound_of_a_reply_is_kept(server: BeepingServer) -> None:
    async with TalkClient(server.url, "c1") as client:
        greeting = await client.next_reply(5)

    loud = np.abs(greeting.audio.astype(int)) > 1000
    assert 0.7 < np.count_nonzero(np.abs(np.diff(np.flatnonzero(loud))) < 200) / 48_000 * 1.05 < 0.95
    crossings = np.count_nonzero(np.diff(np.signbit(greeting.audio[loud])))
    assert crossings > 500, "the beep of 500 Hz crosses zero a thousand times a second"


async def test_words_can_be_sent_instead_of_sound(server: BeepingServer) -> None:
    server.behaviour.greets = False
    async with TalkClient(server.url, "c1") as client:
        await client.respond("What time is it?")
        reply = await client.next_reply(5)

    assert server.seen.messages[0]["event_type"] == "conversation.respond"
    assert server.seen.messages[0]["properties"] == {"text": "What time is it?"}
    assert reply.latency is not None
    assert 0.05 < reply.latency < 1.0


async def test_offer_has_the_lines_in_the_order_the_server_relies_on(server: BeepingServer) -> None:
    async with TalkClient(server.url, "c1", name="Ada", token="secret"):
        pass
    offer = server.seen.connects[0]
    kinds = [line.split()[0] for line in offer["sdp"].splitlines() if line.startswith("m=")]
    assert kinds == ["m=audio", "m=video", "m=application"]
    assert (offer["name"], offer["client"], offer["query"]) == ("Ada", "talk", {"t": "secret"})
    assert server.seen.leaves == [{"participant_id": offer["participant_id"]}]


async def test_pictures_are_counted_and_the_newest_is_at_hand(server: BeepingServer) -> None:
    server.behaviour.greets = False
    async with TalkClient(server.url, "c1") as client:
        picture = await client.wait_picture(5)
        await asyncio.sleep(1.0)
        figures = await client.statistics()

    assert picture.shape == (96, 128, 3)
    assert 18 <= figures.pictures <= 40
    assert (figures.width, figures.height, figures.packets_lost) == (128, 96, 0)
    assert figures.first_picture_in is not None
    assert 0 < figures.first_picture_in < 3


async def test_events_carry_the_time_of_their_arrival(server: BeepingServer) -> None:
    before = time.monotonic()
    async with TalkClient(server.url, "c1") as client:
        engines = await client.wait_event("room.engines", 5)
    assert engines.properties["stt"] == "an ear"
    assert before < engines.at < time.monotonic()


async def test_a_reply_that_is_cut_short_says_so(server: BeepingServer, words: Pcm) -> None:
    server.behaviour.greets, server.behaviour.cut_first_reply = False, True
    async with TalkClient(server.url, "c1") as client:
        await client.speak(words, 16_000)
        cut = await client.next_reply(5)
        whole = await client.next_reply(5)
    assert cut.interrupted
    assert not whole.interrupted
    assert len(cut.audio) < len(whole.audio)
    assert whole.first_sound_at is not None
    assert cut.first_sound_at is not None
    assert whole.first_sound_at > cut.first_sound_at + 0.2


async def test_the_answer_is_the_reply_that_was_not_taken_back(server: BeepingServer, words: Pcm) -> None:
    server.behaviour.greets, server.behaviour.cut_first_reply = False, True
    async with TalkClient(server.url, "c1") as client:
        await client.speak(words, 16_000)
        answer = await client.answer(5)
    assert answer.text == ANSWER
    assert not answer.interrupted


async def test_no_answer_is_a_sentence(server: BeepingServer, words: Pcm) -> None:
    server.behaviour.greets = server.behaviour.answers = False
    async with TalkClient(server.url, "c1") as client:
        await client.speak(words, 16_000)
        with pytest.raises(NoAnswer, match=r"did not answer within 0\.5 s"):
            await client.next_reply(0.5)


async def test_the_servers_end_reaches_whoever_waits(server: BeepingServer, words: Pcm) -> None:
    server.behaviour.greets, server.behaviour.shut_down_on_speech = False, True
    async with TalkClient(server.url, "c1") as client:
        asyncio.get_running_loop().call_later(0.3, client.microphone.say, np.repeat(words, 3))
        with pytest.raises(CallOver, match="max_call_duration"):
            await client.next_reply(5)
        with pytest.raises(CallOver, match="max_call_duration"):
            await client.respond("Still there?")


async def test_a_closed_media_path_is_told_from_an_absent_server(
    server: BeepingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behaviour.dead_media = True
    monkeypatch.setattr(client_module, "MEDIA_TIMEOUT", 1.5)
    with pytest.raises(NoMediaPath, match="UDP"):
        async with TalkClient(server.url, "c1"):
            pass
    assert server.seen.leaves, "the server need not wait for a client that gives up"


async def test_an_absent_server_is_named(unused_tcp_port: int) -> None:
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{unused_tcp_port} cannot be reached"):
        async with TalkClient(f"http://127.0.0.1:{unused_tcp_port}", "c1"):
            pass


async def test_a_refusal_keeps_the_servers_sentence(server: BeepingServer) -> None:
    with pytest.raises(Refused, match="This conversation is not running"):
        async with TalkClient(server.url, "c2"):
            pass


async def test_silence_cannot_be_said(server: BeepingServer) -> None:
    async with TalkClient(server.url, "c1") as client:
        with pytest.raises(ValueError, match="silent"):
            await client.speak(np.zeros(16_000, np.int16), 16_000)
