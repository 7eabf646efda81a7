"""Blinks and gaze."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.replica.bundle import LID_MEETS
from visavis.replica.pose import Pose
from visavis.replica.render import topology as topo
from visavis.replica.render.view import Floats, Pixels, View

REACH_X, REACH_Y = 0.055, 0.030
"""How far the iris travels at a gaze of 1, in eye distances: about 20 degrees sideways, 12 up or down."""


class Eye:
    """One eye of a view; `side` 0 is picture-left. `box` is the part of the picture it may change."""

    def __init__(self, view: View, side: int) -> None:
        self._unit = view.unit
        self._view = view
        name = f"eye{side}"
        closed, self.box = view.sprite(f"{name}_closed", on_base=True)
        self._rest = np.ascontiguousarray(self.box.cut(view.base)).astype(np.float32)
        self._closed = closed.astype(np.float32)
        self._white = view.sprite(f"{name}_white", self.box)[0].astype(np.float32)
        self._iris, self._shade, self._glint = (
            view.sprite(f"{name}_{part}", self.box)[0].astype(np.float32) for part in ("iris", "shade", "glint")
        )
        self._opening = view.sprite(f"{name}_opening", self.box)[0].astype(np.float32)[..., None] / 255
        self._still = self._ball(0.0, 0.0)
        points = view.points - np.array([self.box.x0, self.box.y0], np.float32)
        columns = np.arange(self.box.width, dtype=np.float32)
        self._upper = self._curve(points[topo.LID_UPPER[side]], columns)
        lower = self._curve(points[topo.LID_LOWER[side]], columns)
        self._crease = np.minimum(self._curve(points[topo.CREASE[side]], columns), self._upper - 0.02 * self._unit)
        self._meet = self._upper + (lower - self._upper) * LID_MEETS
        corners = points[[topo.LID_UPPER[side][0], topo.LID_UPPER[side][8]], 0]
        fade = 0.04 * self._unit
        # Lashes of the open eye reach past its corners and must go with it.
        left, right = corners.min() - 0.11 * self._unit, corners.max() + 0.11 * self._unit
        self._across = np.clip(np.minimum(columns - left, right - columns) / fade, 0, 1).astype(np.float32)
        self._rows = np.arange(self.box.height, dtype=np.float32)[:, None]
        self._columns = np.broadcast_to(columns, (self.box.height, self.box.width)).astype(np.float32)

    @property
    def at_rest(self) -> Pixels:
        return self._view.cut_out(self._rest.astype(np.uint8), self.box)

    def draw(self, pose: Pose) -> Pixels | None:
        """The eye as BGRA with colour multiplied by alpha, or None when it is as in the base picture."""
        # Lids follow a downward look and rise a little with an upward one; only lowering is visible here.
        blink = float(np.clip(max(pose.blink, -0.28 * min(0.0, pose.gaze_y)), 0, 1))
        moved = abs(pose.gaze_x) + abs(pose.gaze_y) > 0.004
        if blink < 0.01 and not moved:
            return None
        picture: Floats = self._rest
        if moved and blink < 0.97:
            ball = self._ball(pose.gaze_x * REACH_X * self._unit, -pose.gaze_y * REACH_Y * self._unit)
            picture = np.asarray(picture + self._opening * (ball - self._still), np.float32)
        if blink >= 0.01:
            picture = self._lid(picture, blink)
        return self._view.cut_out(np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8), self.box)

    def _ball(self, dx: float, dy: float) -> Floats:
        """The eyeball looking `dx`, `dy` pixels aside, BGR; the reflection follows only a third of the way."""
        size = (self.box.width, self.box.height)
        ball: Floats = self._white
        for sprite, share in ((self._iris, 1.0), (self._shade, 0.0), (self._glint, 0.35)):
            layer = sprite
            if share and (dx or dy):
                move = np.array([[1, 0, dx * share], [0, 1, dy * share]], np.float32)
                layer = cv2.warpAffine(sprite, move, size, flags=cv2.INTER_LINEAR)
            ball = np.asarray(ball * (1 - layer[..., 3:] / 255) + layer[..., :3], np.float32)
        return ball

    def _lid(self, picture: Floats, blink: float) -> Floats:
        """Slide the closed lid down like a blind: its skin unrolls from the crease, its lashes lead."""
        edge = self._upper + (self._meet - self._upper) * blink
        back = self._meet - edge
        source = self._rows + back
        lid = cv2.remap(
            self._closed, self._columns, source.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        unit = self._unit
        # Covered: from the crease down to the line of lashes at the edge.
        top = np.clip((self._rows - self._crease + 0.03 * unit) / (0.05 * unit), 0, 1)
        bottom = np.clip((edge + 0.024 * unit - self._rows) / (0.014 * unit), 0, 1)
        cover = top * bottom * self._across * min(1.0, blink * 5)
        if blink > 0.8:
            # Shut: below the edge too, the closed picture is the right one.
            below = np.clip((self._rows - edge) / (0.01 * unit), 0, 1) * (blink - 0.8) / 0.2
            cover = np.maximum(cover, below * self._across)
        a = cover[..., None].astype(np.float32)
        return np.asarray(picture + (lid - picture) * a, np.float32)

    @staticmethod
    def _curve(chain: topo.Points, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        line = topo.smooth(chain)
        order = np.argsort(line[:, 0])
        return np.asarray(np.interp(columns, line[order, 0], line[order, 1]), np.float32)
