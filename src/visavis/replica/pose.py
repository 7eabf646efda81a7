"""Everything that moves in a face at one moment, in units that do not depend on the picture's size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

ARTICULATORS = ("jaw", "wide", "up", "low", "press", "tuck", "round", "tongue")
"""Order of the articulator vector, each 0 (rest) .. 1 (full): jaw drop, lip corners apart, upper lip raised, lower lip
lowered, lips pressed together (p b m), lower lip under the teeth (f v), lips rounded (o u w), tongue raised (l th)."""

Articulators = NDArray[np.float32]


def rest() -> Articulators:
    """The closed, relaxed mouth."""
    return np.zeros(len(ARTICULATORS), np.float32)


@dataclass(slots=True)
class Pose:
    """One moment of a face.

    Eyes: `blink` 0 open .. 1 closed; `gaze_x`, `gaze_y` -1..1 (the person's picture-right and up are positive, 0 meets
    the viewer). `brow` -1 lowered .. 1 raised; `smile` -0.5 .. 1.
    Head, in the picture: `shift_x`, `shift_y` in inter-ocular distances (right and down positive), `roll`, `yaw`,
    `pitch` in degrees (clockwise tilt, turn to picture-right, nod down positive), believable to about ±5.
    `breath` 0..1 raises the shoulders.
    """

    mouth: Articulators = field(default_factory=rest)
    blink: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    brow: float = 0.0
    smile: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    breath: float = 0.0
