"""Times carried from one voice to another land where the sound is."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from difflib import SequenceMatcher
from time import thread_time

import numpy as np
import pytest

from tests.engines.tts.speaking import collect, in_order
from visavis.engines.audio import read_wav
from visavis.engines.ports import Phoneme
from visavis.engines.tts.alignment import align, warping_path

SENTENCES = (
    "We need to increase our sales before the end of the year.",
    "Could you please repeat the last question?",
    "My favorite subject at school was history.",
    "The meeting starts at half past nine tomorrow morning.",
    "She said that she would send me the report.",
)
FLITE_NAMES = {
    "θ": "th", "ð": "dh", "ʃ": "sh", "ʒ": "zh", "ŋ": "ng", "tʃ": "ch", "dʒ": "jh", "j": "y", "h": "hh", "ɹ": "r",
    "ɾ": "t", "ɡ": "g",
}  # fmt: skip
VOWELS = set("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())


@pytest.mark.parametrize("options", [{"speed": 1.25}, {"speed": 0.85, "pitch": 1.2}, {"voice": "male"}])
async def test_against_times_that_are_known(espeak, options):
    """The same engine, faster, slower or as a man, tells its own times."""
    errors = []
    for sentence in SENTENCES:
        (one,), (other,) = await collect(espeak, sentence), await collect(espeak, sentence, **options)
        found = align(one.audio, one.sample_rate, one.phonemes, other.audio, other.sample_rate)
        assert [p.symbol for p in found] == [p.symbol for p in other.phonemes]
        errors += [abs(a.start - b.start) for a, b in zip(found, other.phonemes, strict=True)]
    assert np.median(errors) < 0.01
    assert np.percentile(errors, 90) < 0.025


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite, which tells the times of its own phones, is missing")
@pytest.mark.parametrize(("flite_voice", "voice"), [("slt", "female"), ("rms", "male")])
async def test_against_another_voice_that_tells_its_times(espeak, tmp_path, flite_voice, voice):
    errors = []
    for sentence in SENTENCES:
        command = ["flite", "-psdur", "-voice", flite_voice, "-t", sentence, "-o", str(tmp_path / "a.wav")]
        told = await asyncio.to_thread(subprocess.check_output, command, text=True, timeout=30)
        ends = [(name, float(end)) for name, end in re.findall(r"([a-z]+):([\d.]+)", told)]
        starts = [0.0, *(end for _, end in ends[:-1])]
        truth = [
            ("V" if name in VOWELS else name, start)
            for (name, _), start in zip(ends, starts, strict=True)
            if name != "pau"
        ]
        audio, rate = read_wav(tmp_path / "a.wav")
        (known,) = await collect(espeak, sentence, voice=voice)
        found = align(known.audio, known.sample_rate, known.phonemes, audio, rate)
        names = [FLITE_NAMES.get(p.symbol, p.symbol if p.symbol in "pbtdkgfvszmnlw" else "V") for p in found]
        matcher = SequenceMatcher(None, names, [name for name, _ in truth], autojunk=False)
        for block in matcher.get_matching_blocks():
            for k in range(block.size):
                errors.append(abs(found[block.a + k].start - truth[block.b + k][1]))
    assert len(errors) > 100
    assert np.median(errors) <= 0.018


async def test_a_pause_in_the_target_is_followed(espeak):
    (chunk,) = await collect(espeak, "My favorite subject at school was history.")
    middle = next(p for p in chunk.phonemes if p.symbol == "s" and p.start > 0.5)
    cut = int(middle.start * chunk.sample_rate)
    longer = np.concatenate([chunk.audio[:cut], np.zeros(chunk.sample_rate // 4, np.int16), chunk.audio[cut:]])
    found = align(chunk.audio, chunk.sample_rate, chunk.phonemes, longer, chunk.sample_rate)
    first, last = found[0], found[-1]
    assert first.start == pytest.approx(chunk.phonemes[0].start, abs=0.015)
    assert last.end == pytest.approx(chunk.phonemes[-1].end + 0.25, abs=0.02)
    assert in_order(found, len(longer) / chunk.sample_rate)


async def test_it_is_cheap(espeak):
    (chunk,) = await collect(espeak, "We need to increase our sales before the end of the year, but not at any price.")
    align(chunk.audio, chunk.sample_rate, chunk.phonemes, chunk.audio, chunk.sample_rate)
    start = thread_time()
    align(chunk.audio, chunk.sample_rate, chunk.phonemes, chunk.audio, chunk.sample_rate)
    assert thread_time() - start < 0.040 * len(chunk.audio) / chunk.sample_rate


def test_no_sound_has_no_times():
    phonemes = [Phoneme("a", 0.0, 0.1)]
    noise = np.random.default_rng(0).normal(0, 1000, 16_000).astype(np.int16)
    silence = np.zeros(16_000, np.int16)
    assert align(noise, 16_000, phonemes, silence, 16_000) == ()
    assert align(silence, 16_000, phonemes, noise, 16_000) == ()
    assert align(noise[:0], 16_000, phonemes, noise, 16_000) == ()
    assert align(noise, 16_000, [], noise, 16_000) == ()


@pytest.mark.parametrize(("rows", "columns"), [(50, 50), (50, 80), (90, 30), (1, 20), (20, 1), (200, 700)])
def test_a_path_leads_from_start_to_end_in_small_steps(rows, columns):
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(rows, 26)).astype(np.float32), rng.normal(size=(columns, 26)).astype(np.float32)
    along, across = warping_path(first, second)
    assert (along[0], across[0], along[-1], across[-1]) == (0, 0, rows - 1, columns - 1)
    steps = set(zip(np.diff(along).tolist(), np.diff(across).tolist(), strict=True))
    assert steps <= {(0, 1), (1, 0), (1, 1)}


def test_the_same_sound_lies_on_the_diagonal():
    values = np.random.default_rng(2).normal(size=(60, 26)).astype(np.float32)
    along, across = warping_path(values, values)
    assert np.array_equal(along, across)
