"""smart-turn hears whether a person is finished.

Human speech only: synthetic voices end their sentences in ways that mislead it.
"""

from __future__ import annotations

import asyncio
from time import process_time

import numpy as np
import pytest

from visavis.engines.models import ModelError
from visavis.engines.ports import SPEECH_RATE
from visavis.engines.registry import find
from visavis.engines.turn.smart_turn.features import MELS, SAMPLES, log_mel

PAUSE = np.zeros(SPEECH_RATE // 5, np.int16)


@pytest.fixture(scope="module")
def smart_turn():
    spec = find("turn", "smart-turn")
    assert spec is not None
    if not spec.ready().ready:
        pytest.skip(spec.ready().reason)
    return spec.create()


def cut_near(audio: np.ndarray, share: float) -> np.ndarray:
    """The beginning of `audio`, up to the quietest 10 ms near `share` of its length."""
    middle = int(len(audio) * share)
    around = audio[middle - 1600 : middle + 1600].astype(float) ** 2
    return audio[: middle - 1600 + int(np.convolve(around, np.ones(160), "same").argmin())]


async def test_a_finished_sentence_sounds_more_finished_than_one_cut_short(smart_turn, human):
    finished, cut = [], []
    for sentence in human:
        voice = sentence.audio[sentence.start : sentence.end]
        finished.append(await smart_turn.score(np.concatenate([voice, PAUSE])))
        for share in (0.5, 0.6):
            cut.append(await smart_turn.score(np.concatenate([cut_near(voice, share), PAUSE])))

    assert all(0 <= score <= 1 for score in finished + cut)
    assert max(cut) < 0.3
    better = np.mean([whole > part for whole in finished for part in cut])
    assert better > 0.8  # 0.84 on a larger set of human sentences; a coin gives 0.5


async def test_long_sentences_are_finished_at_their_end(smart_turn, more_human):
    for sentence in more_human:
        voice = sentence.audio[sentence.start : sentence.end]
        assert await smart_turn.score(np.concatenate([voice, PAUSE])) > 0.5
        assert await smart_turn.score(np.concatenate([cut_near(voice, 0.6), PAUSE])) < 0.5


async def test_only_the_last_eight_seconds_matter(smart_turn, human):
    audio = np.tile(human[1].audio, 4)
    assert await smart_turn.score(audio) == await smart_turn.score(audio[-SAMPLES:])


async def test_sound_of_any_length_has_a_score(smart_turn):
    for length in (0, 1, 100, SPEECH_RATE):
        assert 0 <= await smart_turn.score(np.zeros(length, np.int16)) <= 1


async def test_several_calls_at_once(smart_turn, human):
    alone = [await smart_turn.score(sentence.audio) for sentence in human]
    assert await asyncio.gather(*(smart_turn.score(sentence.audio) for sentence in human)) == alone


async def test_a_score_is_cheap_and_leaves_the_loop_alone(smart_turn, human):
    await smart_turn.score(human[0].audio)
    start, turns = process_time(), 0
    scoring = asyncio.create_task(smart_turn.score(human[0].audio))
    while not scoring.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns >= 5
    assert process_time() - start < 0.3


def test_a_missing_model_is_told_with_the_way_to_get_it(tmp_path, monkeypatch):
    spec = find("turn", "smart-turn")
    assert spec is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("visavis.engines.models.store_folder", lambda: tmp_path / "store")
    assert not spec.ready().ready
    assert "visavis models fetch smart-turn-v3.2" in spec.ready().reason
    with pytest.raises(ModelError, match="visavis models fetch"):
        spec.create(models=tmp_path)


def test_features_equal_those_the_network_was_trained_on():
    """Values of Whisper's own feature extractor (80 mels, 8 s, do_normalize) for a sweep after silence."""
    time = np.arange(3 * SPEECH_RATE) / SPEECH_RATE
    sweep = (8000 * np.sin(2 * np.pi * (100 + 600 * time) * time)).astype(np.int16)
    found = log_mel(sweep)
    known = {
        (0, 0): -0.0751,
        (3, 510): 1.3788,
        (10, 560): 0.0181,
        (20, 600): -0.1275,
        (40, 700): -0.2159,
        (60, 760): -0.0663,
        (79, 799): -0.2077,
    }
    assert found.shape == (MELS, 800)
    assert found.dtype == np.float32
    assert {place: round(float(found[place]), 4) for place in known} == pytest.approx(known, abs=2e-4)


def test_short_sound_lies_at_the_end():
    levels = log_mel(np.random.default_rng(0).normal(0, 3000, SPEECH_RATE).astype(np.int16))
    assert levels[:, :690].max() < levels[:, 710:].min()
