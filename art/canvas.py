"""Thin helpers over skia: transparent layers in head units, soft strokes, gradients, smooth curves.

Head units: the origin lies between the eyes, y points down, and one unit is the distance between the eye centres. The
picture is drawn `OVERSAMPLE` times too large and reduced, which gives lines of a fraction of a pixel their true weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
OVERSAMPLE = 2
UNIT = 112.0
ORIGIN = (640.0, 294.0)

Points = NDArray[np.float64]
Color = tuple[int, int, int]


def to_pixels(points: Points) -> Points:
    """Head units to pixels of the finished picture."""
    return np.asarray(points, float) * UNIT + ORIGIN


def rgb(code: int) -> Color:
    return (code >> 16) & 255, (code >> 8) & 255, code & 255


def mix(a: int, b: int, t: float) -> int:
    """The colour a share `t` of the way from `a` to `b`."""
    mixed = [round(x + (y - x) * t) for x, y in zip(rgb(a), rgb(b), strict=True)]
    return mixed[0] << 16 | mixed[1] << 8 | mixed[2]


def ink(code: int, alpha: float = 1.0) -> int:
    return int(skia.Color(*rgb(code), round(255 * min(1.0, max(0.0, alpha)))))


def fill(code: int, alpha: float = 1.0, blur: float = 0.0, shader: skia.Shader | None = None) -> skia.Paint:
    paint = skia.Paint(AntiAlias=True, Color=ink(code, alpha))
    if shader is not None:
        paint.setShader(shader)
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def stroke(code: int, width: float, alpha: float = 1.0, blur: float = 0.0) -> skia.Paint:
    paint = fill(code, alpha, blur)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def linear(a: Sequence[float], b: Sequence[float], stops: Sequence[tuple[float, int, float]]) -> skia.Shader:
    """A linear gradient; stops are (position, colour, alpha)."""
    ends = [skia.Point(*a), skia.Point(*b)]
    return skia.GradientShader.MakeLinear(ends, [ink(c, al) for _, c, al in stops], [p for p, _, _ in stops])


def radial(centre: Sequence[float], radius: float, stops: Sequence[tuple[float, int, float]]) -> skia.Shader:
    positions = [p for p, _, _ in stops]
    return skia.GradientShader.MakeRadial(skia.Point(*centre), radius, [ink(c, al) for _, c, al in stops], positions)


def smooth(points: Sequence[Sequence[float]] | Points, closed: bool = False, steps: int = 12) -> Points:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    q = np.vstack([p[-1], p, p[0], p[1]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack(pieces if closed else [*pieces, p[-1:]])


def path(points: Sequence[Sequence[float]] | Points, closed: bool = True) -> skia.Path:
    builder = skia.Path()
    builder.addPoly([skia.Point(float(x), float(y)) for x, y in points], closed)
    return builder


def blob(points: Sequence[Sequence[float]] | Points) -> skia.Path:
    """A closed smooth outline through the points."""
    return path(smooth(points, closed=True))


def mirrored(points: Sequence[Sequence[float]] | Points, side: float) -> Points:
    """The points on the given side (+1 as written, -1 reflected)."""
    return np.asarray(points, float) * [side, 1.0]


class Layer:
    """A transparent drawing in head units, `rgba` premultiplied, at the oversampled size."""

    def __init__(self) -> None:
        k = OVERSAMPLE
        self.rgba = np.zeros((HEIGHT * k, WIDTH * k, 4), np.uint8)
        info = skia.ImageInfo.Make(WIDTH * k, HEIGHT * k, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
        self._surface = skia.Surface.MakeRasterDirect(info, self.rgba, WIDTH * k * 4)
        self.canvas = self._surface.getCanvas()
        self.canvas.translate(ORIGIN[0] * k, ORIGIN[1] * k)
        self.canvas.scale(UNIT * k, UNIT * k)

    def float(self) -> NDArray[np.float32]:
        return self.rgba.astype(np.float32) / 255.0


def over(below: NDArray[np.float32], above: NDArray[np.float32], opacity: float = 1.0) -> NDArray[np.float32]:
    """Premultiplied `above` over premultiplied `below`."""
    above = above * np.float32(opacity)
    return np.asarray(above + below * (1.0 - above[..., 3:]), np.float32)


def reduce(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """From the oversampled size to the finished size."""
    size = (picture.shape[1] // OVERSAMPLE, picture.shape[0] // OVERSAMPLE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def noise(seed: int, sigma: float, shape: tuple[int, int] | None = None) -> NDArray[np.float32]:
    """Smooth noise of unit deviation, `sigma` in oversampled pixels."""
    h, w = shape or (HEIGHT * OVERSAMPLE, WIDTH * OVERSAMPLE)
    step = max(1, int(sigma / 3))
    field = np.random.default_rng(seed).standard_normal((h // step + 2, w // step + 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), max(0.4, sigma / step))
    field = cv2.resize(field, (w, h), interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)
