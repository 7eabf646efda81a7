"""Moonshine writes down what people say, and nothing when nobody does."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from tests.engines.listening import word_errors
from visavis.engines.audio import read_wav, resample
from visavis.engines.ports import SPEECH_RATE, SttOptions
from visavis.engines.registry import find
from visavis.engines.stt import HOSTED_NAMES, resolve
from visavis.engines.stt.moonshine.hotwords import Hotwords


@pytest.fixture(scope="module")
def moonshine():
    spec = find("stt", "moonshine")
    assert spec is not None
    assert spec.ready().ready, spec.ready().reason
    return spec.create()


@pytest.fixture
def stream(moonshine):
    return moonshine.open(SttOptions())


@pytest.fixture(scope="module")
def long_reading():
    """44 seconds of a person reading, without a break; a sample of the moonshine-voice package."""
    package = Path(importlib.util.find_spec("moonshine_voice").origin).parent
    audio, rate = read_wav(package / "assets" / "two_cities.wav")
    return resample(audio, rate, SPEECH_RATE)


def word_error_rate(heard: str, said: str) -> float:
    errors, words = word_errors(heard, said)
    return errors / words


async def transcribe(stream, audio):
    stream.push(audio)
    return await stream.finish()


async def test_a_person_is_understood(stream, human):
    errors = [word_error_rate((await transcribe(stream, s.audio)).text, s.words) for s in human]
    assert np.mean(errors) <= 0.1


async def test_longer_sentences_are_understood(stream, more_human):
    errors = [word_error_rate((await transcribe(stream, s.audio)).text, s.words) for s in more_human]
    assert np.mean(errors) <= 0.1


async def test_confidence_and_language_come_with_the_words(stream, human):
    heard = await transcribe(stream, human[2].audio)
    assert heard.confidence is not None
    assert 0.7 < heard.confidence <= 1
    assert heard.language == "en"


async def test_each_finish_begins_a_new_utterance(stream, human):
    first = await transcribe(stream, human[0].audio)
    second = await transcribe(stream, human[2].audio)
    assert "young man" in first.text
    assert "young man" not in second.text
    assert (await stream.finish()).text == ""


async def test_partials_grow_while_a_person_speaks(stream, human):
    seen = []
    for piece in np.array_split(human[1].audio, 50):
        stream.push(piece)
        seen.append(await stream.partial())

    assert "" in seen
    assert len(set(seen)) >= 3
    assert word_error_rate(seen[-1], human[1].words) < 0.5


async def test_a_partial_that_overlaps_another_returns_at_once(stream, human):
    stream.push(human[1].audio)
    first = asyncio.create_task(stream.partial())
    await asyncio.sleep(0)
    assert await asyncio.wait_for(stream.partial(), 0.02) == ""
    assert "cold" in await first


async def test_a_partial_that_heard_it_all_makes_the_final_words_free(stream, human):
    stream.push(human[1].audio)
    stream.push(np.zeros(SPEECH_RATE // 5, np.int16))
    partial = await stream.partial()
    stream.push(np.zeros(SPEECH_RATE // 5, np.int16))
    start = process_time()
    final = await stream.finish()

    assert final.text == partial
    assert process_time() - start < 0.02


async def test_words_after_the_last_partial_are_not_lost(stream, human):
    stream.push(human[2].audio)
    await stream.partial()
    stream.push(human[0].audio)
    heard = (await stream.finish()).text
    assert "amiable" in heard
    assert "young man" in heard


async def test_finishing_during_a_partial_gives_all_words(stream, human):
    stream.push(human[2].audio)
    running = asyncio.create_task(stream.partial())
    await asyncio.sleep(0)
    stream.push(human[0].audio)
    heard = (await stream.finish()).text
    await running
    assert "amiable" in heard
    assert "young man" in heard


async def test_a_pause_gives_all_words_and_the_utterance_goes_on(stream, human):
    stream.push(human[2].audio)
    assert word_error_rate(await stream.pause(), human[2].words) < 0.2
    stream.push(human[0].audio)
    assert "young man" in await stream.pause()
    final = (await stream.finish()).text
    assert "amiable" in final
    assert "young man" in final


async def test_a_pause_during_a_partial_does_not_settle_for_half_the_words(stream, human):
    stream.push(human[2].audio)
    running = asyncio.create_task(stream.partial())
    await asyncio.sleep(0)
    stream.push(human[0].audio)
    assert "young man" in await stream.pause()
    await running


async def test_a_pause_after_much_unheard_speech_gives_all_of_it(stream, long_reading):
    stream.push(long_reading)
    heard = (await stream.pause()).lower()
    assert heard.startswith("it was the best of times")
    assert "other way" in heard
    assert heard.rstrip(".").endswith("comparison only")


async def test_giving_up_a_question_does_not_disturb_the_others(stream, human):
    stream.push(human[1].audio)
    partial = asyncio.create_task(stream.partial())
    await asyncio.sleep(0)
    pause = asyncio.create_task(stream.pause())
    await asyncio.sleep(0)
    pause.cancel()
    assert "cold" in await partial
    assert "cold" in (await stream.finish()).text


async def test_a_long_utterance_is_cut_at_quiet_places_and_joined(stream, long_reading):
    heard = (await transcribe(stream, long_reading)).text.lower()
    assert heard.startswith("it was the best of times")
    assert heard.rstrip(".").endswith("superlative degree of comparison only")
    assert 110 <= len(heard.split()) <= 128


async def test_partials_of_a_long_utterance_stay_cheap(stream, long_reading):
    start = process_time()
    for piece in np.array_split(long_reading[: 25 * SPEECH_RATE], 250):
        stream.push(piece)
        text = await stream.partial()
    assert process_time() - start < 0.8 * 25
    assert text.lower().count("it was the") == 8
    assert "nothing before us" in text
    start = process_time()
    assert len((await stream.finish()).text) >= len(text) - 40
    assert process_time() - start < 1.0


@pytest.mark.parametrize("level", [0, 30, 1000, 8000])
async def test_noise_has_no_words(stream, level):
    noise = np.random.default_rng(3).normal(0, level, 2 * SPEECH_RATE) if level else np.zeros(2 * SPEECH_RATE)
    heard = await transcribe(stream, noise.clip(-32767, 32767).astype(np.int16))
    assert heard.text == ""
    assert heard.confidence is None


async def test_a_moment_of_sound_is_no_error(stream):
    assert isinstance((await transcribe(stream, np.full(7, 3000, np.int16))).text, str)


async def test_reset_forgets_the_utterance(stream, human):
    stream.push(human[0].audio)
    await stream.partial()
    stream.reset()
    assert await stream.partial() == ""
    assert (await stream.finish()).text == ""


async def test_several_people_at_once(moonshine, human):
    streams = [moonshine.open(SttOptions()) for _ in human]
    heard = await asyncio.gather(*(transcribe(s, h.audio) for s, h in zip(streams, human, strict=True)))
    assert [word_error_rate(t.text, h.words) < 0.3 for t, h in zip(heard, human, strict=True)] == [True] * len(human)
    for stream in streams:
        await stream.close()


async def test_the_event_loop_runs_on_while_words_are_found(stream, human):
    stream.push(human[1].audio)
    finishing = asyncio.create_task(stream.finish())
    turns = 0
    while not finishing.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns >= 10


async def test_hotwords_help_with_a_rare_word(moonshine, human):
    """The recogniser writes "ill-sposed"; a persona that expects the word gets it."""
    plain = (await transcribe(moonshine.open(SttOptions()), human[0].audio)).text
    helped = (await transcribe(moonshine.open(SttOptions(hotwords="ill-disposed, Kubernetes")), human[0].audio)).text
    assert "ill-disposed" not in plain
    assert "ill-disposed" in helped


async def test_hotwords_that_are_not_said_change_nothing(moonshine, human):
    absent = "Kubernetes, Grafana, Siobhan, Nguyen, Anneliese, Ozempic, metformin, Unleash, Made, Heather"
    for sentence in human:
        plain = await transcribe(moonshine.open(SttOptions()), sentence.audio)
        assert await transcribe(moonshine.open(SttOptions(hotwords=absent)), sentence.audio) == plain


def test_hotwords_ignore_what_is_no_word(moonshine):
    tokenizer = moonshine.open(SttOptions())._recogniser.model.tokenizer
    assert not Hotwords("", tokenizer)
    assert not Hotwords(" ,; to a 12", tokenizer)
    assert Hotwords("Zürich", tokenizer).count("In zürich or Zürich.") == 2


@pytest.mark.parametrize("name", [*sorted(HOSTED_NAMES), "auto", "", None, "Tavus-Auto", "moonshine"])
def test_hosted_names_resolve_to_what_is_here(name):
    spec = resolve(name)
    assert spec is not None
    assert "moonshine" in spec.names


def test_an_unknown_name_resolves_to_nothing():
    assert resolve("no-such-engine") is None


def test_the_library_that_carries_the_model_is_not_imported(moonshine):
    assert "moonshine_voice" not in sys.modules
