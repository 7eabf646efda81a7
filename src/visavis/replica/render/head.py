"""Head and body motion: one smooth displacement field over the person, laid over the still background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.replica.pose import Pose
from visavis.replica.render import topology as topo
from visavis.replica.render.view import Box, Floats, Pixels, View

CELL = 8
"""Distance of the field's grid points, pixels."""


def _ease(value: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


class Head:
    """Field and compositing of one view.

    Planes are kept with colour multiplied by coverage, so that edges mix rightly with whatever lies behind them:
    luma as 16 + a·(Y - 16), chroma as 128 + a·(C - 128).
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self.width, self.height = view.width, view.height
        y, uv = self._planes(view.figure[..., :3])
        self._ya = np.ascontiguousarray(np.dstack([y, view.matte]))
        self._uv = uv
        back_y, back_uv = self._planes(view.background)
        self._back_y = back_y - np.uint8(16)
        self._back_warm = np.maximum(back_uv, 128) - np.uint8(128)
        self._back_cool = np.uint8(128) - np.minimum(back_uv, 128)
        self._basis()
        self.box = self._moving()
        self._identity = {}
        for scale in (1, 2):
            xs = np.arange(self.box.x0 // scale, self.box.x1 // scale, dtype=np.float32)
            ys = np.arange(self.box.y0 // scale, self.box.y1 // scale, dtype=np.float32)
            self._identity[scale] = np.stack(np.meshgrid(xs, ys), -1)
        self._still: Pixels = np.asarray(cv2.cvtColor(view.base, cv2.COLOR_BGR2YUV_I420), np.uint8)

    @staticmethod
    def _planes(picture: Pixels) -> tuple[Pixels, Pixels]:
        """Luma (h, w) and interleaved chroma (h/2, w/2, 2) of a BGR picture with even sides."""
        h, w = picture.shape[:2]
        packed = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2YUV_I420)
        chroma = packed[h:].reshape(2, h // 2, w // 2)
        return packed[:h], np.ascontiguousarray(np.moveaxis(chroma, 0, 2))

    def put(self, figure: Pixels, box: Box) -> None:
        """Replace part of the person: BGRA with colour multiplied by alpha."""
        y, uv = self._planes(figure[..., :3])
        self._ya[box.y0 : box.y1, box.x0 : box.x1, 0] = y
        self._ya[box.y0 : box.y1, box.x0 : box.x1, 1] = figure[..., 3]
        self._uv[box.y0 // 2 : box.y1 // 2, box.x0 // 2 : box.x1 // 2] = uv

    def _basis(self) -> None:
        unit, p = self._view.unit, self._view.points
        cols, rows = self.width // CELL + 2, self.height // CELL + 2
        gx, gy = np.meshgrid(np.arange(cols, dtype=np.float32) * CELL, np.arange(rows, dtype=np.float32) * CELL)
        chin = float(p[topo.CHIN, 1])
        eyes = p[[33, 133, 263, 362]].mean(0)
        neck = np.array([p[topo.CHIN, 0], chin + 0.35 * unit])
        head = 1 - _ease(gy, chin + 0.02 * unit, chin + 1.15 * unit)
        depth = self._depth(gx, gy)
        zero = np.zeros_like(gx)
        # The head turns about an axis behind the eyes; what lies nearer moves more.
        turn = (0.55 * unit - depth) * head * np.float32(np.pi / 180)
        angle = np.float32(np.pi / 180)
        shoulders = _ease(gy, chin + 0.15 * unit, chin + 1.0 * unit)
        brow = zero.copy()
        cheek = zero.copy()
        for side in (0, 1):
            bx, by = p[topo.BROWS[side]].mean(0)
            brow += np.exp(-(((gx - bx) / (0.42 * unit)) ** 2) - ((gy - by + 0.04 * unit) / (0.17 * unit)) ** 2)
            ex = p[topo.LID_LOWER[side][4], 0]
            cheek += np.exp(-(((gx - ex) / (0.34 * unit)) ** 2) - ((gy - eyes[1] - 0.26 * unit) / (0.17 * unit)) ** 2)
        fields = {
            "shift_x": (head * unit, zero),
            "shift_y": (zero, head * unit),
            "roll": (-(gy - neck[1]) * head * angle, (gx - neck[0]) * head * angle),
            "yaw": (turn, zero),
            "pitch": (zero, turn),
            "breath": (zero, -0.022 * unit * (shoulders + 0.35 * (1 - shoulders))),
            "brow": (zero, -0.060 * unit * brow),
            "smile": (zero, -0.028 * unit * cheek),
        }
        self._names = list(fields)
        self._stack = np.stack([np.stack(f, -1) for f in fields.values()]).reshape(len(fields), -1).astype(np.float32)
        self._grid_shape = gx.shape

    def _depth(self, gx: Floats, gy: Floats) -> Floats:
        """Depth over the head on the grid: the mesh inside the face, a dome around it."""
        view, unit = self._view, self._view.unit
        p = view.points
        centre = p[topo.OVAL].mean(0) - np.array([0, 0.15 * unit], np.float32)
        across, tall = 1.55 * unit, 1.95 * unit
        radius = np.hypot((gx - centre[0]) / across, (gy - centre[1]) / tall)
        dome = -0.25 * unit + 1.25 * unit * np.clip(radius, 0, 1.15) ** 2.2
        tip = p[4]
        nose = np.exp(-(((gx - tip[0]) / (0.26 * unit)) ** 2) - ((gy - tip[1] + 0.10 * unit) / (0.36 * unit)) ** 2)
        sides = view.depth[[234, 454]].mean()
        return np.asarray(dome - nose * np.clip(sides - view.depth[4], 0, unit) * 0.30, np.float32)

    def _moving(self) -> Box:
        """The part of the picture that motion can change."""
        present = self._view.matte > 0
        columns, rows = np.flatnonzero(present.any(0)), np.flatnonzero(present.any(1))
        if not len(columns):
            raise ValueError("The matte of this replica is empty: there is nobody in the picture.")
        pad = 0.45 * self._view.unit
        return self._view.box(columns[0] - pad, rows[0] - pad, columns[-1] + pad, rows[-1] + pad)

    def _map(self, field: Floats, scale: int) -> Floats:
        """Where each pixel of the box comes from, at full (1) or half (2) size."""
        box = self.box
        w, h = box.width // scale, box.height // scale
        # Output pixel (u, v) of the box lies at grid point (x0 + scale * u + (scale - 1) / 2) / CELL.
        k, centre = scale / CELL, (scale - 1) / 2
        place = np.array([[k, 0, (box.x0 + centre) / CELL], [0, k, (box.y0 + centre) / CELL]], np.float32)
        full = cv2.warpAffine(
            field, place, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        if scale == 2:
            full *= 0.5
        return np.asarray(self._identity[scale] - full, np.float32)

    def compose(self, pose: Pose) -> Pixels:
        """The picture, I420."""
        w, h, box = self.width, self.height, self.box
        out = self._still.copy()
        amounts = np.array([float(getattr(pose, name)) for name in self._names], np.float32)
        field = (amounts @ self._stack).reshape(*self._grid_shape, 2)
        rows, columns = slice(box.y0, box.y1), slice(box.x0, box.x1)
        ya = cv2.remap(self._ya, self._map(field, 1), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        luma, cover = cv2.split(ya)
        clear = cv2.bitwise_not(cover)
        out[rows, columns] = cv2.add(luma, cv2.multiply(self._back_y[rows, columns], clear, scale=1 / 255))
        rows, columns = slice(box.y0 // 2, box.y1 // 2), slice(box.x0 // 2, box.x1 // 2)
        uv = cv2.remap(self._uv, self._map(field, 2), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        half = cv2.resize(clear, (box.width // 2, box.height // 2), interpolation=cv2.INTER_AREA)
        half = cv2.merge([half, half])
        uv = cv2.add(uv, cv2.multiply(self._back_warm[rows, columns], half, scale=1 / 255))
        uv = cv2.subtract(uv, cv2.multiply(self._back_cool[rows, columns], half, scale=1 / 255))
        chroma = out[h:].reshape(2, h // 2, w // 2)
        chroma[0, rows, columns] = uv[..., 0]
        chroma[1, rows, columns] = uv[..., 1]
        return np.asarray(out, np.uint8)
