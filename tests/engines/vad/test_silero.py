"""Silero hears people, and nothing else."""

from __future__ import annotations

from time import thread_time

import numpy as np
import pytest

from visavis.engines.models import locate
from visavis.engines.ports import SPEECH_RATE, VAD_CHUNK, Pcm, VoiceActivity
from visavis.engines.registry import find
from visavis.engines.vad.silero.packaged import PackagedSilero

QUIET = np.random.default_rng(1).normal(0, 25, SPEECH_RATE).astype(np.int16)
"""One second of a quiet room."""


@pytest.fixture(params=["fetched", "packaged"])
def silero(request) -> VoiceActivity:
    """The detector with the model from the store, and with the one that its package carries."""
    spec = find("vad", "Silero")
    assert spec is not None
    assert spec.ready().ready
    if request.param == "packaged":
        return PackagedSilero()
    if locate("silero-vad") is None:
        pytest.skip("The model silero-vad is not here yet: visavis models fetch silero-vad")
    return spec.create()


def probabilities(vad: VoiceActivity, audio: Pcm) -> np.ndarray:
    return np.array([vad.probability(chunk) for chunk in np.split(audio, range(VAD_CHUNK, len(audio), VAD_CHUNK))[:-1]])


def test_a_person_is_heard_soon_after_starting_and_gone_soon_after_ending(silero, human):
    onsets, offsets = [], []
    for sentence in human:
        silero.reset()
        voice = sentence.audio[sentence.start : sentence.end]
        speech = probabilities(silero, np.concatenate([QUIET, voice, QUIET])) > 0.5
        heard = (np.flatnonzero(speech) + 1) * VAD_CHUNK / SPEECH_RATE
        onsets.append(heard[0] - 1)
        offsets.append(heard[-1] - 1 - len(voice) / SPEECH_RATE)

    assert 0 <= np.median(onsets) < 0.15
    assert max(onsets) < 0.35
    assert max(offsets) < 0.2
    assert min(offsets) > -0.3


def test_most_of_a_sentence_counts_as_speech(silero, human):
    for sentence in human:
        silero.reset()
        assert np.mean(probabilities(silero, sentence.audio[sentence.start : sentence.end]) > 0.5) > 0.8


@pytest.mark.parametrize("sound", ["silence", "noise", "hum", "chord"])
def test_steady_sounds_are_not_speech(silero, sound):
    time = np.arange(3 * SPEECH_RATE) / SPEECH_RATE
    audio = {
        "silence": np.zeros_like(time),
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time) + 0.1 * np.sin(2 * np.pi * 150 * time),
        "chord": 0.1 * sum(np.sin(2 * np.pi * f * time) for f in (262, 330, 392)),
    }[sound]
    assert probabilities(silero, (audio * 32767).astype(np.int16)).max() < 0.5


def test_two_listeners_do_not_disturb_each_other(silero, human):
    other = find("vad", "silero").create()
    alone = probabilities(silero, human[0].audio)
    silero.reset()
    mixed = []
    for chunk in np.split(human[0].audio, range(VAD_CHUNK, len(human[0].audio), VAD_CHUNK))[:-1]:
        mixed.append(silero.probability(chunk))
        other.probability(np.zeros(VAD_CHUNK, np.int16))

    assert np.allclose(mixed, alone)


def test_reset_forgets_what_was_heard(silero, human):
    first = probabilities(silero, human[1].audio)
    silero.reset()
    assert np.allclose(probabilities(silero, human[1].audio), first)


def test_another_chunk_length_is_refused(silero):
    with pytest.raises(ValueError, match="512 samples"):
        silero.probability(np.zeros(480, np.int16))


def test_a_decision_is_cheap_enough_for_the_event_loop(silero):
    chunk = QUIET[:VAD_CHUNK]
    silero.probability(chunk)
    start = thread_time()
    for _ in range(100):
        silero.probability(chunk)
    assert (thread_time() - start) / 100 < 0.004


def test_both_ways_decide_alike(human):
    if locate("silero-vad") is None:
        pytest.skip("The model silero-vad is not here yet: visavis models fetch silero-vad")
    for sentence in human:
        fetched = probabilities(find("vad", "silero").create(), sentence.audio)
        packaged = probabilities(PackagedSilero(), sentence.audio)
        assert np.mean((fetched > 0.5) == (packaged > 0.5)) > 0.97


def test_without_the_fetched_model_the_packaged_one_serves(tmp_path, monkeypatch):
    monkeypatch.setattr("visavis.engines.vad.silero.locate", lambda name, folder=None: None)
    spec = find("vad", "silero")
    assert spec.ready().ready
    assert "visavis models fetch silero-vad" in spec.ready().reason
    assert isinstance(spec.create(models=tmp_path), PackagedSilero)
