"""The shape of the lips for an articulator vector.

Lips are described in a frame of their own: origin between the corners, x along the line through them, lengths in
output pixels. The inner edges are a closed line plus an opening; the outer rings ride on them with a thickness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.replica.pose import Articulators
from visavis.replica.render import topology as topo
from visavis.replica.render.topology import Points

JAW_DROP = 0.30
"""How far the jaw opens at `jaw` 1, in eye distances (19 mm for 63 mm)."""

UPPER_RINGS = (topo.UPPER_NEAR, topo.UPPER_MID, topo.UPPER_OUTER)
LOWER_RINGS = (topo.LOWER_NEAR, topo.LOWER_MID, topo.LOWER_OUTER)
RING_SHARE = np.array([0.33, 0.66, 1.0], np.float32)
"""How far each ring lies between the lip's edge and its border."""


@dataclass(slots=True)
class Lips:
    """Lips at one moment, in their own frame. `upper`, `lower`: inner edges (11, 2), corner to corner.

    `upper_rings`, `lower_rings`: (3, 11, 2), from the edge outwards. `outline`: the opening itself, upper and lower
    edge from left to right (2, 49, 2), finer than the points that carry the texture. `drop`: how far the jaw has
    opened. `opening`: the gap in the middle. All in output pixels.
    """

    upper: Points
    lower: Points
    upper_rings: NDArray[np.float32]
    lower_rings: NDArray[np.float32]
    outline: NDArray[np.float32]
    drop: float
    opening: float


class LipModel:
    """Lips of one face."""

    def __init__(self, points: Points, unit: float) -> None:
        self.unit = unit
        corner = points[291] - points[61]
        axis = corner / np.hypot(*corner)
        self.origin = (points[61] + points[291]) / 2
        self.axes = np.array([axis, [-axis[1], axis[0]]], np.float32)
        self._upper = self.to_frame(points[topo.UPPER_INNER])
        self._lower = self.to_frame(points[topo.LOWER_INNER])
        self._upper_rings = np.stack([self.to_frame(points[r]) for r in UPPER_RINGS]) - self._upper
        self._lower_rings = np.stack([self.to_frame(points[r]) for r in LOWER_RINGS]) - self._lower
        half = (self._upper[-1, 0] - self._upper[0, 0]) / 2
        self._u = np.clip((self._upper[:, 0] - self._upper[:, 0].mean()) / half, -1, 1)
        self.gap = max(0.0, float(self._lower[5, 1] - self._upper[5, 1]))
        # A mouth that is open at rest closes mostly from below: the upper lip takes 42 % of the way, by eye.
        self._line = self._upper * 0.42 + self._lower * 0.58

        fine = topo.smooth(self._line)
        position = np.linspace(0, 10, len(fine))
        self._fine_u = np.linspace(-1, 1, 49, dtype=np.float32)
        along = np.interp(self._fine_u, self._u, np.arange(11))
        self._fine_line = np.stack([np.interp(along, position, fine[:, k]) for k in (0, 1)], 1).astype(np.float32)

    @property
    def closed_at_rest(self) -> bool:
        return self.gap < 0.012 * self.unit

    def to_frame(self, points: Points) -> Points:
        return np.asarray((points - self.origin) @ self.axes.T, np.float32)

    def to_picture(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(points @ self.axes + self.origin, np.float32)

    def shape(self, mouth: Articulators, smile: float) -> Lips:
        jaw, wide, up, low, press, tuck, round_, _tongue = (float(v) for v in mouth)
        unit = self.unit
        drop = jaw * JAW_DROP * unit
        raised = unit * (0.085 * up + 0.03 * jaw - 0.014 * press + 0.026 * round_)
        lowered = drop * (1 - 0.12 * round_) + unit * (0.085 * low * (1 - tuck) - 0.014 * press - 0.010 * tuck)
        stretch = 1 + 0.10 * wide - 0.36 * round_ + 0.09 * smile - 0.06 * jaw - 0.025 * press
        pressed = press > 0.3 and drop < 0.02 * unit

        def edges(u: Points, rest: Points) -> tuple[Points, Points, Points]:
            """The closed line and both edges of the opening, for positions `u` along the mouth."""
            away = np.abs(u)
            line = rest.copy()
            middle = self._line[5, 1]
            line[:, 1] = middle + (line[:, 1] - middle) * (1 - round_) * (1 - 0.4 * jaw)
            line[:, 1] += away**1.5 * 0.30 * drop - away**2 * 0.085 * unit * smile
            # Puckered lips close in the middle of their opening, not at its top.
            line[:, 1] += 0.10 * drop * round_
            line[:, 0] = self._line[5, 0] + (line[:, 0] - self._line[5, 0]) * stretch
            # Rounding purses the corners shut, so that the opening is narrower than the lips around it.
            hole = np.clip(away / (1 - 0.42 * round_), 0, 1)
            upper, lower = line.copy(), line.copy()
            upper[:, 1] -= (1 - hole ** (2.2 - 0.2 * wide)) ** (0.92 - 0.40 * round_) * raised
            lower[:, 1] += (1 - hole**2.3) ** (0.86 - 0.34 * round_) * lowered
            lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
            if pressed:
                upper[:, 1] = lower[:, 1] = (upper[:, 1] + lower[:, 1]) / 2
            return line, upper, lower

        line, upper, lower = edges(self._u, self._line)
        _, fine_upper, fine_lower = edges(self._fine_u, self._fine_line)
        # The lips' border is calmer than the opening: it eases into the cheeks.
        border = 1 - np.abs(self._u) ** 2.2
        upper_border = line[:, 1] - border * raised
        lower_border = np.maximum(line[:, 1] + border * lowered, upper_border)
        thick_upper = 1 - 0.10 * wide + 0.20 * round_ - 0.38 * press - 0.10 * jaw - 0.10 * up - 0.10 * smile
        thick_lower = 1 - 0.10 * wide + 0.24 * round_ - 0.38 * press - 0.10 * jaw - 0.40 * tuck - 0.08 * smile
        rings = []
        for edge, outer, rest, offsets, thick in (
            (upper, upper_border, self._upper, self._upper_rings, thick_upper),
            (lower, lower_border, self._lower, self._lower_rings, thick_lower),
        ):
            ring = rest + offsets
            share = RING_SHARE[:, None]
            ring[..., 0] = self._line[5, 0] + (ring[..., 0] - self._line[5, 0]) * stretch
            ring[..., 1] = edge[:, 1] * (1 - share) + outer * share + offsets[..., 1] * thick
            rings.append(ring.astype(np.float32))
        return Lips(
            upper=upper,
            lower=lower,
            upper_rings=rings[0],
            lower_rings=rings[1],
            outline=np.stack([fine_upper, fine_lower]).astype(np.float32),
            drop=drop,
            opening=float(lower[5, 1] - upper[5, 1]),
        )
