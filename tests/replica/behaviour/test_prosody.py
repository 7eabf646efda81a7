"""Gestures of speech: where the voice stresses, the head and brows move."""

import numpy as np

from visavis.replica.behaviour import gestures
from visavis.replica.behaviour.channels import CHANNELS, COLUMN

RATE = 48_000


def syllables(*levels: float, each: float = 0.25) -> np.ndarray:
    """One swelling tone per level (0..1); 0 is silence."""
    t = np.arange(round(each * RATE)) / RATE
    swell = np.sin(np.pi * t / each) ** 2 * np.sin(2 * np.pi * 150 * t)
    return np.concatenate([(swell * level * 15000).astype(np.int16) for level in levels])


def given(audio: np.ndarray, seed: int = 1) -> np.ndarray:
    return gestures(audio, RATE, np.random.default_rng(seed))


def test_a_stressed_syllable_nods_and_raises_the_brows():
    rows = given(syllables(0.3, 0.3, 1.0, 0.3, 0.3))
    assert rows.shape == (125, len(CHANNELS))
    assert rows[62, COLUMN["pitch"]] > rows[20, COLUMN["pitch"]] + 1
    assert rows[62, COLUMN["brow"]] > 0.2
    assert rows[20, COLUMN["brow"]] == 0


def test_where_stress_is_known_the_nod_is_on_it_and_not_on_other_loud_syllables():
    audio = syllables(0.3, 0.9, 0.3, 1.0, 0.3, 0.3)
    unknown = given(audio)[:, COLUMN["pitch"]]
    known = gestures(audio, RATE, np.random.default_rng(1), [0.375])[:, COLUMN["pitch"]]
    assert unknown[37] > unknown[10] + 1
    assert unknown[87] > unknown[10] + 1
    assert known[37] > known[10] + 1
    assert known[87] == known[10]


def test_a_blink_is_natural_where_a_phrase_ends():
    rows = given(syllables(1, 0.8, 0, 0, 0.9, 1))
    where = np.flatnonzero(rows[:, COLUMN["blink"]]) / 100
    assert len(where) == 2
    assert 0.4 < where[0] < 0.6
    assert where[1] > 1.35


def test_each_phrase_has_its_own_attitude():
    rows = given(syllables(1, 0.8, 0, 0, 0.9, 1))
    assert rows[20, COLUMN["yaw"]] != rows[120, COLUMN["yaw"]]


def test_the_same_seed_gestures_the_same():
    audio = syllables(1, 0.5, 0.8)
    assert (given(audio, 4) == given(audio, 4)).all()
    assert (given(audio, 4) != given(audio, 5)).any()


def test_silence_and_nothing_gesture_nothing():
    assert not given(np.zeros(RATE, np.int16)).any()
    assert given(np.zeros(0, np.int16)).shape == (0, len(CHANNELS))


def test_targets_stay_small():
    noise = np.random.default_rng(0).normal(0, 8000, 5 * RATE).clip(-32768, 32767).astype(np.int16)
    assert np.abs(given(noise)).max() <= 3.5
