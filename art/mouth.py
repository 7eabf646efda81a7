"""What is seen inside an open mouth: teeth and tongue, drawn where they are when the mouth is closed."""

from __future__ import annotations

import numpy as np
import skia
from canvas import Layer, Points, fill, linear, mix, path, radial, smooth, stroke

# Crown widths and heights in millimetres from the midline outwards, textbook averages; 63 mm between the eyes.
UPPER = ((8.5, 9.8), (6.6, 8.8), (7.4, 9.6), (6.8, 8.4), (6.4, 7.8), (8.0, 7.2))
LOWER = ((5.2, 8.2), (5.7, 8.3), (6.6, 8.8), (6.8, 8.0), (6.8, 7.6))
MM = 1 / 63


def _tooth(x: float, y: float, w: float, h: float, down: float, round_: float) -> Points:
    """Outline of a crown whose cutting edge is at `y`; `down` is +1 when the edge is the lower end."""
    r = w * round_
    edge = [
        (x + 0.04 * w, y - down * h),
        (x + 0.0 * w, y - down * h * 0.45),
        (x + 0.02 * w, y - down * r),
        (x + r * 0.8, y),
        (x + w / 2, y + down * 0.006),
        (x + w - r * 0.8, y),
        (x + w - 0.02 * w, y - down * r),
        (x + w, y - down * h * 0.45),
        (x + 0.96 * w, y - down * h),
    ]
    return smooth(edge, steps=6)


def _row(
    layer: Layer,
    crowns: tuple[tuple[float, float], ...],
    centre: tuple[float, float],
    down: float,
    white: int,
    shadow: int,
    scale: float,
) -> None:
    c = layer.canvas
    x0, y0 = centre
    gum = mix(0xB4605E, shadow, 0.25)
    c.drawRect(
        skia.Rect(
            x0 - 0.42, min(y0 - down * 0.32, y0 - down * 0.10), x0 + 0.42, max(y0 - down * 0.32, y0 - down * 0.10)
        ),
        fill(gum, 1.0, 0.02),
    )
    at = 0.0
    for i, (w_mm, h_mm) in enumerate(crowns):
        # The arch turns away from the viewer: crowns look narrower and darker to the side.
        turn = (1.0, 0.97, 0.88, 0.70, 0.55, 0.42)[i]
        w, h = w_mm * MM * turn * scale, h_mm * MM * scale
        lift = (0.0, 0.012, 0.002, 0.014, 0.020, 0.026)[i] * (1 if down > 0 else 0.5)
        tone = mix(white, shadow, (0.0, 0.05, 0.15, 0.34, 0.54, 0.72)[i])
        for s in (-1, 1):
            x = x0 + (at if s > 0 else -at - w)
            shape = path(_tooth(x, y0 - down * lift, w, h, down, 0.15 if i != 2 else 0.30))
            stops = [
                (0.0, mix(tone, 0xE8C8A8, 0.30), 1.0),
                (0.45, tone, 1.0),
                (0.85, mix(tone, 0xFFFFFF, 0.20), 1.0),
                (1.0, mix(tone, 0xB8C4CC, 0.30), 1.0),
            ]
            ends = ((0, y0 - down * h), (0, y0))
            c.drawPath(shape, fill(0, shader=linear(*ends, stops)))
            c.save()
            c.clipPath(shape, True)
            c.drawPath(shape, stroke(shadow, 0.009, 0.34, 0.004))
            c.drawOval(
                skia.Rect(x + w * 0.25, y0 - down * h * 0.5 - 0.03, x + w * 0.55, y0 - down * h * 0.5 + 0.035),
                fill(0xFFFFFF, 0.25, 0.012),
            )
            c.restore()
        at += w + 0.0005


def upper_teeth(layer: Layer, mouth_y: float, white: int, shadow: int, scale: float) -> None:
    """Fixed to the skull; the cutting edge lies a little below the line of the closed lips."""
    _row(layer, UPPER, (0.0, mouth_y + 2.0 * MM), 1.0, white, shadow, scale)


def lower_teeth(layer: Layer, mouth_y: float, white: int, shadow: int, scale: float) -> None:
    """Ride on the jaw; behind the upper ones when closed."""
    _row(layer, LOWER, (0.0, mouth_y + 1.2 * MM), -1.0, mix(white, shadow, 0.14), shadow, scale)


def tongue(layer: Layer, mouth_y: float, color: int) -> None:
    """The resting tongue behind the lower teeth, seen from the front: a low dome with a groove."""
    c = layer.canvas
    top = mouth_y + 0.055
    dome = smooth(
        [
            (-0.34, top + 0.34),
            (-0.32, top + 0.16),
            (-0.24, top + 0.045),
            (-0.12, top + 0.0),
            (0, top + 0.018),
            (0.12, top),
            (0.24, top + 0.045),
            (0.32, top + 0.16),
            (0.34, top + 0.34),
        ]
    )
    pale, deep = mix(color, 0xFFC0B8, 0.35), mix(color, 0x30060A, 0.55)
    c.drawPath(
        path(dome),
        fill(
            0,
            blur=0.010,
            shader=linear((0, top), (0, top + 0.32), [(0, mix(color, deep, 0.25), 1), (0.35, pale, 1), (1, deep, 1)]),
        ),
    )
    c.save()
    c.clipPath(path(dome), True)
    c.drawPath(path([(0, top), (0, top + 0.3)], False), stroke(deep, 0.035, 0.50, 0.022))
    for s in (-1, 1):
        c.drawOval(skia.Rect(s * 0.12 - 0.09, top + 0.04, s * 0.12 + 0.09, top + 0.12), fill(0xFFD8D0, 0.28, 0.03))
        c.drawPath(path([(s * 0.33, top + 0.05), (s * 0.36, top + 0.4)], False), stroke(deep, 0.10, 0.55, 0.04))
    rng = np.random.default_rng(1)
    for _ in range(130):
        x, y = rng.uniform(-0.3, 0.3), rng.uniform(top, top + 0.3)
        c.drawCircle(x, y, 0.006, fill(pale if rng.random() < 0.6 else deep, 0.20, 0.003))
    c.restore()


def tongue_tip(layer: Layer, mouth_y: float, color: int) -> None:
    """The raised tip, rounded, its top edge at the closed line; slides up behind the upper teeth."""
    c = layer.canvas
    top = mouth_y
    tip = smooth(
        [
            (-0.25, top + 0.34),
            (-0.235, top + 0.16),
            (-0.18, top + 0.05),
            (-0.09, top + 0.004),
            (0, top - 0.004),
            (0.09, top + 0.004),
            (0.18, top + 0.05),
            (0.235, top + 0.16),
            (0.25, top + 0.34),
        ]
    )
    pale, deep = mix(color, 0xFFC8C0, 0.42), mix(color, 0x3A080C, 0.45)
    stops = [(0, mix(color, pale, 0.5), 1), (0.18, pale, 1), (0.55, color, 1), (1, deep, 1)]
    c.drawPath(path(tip), fill(0, blur=0.008, shader=radial((-0.02, top + 0.03), 0.34, stops)))
    c.save()
    c.clipPath(path(tip), True)
    c.drawOval(skia.Rect(-0.11, top + 0.02, 0.05, top + 0.055), fill(0xFFFFFF, 0.38, 0.016))
    c.drawPath(path([(0, top + 0.08), (0, top + 0.32)], False), stroke(deep, 0.022, 0.35, 0.014))
    c.restore()
