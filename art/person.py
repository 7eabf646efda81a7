"""What makes a drawn person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from canvas import Layer, Points
from features import Look
from mesh import Proportions
from numpy.typing import NDArray
from skin import Complexion


def _nothing(_layer: Layer, _points: Points) -> None:
    """No beard, no glasses."""


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
