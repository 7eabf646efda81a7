"""Neck, ears and clothes."""

# ruff: noqa: RUF005 - these sums move NumPy points, they do not join lists.

from __future__ import annotations

import numpy as np
import skia
from canvas import Layer, Points, blob, fill, linear, mirrored, mix, path, radial, smooth, stroke
from skin import Complexion


def ears(layer: Layer, tone: Complexion, x: float = 1.0, top: float = -0.12, bottom: float = 0.62) -> None:
    c = layer.canvas
    for s in (-1, 1):
        h = bottom - top
        shape = [
            (x - 0.06, top + 0.10 * h),
            (x + 0.05, top),
            (x + 0.15, top + 0.10 * h),
            (x + 0.16, top + 0.34 * h),
            (x + 0.11, top + 0.62 * h),
            (x + 0.07, top + 0.88 * h),
            (x - 0.01, bottom),
            (x - 0.08, top + 0.85 * h),
        ]
        middle = (s * (x + 0.02), top + 0.4 * h)
        base = tone.base if s < 0 else mix(tone.base, tone.shadow, 0.35)
        c.drawPath(
            blob(mirrored(shape, s)),
            fill(
                0,
                blur=0.006,
                shader=radial(middle, 0.42, [(0, mix(base, tone.blush, 0.35), 1), (0.6, base, 1), (1, tone.shadow, 1)]),
            ),
        )
        inner = [
            (x + 0.0, top + 0.14 * h),
            (x + 0.07, top + 0.12 * h),
            (x + 0.10, top + 0.32 * h),
            (x + 0.05, top + 0.58 * h),
            (x + 0.01, top + 0.66 * h),
        ]
        c.drawPath(
            path(smooth(mirrored(inner, s)), False), stroke(mix(tone.shadow, 0x5A2418, 0.35), 0.035, 0.38, 0.018)
        )


def neck(
    layer: Layer, tone: Complexion, width: float = 0.62, chin: float = 1.72, base: float = 2.35, chest: float = 3.4
) -> None:
    """Neck and upper chest; clothes cover what they cover."""
    c = layer.canvas
    w = width
    side = [
        (w * 1.02, 0.7),
        (w * 0.98, 1.3),
        (w * 0.98, 1.75),
        (w * 1.06, base - 0.22),
        (w * 1.5, base + 0.02),
        (w * 2.5, base + 0.20),
        (w * 3.3, base + 0.42),
        (w * 3.4, chest + 0.8),
    ]
    outline = np.vstack([smooth(side), smooth(mirrored(side, -1))[::-1]])
    shape = path(outline)
    stops = [
        (0.0, mix(tone.base, tone.light, 0.35), 1.0),
        (0.45, tone.base, 1.0),
        (1.0, mix(tone.base, tone.shadow, 0.85), 1.0),
    ]
    c.drawPath(shape, fill(0, shader=linear((-w * 1.1, 0), (w * 1.6, 0.3), stops)))
    c.save()
    c.clipPath(shape, True)
    deep = mix(tone.shadow, 0x4A1C12, 0.35)
    # Shadow of the head, strongest under the chin, falling to the right.
    for dx, dy, rx, ry, a, blur in (
        (0.06, 0.0, 1.05, 0.62, 0.75, 0.13),
        (0.10, 0.12, 0.85, 0.55, 0.35, 0.20),
        (0.0, -0.15, 1.2, 0.5, 0.7, 0.06),
    ):
        y = chin - 0.28 + dy
        c.drawOval(skia.Rect(dx - rx * w * 1.35, y - ry, dx + rx * w * 1.35, y + ry), fill(deep, a * 0.75, blur))
    for s in (-1, 1):
        strap = mirrored([(w * 0.86, 1.5), (w * 0.72, 1.9), (w * 0.40, base - 0.10), (w * 0.16, base + 0.06)], s)
        c.drawPath(path(smooth(strap), False), stroke(deep, 0.09, 0.20 if s < 0 else 0.26, 0.06))
        light = mirrored([(w * 0.60, 1.9), (w * 0.32, base - 0.10)], s)
        c.drawPath(path(light, False), stroke(tone.light, 0.06, 0.16, 0.05))
        bone = mirrored(
            [(w * 0.20, base + 0.17), (w * 0.7, base + 0.12), (w * 1.4, base + 0.18), (w * 2.2, base + 0.10)], s
        )
        c.drawPath(path(smooth(bone) + [0, 0.035], False), stroke(deep, 0.05, 0.26, 0.035))
        c.drawPath(path(smooth(bone) - [0, 0.02], False), stroke(tone.light, 0.05, 0.32, 0.04))
    c.drawOval(skia.Rect(-0.11, base + 0.0, 0.11, base + 0.17), fill(deep, 0.30, 0.06))
    c.restore()


def torso(
    shoulder: float = 2.55, slope: float = 0.40, width: float = 2.65, root: float = 0.75, top: float = 2.12
) -> Points:
    """Outline of the clothed upper body down to below the picture."""
    side = [
        (root, top),
        (root * 1.35, top + 0.10),
        (width * 0.58, shoulder - slope * 0.30),
        (width * 0.82, shoulder - slope * 0.02),
        (width * 0.96, shoulder + 0.30),
        (width * 1.05, shoulder + 0.9),
        (width * 1.10, 4.4),
    ]
    return np.vstack([smooth(side), smooth(mirrored(side, -1))[::-1]])


def cloth(
    layer: Layer,
    shape: skia.Path,
    color: int,
    *,
    contrast: float = 0.5,
    folds: int = 10,
    seed: int = 0,
    texture: float = 0.05,
    knit: bool = False,
) -> None:
    """Fill a garment: light from the upper left, soft folds, a hint of weave."""
    c = layer.canvas
    light, dark = mix(color, 0xFFFFFF, 0.28 * contrast), mix(color, 0x05060A, 0.62 * contrast)
    c.drawPath(shape, fill(0, shader=linear((-2.4, 2.1), (2.6, 3.7), [(0, light, 1), (0.45, color, 1), (1, dark, 1)])))
    c.save()
    c.clipPath(shape, True)
    rng = np.random.default_rng(seed)
    for s in (-1, 1):
        c.drawOval(
            skia.Rect(min(s * 0.9, s * 2.5), 2.15, max(s * 0.9, s * 2.5), 2.95),
            fill(light if s < 0 else color, 0.35, 0.2),
        )
        arm = mirrored([(1.55, 4.2), (1.72, 3.5), (1.95, 3.0)], s)
        c.drawPath(path(smooth(arm), False), stroke(dark, 0.20, 0.22 if s < 0 else 0.45, 0.12))
    for _ in range(folds):
        s = rng.choice([-1, 1])
        a = np.array([rng.uniform(0.5, 2.2), rng.uniform(2.5, 3.2)])
        b = a + [rng.uniform(-0.55, 0.1), rng.uniform(0.3, 0.8)]
        m = (a + b) / 2 + rng.normal(0, 0.08, 2)
        line = path(smooth(mirrored([a, m, b], s)), False)
        c.drawPath(line, stroke(dark, rng.uniform(0.03, 0.08), rng.uniform(0.12, 0.30), 0.04))
        c.save()
        c.translate(-0.04, -0.02)
        c.drawPath(line, stroke(light, 0.04, rng.uniform(0.08, 0.22), 0.035))
        c.restore()
    if texture:
        step = 0.035 if knit else 0.016
        for y in np.arange(1.9, 4.2, step):
            row = [(x, y + 0.03 * np.sin(x * 1.3)) for x in np.linspace(-3.2, 3.2, 30)]
            c.drawPath(path(row, False), stroke(dark, step * 0.4, texture * (1.6 if knit else 1.0), 0.003))
        if knit:
            for x in np.arange(-3, 3, 0.05):
                c.drawPath(path([(x, 1.9), (x * 1.05, 4.2)], False), stroke(light, 0.012, texture * 0.9, 0.004))
    c.restore()


def cast_shadow(
    layer: Layer,
    shape: skia.Path,
    area: skia.Path,
    alpha: float = 0.5,
    blur: float = 0.07,
    dx: float = 0.03,
    dy: float = 0.05,
) -> None:
    """The soft shadow that `shape` throws on `area`."""
    c = layer.canvas
    c.save()
    c.clipPath(area, True)
    c.translate(dx, dy)
    c.drawPath(shape, fill(0x1A0C0A, alpha, blur))
    c.restore()


def collar_v(depth: float, width: float, top: float) -> Points:
    """A V-shaped opening, to be cut from a garment."""
    left = [(-width, top), (-width * 0.80, top + 0.25), (-width * 0.34, top + depth * 0.7), (0, top + depth)]
    return np.vstack([smooth(left), smooth(mirrored(left, -1))[::-1]])


def scoop(depth: float, width: float, top: float) -> Points:
    """A round opening."""
    left = [(-width, top), (-width * 0.93, top + depth * 0.45), (-width * 0.60, top + depth * 0.86), (0, top + depth)]
    return np.vstack([smooth(left), smooth(mirrored(left, -1))[::-1]])
