"""What makes a drawn person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import mesh
import numpy as np
from canvas import Layer, Points, path, smooth
from features import Look
from mesh import Proportions
from numpy.typing import NDArray
from skin import Complexion, beard_area, face_outline


def _nothing(_layer: Layer, _points: Points) -> None:
    """No beard, no glasses."""


def beard_roots(points: Points, count: int, seed: int) -> tuple[Points, Points]:
    """Places where beard hairs may grow (n, 2), off the lips, and how densely (n,)."""
    rng = np.random.default_rng(seed)
    half = float(points[mesh.OVAL_MIRROR, 0].max())
    places = rng.uniform((-half, 0.2), (half, float(points[152, 1]) + 0.02), (count, 2))
    weight = beard_area(points, places[:, 0].astype(np.float32), places[:, 1].astype(np.float32)).astype(float)
    face = path(face_outline(points))
    mouth = path(np.vstack([smooth(points[mesh.UPPER_OUTER, :2]), smooth(points[mesh.LOWER_OUTER, :2])[::-1]]))
    for i, (x, y) in enumerate(places):
        if (
            not face.contains(float(x), float(y))
            or mouth.contains(float(x), float(y))
            or mouth.contains(float(x), float(y) + 0.03)
        ):
            weight[i] = 0
    return places, weight


@dataclass(frozen=True)
class Person:
    replica_id: str
    name: str
    gender: Literal["female", "male"]
    pitch: float
    description: str
    seed: int
    shape: Proportions
    tone: Complexion
    look: Look
    room: Callable[[], NDArray[np.float32]]
    hair_back: Callable[[Layer], None]
    hair_front: Callable[[Layer, Points], None]
    clothes: Callable[[Layer], None]
    extras: Callable[[Layer, Points], None] = _nothing
    """Drawn on the face over the features: beard, jewellery, lines."""
    neck_width: float = 0.60
    ears: tuple[float, float, float] = (0.98, -0.12, 0.60)
    hair_shadow: float = 0.42
    teeth: int = 0xEFE7DA
    teeth_shadow: int = 0x8A6A60
    tongue: int = 0xC9706E
