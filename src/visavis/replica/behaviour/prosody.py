"""Gestures that go with speech: nods and brows on accents, a turn of the head per phrase, a blink where one ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.replica.visemes.track import smooth

from .channels import CHANNELS, COLUMN, Row

GESTURE_RATE = 100
_ENVELOPE = 0.12
# Louder than this share of the loudest speech is sounding; a phrase ends where less lasts for this long.
_SOUNDING = 0.12
_PHRASE_PAUSE = 0.20
_SILENT_RMS = 60.0
# Accents come two or three a second at most; a nod needs the time to be one.
_ACCENT_SPACING = 0.40
_ACCENT_LEVEL = 0.55
_STRESS_REACH = 0.12
_NOD, _NOD_SECONDS = 2.6, 0.24
_BROW, _BROW_SECONDS = 0.55, 0.36
_TURN, _TILT, _LIFT, _SMILE = 1.6, 1.0, 0.5, 0.10


def gestures(
    audio: NDArray[np.int16],
    sample_rate: int,
    rng: np.random.Generator,
    stresses: Sequence[float] = (),
    rate: int = GESTURE_RATE,
) -> Row:
    """Return what speaking adds to the pose, shape (ceil(seconds * rate), 11), columns as in `CHANNELS`.

    Accents are the energy's peaks, near a stressed syllable where `stresses` (seconds) are known. The rows are targets
    for a head that follows with inertia. The `blink` column is 1 where a blink may begin.
    """
    count = math.ceil(len(audio) / sample_rate * rate - 1e-9)
    rows = np.zeros((count, len(CHANNELS)))
    if count == 0:
        return rows
    envelope = _energy(audio, sample_rate, rate, count)
    loudest = float(np.percentile(envelope, 95))
    if loudest < _SILENT_RMS:
        return rows
    rows[:, COLUMN["smile"]] = _SMILE
    for start, end in _phrases(envelope > _SOUNDING * loudest, rate):
        turn, tilt, lift = rng.uniform(-1, 1, 3)
        rows[start:end, COLUMN["yaw"]] = _TURN * turn
        rows[start:end, COLUMN["roll"]] = _TILT * tilt
        rows[start:end, COLUMN["pitch"]] = _LIFT * lift
        rows[min(end, count - 1), COLUMN["blink"]] = 1
    for accent in _accents(envelope * _stress(stresses, count, rate), loudest, rate):
        prominence = min(float(envelope[accent]) / loudest, 1.2) - _ACCENT_LEVEL + 0.4
        _raise(rows, "pitch", accent, _NOD_SECONDS * rate, _NOD * prominence)
        if prominence > 0.75:
            _raise(rows, "brow", accent, _BROW_SECONDS * rate, _BROW * prominence)
    return rows


def _raise(rows: Row, channel: str, middle: int, width: float, amount: float) -> None:
    start, end = max(0, middle - round(width / 2)), middle + round(width / 2)
    rows[start:end, COLUMN[channel]] += amount


def _energy(audio: NDArray[np.int16], sample_rate: int, rate: int, count: int) -> NDArray[np.float32]:
    """Smoothed root mean square per row, in int16 units."""
    edges = np.minimum(np.round(np.arange(count) * sample_rate / rate).astype(np.int64), len(audio) - 1)
    power = np.add.reduceat(audio.astype(np.float32) ** 2, edges) / (sample_rate / rate)
    return smooth(np.sqrt(power)[:, None].astype(np.float32), _ENVELOPE * rate)[:, 0]


def _phrases(sounding: NDArray[np.bool_], rate: int) -> list[tuple[int, int]]:
    """Runs of sound, as row ranges, joined over pauses shorter than a phrase's."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sounding, [False]]).astype(np.int8)))
    phrases: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if phrases and start - phrases[-1][1] < _PHRASE_PAUSE * rate:
            phrases[-1] = (phrases[-1][0], end)
        else:
            phrases.append((start, end))
    return phrases


def _stress(stresses: Sequence[float], count: int, rate: int) -> NDArray[np.float32]:
    """1 near the stresses and less elsewhere; 1 everywhere when none are known."""
    if not stresses:
        return np.ones(count, np.float32)
    distance = np.abs(np.arange(count)[:, None] / rate - np.asarray(stresses)).min(axis=1)
    return np.where(distance < _STRESS_REACH, 1.0, 0.4).astype(np.float32)


def _accents(envelope: NDArray[np.float32], loudest: float, rate: int) -> list[int]:
    """Rows of the energy's prominent peaks, the strongest first, none close to a stronger one."""
    inner = envelope[1:-1]
    peaks = 1 + np.flatnonzero((inner >= envelope[:-2]) & (inner > envelope[2:]) & (inner > _ACCENT_LEVEL * loudest))
    chosen: list[int] = []
    for peak in peaks[np.argsort(-envelope[peaks], kind="stable")].tolist():
        if all(abs(peak - other) >= _ACCENT_SPACING * rate for other in chosen):
            chosen.append(peak)
    return sorted(chosen)
