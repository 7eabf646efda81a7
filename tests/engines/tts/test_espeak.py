"""espeak-ng speaks anything, with exact lips, from a process that may die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import aclosing

import numpy as np
import pytest

from tests.engines.tts.speaking import collect, in_order, pitch
from visavis.engines.audio import rms_dbfs
from visavis.engines.ports import EngineUnavailableError, TtsOptions


async def test_a_sentence_has_sound_and_the_phonemes_of_its_words(espeak):
    (chunk,) = await collect(espeak, "Thank you, Bob.")
    seconds = len(chunk.audio) / chunk.sample_rate
    assert chunk.audio.dtype == np.int16
    assert chunk.sample_rate == 22_050
    assert 0.8 < seconds < 2
    assert rms_dbfs(chunk.audio) > -30
    assert chunk.text == "Thank you, Bob."
    symbols = [phoneme.symbol for phoneme in chunk.phonemes]
    assert symbols[0] == "θ"
    assert symbols.count("b") == 2
    assert not set("ˈˌː()") & set("".join(symbols))
    assert in_order(chunk.phonemes, seconds)


async def test_pauses_have_no_phoneme(espeak):
    (chunk,) = await collect(espeak, "Yes, of course, my friend.")
    gaps = [b.start - a.end for a, b in zip(chunk.phonemes, chunk.phonemes[1:], strict=False)]
    assert sum(gap > 0.1 for gap in gaps) == 2


async def test_the_mouth_is_closed_when_a_voiceless_stop_begins(espeak):
    (chunk,) = await collect(espeak, "A puppy, a copper kettle, a tatty cap.")
    power = np.convolve(chunk.audio.astype(float) ** 2, np.full(110, 1 / 110), "same")
    stops = [p for p in chunk.phonemes if p.symbol in "ptk"]
    assert len(stops) >= 8
    for stop in stops:
        closed = power[int(chunk.sample_rate * stop.start) :][: chunk.sample_rate // 50]
        assert closed.min() < 0.02 * power.mean()
    assert in_order(chunk.phonemes, len(chunk.audio) / chunk.sample_rate)


async def test_sentences_come_one_by_one_with_short_pauses(espeak):
    chunks = await collect(espeak, "Good morning. How are you today? Fine")
    assert [chunk.text for chunk in chunks] == ["Good morning.", "How are you today?", "Fine"]
    tails = [len(c.audio) / c.sample_rate - c.phonemes[-1].end for c in chunks]
    assert max(tails) < 0.4
    assert tails[2] < 0.25


@pytest.mark.parametrize("text", ["", "   ", "\0", "😀", "...", "<break/>"])
async def test_nothing_to_say_yields_nothing(espeak, text):
    assert await collect(espeak, text) == []


async def test_male_and_female_differ_in_pitch(espeak):
    (woman,) = await collect(espeak, "We are going home now.", voice="female")
    (man,) = await collect(espeak, "We are going home now.", voice="male")
    assert pitch(man.audio, 22_050) < 0.8 * pitch(woman.audio, 22_050)


async def test_speed_and_pitch_are_followed(espeak):
    text = "We are going home now, all of us."
    (plain,) = await collect(espeak, text)
    (fast,) = await collect(espeak, text, speed=1.5)
    (high,) = await collect(espeak, text, pitch=1.5)
    assert len(fast.audio) < 0.8 * len(plain.audio)
    assert pitch(high.audio, 22_050) > 1.1 * pitch(plain.audio, 22_050)


@pytest.mark.parametrize(
    ("language", "text", "symbol"),
    [("de", "Ich möchte schlafen.", "ç"), ("fr-FR", "Bonjour, je suis là.", "ʒ"), ("spanish", "Buenos días.", "ð")],
)
async def test_languages_have_their_own_sounds(espeak, language, text, symbol):
    phonemes = [p.symbol for chunk in await collect(espeak, text, language=language) for p in chunk.phonemes]
    assert any(symbol in phoneme for phoneme in phonemes)


async def test_an_unknown_language_is_told(espeak):
    with pytest.raises(EngineUnavailableError, match="no voice called qx"):
        await collect(espeak, "Hello", language="qx")


async def test_long_text_is_spoken_to_its_end(espeak):
    text = "This sentence is here again and again, number after number. " * 30
    chunks = await collect(espeak, text)
    assert len(chunks) == 30
    assert all(len(chunk.audio) > 22_050 for chunk in chunks)


async def test_several_calls_at_once_do_not_mix(espeak):
    alone = [await collect(espeak, text) for text in ("One, two, three.", "Something quite different.")]
    both = await asyncio.gather(
        *(collect(espeak, text) for text in ("One, two, three.", "Something quite different.") * 3)
    )
    for found, expected in zip(both, alone * 3, strict=True):
        assert [p.symbol for p in found[0].phonemes] == [p.symbol for p in expected[0].phonemes]
        # The engine is not deterministic to the sample.
        assert len(found[0].audio) == pytest.approx(len(expected[0].audio), rel=0.05)


async def test_leaving_in_the_middle_stops_and_the_next_sentence_is_fine(espeak):
    async with aclosing(espeak.synthesize("First sentence. Second sentence. " * 20, TtsOptions())) as speech:
        async for chunk in speech:
            assert chunk.text == "First sentence."
            break
    task = asyncio.create_task(collect(espeak, "A sentence that nobody waits for. " * 20))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [chunk.text for chunk in await collect(espeak, "Still here.")] == ["Still here."]


async def test_a_dead_process_is_replaced(espeak):
    await collect(espeak, "Before.")
    first = espeak._worker.pid
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while espeak._worker.pid is not None and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert [chunk.text for chunk in await collect(espeak, "After.")] == ["After."]
    assert espeak._worker.pid not in (None, first)


async def test_an_interrupt_at_the_terminal_is_left_to_the_server(espeak):
    await collect(espeak, "Before.")
    first = espeak._worker.pid
    os.kill(first, signal.SIGINT)
    assert len(await collect(espeak, "After.")) == 1
    assert espeak._worker.pid == first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no stop signal")
async def test_a_process_that_hangs_is_killed_and_replaced(espeak, monkeypatch):
    await collect(espeak, "Before.")
    monkeypatch.setattr("visavis.engines.tts.process.ANSWER_TIMEOUT", 0.3)
    os.kill(espeak._worker.pid, signal.SIGSTOP)
    with pytest.raises(EngineUnavailableError, match="died"):
        await collect(espeak, "Nobody hears this.")
    monkeypatch.undo()
    assert len(await collect(espeak, "After.")) == 1


async def test_a_closed_voice_says_so_and_takes_its_process_along(espeak):
    await collect(espeak, "Before.")
    worker = espeak._worker
    await espeak.close()
    await espeak.close()
    assert worker.pid is None
    with pytest.raises(EngineUnavailableError, match="closed"):
        await collect(espeak, "After.")


def test_the_process_dies_with_its_server():
    code = (
        "import asyncio, os, sys\n"
        "from visavis.engines.registry import find\n"
        "from visavis.engines.ports import TtsOptions\n"
        "async def main():\n"
        "    voice = find('tts', 'espeak').create()\n"
        "    async for _ in voice.synthesize('Hello.', TtsOptions()): pass\n"
        "    print(voice._worker.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    worker = int(result.stdout)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("the worker outlived its server")


def test_the_server_never_loads_the_library():
    code = (
        "import asyncio, sys\n"
        "from visavis.engines.registry import find\n"
        "from visavis.engines.ports import TtsOptions\n"
        "async def main():\n"
        "    voice = find('tts', 'espeak').create()\n"
        "    print(len([c async for c in voice.synthesize('Hello.', TtsOptions())]))\n"
        "    await voice.close()\n"
        "asyncio.run(main())\n"
        "print('espeakng_loader' in sys.modules, 'espeak' in open('/proc/self/maps').read())"
    )
    if not os.path.exists("/proc/self/maps"):  # noqa: PTH110
        pytest.skip("only Linux tells which libraries a process has loaded")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.split() == ["1", "False", "False"]
