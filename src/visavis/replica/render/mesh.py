"""The renderer: one bundle, one size, one picture per pose."""

from __future__ import annotations

import cv2
import numpy as np

from visavis.replica.bundle import Bundle
from visavis.replica.pose import Pose
from visavis.replica.render.eyes import Eye
from visavis.replica.render.head import Head
from visavis.replica.render.mouth import Mouth
from visavis.replica.render.view import Box, Pixels, View


class MeshRenderer:
    """Draws a face from its bundle by warping its still picture.

    Not thread-safe: one renderer belongs to one call, whose owner may use it from any single thread at a time. OpenCV
    would spread each operation over all cores, which costs more than it gains on pictures this small: a process that
    draws should call `cv2.setNumThreads(1)` once at its start. This module does not, since the setting is global.
    """

    def __init__(self, bundle: Bundle, width: int, height: int) -> None:
        """Prepare for pictures of `width` x `height` (even, at least 64). Raises `ValueError` otherwise."""
        view = View(bundle, width, height)
        self.width, self.height = width, height
        self._head = Head(view)
        self._parts: list[Mouth | Eye] = [Mouth(view), Eye(view, 0), Eye(view, 1)]
        self._drawn = [False] * len(self._parts)

    def draw(self, pose: Pose) -> Pixels:
        """The face in this pose: planar I420, uint8, contiguous, shape (height * 3 // 2, width).

        The same pose always gives the same picture; the array belongs to the caller.
        """
        for i, part in enumerate(self._parts):
            picture = part.draw(pose)
            if picture is not None:
                self._put(picture, part.box)
            elif self._drawn[i]:
                self._put(part.at_rest, part.box)
            self._drawn[i] = picture is not None
        return self._head.compose(pose)

    def draw_bgr(self, pose: Pose) -> Pixels:
        """The same picture as (height, width, 3) BGR; for stills and tests, as chroma has been halved on the way."""
        return np.asarray(cv2.cvtColor(self.draw(pose), cv2.COLOR_YUV2BGR_I420), np.uint8)

    def _put(self, picture: Pixels, box: Box) -> None:
        self._head.put(picture, box)
