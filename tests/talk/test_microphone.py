"""The person's sound, sample by sample."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from visavis.talk.microphone import FRAME, MAX_LIVE, RATE, Microphone, voiced_span


def tone(seconds: float, level: int = 8000) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (level * np.sin(np.arange(int(seconds * RATE)) / RATE * 2 * np.pi * 300)).astype(np.int16)


def test_voiced_span_leaves_out_silence_and_faint_noise_around_speech() -> None:
    faint = tone(0.2, level=40)
    audio = np.concatenate([np.zeros(RATE // 5, np.int16), tone(0.4), faint])
    assert voiced_span(audio) == (RATE // 5, RATE // 5 + int(0.4 * RATE))


def test_silence_has_no_voiced_span() -> None:
    assert voiced_span(np.zeros(RATE, np.int16)) is None
    assert voiced_span(np.zeros(0, np.int16)) is None


async def test_sound_leaves_in_real_time_and_unchanged() -> None:
    microphone = Microphone()
    said = np.concatenate([tone(0.1), np.zeros(FRAME * 3, np.int16)])
    began = time.monotonic()
    speech = microphone.say(said)
    frames = [await microphone.recv() for _ in range(9)]
    elapsed = time.monotonic() - began

    sent = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert np.array_equal(sent[: len(said)], said)
    assert not sent[len(said) :].any()
    assert [frame.pts for frame in frames] == [index * FRAME for index in range(9)]
    assert 0.15 < elapsed < 0.5
    assert speech.over.is_set()


async def test_the_end_is_the_last_voiced_sample_not_the_silence_after_it() -> None:
    microphone = Microphone()
    speech = microphone.say(np.concatenate([tone(0.1), np.zeros(RATE, np.int16)]))
    for _ in range(5):
        assert speech.ended_at is None
        await microphone.recv()
    assert speech.ended_at is not None
    assert not speech.over.is_set()
    assert microphone.voiced_at == speech.ended_at


async def test_a_stall_is_not_caught_up_in_a_burst() -> None:
    microphone = Microphone()
    await microphone.recv()
    await asyncio.sleep(0.4)
    began = time.monotonic()
    for _ in range(6):
        await microphone.recv()
    assert time.monotonic() - began > 0.09


async def test_a_live_microphone_is_sent_and_stamped() -> None:
    microphone = Microphone()
    live = tone(0.03)
    microphone.feed(live)
    first, second = [(await microphone.recv()).to_ndarray()[0] for _ in range(2)]
    assert np.array_equal(np.concatenate([first, second])[: len(live)], live)
    assert microphone.voiced_at is not None


async def test_a_live_microphone_that_nobody_reads_stays_small() -> None:
    microphone = Microphone()
    for _ in range(200):
        microphone.feed(tone(0.02))
    frames = 0
    while (await microphone.recv()).to_ndarray().any():
        frames += 1
    assert frames <= MAX_LIVE / FRAME


def test_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        Microphone().say(np.zeros(RATE, np.int16))
