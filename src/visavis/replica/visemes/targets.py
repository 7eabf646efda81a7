"""What the mouth does for each of fourteen classes of sounds that look alike."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from visavis.replica.pose import ARTICULATORS

Viseme = Literal["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "RR", "aa", "E", "ih", "oh", "ou"]
"""Viseme names as in the common fifteen-class set, with `nn` folded into `DD` (they look the same)."""

VISEMES: tuple[Viseme, ...] = get_args(Viseme)

VOWELS: frozenset[Viseme] = frozenset({"aa", "E", "ih", "oh", "ou"})

# Tuned by eye on the mesh renderer. Stops and sibilants keep the jaw high; only vowels open it.
_TARGETS: dict[Viseme, dict[str, float]] = {
    "sil": {},
    "PP": {"press": 0.85},
    "FF": {"tuck": 1.0, "up": 0.45, "jaw": 0.05},
    "TH": {"jaw": 0.20, "wide": 0.10, "up": 0.30, "low": 0.25, "tongue": 1.0},
    "DD": {"jaw": 0.16, "wide": 0.20, "up": 0.30, "low": 0.35, "tongue": 0.5},
    "kk": {"jaw": 0.26, "wide": 0.15, "up": 0.25, "low": 0.25},
    "CH": {"jaw": 0.10, "round": 0.50, "up": 0.50, "low": 0.50},
    "SS": {"jaw": 0.06, "wide": 0.35, "up": 0.40, "low": 0.45},
    "RR": {"jaw": 0.20, "round": 0.45, "up": 0.30, "low": 0.30},
    "aa": {"jaw": 0.80, "wide": 0.10, "up": 0.30, "low": 0.35},
    "E": {"jaw": 0.42, "wide": 0.45, "up": 0.38, "low": 0.42},
    "ih": {"jaw": 0.18, "wide": 0.70, "up": 0.38, "low": 0.48},
    "oh": {"jaw": 0.55, "round": 0.75, "up": 0.25, "low": 0.20},
    "ou": {"jaw": 0.25, "round": 1.0, "up": 0.20, "low": 0.20},
}

TARGETS = {name: np.array([_TARGETS[name].get(axis, 0.0) for axis in ARTICULATORS], np.float32) for name in VISEMES}
"""Viseme → articulator vector, float32 of shape (8,)."""
