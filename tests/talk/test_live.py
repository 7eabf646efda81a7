"""A live microphone, with a sound card that is a module of the test."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from beeping_server import BeepingServer

from visavis.talk.client import TalkClient
from visavis.talk.errors import TalkError
from visavis.talk.live import SoundCard


class Stream:
    """One direction of a sound card that the test turns by hand."""

    def __init__(self, callback: Callable[..., None], **form: Any) -> None:
        self.callback, self.form, self.open = callback, form, False

    def start(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


class Card(SimpleNamespace):
    PortAudioError = RuntimeError

    def __init__(self) -> None:
        super().__init__(streams=[])

    def InputStream(self, **form: Any) -> Stream:  # noqa: N802
        return self._add(Stream(**form))

    OutputStream = InputStream

    def _add(self, stream: Stream) -> Stream:
        self.streams.append(stream)
        return stream


async def test_what_the_card_hears_is_said_and_the_answer_is_played(
    server: BeepingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    server.behaviour.greets = False
    tone = (8000 * np.sin(np.arange(960) / 48_000 * 2 * np.pi * 300)).astype(np.int16)
    played: list[np.ndarray[Any, Any]] = []
    async with TalkClient(server.url, "c1") as client, SoundCard(client):
        microphone, loudspeaker = card.streams
        assert microphone.form == loudspeaker.form

        async def turn() -> None:
            for tick in range(150):
                microphone.callback((tone if tick < 25 else np.zeros(960, np.int16))[:, None], 960, None, None)
                data = np.empty((960, 1), np.int16)
                loudspeaker.callback(data, 960, None, None)
                played.append(data[:, 0])
                await asyncio.sleep(0.02)

        turning = asyncio.create_task(turn())
        reply = await client.next_reply(5)
        turning.cancel()

    assert reply.audible
    assert reply.latency is not None
    assert 0.2 < reply.latency < 1.5
    assert max(int(np.abs(frame).max()) for frame in played) > 5000
    assert not any(stream.open for stream in card.streams)


async def test_a_card_that_cannot_be_opened_is_a_sentence(
    server: BeepingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Card):
        def InputStream(self, **form: Any) -> Stream:  # noqa: N802
            raise self.PortAudioError("no default device")

    monkeypatch.setitem(sys.modules, "sounddevice", Broken())
    async with TalkClient(server.url, "c1") as client:
        with pytest.raises(TalkError, match="The sound card cannot be used: no default device"):
            async with SoundCard(client):
                pass
