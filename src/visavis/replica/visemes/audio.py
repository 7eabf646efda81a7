"""A mouth from the sound alone, for speech whose phonemes nobody knows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from visavis.replica.pose import ARTICULATORS

from .track import CLOSURE_SMOOTHING, JAW, LOW, PRESS, ROUND, TRACK_RATE, UP, VOWEL_SMOOTHING, WIDE, Track, smooth

_WINDOW = 0.025
_ENOUGH_HZ = 16_000
# The jaw opens over this range below the loudest speech; quieter than -50 dBFS is silence, whatever the rest is.
_RANGE_DB = 30.0
_SILENCE_DB = -50.0
# A dip this deep and at most this long between louder sound is taken for closed lips. It may as well be a t or a k.
_DIP_DB = 16.0
_LONGEST_DIP = 0.14
# Where the energy of rounded (u, o) and of spread (i, e) vowels has its centre, Hz.
_ROUND_HZ, _SPREAD_HZ = 550.0, 1500.0


def articulate_audio(audio: NDArray[np.int16], sample_rate: int, rate: int = TRACK_RATE) -> Track:
    """Return a mouth for `audio` (mono int16), float32 of shape (ceil(seconds * rate), 8).

    A stand-in until the audio network: the jaw follows the energy of the voice, the corners its spectral balance,
    sibilants show teeth, short dips of the energy close the lips. It moves at the right moments but cannot tell b from
    k nor find every rounding (its lip opening correlates by about 0.5 with that from phonemes). Raises ValueError for a
    sample rate below 8 kHz.
    """
    if sample_rate < 8000:
        raise ValueError(f"Lips need sound at 8 kHz or more, not {sample_rate} Hz.")
    count = math.ceil(len(audio) / sample_rate * rate - 1e-9)
    track = np.zeros((count, len(ARTICULATORS)), np.float32)
    if count == 0:
        return track
    power, frequencies = _spectra(audio, sample_rate, rate, count)
    voiced = (frequencies >= 100) & (frequencies < 3500)
    voice = power[:, voiced]
    level = 10 * np.log10(voice.sum(axis=1) + 1e-12)
    loudest = max(float(np.percentile(level, 95)), _SILENCE_DB + _RANGE_DB)
    opening = np.clip((level - (loudest - _RANGE_DB)) / _RANGE_DB, 0, 1) ** 1.5
    hiss = power[:, frequencies >= 3500].sum(axis=1) / (power.sum(axis=1) + 1e-12)
    sounding = 10 * np.log10(power.sum(axis=1) + 1e-12) > max(_SILENCE_DB, loudest - _RANGE_DB - 6)
    sibilant = np.clip((hiss - 0.45) / 0.3, 0, 1) * sounding
    centre = (voice * frequencies[(frequencies >= 100) & (frequencies < 3500)]).sum(axis=1) / (
        voice.sum(axis=1) + 1e-12
    )
    spread = np.clip((centre - _ROUND_HZ) / (_SPREAD_HZ - _ROUND_HZ), 0, 1)
    vowel = opening * (1 - sibilant)
    track[:, JAW] = vowel * (0.75 - 0.35 * spread) + 0.06 * sibilant
    track[:, WIDE] = vowel * spread * 0.6 + 0.35 * sibilant
    track[:, UP] = 0.35 * vowel + 0.40 * sibilant
    track[:, LOW] = 0.38 * vowel + 0.45 * sibilant
    track[:, ROUND] = vowel * np.clip(1 - 2.5 * spread, 0, 1) * 0.8
    track = smooth(track, VOWEL_SMOOTHING * rate)
    closed = smooth(_dips(level - loudest, rate)[:, None], CLOSURE_SMOOTHING * rate)[:, 0]
    track[:, [JAW, UP, LOW]] *= (1 - 0.9 * closed)[:, None]
    track[:, PRESS] = 0.5 * closed
    return track


def _spectra(
    audio: NDArray[np.int16], sample_rate: int, rate: int, count: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Power of Hann windows centred on the rows' times, in units where a full-scale sine is about 1."""
    # Nothing above 8 kHz matters here, and a mean of neighbours is filter enough for shares of energy.
    factor = max(1, sample_rate // _ENOUGH_HZ)
    hertz = sample_rate / factor
    whole = audio[: len(audio) // factor * factor].reshape(-1, factor).mean(axis=1, dtype=np.float32)
    size = round(_WINDOW * hertz)
    padded = np.pad(whole / np.float32(32768), (size // 2, size))
    centres = np.minimum(np.round(np.arange(count) * hertz / rate).astype(np.int64), len(padded) - size)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[centres]
    window = np.hanning(size).astype(np.float32)
    amplitude = np.abs(np.fft.rfft(windows * window, axis=1)) * (2 / window.sum())
    return (amplitude**2).astype(np.float32), np.fft.rfftfreq(size, 1 / hertz).astype(np.float64)


def _dips(relative: NDArray[np.float64], rate: int) -> NDArray[np.float32]:
    """1 where the level lies `_DIP_DB` under the loudest for a short while between louder sound."""
    low = np.concatenate([[False], relative < -_DIP_DB, [False]])
    edges = np.flatnonzero(np.diff(low.astype(np.int8)))
    dips = np.zeros(len(relative), np.float32)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if start > 0 and end < len(relative) and end - start <= _LONGEST_DIP * rate:
            dips[start:end] = 1
    return dips
