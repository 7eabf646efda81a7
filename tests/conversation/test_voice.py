"""Speaking: replies in order, an honest account of what was heard, and silence when asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.conversation.fakes import FakeFace, FakeTts
from visavis.conversation.voice import MAX_REPLIES, Reply, Voice, VoiceFull
from visavis.engines.ports import SpeechChunk, TtsOptions


class Told:
    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.problems: list[str] = []

    def on_reply_began(self, reply: Reply) -> None:
        self.log.append(("began", reply.inference_id))

    def on_reply_progress(self, reply: Reply, heard: str) -> None:
        self.log.append(("progress", heard))

    def on_reply_ended(self, reply: Reply) -> None:
        self.log.append(("interrupted" if reply.interrupted else "ended", reply.heard))

    def on_voice_problem(self, sentence: str) -> None:
        self.problems.append(sentence)


async def clauses(*texts: str, pause: float = 0.0) -> AsyncIterator[str]:
    for text in texts:
        await asyncio.sleep(pause)
        yield text


def a_voice(**tts: float) -> tuple[Voice, FakeFace, FakeTts, Told]:
    face, engine, told = FakeFace(), FakeTts(**tts), Told()  # type: ignore[arg-type]
    return Voice(face, engine, TtsOptions(), told), face, engine, told


async def settle() -> None:
    """Give the voice time to prepare: long sounds are resampled in a thread."""
    await asyncio.sleep(0.15)


async def play(voice: Voice, face: FakeFace, seconds: float) -> None:
    for _ in range(round(seconds * face.fps)):
        voice.on_frame(face.next())
        await asyncio.sleep(0.001)


async def test_a_reply_begins_and_ends_once_and_was_heard_in_full() -> None:
    voice, face, _, told = a_voice()
    voice.say(clauses("One two three.", "Four five."), inference_id="a", turn_idx=1)
    await settle()
    await play(voice, face, 3.0)
    assert told.log[0] == ("began", "a")
    assert told.log[-1] == ("ended", "One two three. Four five.")
    assert voice.current is None


async def test_an_interrupted_reply_keeps_only_the_words_that_went_out() -> None:
    voice, face, _, told = a_voice()
    reply = voice.say(clauses("One two three four five six seven eight nine ten."), inference_id="a", turn_idx=1)
    await settle()
    await play(voice, face, 1.4)
    assert voice.stop() == [reply]
    kind, heard = told.log[-1]
    assert kind == "interrupted"
    assert heard.startswith("One two") and not heard.endswith("ten.")
    assert 3 <= len(heard.split()) <= 7
    assert reply.text.endswith("ten.")
    assert face.queued == 0


async def test_replies_are_spoken_in_the_order_they_were_asked_for() -> None:
    voice, face, engine, told = a_voice(delay=0.001)
    voice.say(clauses("First.", pause=0.01), inference_id="a", turn_idx=1)
    voice.say(clauses("Second."), inference_id="b", turn_idx=1)
    await asyncio.sleep(0.1)
    await play(voice, face, 2.5)
    assert engine.asked == ["First.", "Second."]
    assert [entry for entry in told.log if entry[0] == "began"] == [("began", "a"), ("began", "b")]


async def test_a_greeting_cannot_be_interrupted_but_a_closing_call_may() -> None:
    voice, face, _, told = a_voice()
    voice.say(clauses("Hello and welcome."), inference_id="g", turn_idx=None, interruptible=False)
    await settle()
    await play(voice, face, 0.2)
    assert voice.stop() == []
    assert voice.stop(force=True)
    assert told.log[-1][0] == "interrupted"


async def test_stopping_closes_the_model_and_the_voice_at_once() -> None:
    voice, _face, engine, _ = a_voice(delay=0.05)
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield "And so on and on."
        finally:
            closed.set()

    voice.say(endless(), inference_id="a", turn_idx=1)
    await asyncio.sleep(0.06)
    voice.stop()
    async with asyncio.timeout(1):
        await closed.wait()
    assert engine.closed_early == 1


async def test_speech_is_not_prepared_far_ahead_of_what_is_heard() -> None:
    voice, face, engine, _ = a_voice()
    voice.say(clauses(*["This is a sentence of about three seconds, more or less."] * 40), inference_id="a", turn_idx=1)
    await asyncio.sleep(0.1)
    assert face.queued < 20
    assert len(engine.asked) < 10
    await voice.close()


async def test_a_voice_that_breaks_tells_and_lets_the_next_reply_speak() -> None:
    voice, face, engine, told = a_voice()

    async def broken(text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        raise RuntimeError("out of breath")
        yield

    working, engine.synthesize = engine.synthesize, broken  # type: ignore[method-assign]
    voice.say(clauses("Lost."), inference_id="a", turn_idx=1)
    await settle()
    engine.synthesize = working  # type: ignore[method-assign]
    voice.say(clauses("Spoken."), inference_id="b", turn_idx=1)
    await settle()
    await play(voice, face, 1.5)
    assert "out of breath" in told.problems[0]
    assert told.log == [("ended", ""), ("began", "b"), *told.log[2:-1], ("ended", "Spoken.")]


async def test_a_voice_that_breaks_half_way_leaves_only_what_was_synthesised() -> None:
    voice, face, engine, told = a_voice()

    async def breaks(text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        yield SpeechChunk(np.full(16_000, 5000, np.int16), 16_000)
        raise RuntimeError("out of breath")

    engine.synthesize = breaks  # type: ignore[method-assign]
    voice.say(clauses("One two three four five six seven eight nine ten."), inference_id="a", turn_idx=1)
    await settle()
    await play(voice, face, 2.0)
    kind, heard = told.log[-1]
    assert kind == "ended" and heard.startswith("One two") and len(heard.split()) < 7
    assert voice.current is None


async def test_words_of_a_clause_still_being_synthesised_are_not_counted_as_heard() -> None:
    voice, face, engine, _ = a_voice()

    async def slow(text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        yield SpeechChunk(np.full(4800, 5000, np.int16), 48_000)
        await asyncio.sleep(5)
        yield SpeechChunk(np.full(48_000, 5000, np.int16), 48_000)

    engine.synthesize = slow  # type: ignore[method-assign]
    reply = voice.say(clauses("One two three four five six seven eight nine ten."), inference_id="a", turn_idx=1)
    await settle()
    await play(voice, face, 0.12)
    assert reply.samples_out >= 4800 and len(reply.heard.split()) <= 1
    await voice.close()


async def test_what_waits_to_be_spoken_is_bounded_and_nothing_is_queued_after_the_end() -> None:
    voice, _face, _, _ = a_voice(delay=1.0)
    for number in range(MAX_REPLIES):
        voice.say(clauses("Hello."), inference_id=str(number), turn_idx=1)
    with pytest.raises(VoiceFull):
        voice.say(clauses("One too many."), inference_id="x", turn_idx=1)
    await voice.close()
    with pytest.raises(VoiceFull):
        voice.say(clauses("Too late."), inference_id="y", turn_idx=1)


async def test_echoed_sound_plays_as_it_is() -> None:
    voice, face, _, told = a_voice()
    sound = (np.arange(48_000) % 2000).astype(np.int16)

    async def chunks() -> AsyncIterator[SpeechChunk]:
        for part in np.split(sound, 10):
            yield SpeechChunk(part, 48_000)

    voice.play(chunks(), inference_id="e", turn_idx=None)
    await settle()
    played = []
    for _ in range(30):
        frame = face.next()
        voice.on_frame(frame)
        await asyncio.sleep(0.001)
        if frame.audio is not None:
            played.append(frame.audio)
    assert np.array_equal(np.concatenate(played)[: len(sound)], sound)
    assert told.log[-1][0] == "ended"
