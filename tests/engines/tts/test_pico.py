"""Pico is understood, has its lips in time, and survives what kills its engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import aclosing
from time import perf_counter

import numpy as np
import pytest

from tests.engines.listening import word_errors
from tests.engines.tts.speaking import collect, in_order, pitch
from visavis.engines.audio import resample, rms_dbfs
from visavis.engines.ports import SPEECH_RATE, EngineUnavailableError, SttOptions, TtsOptions
from visavis.engines.registry import Readiness, find
from visavis.engines.tts.process import WorkerCrashedError

SENTENCES = (
    "I would like to book a table for two people tonight.",
    "What is the difference between the two plans?",
    "I have been working as a nurse for seven years.",
    "The meeting starts at half past nine tomorrow morning.",
    "We need to increase our sales before the end of the year.",
    "Can I speak with a real person?",
    "My favorite subject at school was history.",
    "Where can I find my account number?",
)


@pytest.mark.parametrize("voice", ["female", "male"])
async def test_what_it_says_is_understood(pico, voice):
    stream = find("stt", "moonshine").create().open(SttOptions())
    wrong = total = 0
    for sentence in SENTENCES:
        for chunk in await collect(pico, sentence, voice=voice):
            stream.push(resample(chunk.audio, chunk.sample_rate, SPEECH_RATE))
        errors, words = word_errors((await stream.finish()).text, sentence)
        wrong, total = wrong + errors, total + words
    assert wrong / total <= 0.15


async def test_a_sentence_has_sound_and_phonemes_in_time(pico):
    (chunk,) = await collect(pico, "Thank you, Bob.")
    assert chunk.sample_rate == 16_000
    assert chunk.audio.dtype == np.int16
    assert chunk.phonemes[0].symbol == "θ"
    assert [p.symbol for p in chunk.phonemes].count("b") == 2
    assert in_order(chunk.phonemes, len(chunk.audio) / 16_000)


@pytest.mark.parametrize("voice", ["female", "male"])
async def test_the_sound_is_not_clipped(pico, voice):
    for sentence in SENTENCES:
        (chunk,) = await collect(pico, sentence, voice=voice)
        assert np.abs(chunk.audio.astype(int)).max() < 32_767
        assert -25 < rms_dbfs(chunk.audio) < -14


async def test_lips_close_where_the_sound_does(pico):
    """The closures of b, p and m are the quiet moments between loud vowels."""
    (chunk,) = await collect(pico, "A baby, a puppy, a bobby, a papa.")
    power = np.convolve(chunk.audio.astype(float) ** 2, np.full(160, 1 / 160), "same")
    for closed in [p for p in chunk.phonemes if p.symbol in "pb"]:
        around = power[int(16_000 * max(0, closed.start - 0.03)) : int(16_000 * closed.end)]
        assert around.min() < 0.1 * power.mean()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-US", "Good morning."),
        ("en-GB", "Good morning."),
        ("german", "Guten Morgen."),
        ("es", "Buenos días."),
        ("fr-FR", "Bonjour, mon ami."),
        ("it", "Buongiorno."),
    ],
)
async def test_six_languages(pico, language, text):
    (chunk,) = await collect(pico, text, language=language)
    assert len(chunk.audio) > 8000
    assert chunk.phonemes


async def test_another_language_is_refused_with_a_sentence(pico):
    with pytest.raises(EngineUnavailableError, match="does not speak 'japanese'"):
        await collect(pico, "Hello.", language="japanese")


async def test_the_male_voice_is_lower_and_speed_is_followed(pico):
    text = "We are going home now, all of us."
    (woman,) = await collect(pico, text)
    (man,) = await collect(pico, text, voice="male")
    (fast,) = await collect(pico, text, speed=1.4)
    assert pitch(man.audio, 16_000) < 0.85 * pitch(woman.audio, 16_000)
    assert len(fast.audio) < 0.85 * len(woman.audio)


@pytest.mark.parametrize("text", ["", "\0", "😀", "...", "<speed level='400'/>"])
async def test_nothing_to_say_yields_nothing(pico, text):
    assert await collect(pico, text) == []


async def test_text_that_would_kill_the_engine_is_spoken(pico):
    text = "Before\0 after <speed level='20'> {x} \x1b[0m 😀 ok."
    (chunk,) = await collect(pico, text)
    assert len(chunk.audio) > 8000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no stop signal")
async def test_a_crash_in_the_middle_of_a_sentence_is_survived(pico):
    await collect(pico, "Before.")
    first = pico._worker.pid
    os.kill(first, signal.SIGSTOP)
    speaking = asyncio.create_task(collect(pico, "This is said by the next process."))
    await asyncio.sleep(0.1)
    os.kill(first, signal.SIGKILL)
    assert len(await speaking) == 1
    assert pico._worker.pid not in (None, first)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no stop signal")
async def test_a_request_that_kills_the_process_is_told_apart(pico):
    await collect(pico, "Before.")
    os.kill(pico._worker.pid, signal.SIGSTOP)
    asking = asyncio.create_task(pico._worker.call({"text": "x", "language": "en-US", "rate": 100, "pitch": 100}))
    await asyncio.sleep(0.1)
    os.kill(pico._worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerCrashedError):
        await asking


async def test_what_the_engine_refuses_is_an_error_and_not_a_crash(pico):
    await collect(pico, "Before.")
    first = pico._worker.pid
    with pytest.raises(EngineUnavailableError, match="xx-XX"):
        await pico._worker.call({"text": "x", "language": "xx-XX", "rate": 100, "pitch": 100})
    assert len(await collect(pico, "After.")) == 1
    assert pico._worker.pid == first


async def test_random_text_is_survived(pico):
    rng = np.random.default_rng(5)
    for _ in range(6):
        text = "".join(chr(code) for code in rng.integers(1, 0x2FF, 60))
        await collect(pico, text)
    assert len(await collect(pico, "Still here.")) == 1


async def test_long_text_comes_sentence_by_sentence(pico):
    chunks = await collect(pico, "This is a sentence of some length, one of many. " * 20)
    assert len(chunks) == 20
    assert all(chunk.phonemes for chunk in chunks)


async def test_two_at_once_do_not_mix(pico):
    texts = ("One, two, three.", "Something quite different.")
    alone = [await collect(pico, text) for text in texts]
    for found, expected in zip(await asyncio.gather(*(collect(pico, text) for text in texts)), alone, strict=True):
        assert [p.symbol for p in found[0].phonemes] == [p.symbol for p in expected[0].phonemes]
        # The engine is not deterministic to the sample.
        assert len(found[0].audio) == pytest.approx(len(expected[0].audio), rel=0.05)


async def test_leaving_in_the_middle_stops_and_the_next_sentence_is_fine(pico):
    async with aclosing(pico.synthesize("First sentence. Second sentence. " * 20, TtsOptions())) as speech:
        async for _ in speech:
            break
    task = asyncio.create_task(collect(pico, "A sentence that nobody waits for. " * 20))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await collect(pico, "Still here.")) == 1


async def test_the_first_clause_comes_quickly(pico):
    await collect(pico, "Warm up.")
    waits = []
    for text in SENTENCES:
        start = perf_counter()
        async with aclosing(pico.synthesize(text, TtsOptions())) as speech:
            async for _ in speech:
                waits.append(perf_counter() - start)
                break
    assert min(waits) < 0.1  # the best of several: this machine may have other things to do


async def test_without_a_reference_it_speaks_without_lip_times(pico, monkeypatch):
    monkeypatch.setattr(pico, "_reference", None)
    (chunk,) = await collect(pico, "Good morning.")
    assert len(chunk.audio) > 8000
    assert chunk.phonemes == ()


def test_without_the_package_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr("visavis.engines.tts.pico.find_spec", lambda name: None)
    readiness = find("tts", "pico").ready()
    assert isinstance(readiness, Readiness)
    assert not readiness.ready
    assert "pip install ttspico" in readiness.reason
