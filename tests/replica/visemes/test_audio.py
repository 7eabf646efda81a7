"""A mouth from the sound alone: right moments, and honest limits."""

import numpy as np
import pytest

from visavis.replica.visemes import articulate_audio

RATE = 16_000
JAW, WIDE, UP, LOW, PRESS, TUCK, ROUND, TONGUE = range(8)


def vowel(seconds: float, formants: tuple[float, float], pitch: float = 120.0) -> np.ndarray:
    """Harmonics of a voice, strongest near the formants."""
    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros_like(t)
    for harmonic in np.arange(pitch, 4000, pitch):
        gain = sum(np.exp(-(((harmonic - f) / 120) ** 2)) for f in formants) + 0.01
        sound += gain * np.sin(2 * np.pi * harmonic * t)
    return (sound / np.abs(sound).max() * 12000).astype(np.int16)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.int16)


AH = vowel(0.4, (750, 1200))
EE = vowel(0.4, (300, 2300))
OO = vowel(0.4, (320, 700))


def test_the_jaw_opens_with_the_voice_and_rests_in_silence():
    track = articulate_audio(np.concatenate([silence(0.4), AH, silence(0.4)]), RATE)
    assert track.shape == (120, 8)
    assert track[60, JAW] > 0.4
    assert not track[:30].any()
    assert not track[95:].any()


def test_spread_and_rounded_vowels_differ():
    spread = articulate_audio(EE, RATE)[20]
    rounded = articulate_audio(OO, RATE)[20]
    assert spread[WIDE] > rounded[WIDE] + 0.2
    assert rounded[ROUND] > spread[ROUND] + 0.3


def test_a_hiss_shows_teeth_without_opening_the_jaw():
    noise = np.random.default_rng(0).normal(0, 3000, round(0.4 * RATE))
    hiss = np.diff(noise, 3, prepend=[0, 0, 0]).astype(np.int16)
    track = articulate_audio(np.concatenate([AH, hiss, AH]), RATE)
    assert track[60, JAW] < 0.2
    assert track[60, LOW] > 0.3


def test_a_short_dip_between_vowels_closes_the_lips():
    track = articulate_audio(np.concatenate([AH, silence(0.08), AH]), RATE)
    assert track[44, PRESS] > 0.3
    assert track[44, JAW] < 0.1


def test_noise_below_speech_level_moves_nothing():
    hum = np.random.default_rng(0).normal(0, 5, RATE).astype(np.int16)
    assert np.abs(articulate_audio(hum, RATE)).max() < 0.02


def test_edge_cases_have_a_shape():
    assert articulate_audio(np.zeros(0, np.int16), RATE).shape == (0, 8)
    assert articulate_audio(np.zeros(5, np.int16), RATE).shape == (1, 8)
    with pytest.raises(ValueError, match="8 kHz or more"):
        articulate_audio(AH, 4000)
