"""Phonemes over time: what the mouth reaches, and when."""

import time

import numpy as np
import pytest

from visavis.replica.ports import TimedPhoneme
from visavis.replica.pose import ARTICULATORS
from visavis.replica.visemes import TARGETS, articulate

JAW, WIDE, UP, LOW, PRESS, TUCK, ROUND, TONGUE = range(8)


def spoken(text: str, each: float = 0.1, start: float = 0.3) -> tuple[list[TimedPhoneme], float]:
    """Phonemes of equal length, separated by spaces in `text`, with silence around them."""
    phonemes = []
    for symbol in text.split():
        phonemes.append(TimedPhoneme(symbol, start, start + each))
        start += each
    return phonemes, start + 0.3


def opening(track: np.ndarray) -> np.ndarray:
    return track[:, [JAW, UP, LOW]].max(axis=1)


def at(track: np.ndarray, seconds: float) -> np.ndarray:
    return track[round(seconds * 100)]


@pytest.mark.parametrize(
    ("symbol", "viseme"),
    [pair.split("=") for pair in "m=PP f=FF θ=TH t=DD k=kk ʃ=CH s=SS ɹ=RR ɑ=aa ɛ=E i=ih o=oh u=ou".split()],
)
def test_a_held_sound_reaches_its_mouth(symbol, viseme):
    track = articulate([TimedPhoneme(symbol, 0.2, 0.5)], 0.7)
    assert track.shape == (70, len(ARTICULATORS))
    assert track.dtype == np.float32
    np.testing.assert_allclose(at(track, 0.35), TARGETS[viseme], atol=0.02)


def test_silence_is_a_mouth_at_rest():
    assert not articulate([], 0.5).any()
    assert articulate([], 0).shape == (0, 8)


def test_values_stay_between_rest_and_full():
    phonemes, duration = spoken("p ɑ f u s m oʊ θ i ʃ w aɪ b v h ɛ n t", each=0.06)
    track = articulate(phonemes, duration)
    assert track.min() >= 0
    assert track.max() <= 1


@pytest.mark.parametrize("each", [0.045, 0.06, 0.1])
@pytest.mark.parametrize("stop", ["p", "b", "m"])
def test_lips_close_between_open_vowels_for_two_frames_at_any_phase(stop, each):
    phonemes = [TimedPhoneme("ɑ", 0.2, 0.4), TimedPhoneme(stop, 0.4, 0.4 + each), TimedPhoneme("ɑ", 0.4 + each, 0.8)]
    track = articulate(phonemes, 1.0, rate=1000)
    for phase in range(40):
        frames = track[phase::40]
        closed = (opening(frames) < 0.04) & (frames[:, PRESS] > 0.7)
        assert closed.sum() >= 2, f"a frame grid starting at {phase} ms sees the closure"
    assert opening(track)[300] > 0.7
    assert opening(track)[700] > 0.7


def test_a_very_short_stop_still_closes_and_leaves_its_vowels_alone():
    phonemes, duration = spoken("ɑ p ɑ p ɑ", each=0.12)
    phonemes[1] = TimedPhoneme("p", phonemes[1].end - 0.02, phonemes[1].end)
    track = articulate(phonemes, duration)
    assert opening(track)[50:56].min() < 0.02
    assert at(track, phonemes[2].start + 0.06)[JAW] > 0.5


def test_f_tucks_the_lip_under_the_teeth_whatever_surrounds_it():
    phonemes, duration = spoken("ɑ f ɑ", each=0.08)
    middle = at(articulate(phonemes, duration), 0.42)
    assert middle[TUCK] > 0.95
    assert middle[JAW] < 0.15
    assert middle[LOW] < 0.1


def test_h_takes_the_mouth_of_the_vowel_that_follows():
    phonemes, duration = spoken("h ɑ", each=0.12)
    other, _ = spoken("h u", each=0.12)
    assert at(articulate(phonemes, duration), 0.36)[JAW] > 0.5
    assert at(articulate(other, duration), 0.36)[ROUND] > 0.6


def test_rounding_starts_in_the_consonant_before():
    rounded, duration = spoken("t u", each=0.1)
    spread, _ = spoken("t i", each=0.1)
    assert at(articulate(rounded, duration), 0.35)[ROUND] > 0.5
    assert at(articulate(spread, duration), 0.35)[ROUND] == 0


def test_each_sound_peaks_within_40_ms_of_its_middle():
    phonemes, duration = spoken("i s ɑ t u k ɑ f i m oʊ n ɑ", each=0.11)
    track = articulate(phonemes, duration)
    column = {"ɑ": JAW, "u": ROUND, "i": WIDE, "f": TUCK, "m": PRESS}
    for phoneme in phonemes:
        if phoneme.symbol in column:
            around = track[round(phoneme.start * 100) - 8 : round(phoneme.end * 100) + 8, column[phoneme.symbol]]
            peak = np.flatnonzero(around > around.max() - 1e-3).mean() / 100 + round(phoneme.start * 100) / 100 - 0.08
            assert peak == pytest.approx((phoneme.start + phoneme.end) / 2, abs=0.04), phoneme


def test_a_word_boundary_does_not_shut_the_mouth_but_a_pause_does():
    def gap(seconds: float) -> float:
        phonemes = [TimedPhoneme("ɑ", 0.2, 0.4), TimedPhoneme("ɑ", 0.4 + seconds, 0.7 + seconds)]
        return float(opening(articulate(phonemes, 1.5))[40 : round((0.4 + seconds) * 100)].min())

    assert gap(0.08) > 0.5
    assert gap(0.30) < 0.01


def test_the_mouth_eases_shut_rather_than_snapping():
    track = articulate([TimedPhoneme("ɑ", 0.2, 0.5)], 1.0)
    assert np.abs(np.diff(opening(track))).max() < 0.15
    assert opening(track)[70:].max() < 0.01


def test_what_is_said_before_and_after_shapes_the_edges():
    inner = [TimedPhoneme("ɑ", 0.0, 0.4)]
    alone = articulate(inner, 0.4)
    joined = articulate([TimedPhoneme("ɑ", -0.3, 0.0), *inner, TimedPhoneme("ɑ", 0.4, 0.7)], 0.4)
    assert opening(alone)[0] < 0.6 < opening(joined)[0]
    assert opening(joined)[-1] > 0.7


def test_strange_times_do_no_harm():
    phonemes = [
        TimedPhoneme("ɑ", 0.5, 0.2),
        TimedPhoneme("m", float("nan"), 1.0),
        TimedPhoneme("i", 0.1, 5.0),
        TimedPhoneme("u", 9.0, 9.5),
    ]
    track = articulate(phonemes, 1.0)
    assert track.shape == (100, 8)
    assert np.isfinite(track).all()


@pytest.mark.parametrize(("duration", "rate"), [(-1.0, 100), (float("nan"), 100), (1.0, 0)])
def test_impossible_durations_and_rates_are_refused(duration, rate):
    with pytest.raises(ValueError, match="duration of at least 0 s and a positive rate"):
        articulate([], duration, rate)


def test_a_second_of_speech_costs_less_than_5_ms():
    phonemes, duration = spoken(" ".join(["h ɛ l oʊ w ɜː l d p iː p əl"] * 20), each=0.075)
    articulate(phonemes, duration)
    before = time.process_time()
    for _ in range(5):
        articulate(phonemes, duration)
    assert (time.process_time() - before) / 5 / duration < 0.005
