"""The face from frame to frame: silent loops underneath, speech on top, and no jump between them."""

from __future__ import annotations

import math

import numpy as np

from visavis.replica.ports import FaceState
from visavis.replica.pose import Articulators, Pose, rest

from .channels import CHANNELS, COLUMN, Row, pose
from .loops import BLINK_SECONDS, SilentLoops, lid
from .score import Cue

STATES: tuple[FaceState, ...] = ("idle", "listening", "thinking")
STATE_FADE = 0.6
MOUTH_ATTACK = 0.080
MOUTH_RELEASE = 0.120
# After the last sound the face keeps its speaking manner this long, so that a gap between chunks does not stir it.
_LINGER = 0.4
# Angular frequency of the critically damped spring by which the head follows gestures, rad/s: about 0.2 s of delay.
_STIFFNESS = 10.0
_HEAD_LIMIT = 4.0
# Below these the remains of a gesture cannot be seen (a twentieth of a degree is a quarter pixel at 512).
_INVISIBLE_OFFSET, _INVISIBLE_SPEED = 0.03, 0.15
# Three loop blinks in twelve seconds and at most one more in six stay within 25 a minute.
_BLINK_SPACING, _BLINK_CLEARANCE = 6.0, 1.2


class Animator:
    """Turns cues into poses. `step` is called once per frame, with consecutive indices."""

    def __init__(self, loops: SilentLoops, loop_step: int) -> None:
        self._loops = loops
        self._loop_step = loop_step
        self._seconds = 1.0 / loops.fps
        self._rows = np.stack([loops.rows(state) for state in STATES])
        self._loop: FaceState | None = None
        self._mix = _Mix(0)
        self._mouth = _Mouth()
        self._gesture = np.zeros(len(CHANNELS))
        self._speed = np.zeros(len(CHANNELS))
        self._unspoken = math.inf
        self._blink_age = math.inf

    def step(self, index: int, cue: Cue, state: FaceState) -> Pose | FaceState:
        """Return the pose of frame `index`, or the name of the loop whose picture of this phase is exactly it."""
        self._unspoken = 0.0 if cue.mouth is not None else self._unspoken + self._seconds
        manner = "idle" if self._unspoken < _LINGER else state
        self._mix.step(STATES.index(manner), self._seconds)
        self._mouth.step(cue.mouth, cue.cut, self._seconds)
        self._follow(cue.gesture)
        self._maybe_blink(index, cue)
        if self._may_loop(state) and (self._loop == state or index % self._loops.period % self._loop_step == 0):
            self._loop = state
            return state
        self._loop = None
        return pose(self._mouth.value, self._row(index))

    def _may_loop(self, state: FaceState) -> bool:
        still = not self._gesture.any() and not self._speed.any() and self._blink_age > BLINK_SECONDS
        return still and self._unspoken > 0 and self._mouth.at_rest and self._mix.settled_on(STATES.index(state))

    def _row(self, index: int) -> Row:
        row: Row = self._mix.weights @ self._rows[:, index % self._loops.period]
        row = row + self._gesture
        row[COLUMN["blink"]] = max(row[COLUMN["blink"]], float(lid(self._blink_age)))
        for name in ("roll", "yaw", "pitch"):
            row[COLUMN[name]] = min(max(row[COLUMN[name]], -_HEAD_LIMIT), _HEAD_LIMIT)
        return row

    def _follow(self, target: Row) -> None:
        """One exact step of a critically damped spring; comes to rest once nothing of it can be seen."""
        target = target.copy()
        target[COLUMN["blink"]] = 0
        decay = math.exp(-_STIFFNESS * self._seconds)
        offset = self._gesture - target
        drift = self._speed + _STIFFNESS * offset
        self._gesture = target + (offset + drift * self._seconds) * decay
        self._speed = (self._speed - drift * _STIFFNESS * self._seconds) * decay
        near = np.abs(self._gesture).max() < _INVISIBLE_OFFSET and np.abs(self._speed).max() < _INVISIBLE_SPEED
        if not target.any() and near:
            self._gesture[:] = 0
            self._speed[:] = 0

    def _maybe_blink(self, index: int, cue: Cue) -> None:
        self._blink_age += self._seconds
        if not cue.blink or self._blink_age < _BLINK_SPACING:
            return
        if min(self._loops.until_blink(index), self._loops.since_blink(index)) > _BLINK_CLEARANCE:
            self._blink_age = 0.0


class _Mix:
    """Shares of the silent states, fading from whatever they are to the wanted one."""

    def __init__(self, state: int) -> None:
        self.weights = np.eye(len(STATES))[state]
        self._from = self.weights
        self._to = state
        self._age = math.inf

    def step(self, state: int, seconds: float) -> None:
        if state != self._to:
            self._from, self._to, self._age = self.weights, state, 0.0
        self._age += seconds
        share = _ease(self._age / STATE_FADE)
        self.weights = self._from + (np.eye(len(STATES))[self._to] - self._from) * share

    def settled_on(self, state: int) -> bool:
        return self._to == state and self._age >= STATE_FADE


class _Mouth:
    """The track while speaking, rest while not, and a short blend where one does not continue the other."""

    def __init__(self) -> None:
        self.value: Articulators = rest()
        self._from = rest()
        self._speaking = False
        self._age, self._fade = math.inf, MOUTH_RELEASE

    @property
    def at_rest(self) -> bool:
        return not self._speaking and not self.value.any()

    def step(self, target: Articulators | None, cut: bool, seconds: float) -> None:
        speaking = target is not None
        if cut or speaking != self._speaking:
            self._from, self._age = self.value, 0.0
            self._fade = MOUTH_RELEASE if cut or not speaking else MOUTH_ATTACK
        self._speaking = speaking
        self._age += seconds
        share = np.float32(_ease(self._age / self._fade))
        aim = rest() if target is None else target
        self.value = self._from + (aim - self._from) * share


def _ease(x: float) -> float:
    x = min(max(x, 0.0), 1.0)
    # Sums of 1 / fps fall short of the whole by rounding.
    return 1.0 if x > 1 - 1e-9 else x * x * (3 - 2 * x)
