"""The silent face: periodic poses for each state, so that they can be drawn once and repeated without a seam.

All states share the period, the breath and the moments of blinking, so that one can fade into another at any phase
without half-closed eyes. Rates are those of people at rest in conversation: 12-18 breaths and 10-20 blinks a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from visavis.replica.ports import FaceState
from visavis.replica.pose import Pose, rest

from .channels import CHANNELS, COLUMN, Row, pose

LOOP_SECONDS = 12
_BREATHS = 3
_BLINKS = 3

# A lid falls in about 100 ms and rises in about 150 (Evinger et al. 1991: closing is about twice as fast as opening);
# it stays shut for one frame of 25 fps, so that every blink is seen.
BLINK_CLOSE, BLINK_SHUT, BLINK_OPEN = 0.10, 0.04, 0.15
BLINK_SECONDS = BLINK_CLOSE + BLINK_SHUT + BLINK_OPEN
_SACCADE = 0.06

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a state differs: constant offsets, amplitude of the wandering head, harmonics of the period, and gaze.

    Head amplitudes are peaks: degrees, shifts in inter-ocular distances. Fewer harmonics is slower.
    """

    offsets: dict[str, float]
    wander: dict[str, float]
    harmonics: int
    fixations: int
    gaze_spread: float
    away: tuple[float, float] | None = None
    nods: int = 0


_MANNERS: dict[FaceState, _Manner] = {
    "idle": _Manner(
        offsets={"smile": 0.12},
        wander={"yaw": 1.5, "pitch": 0.9, "roll": 0.7, "shift_x": 0.020, "shift_y": 0.012, "brow": 0.05},
        harmonics=5,
        fixations=6,
        gaze_spread=0.12,
    ),
    "listening": _Manner(
        offsets={"smile": 0.22, "brow": 0.16, "roll": 1.4, "yaw": -0.4, "pitch": 0.4},
        wander={"yaw": 1.1, "pitch": 0.6, "roll": 0.5, "shift_x": 0.016, "shift_y": 0.010, "brow": 0.08},
        harmonics=5,
        fixations=5,
        gaze_spread=0.06,
        nods=2,
    ),
    "thinking": _Manner(
        offsets={"brow": -0.10, "pitch": -1.1, "yaw": 1.2, "roll": -0.6},
        wander={"yaw": 0.9, "pitch": 0.6, "roll": 0.5, "shift_x": 0.014, "shift_y": 0.008, "brow": 0.10},
        harmonics=3,
        fixations=4,
        gaze_spread=0.10,
        away=(0.35, 0.40),
    ),
}


class SilentLoops:
    """Poses of the silent states; `rows(state)` has shape (period, 11), columns as in `CHANNELS`."""

    def __init__(self, fps: int, seed: int) -> None:
        self.fps = fps
        self.period = LOOP_SECONDS * fps
        times = np.arange(self.period) / fps
        blinks = _events(np.random.default_rng([seed, 0]), _BLINKS)
        self._rows = {
            state: _state_rows(times, manner, blinks, np.random.default_rng([seed, 1 + index]))
            for index, (state, manner) in enumerate(_MANNERS.items())
        }
        for rows in self._rows.values():
            rows.flags.writeable = False

    def rows(self, state: FaceState) -> Row:
        return self._rows[state]

    def pose(self, state: FaceState, index: int) -> Pose:
        return pose(rest(), self._rows[state][index % self.period])

    def until_blink(self, index: int) -> float:
        """Seconds from frame `index` to the next closed lid of the loops, 0 while a lid is moving."""
        lids = self._rows["idle"][:, COLUMN["blink"]]
        ahead = np.roll(lids, -(index % self.period))
        moving = np.flatnonzero(ahead > 0)
        return float(moving[0]) / self.fps if len(moving) else float(LOOP_SECONDS)

    def since_blink(self, index: int) -> float:
        """Seconds since a lid of the loops last moved."""
        lids = self._rows["idle"][:, COLUMN["blink"]]
        behind = np.roll(lids, -(index % self.period) - 1)[::-1]
        moving = np.flatnonzero(behind > 0)
        return float(moving[0]) / self.fps if len(moving) else float(LOOP_SECONDS)


@lru_cache(maxsize=64)
def silent_loops(fps: int, seed: int) -> SilentLoops:
    """The loops of this seed, computed once per process (a few milliseconds, about 80 kB)."""
    return SilentLoops(fps, seed)


def lid(since: Times | float) -> Times:
    """How closed the eye is `since` seconds after a blink began; 0 before and after it."""
    t = np.asarray(since, np.float64)
    closing = _ease(t / BLINK_CLOSE)
    opening = _ease((t - BLINK_CLOSE - BLINK_SHUT) / BLINK_OPEN)
    return np.where(t < 0, 0.0, closing - opening)


def _ease(x: Times) -> Times:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float64)


def _state_rows(times: Times, manner: _Manner, blinks: Times, rng: np.random.Generator) -> Row:
    rows = np.zeros((len(times), len(CHANNELS)))
    for name, value in manner.offsets.items():
        rows[:, COLUMN[name]] += value
    for name, peak in manner.wander.items():
        rows[:, COLUMN[name]] += peak * _wander(times, manner.harmonics, rng)
    gaze_x, gaze_y = _gaze(times, manner, rng)
    rows[:, COLUMN["gaze_x"]] += gaze_x
    rows[:, COLUMN["gaze_y"]] += gaze_y
    if manner.nods:
        rows[:, COLUMN["pitch"]] += _nods(times, manner.nods, rng)
    rows[:, COLUMN["blink"]] = lid((times[:, None] - blinks) % LOOP_SECONDS).max(axis=1)
    breath = _breath(times)
    rows[:, COLUMN["breath"]] = breath
    rows[:, COLUMN["shift_y"]] -= 0.010 * breath
    return rows


def _wander(times: Times, harmonics: int, rng: np.random.Generator) -> Times:
    """Smooth periodic noise with peak 1: harmonics of the period with falling amplitude and random phase."""
    orders = np.arange(1, harmonics + 1)
    amplitudes = rng.uniform(0.6, 1.0, harmonics) / orders**0.9
    phases = rng.uniform(0, 2 * np.pi, harmonics)
    noise = (amplitudes * np.sin(2 * np.pi * orders * times[:, None] / LOOP_SECONDS + phases)).sum(axis=1)
    return np.asarray(noise / np.abs(noise).max(), np.float64)


def _breath(times: Times) -> Times:
    """0..1; breathing in takes 40 % of a breath, breathing out the rest."""
    phase = times * _BREATHS / LOOP_SECONDS % 1
    return np.where(phase < 0.4, _ease(phase / 0.4), 1 - _ease((phase - 0.4) / 0.6))


def _events(rng: np.random.Generator, count: int) -> Times:
    """`count` moments of the period, irregular but never close together."""
    slot = LOOP_SECONDS / count
    return np.asarray((np.arange(count) + rng.uniform(0.15, 0.65, count)) * slot, np.float64)


def _gaze(times: Times, manner: _Manner, rng: np.random.Generator) -> tuple[Times, Times]:
    """Fixations joined by saccades; the last leads back to the first."""
    moments = _events(rng, manner.fixations)
    targets = rng.uniform(-manner.gaze_spread, manner.gaze_spread, (manner.fixations, 2))
    # Every other look meets the viewer exactly; thinking looks aside instead and comes back once.
    if manner.away is None:
        targets[::2] = 0
    else:
        targets[1:] += manner.away
    # On a circle: each saccade moves from the fixation before to this one.
    steps = targets - np.roll(targets, 1, axis=0)
    progress = _ease((times[:, None] - moments) / _SACCADE)
    track = targets[-1] + progress @ steps
    return track[:, 0], track[:, 1]


def _nods(times: Times, count: int, rng: np.random.Generator) -> Times:
    """Slow attentive nods of about 1.6 degrees and 0.9 s, each with a smaller echo."""
    nods = np.zeros(len(times))
    for moment in _events(rng, count):
        for delay, depth in ((0.0, 1.6), (0.75, 0.8)):
            x = ((times - moment - delay) % LOOP_SECONDS) / 0.9
            nods += depth * np.where(x < 1, np.sin(np.pi * np.clip(x, 0, 1)) ** 2, 0)
    return nods
