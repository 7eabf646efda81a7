"""Lower face: lips and jaw as two smooth fields, one above the mouth and one below, and the mouth's inside.

A single field would have to tear between the lips. Each half is smooth on its own, so it is computed on a coarse grid,
inverted there by fixed-point iteration, and enlarged; the lips' edges themselves are exact polygons.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.replica.pose import Pose
from visavis.replica.render import topology as topo
from visavis.replica.render.lips import LOWER_RINGS, UPPER_RINGS, LipModel, Lips
from visavis.replica.render.topology import Points
from visavis.replica.render.view import Box, Floats, Pixels, View

CAVITY = np.array([24, 14, 40], np.float32)
"""Colour deep inside the mouth, BGR."""


class Mouth:
    """Draws the lower face of one view. `box` is the part of the picture it may change."""

    def __init__(self, view: View) -> None:
        self._unit = view.unit
        self.model = LipModel(view.points, view.unit)
        p, unit = view.points, view.unit
        oval = p[topo.OVAL]
        chin = float(p[topo.CHIN, 1])
        self.box = view.box(oval[:, 0].min(), p[4, 1] - 0.05 * unit, oval[:, 0].max(), chin + 0.55 * unit)
        self._rest = np.ascontiguousarray(self.box.cut(view.figure))
        self._lips = view.cut_out(view.sprite("lips", self.box, on_base=True)[0], self.box)
        self._fields(view)
        self._inside = Inside(view, self.model)

    @property
    def at_rest(self) -> Pixels:
        return self._rest

    def draw(self, pose: Pose) -> Pixels | None:
        """The lower face as BGRA with colour multiplied by alpha, or None when it is as in the base picture."""
        if self.model.closed_at_rest and not pose.mouth.any() and pose.smile == 0:
            return None
        lips = self.model.shape(pose.mouth, pose.smile)
        texture = self._texture(lips)
        map_xy = self._maps(lips, pose.smile)
        out = cv2.remap(texture, map_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        self._inside.draw(out, self.box, lips, pose)
        cover = self._face(lips)
        return np.asarray(cv2.blendLinear(out, self._rest, cover, 1 - cover), np.uint8)

    def _texture(self, lips: Lips) -> Pixels:
        """Lips with the dark line between them while they touch, without it once they part."""
        parted = min(1.0, lips.opening / (0.030 * self._unit))
        if parted <= 0:
            return self._rest
        return np.asarray(cv2.addWeighted(self._rest, 1 - parted, self._lips, parted, 0), np.uint8)

    def _fields(self, view: View) -> None:
        points, unit, model = view.points, view.unit, self.model
        count = len(topo.OVAL)
        centre = points[topo.OVAL].mean(0)
        near, far = (centre + (points[topo.OVAL] - centre) * k for k in (1.16, 1.32))
        lower_set = {i for ring in LOWER_RINGS for i in ring} | set(topo.LOWER_INNER)
        upper_set = {i for ring in UPPER_RINGS for i in ring} | set(topo.UPPER_INNER)
        jaw = np.array([i for i in topo.JAW if i not in lower_set | upper_set])
        jaw_at = model.to_frame(points[jaw])
        chin = float(model.to_frame(points[[topo.CHIN]])[0, 1])
        side = 1 - 0.75 * np.clip(np.abs(jaw_at[:, 0]) / (1.15 * unit), 0, 1) ** 2
        self._jaw = (np.clip(0.55 + 0.4 * jaw_at[:, 1] / chin, 0, 1) * side).astype(np.float32)
        # The angle of the jaw is its hinge: the outline there hardly moves.
        self._jaw *= np.array([topo.JAW_HINGE.get(int(i), 1.0) for i in jaw], np.float32)
        follow = dict(zip(jaw.tolist(), self._jaw.tolist(), strict=True))
        self._follow = np.array([follow.get(i, 0.0) for i in topo.OVAL], np.float32)
        # A little wider than the face, for a beard and for the soft edge itself.
        out = points[topo.OVAL] - centre
        self._outline = points[topo.OVAL] + out / np.hypot(*out.T)[:, None] * (0.05 * unit)
        near_at = model.to_frame(near.astype(np.float32))
        below = np.clip(near_at[:, 1] / chin, 0, 1) ** 2 * (
            1 - np.clip(np.abs(near_at[:, 0]) / (1.2 * unit), 0, 1) ** 2
        )
        self._skirt = (0.90 * np.where(near_at[:, 1] > 0, below, 0)).astype(np.float32)
        self._skull = len(topo.SKULL)
        # Rows beside the corners belong to both halves, so that the halves agree where no opening parts them.
        corner = abs(float(model.to_frame(points[[291]])[0, 0]))
        reach = np.array([1.25, 1.55, 1.9], np.float32) * corner
        beside = np.concatenate([np.stack([s * reach, np.zeros(3, np.float32)], 1) for s in (-1, 1)])
        self._beside = np.tile(np.array([0.62, 0.34, 0.14], np.float32), 2)
        shared = np.vstack([points[jaw], points[topo.CHEEKS], points[topo.SKULL], near, far, model.to_picture(beside)])
        self._shared = len(shared) - len(beside)
        step = max(2, round(unit / 20))
        cols, rows = self.box.width // step + 2, self.box.height // step + 2
        gx, gy = np.meshgrid(np.arange(cols, dtype=np.float32) * step, np.arange(rows, dtype=np.float32) * step)
        grid = np.stack([gx + self.box.x0, gy + self.box.y0], -1).reshape(-1, 2)
        self._grid = np.stack([gx, gy], -1) / step
        # Still at the border of the box, whatever the splines say: collars must not breathe with the jaw.
        wide, tall = self.box.width - gx, self.box.height - gy
        edge = np.minimum.reduce([gx / (0.12 * unit), wide / (0.12 * unit), gy / (0.12 * unit), tall / (0.25 * unit)])
        fade = np.clip(edge, 0, 1).reshape(-1, 1)
        self._step = step
        self._count = count
        self._sides: list[tuple[Points, NDArray[np.float32]]] = []
        for inner, rings in ((topo.UPPER_INNER, UPPER_RINGS), (topo.LOWER_INNER, LOWER_RINGS)):
            own = np.vstack([points[inner], *(points[r] for r in rings)])
            control = np.vstack([own, shared]).astype(np.float32)
            # Mid rings of both lips share their end points with other rings; a spline must not see a point twice.
            _, keep = np.unique(control.round(2), axis=0, return_index=True)
            matrix = np.zeros((len(grid), len(control)), np.float32)
            matrix[:, np.sort(keep)] = topo.spline_matrix(control[np.sort(keep)], grid) * fade
            self._sides.append((model.to_frame(own), matrix))
        xs, ys = np.arange(self.box.width, dtype=np.float32), np.arange(self.box.height, dtype=np.float32)
        self._identity = np.stack(np.meshgrid(xs, ys), -1)

    def _maps(self, lips: Lips, smile: float) -> Floats:
        """Where each pixel of the box comes from."""
        unit, model = self._unit, self.model
        # A mouth that is open at rest has a lowered jaw; closing it raises the jaw.
        jaw = 0.92 * lips.drop - 0.22 * model.gap
        down = model.axes[1]
        cheek = np.zeros((len(topo.CHEEKS), 2), np.float32)
        lift = np.array([1, 1, 0.8, 0.8, 0.5, 0.5, 0.6, 0.6], np.float32) * 0.030 * unit * smile
        cheek -= lift[:, None] * down
        corners = (lips.upper_rings[-1, [0, -1]] - self._sides[0][0][[-11, -1]]) @ model.axes
        beside = np.repeat(corners, 3, axis=0) * self._beside[:, None]
        shared = np.vstack([
            self._jaw[:, None] * (jaw * down), cheek, np.zeros((self._skull, 2), np.float32),
            self._skirt[:, None] * (jaw * down), np.zeros((self._count, 2), np.float32), beside,
        ])  # fmt: skip
        maps = []
        for (own, matrix), edge, rings in (
            (self._sides[0], lips.upper, lips.upper_rings),
            (self._sides[1], lips.lower, lips.lower_rings),
        ):
            target = np.vstack([edge, *rings])
            moved = np.vstack([(target - own) @ model.axes, shared]).astype(np.float32)
            forward = (matrix @ moved).reshape(self._grid.shape)
            back = -self._invert(forward)
            size = (self._grid.shape[1] * self._step, self._grid.shape[0] * self._step)
            # `resize` samples at pixel centres; the half-step shift puts grid points back on multiples of the step.
            full = cv2.warpAffine(
                back, np.array([[self._step, 0, 0], [0, self._step, 0]], np.float32), size, flags=cv2.INTER_LINEAR
            )
            maps.append(full[: self.box.height, : self.box.width])
        low = self._below(lips)
        np.copyto(maps[0], maps[1], where=low[..., None])
        return np.asarray(self._identity + maps[0], np.float32)

    def _face(self, lips: Lips) -> Floats:
        """Coverage of the box by the face: the falling chin slides over the neck, it does not push it down."""
        down = self.model.axes[1] * (0.92 * lips.drop)
        outline = self._outline + self._follow[:, None] * down
        curve = topo.smooth(np.vstack([outline, outline[:1]]).astype(np.float32)) - (self.box.x0, self.box.y0)
        mask = np.zeros((self.box.height, self.box.width), np.uint8)
        cv2.fillPoly(mask, [np.round(curve * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.8, 0.014 * self._unit))
        return np.asarray(mask.astype(np.float32) / np.float32(255), np.float32)

    def _invert(self, forward: Floats) -> Floats:
        """Displacement seen from where a point arrives: solve b(q) = f(q - b(q)) on the grid."""
        back = forward
        for _ in range(6):
            at = self._grid - back / self._step
            back = cv2.remap(forward, at.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(back, np.float32)

    def _below(self, lips: Lips) -> NDArray[np.bool_]:
        """Pixels of the lower half: below the middle of the opening, and below the corners beside it."""
        middle = np.asarray((lips.upper + lips.lower) / 2, np.float32)
        reach = 3 * self._unit
        left = [[-reach, reach], [middle[0, 0] - reach, middle[0, 1]]]
        right = [[middle[-1, 0] + reach, middle[-1, 1]], [reach, reach]]
        chain = np.concatenate([np.array(left), topo.smooth(middle), np.array(right)]).astype(np.float32)
        polygon = self.model.to_picture(chain) - (self.box.x0, self.box.y0)
        mask = np.zeros((self.box.height, self.box.width), np.uint8)
        cv2.fillPoly(mask, [np.round(polygon * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
        return mask.view(np.bool_)


class Inside:
    """Teeth, tongue and darkness between the lips."""

    def __init__(self, view: View, model: LipModel) -> None:
        self._unit, self._model = view.unit, model
        self._mm = view.unit / 63
        self._sprites: dict[str, Floats] = {}
        _, self._box = view.sprite("teeth_upper")
        for name in ("teeth_upper", "teeth_lower", "tongue", "tongue_tip"):
            self._sprites[name] = view.sprite(name, self._box)[0].astype(np.float32)

    def draw(self, out: Pixels, at: Box, lips: Lips, pose: Pose) -> None:
        """Paint the opening into `out`, the picture of box `at`."""
        if lips.opening < 0.2:
            return
        upper, lower = self._model.to_picture(lips.outline[0]), self._model.to_picture(lips.outline[1])
        polygon = np.vstack([upper, lower[::-1]])
        pad = 3
        x0, y0 = np.maximum(np.floor(polygon.min(0)).astype(int) - pad, (at.x0, at.y0))
        x1, y1 = np.minimum(np.ceil(polygon.max(0)).astype(int) + pad, (at.x1, at.y1))
        w, h = int(x1 - x0), int(y1 - y0)
        mask = np.zeros((h, w), np.uint8)
        cv2.fillPoly(mask, [np.round((polygon - (x0, y0)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        # Never outside the opening: the soft edge lies wholly inside it, gentle where the lips come together.
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.7, 0.5 * self._mm)).astype(np.float32) / 255
        soft = np.minimum(np.clip((soft - 0.30) / 0.5, 0, 1), mask.astype(np.float32) / 255)
        gap = np.interp(np.arange(w) + x0, upper[:, 0], np.linalg.norm(lower - upper, axis=1))
        soft *= np.clip(gap / (1.2 * self._mm), 0, 1).astype(np.float32)
        inside = self._paint(w, h, (int(x0), int(y0)), lips, pose)
        inside *= self._shade(w, h, upper - (x0, y0), float(pose.mouth[6]))[..., None]
        target = out[y0 - at.y0 : y1 - at.y0, x0 - at.x0 : x1 - at.x0, :3]
        alpha = soft[..., None]
        target[:] = (target * (1 - alpha) + inside * alpha + 0.5).astype(np.uint8)

    def _paint(self, w: int, h: int, corner: tuple[int, int], lips: Lips, pose: Pose) -> Floats:
        tongue, round_ = float(pose.mouth[7]), float(pose.mouth[6])
        picture = np.empty((h, w, 3), np.float32)
        picture[:] = CAVITY
        drop, mm = lips.drop, self._mm
        self._lay(picture, "tongue", drop * 0.36 + (0.5 - 2.0 * tongue) * mm, 0.95, corner)
        self._lay(picture, "teeth_lower", drop + 1.0 * mm, 1 - 0.7 * round_, corner)
        if tongue > 0.15:
            # The tip climbs from behind the lower teeth to the edge of the upper ones.
            rise = min(1.0, tongue)
            down = drop * (1.06 - rise) + (5.5 - 4.4 * rise) * mm
            self._lay(picture, "tongue_tip", down, min(1.0, (rise - 0.15) * 3), corner)
        # A purse of the lips hides the upper teeth; half rounded (sh, r) they still show.
        self._lay(picture, "teeth_upper", -1.6 * mm * round_, 1 - 0.9 * min(1.0, max(0.0, round_ - 0.5) * 2.5), corner)
        return picture

    def _lay(self, picture: Floats, name: str, down: float, strength: float, corner: tuple[int, int]) -> None:
        shift = self._model.axes[1] * down
        move = np.array(
            [[1, 0, self._box.x0 - corner[0] + shift[0]], [0, 1, self._box.y0 - corner[1] + shift[1]]], np.float32
        )
        size = (picture.shape[1], picture.shape[0])
        sprite = cv2.warpAffine(self._sprites[name], move, size, flags=cv2.INTER_LINEAR)
        picture *= 1 - sprite[..., 3:] * (strength / 255)
        picture += sprite[..., :3] * strength

    def _shade(self, w: int, h: int, upper: Points, round_: float) -> Floats:
        """Less light under the upper lip, at the corners and deep in a rounded mouth."""
        xs, ys = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
        top = np.interp(xs, upper[:, 0], upper[:, 1]).astype(np.float32)
        half = (upper[-1, 0] - upper[0, 0]) / 2
        middle = (upper[-1, 0] + upper[0, 0]) / 2
        light = np.clip((ys - top) / (6.0 * self._mm) + 0.56, 0.56 - 0.2 * round_, 1)
        side = np.clip(1.10 - 0.75 * np.abs((xs - middle) / half) ** 2.2, 0.2, 1)
        return np.asarray(light * side * (1 - 0.25 * round_), np.float32)
