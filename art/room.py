"""Softly blurred rooms."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import skia
from canvas import HEIGHT, OVERSAMPLE, WIDTH, Layer, fill, linear, mix, noise, radial, rgb, stroke
from numpy.typing import NDArray

Image = NDArray[np.float32]


def finish(layer: Layer, blur: float, grain: float = 0.006, vignette: float = 0.22) -> Image:
    """Out of focus, darker to the corners, a little grain; RGB at the oversampled size."""
    picture = layer.float()[..., :3]
    small = cv2.resize(picture, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), blur / 2)
    picture = cv2.resize(small, (WIDTH * OVERSAMPLE, HEIGHT * OVERSAMPLE), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[-1 : 1 : HEIGHT * OVERSAMPLE * 1j, -1 : 1 : WIDTH * OVERSAMPLE * 1j].astype(np.float32)
    picture = picture * (1 - vignette * np.clip(0.5 * x * x + 0.4 * y * y, 0, 1))[..., None]
    return np.asarray(np.clip(picture + grain * noise(9, 1.6)[..., None], 0, 1), np.float32)


def wall(layer: Layer, left: int, right: int, glow: int, at: tuple[float, float] = (-2.6, -1.4)) -> None:
    c = layer.canvas
    c.drawRect(skia.Rect(-7, -4, 7, 5), fill(0, shader=linear((-6, -3), (6, 4), [(0, left, 1), (1, right, 1)])))
    c.drawCircle(*at, 5.0, fill(0, shader=radial(at, 5.0, [(0, glow, 0.85), (0.5, glow, 0.30), (1, glow, 0.0)])))


def window(layer: Layer, x: float, y: float, w: float, h: float, sky: int, frame: int, panes: int = 2) -> None:
    c = layer.canvas
    c.drawRect(
        skia.Rect(x, y, x + w, y + h),
        fill(0, shader=linear((x, y), (x, y + h), [(0, mix(sky, 0xFFFFFF, 0.5), 1), (1, sky, 1)])),
    )
    rng = np.random.default_rng(2)
    for _ in range(14):
        c.drawCircle(
            x + rng.uniform(0, w),
            y + h * rng.uniform(0.55, 1.0),
            rng.uniform(0.15, 0.4),
            fill(mix(0x86A578, 0xC9D7A8, rng.random()), 0.55),
        )
    for i in range(panes + 1):
        c.drawRect(skia.Rect(x + w * i / panes - 0.06, y, x + w * i / panes + 0.06, y + h), fill(frame))
    for yy in (y, y + h * 0.5, y + h):
        c.drawRect(skia.Rect(x - 0.06, yy - 0.05, x + w + 0.06, yy + 0.05), fill(frame))


def shelf(
    layer: Layer, x: float, y: float, w: float, rows: int, pitch: float, wood: int, seed: int, palette: tuple[int, ...]
) -> None:
    """Shelves with books and things."""
    c = layer.canvas
    rng = np.random.default_rng(seed)
    c.drawRect(skia.Rect(x, y - pitch, x + w, y + (rows - 1) * pitch + 0.1), fill(mix(wood, 0x140C08, 0.45), 0.85))
    for r in range(rows):
        yy = y + r * pitch
        c.drawRect(skia.Rect(x - 0.05, yy, x + w + 0.05, yy + 0.09), fill(mix(wood, 0xFFE8C8, 0.15)))
        at = x + 0.1
        while at < x + w - 0.3:
            if rng.random() < 0.2:
                r0 = rng.uniform(0.12, 0.2)
                c.drawOval(skia.Rect(at, yy - 2.2 * r0, at + 2 * r0, yy), fill(palette[rng.integers(len(palette))], 1))
                at += 2 * r0 + rng.uniform(0.1, 0.35)
                continue
            bw, bh = rng.uniform(0.08, 0.2), pitch * rng.uniform(0.5, 0.82)
            c.drawRect(skia.Rect(at, yy - bh, at + bw, yy), fill(palette[rng.integers(len(palette))], 1))
            at += bw + 0.015


def plant(layer: Layer, x: float, y: float, size: float, leaf: int, pot: int, seed: int) -> None:
    c = layer.canvas
    rng = np.random.default_rng(seed)
    c.drawRRect(
        skia.RRect.MakeRectXY(skia.Rect(x - 0.32 * size, y - 0.1, x + 0.32 * size, y + 0.7 * size), 0.1, 0.1), fill(pot)
    )
    for angle in np.linspace(-1.25, 1.25, 17):
        length = size * rng.uniform(0.9, 1.6)
        tip = (x + np.sin(angle) * length, y - np.cos(angle) * length)
        side = np.array([np.cos(angle), np.sin(angle)]) * size * 0.13
        middle = np.array([(x + tip[0]) / 2, (y + tip[1]) / 2 - 0.1])
        p = skia.Path()
        p.moveTo(x, y)
        p.quadTo(*(middle + side), *tip)
        p.quadTo(*(middle - side), x, y)
        c.drawPath(p, fill(mix(leaf, 0xE8F0B0 if rng.random() < 0.5 else 0x0A2010, rng.uniform(0, 0.4)), 1))


def lamp(layer: Layer, x: float, y: float, size: float, glow: int = 0xFFD9A0) -> None:
    c = layer.canvas
    c.drawCircle(
        x, y, size * 3.4, fill(0, shader=radial((x, y), size * 3.4, [(0, glow, 0.75), (0.4, glow, 0.25), (1, glow, 0)]))
    )
    c.drawRect(skia.Rect(x - 0.05, y, x + 0.05, y + size * 2.6), fill(0x5A4634))
    shade = skia.Path()
    shade.addPoly(
        [
            skia.Point(x - size * 0.45, y - size * 0.5),
            skia.Point(x + size * 0.45, y - size * 0.5),
            skia.Point(x + size * 0.72, y + size * 0.55),
            skia.Point(x - size * 0.72, y + size * 0.55),
        ],
        True,
    )
    c.drawPath(shade, fill(mix(glow, 0xFFFFFF, 0.45)))


def bokeh(layer: Layer, seed: int, color: int, count: int, x: tuple[float, float], y: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        r = rng.uniform(0.08, 0.28)
        layer.canvas.drawCircle(rng.uniform(*x), rng.uniform(*y), r, fill(color, rng.uniform(0.12, 0.4)))


def picture_frame(
    layer: Layer,
    x: float,
    y: float,
    w: float,
    h: float,
    inside: int,
    frame: int,
    art: Callable[[skia.Canvas], None] | None = None,
) -> None:
    c = layer.canvas
    c.drawRect(skia.Rect(x, y, x + w, y + h), fill(inside))
    if art:
        art(c)
    c.drawRect(skia.Rect(x, y, x + w, y + h), stroke(frame, 0.09))


__all__ = ["bokeh", "finish", "lamp", "picture_frame", "plant", "rgb", "shelf", "wall", "window"]
