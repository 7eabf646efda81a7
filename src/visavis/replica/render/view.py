"""A bundle fitted to the size of the output: centred crop, scaled points and sprites."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.replica.bundle import Bundle
from visavis.replica.render.topology import Points, eye_distance

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of output pixels with even corners, so that it can be cut from subsampled planes."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    def cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return picture[self.y0 : self.y1, self.x0 : self.x1]


class View:
    """Base, background and matte at output size, and how to bring anything else there.

    `figure` is the person alone, BGRA with colour multiplied by alpha, so that edges mix rightly with whatever comes
    to lie behind them. `points` are output pixel indices (pixel centres at whole numbers), float32 (468, 2); `unit`
    is the distance between the eyes in output pixels.
    """

    def __init__(self, bundle: Bundle, width: int, height: int) -> None:
        if width % 2 or height % 2 or min(width, height) < 64:
            raise ValueError(f"A picture of {width}x{height} cannot be drawn: both sides must be even and at least 64.")
        meta = bundle.meta
        self.width, self.height = width, height
        self._scale = max(width / meta.width, height / meta.height)
        crop_w, crop_h = round(width / self._scale), round(height / self._scale)
        self._x, self._y = (meta.width - crop_w) // 2, (meta.height - crop_h) // 2
        self._crop = (slice(self._y, self._y + crop_h), slice(self._x, self._x + crop_w))
        self._bundle = bundle
        self.base = self._fit(bundle.base)
        self.background = self._fit(bundle.background)
        self.matte = self._fit(bundle.matte)
        # Where nobody stands the base picture itself is the background: the two were compressed apart.
        self.background = np.where(self.matte[..., None] == 0, self.base, self.background)
        self._behind = self.background.astype(np.float32) * (1 - self.matte[..., None].astype(np.float32) / 255)
        self.figure = self.cut_out(self.base, Box(0, 0, width, height))
        self.points = self.to_output(bundle.points)
        self.depth = bundle.depth * np.float32(self._scale)
        self.unit = eye_distance(self.points)

    def to_output(self, points: Points) -> Points:
        """Base coordinates (pixel centres at halves) to output pixel indices."""
        moved = (points - np.array([self._x, self._y], np.float32)) * np.float32(self._scale) - 0.5
        return np.asarray(moved, np.float32)

    def _fit(self, picture: Pixels) -> Pixels:
        cut = np.ascontiguousarray(picture[self._crop])
        if cut.shape[:2] == (self.height, self.width):
            return cut
        method = cv2.INTER_AREA if self._scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(cut, (self.width, self.height), interpolation=method), np.uint8)

    def cut_out(self, picture: Pixels, box: Box) -> Pixels:
        """The person in a picture of `box`, BGR in front of the background: BGRA with colour multiplied by alpha."""
        behind = self._behind[box.y0 : box.y1, box.x0 : box.x1]
        if behind.any():
            picture = np.clip(picture.astype(np.float32) - behind + 0.5, 0, 255).astype(np.uint8)
        return np.dstack([picture, box.cut(self.matte)])

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The even box that holds the given corners, cut to the picture."""
        ax, ay = int(max(0, np.floor(x0 / 2) * 2)), int(max(0, np.floor(y0 / 2) * 2))
        bx, by = int(min(self.width, np.ceil(x1 / 2) * 2)), int(min(self.height, np.ceil(y1 / 2) * 2))
        return Box(ax, ay, max(ax, bx), max(ay, by))

    def sprite(self, name: str, box: Box | None = None, *, on_base: bool = False) -> tuple[Pixels, Box]:
        """A sprite at output size and the box it fills; `on_base` shows the base picture where it has nothing.

        It goes through the very same resampling as the base, so the two fit to the pixel.
        """
        sprite = self._bundle.sprites[name]
        shape = self._bundle.base.shape[:2] + sprite.pixels.shape[2:]
        sheet = self._bundle.base.copy() if on_base else np.zeros(shape, np.uint8)
        x, y = sprite.at
        h, w = sprite.pixels.shape[:2]
        sheet[y : y + h, x : x + w] = sprite.pixels
        if box is None:
            corners = self.to_output(np.array([[x, y], [x + w, y + h]], np.float32)) + 0.5
            box = self.box(*corners[0], *corners[1])
        return np.ascontiguousarray(box.cut(self._fit(sheet))), box
