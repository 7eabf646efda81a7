"""Draw the stock characters and write their bundles: `python art/draw_stock.py [replica id …]`.

Needs skia (`pip install --group art`); everything else, including the finished bundles, needs no such thing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import body
import canvas as cv
import cv2
import features
import mesh
import mouth
import numpy as np
import skin
from canvas import HEIGHT, ORIGIN, UNIT, WIDTH, Layer, over
from numpy.typing import NDArray
from people import PEOPLE, Person

from visavis.replica import bundle as bundles

Image = NDArray[np.float32]
STOCK = Path(__file__).resolve().parents[1] / "src" / "visavis" / "replica" / "stock"


class Portrait:
    """The layers of one person, back to front, each premultiplied RGBA at the oversampled size."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.points = mesh.landmarks(person.shape)
        self.room = person.room()
        back, clothes, front = Layer(), Layer(), Layer()
        person.hair_back(back)
        body.neck(clothes, person.tone, person.neck_width, chin=person.shape.oval[-1][1])
        person.clothes(clothes)
        body.ears(clothes, person.tone, *person.ears)
        person.hair_front(front, self.points)
        self.back, self.clothes, self.front = back.float(), clothes.float(), front.float()
        self.face = self._shadowed(skin.paint(self.points, person.tone, person.seed))
        self.clothes = self._shadowed(self.clothes, 0.55)

    def _shadowed(self, below: Image, strength: float = 1.0) -> Image:
        """Hair in front throws a soft shadow to the lower right."""
        alpha = self.front[..., 3]
        moved = cv2.warpAffine(alpha, np.array([[1, 0, 5.0], [0, 1, 10.0]]), alpha.shape[::-1])
        shade = cv2.GaussianBlur(moved, (0, 0), 9) * self.person.hair_shadow * strength
        tint = np.array([0.62, 0.80, 0.86], np.float32)
        out = below.copy()
        out[..., :3] *= 1 - shade[..., None] * tint
        return out

    def features(self, *, closed: bool = False, seam: bool = True) -> Image:
        p, look, tone = self.person, self.person.look, self.person.tone
        layer = Layer()
        features.nose(layer, self.points, tone.shadow)
        features.lips(layer, self.points, look, seam)
        for side in (0, 1):
            features.lid_skin(layer, self.points, side, look, tone.light, closed)
            if closed:
                continue
            layer.canvas.save()
            layer.canvas.clipPath(cv.path(features.opening(self.points, side)), True)
            features.sclera(layer, self.points, side, look)
            features.iris(layer, self.points, side, look, p.shape.iris, p.seed)
            features.eye_shade(layer, self.points, side)
            features.glint(layer, self.points, side, p.shape.iris)
            layer.canvas.restore()
            features.rim(layer, self.points, side, look)
        features.brows(layer, self.points, look, p.seed)
        p.extras(layer, self.points)
        return layer.float()

    def figure(self, *, closed: bool = False, seam: bool = True) -> Image:
        """The person alone."""
        figure = over(self.back, self.clothes)
        figure = over(figure, self.face)
        figure = over(figure, self.features(closed=closed, seam=seam))
        return over(figure, self.front)

    def finish(self, figure: Image) -> tuple[Image, Image]:
        """Figure in its room at the finished size, graded; RGB and coverage, 0..1."""
        grain = 1 + 0.010 * cv.noise(5, 1.2)[..., None]
        small = cv.reduce(np.concatenate([figure[..., :3] * grain, figure[..., 3:]], -1))
        room = cv.reduce(self.room)
        return np.clip(small[..., :3] + room * (1 - small[..., 3:]), 0, 1), small[..., 3]


def _bytes(picture: Image) -> NDArray[np.uint8]:
    """0..1 RGB(A) to 0..255 BGR(A)."""
    out = np.clip(np.round(picture * 255), 0, 255).astype(np.uint8)
    if out.ndim == 3:
        out = np.ascontiguousarray(out[..., [2, 1, 0, 3][: out.shape[2]]])
    return out


def _box(x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice, tuple[int, int]]:
    """Head units to a box of pixels with even corners."""
    (ax, ay), (bx, by) = (cv.to_pixels(np.array(p)) for p in ((x0, y0), (x1, y1)))
    ax, ay, bx, by = int(ax) // 2 * 2, int(ay) // 2 * 2, int(np.ceil(bx / 2)) * 2, int(np.ceil(by / 2)) * 2
    return slice(ay, by), slice(ax, bx), (ax, ay)


def _draw(paint: object) -> Image:
    layer = Layer()
    paint(layer)  # type: ignore[operator]
    return cv.reduce(layer.float())


def layers(portrait: Portrait, closed: Image, open_lips: Image) -> dict[str, bundles.Sprite]:
    """Everything that the renderer lays over or under the base picture."""
    p, look, points = portrait.person, portrait.person.look, portrait.points
    out: dict[str, bundles.Sprite] = {}

    def keep(name: str, picture: Image, box: tuple[float, float, float, float]) -> None:
        rows, columns, at = _box(*box)
        out[name] = bundles.Sprite(_bytes(picture[rows, columns]), at)

    mouth_y = float(points[13, 1])
    w = float(points[291, 0]) + 0.12
    keep("lips", open_lips, (-w, mouth_y - 0.25, w, mouth_y + 0.30))
    for side in (0, 1):
        x = -0.5 if side == 0 else 0.5
        box = (x - 0.38, -0.34, x + 0.38, 0.20)
        name = f"eye{side}"
        keep(f"{name}_closed", closed, box)
        keep(f"{name}_white", _draw(lambda la, s=side: features.sclera(la, points, s, look))[..., :3], box)
        keep(f"{name}_iris", _draw(lambda la, s=side: features.iris(la, points, s, look, p.shape.iris, p.seed)), box)
        keep(f"{name}_shade", _draw(lambda la, s=side: features.eye_shade(la, points, s)), box)
        keep(f"{name}_glint", _draw(lambda la, s=side: features.glint(la, points, s, p.shape.iris)), box)
        rim = _draw(lambda la, s=side: features.rim(la, points, s, look))[..., 3]
        clear = _draw(lambda la, s=side: la.canvas.drawPath(cv.path(features.opening(points, s)), cv.fill(0xFFFFFF)))
        front = cv.reduce(portrait.front)[..., 3]
        keep(f"{name}_opening", clear[..., 3] * (1 - rim) * (1 - front), box)
    size = p.shape.mouth_width / 0.395
    inside = (-0.5, mouth_y - 0.34, 0.5, mouth_y + 0.40)
    keep("teeth_upper", _draw(lambda la: mouth.upper_teeth(la, mouth_y, p.teeth, p.teeth_shadow, size)), inside)
    keep("teeth_lower", _draw(lambda la: mouth.lower_teeth(la, mouth_y, p.teeth, p.teeth_shadow, size)), inside)
    keep("tongue", _draw(lambda la: mouth.tongue(la, mouth_y, p.tongue)), inside)
    keep("tongue_tip", _draw(lambda la: mouth.tongue_tip(la, mouth_y, p.tongue)), inside)
    return out


def build(person: Person) -> None:
    portrait = Portrait(person)
    base, coverage = portrait.finish(portrait.figure())
    closed, _ = portrait.finish(portrait.figure(closed=True))
    open_lips, _ = portrait.finish(portrait.figure(seam=False))
    points = np.asarray(portrait.points)
    iris = [(*cv.to_pixels(np.array(features._eye_centre(points, s))), person.shape.iris * UNIT) for s in (0, 1)]
    bundles.Bundle(
        meta=bundles.Meta(
            replica_id=person.replica_id,
            name=person.name,
            kind="drawn",
            width=WIDTH,
            height=HEIGHT,
            voice=bundles.VoiceHint(gender=person.gender, pitch=person.pitch),
            description=person.description,
        ),
        base=_bytes(base),
        background=_bytes(cv.reduce(portrait.room)),
        matte=_bytes(coverage),
        points=(points[:, :2] * UNIT + ORIGIN).astype(np.float32),
        depth=(points[:, 2] * UNIT).astype(np.float32),
        iris=np.array(iris, np.float32),
        sprites=layers(portrait, closed, open_lips),
    ).save(STOCK / person.replica_id)


if __name__ == "__main__":
    wanted = set(sys.argv[1:])
    for someone in PEOPLE:
        if not wanted or someone.replica_id in wanted or someone.name.lower() in wanted:
            build(someone)
