"""When is each sound spoken? Carries phoneme times from one rendering of a text over to another.

Reference and target say the same words with different voices and timing. Both become mel-frequency cepstra, dynamic
time warping (Sakoe and Chiba, 1978) finds which moment of one is which of the other, and the times follow the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.engines.audio import resample, silent_ends
from visavis.engines.ports import SPEECH_RATE, Pcm, Phoneme

HOP = 160
WINDOW = 400
"""Samples at 16 kHz: frames of 25 ms every 10 ms, as usual for cepstra."""

BANDS = 26
CEPSTRA = 13
PRE_EMPHASIS = 0.97

BAND_SHARE = 0.2
"""How far the path may stray from the straight one, as a share of the longer side."""

BAND_LEAST = 30
"""Frames it may always stray."""

DIAGONAL_COST = 1.5
"""A diagonal step against two straight ones: below 2, so that a steady tempo is preferred to a jerky one."""

SILENCE_SHARE = 0.015
"""Of the peak: quieter sound at either end is not speech."""

Features = NDArray[np.float32]


def align(
    reference: Pcm, reference_rate: int, phonemes: Sequence[Phoneme], target: Pcm, target_rate: int
) -> tuple[Phoneme, ...]:
    """Return `phonemes` (times in `reference`) with their times in `target`, in order and without overlaps.

    Empty when either side has no sound or there is nothing to place.
    """
    source, source_start = _speech(resample(reference, reference_rate, SPEECH_RATE))
    heard, heard_start = _speech(resample(target, target_rate, SPEECH_RATE))
    if not phonemes or len(source) < WINDOW or len(heard) < WINDOW:
        return ()
    rows, columns = warping_path(features(source), features(heard))
    where = np.bincount(rows, columns) / np.bincount(rows)
    edges = np.array([[phoneme.start, phoneme.end] for phoneme in phonemes])
    frames = (edges * SPEECH_RATE - source_start) / HOP
    moved = np.interp(frames, np.arange(len(where)), where) * HOP / SPEECH_RATE + heard_start / SPEECH_RATE
    moved = np.maximum.accumulate(moved.reshape(-1)).reshape(-1, 2)
    return tuple(
        Phoneme(phoneme.symbol, round(float(start), 4), round(float(end), 4))
        for phoneme, (start, end) in zip(phonemes, moved, strict=True)
        if end > start
    )


def features(audio: Pcm) -> Features:
    """Return cepstra and their slopes, normalised over the utterance, frames x 26."""
    emphasised = np.append(audio[:1], audio[1:] - PRE_EMPHASIS * audio[:-1]).astype(np.float32) / 32768
    centred = np.pad(emphasised, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(centred, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)
    mel = np.log((spectrum.real**2 + spectrum.imag**2) @ _mel_bands().T + 1e-6)
    cepstra = mel @ _cosines().T
    cepstra = (cepstra - cepstra.mean(axis=0)) / (cepstra.std(axis=0) + 1e-6)
    slopes = np.gradient(cepstra, axis=0) if len(cepstra) > 1 else np.zeros_like(cepstra)
    return np.hstack([cepstra, slopes]).astype(np.float32)


def warping_path(first: Features, second: Features) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cheapest path from both starts to both ends, as frame numbers of either side, in order.

    The path moves by one frame of either side or of both, and stays in a band around the straight line.
    """
    costs = _distances(first, second)
    count, width = costs.shape
    reach = max(BAND_LEAST, int(BAND_SHARE * max(count, width)))
    total = np.full((count + 1, width + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(count):
        middle = row * width // count
        left, right = max(0, middle - reach), min(width, middle + reach + 1)
        cost = costs[row, left:right]
        entering = np.minimum(total[row, left:right] + DIAGONAL_COST * cost, total[row, left + 1 : right + 1] + cost)
        # Going along the row costs the sum of what is passed, so the best entry so far is a running minimum.
        passed = np.cumsum(cost)
        total[row + 1, left + 1 : right + 1] = passed + np.minimum.accumulate(entering - passed)
    return _walk_back(total, costs)


def _walk_back(total: NDArray[np.float64], costs: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row, column = costs.shape[0] - 1, costs.shape[1] - 1
    path = [(row, column)]
    while row or column:
        cost = costs[row, column]
        diagonal = total[row, column] + DIAGONAL_COST * cost
        down, along = total[row, column + 1] + cost, total[row + 1, column] + cost
        if row and column and diagonal <= down and diagonal <= along:
            row, column = row - 1, column - 1
        elif row and (down <= along or not column):
            row -= 1
        else:
            column -= 1
        path.append((row, column))
    rows, columns = np.array(path[::-1]).T
    return rows, columns


def _distances(first: Features, second: Features) -> NDArray[np.float64]:
    """Euclidean distance of every frame of one to every frame of the other."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None] - 2 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float64)


def _speech(audio: Pcm) -> tuple[Pcm, int]:
    """Return the stretch from the first to the last audible sample, and where it starts."""
    before, after = silent_ends(audio, SILENCE_SHARE)
    return audio[before : len(audio) - after], before


@cache
def _mel_bands() -> NDArray[np.float32]:
    """Triangular filters, BANDS x (WINDOW // 2 + 1), on the mel scale 2595 log10(1 + f / 700) from 100 Hz."""
    nyquist = SPEECH_RATE / 2
    top = 0.95 * nyquist
    mels = np.linspace(2595 * np.log10(1 + 100 / 700), 2595 * np.log10(1 + top / 700), BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    frequencies = np.linspace(0, nyquist, WINDOW // 2 + 1)
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@cache
def _cosines() -> NDArray[np.float32]:
    """The type-II cosine transform, CEPSTRA x BANDS."""
    order, band = np.arange(CEPSTRA)[:, None], np.arange(BANDS)[None]
    return np.cos(np.pi / BANDS * order * (band + 0.5)).astype(np.float32)
