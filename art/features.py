"""Eyes, brows, nose and lips, drawn through the landmarks."""

# ruff: noqa: RUF005 - these sums move NumPy points, they do not join lists.

from __future__ import annotations

from dataclasses import dataclass

import canvas as cv
import mesh
import numpy as np
import skia
from canvas import Layer, Points, fill, linear, mix, path, radial, smooth, stroke

from visavis.replica.bundle import LID_MEETS


@dataclass(frozen=True)
class Look:
    """Colours and cosmetics."""

    iris: int = 0x5B7A55
    brow: int = 0x4A3224
    lash: int = 0x1E1310
    lash_length: float = 1.0
    liner: float = 1.0
    eyeshadow: int = 0x9C6450
    eyeshadow_strength: float = 0.35
    lip: int = 0xC2686A
    lip_gloss: float = 0.5
    lip_line: float = 0.6
    sclera: int = 0xF3EEEA
    crease: int = 0x8A5440
    brow_fullness: float = 1.0


def opening(points: Points, side: int) -> Points:
    """Outline of the open eye."""
    upper, lower = points[mesh.LID_UPPER[side], :2], points[mesh.LID_LOWER[side], :2]
    return np.vstack([smooth(upper), smooth(lower)[::-1][1:-1]])


def closed_line(points: Points, side: int) -> Points:
    """Where the lids meet when shut: nearer to the lower lid, outer to inner corner."""
    upper, lower = points[mesh.LID_UPPER[side], :2], points[mesh.LID_LOWER[side], :2]
    return smooth(upper + (lower - upper) * LID_MEETS)


def sclera(layer: Layer, points: Points, side: int, look: Look) -> None:
    """The white of the eye, larger than the opening."""
    c = layer.canvas
    x, y = _eye_centre(points, side)
    s = 1 if side else -1
    shade = mix(look.sclera, 0x6B4A48, 0.55)
    stops = [(0.0, look.sclera, 1.0), (0.55, look.sclera, 1.0), (1.0, shade, 1.0)]
    c.drawRect(
        skia.Rect(x - 0.45, y - 0.3, x + 0.45, y + 0.3), fill(0, shader=radial((x - 0.02, y + 0.02), 0.30, stops))
    )
    inner = points[mesh.LID_UPPER[side][8], :2]
    c.drawCircle(float(inner[0]) + s * 0.012, float(inner[1]) + 0.004, 0.034, fill(0xD08A80, 0.75, 0.016))


def iris(layer: Layer, points: Points, side: int, look: Look, radius: float, seed: int) -> None:
    """Iris and pupil, a whole disc."""
    c = layer.canvas
    x, y = _eye_centre(points, side)
    dark, light = mix(look.iris, 0x0C0806, 0.62), mix(look.iris, 0xFFE9B8, 0.38)
    c.drawCircle(x, y, radius, fill(dark, 1.0))
    stops = [(0.0, light, 1.0), (0.45, mix(look.iris, light, 0.35), 1.0), (0.80, look.iris, 1.0), (1.0, dark, 1.0)]
    c.drawCircle(x, y, radius * 0.97, fill(0, shader=radial((x, y + radius * 0.30), radius * 1.15, stops)))
    rng = np.random.default_rng(seed)
    for angle in rng.uniform(0, 2 * np.pi, 150):
        a, b = rng.uniform(0.36, 0.6) * radius, rng.uniform(0.70, 0.96) * radius
        tone = light if rng.random() < 0.55 else dark
        ray = [(x + np.cos(angle) * a, y + np.sin(angle) * a), (x + np.cos(angle) * b, y + np.sin(angle) * b)]
        c.drawPath(path(ray, False), stroke(tone, 0.0045, rng.uniform(0.12, 0.4)))
    c.drawCircle(x, y, radius * 0.965, stroke(mix(dark, 0, 0.4), radius * 0.10, 0.75, radius * 0.05))
    c.drawCircle(x, y, radius * 0.44, fill(0x080505, 1.0, radius * 0.025))
    c.drawOval(
        skia.Rect(x - radius * 0.62, y + radius * 0.22, x + radius * 0.62, y + radius * 0.85),
        fill(light, 0.28, radius * 0.16),
    )


def glint(layer: Layer, points: Points, side: int, radius: float) -> None:
    """Light reflected by the cornea: the same window in both eyes."""
    c = layer.canvas
    x, y = _eye_centre(points, side)
    r = radius
    c.drawOval(skia.Rect(x - r * 0.60, y - r * 0.66, x - r * 0.14, y - r * 0.18), fill(0xFFFFFF, 0.95, r * 0.03))
    c.drawCircle(x + r * 0.38, y + r * 0.42, r * 0.12, fill(0xFFFFFF, 0.50, r * 0.05))


def eye_shade(layer: Layer, points: Points, side: int) -> None:
    """Shadow of lid and lashes on the eyeball."""
    upper = smooth(points[mesh.LID_UPPER[side], :2])
    lift = np.vstack([upper, upper[::-1] - [0, 0.3]])
    layer.canvas.drawPath(path(lift + [0, 0.022]), fill(0x2A1512, 0.60, 0.022))
    layer.canvas.drawPath(path(upper, False), stroke(0x1A0C0A, 0.03, 0.35, 0.02))
    outline = path(opening(points, side))
    layer.canvas.drawPath(outline, stroke(0x5A2E28, 0.03, 0.30, 0.016))


def rim(layer: Layer, points: Points, side: int, look: Look) -> None:
    """Lid edges and lashes of the open eye."""
    c = layer.canvas
    upper, lower = smooth(points[mesh.LID_UPPER[side], :2]), smooth(points[mesh.LID_LOWER[side], :2])
    # Wet line of the lower lid, catching light.
    c.drawPath(path(lower + [0, 0.004], False), stroke(0xF0C0AC, 0.012, 0.55, 0.004))
    c.drawPath(path(lower + [0, 0.016], False), stroke(look.crease, 0.012, 0.35, 0.008))
    _tapered(c, lower + [0, 0.004], 0.010, look.lash, outer=1.0, inner=0.1, alpha=0.40, blur=0.004)
    _tapered(c, upper, 0.042 * (0.5 + 0.5 * look.liner), look.lash, outer=1.0, inner=0.30, lift=0.006)
    _lashes(c, upper - [0, 0.010], look, length=0.058 * look.lash_length, count=26, up=-1.0, alpha=0.85)
    _lashes(c, lower + [0, 0.006], look, length=0.020 * look.lash_length, count=14, up=1.0, alpha=0.25)


def lid_skin(layer: Layer, points: Points, side: int, look: Look, light: int, closed: bool) -> None:
    """Shadow, crease and lid colour around the eye, on bare skin."""
    c = layer.canvas
    upper = points[mesh.LID_UPPER[side], :2]
    crease = smooth(points[mesh.CREASE[side], :2])
    shadow = np.vstack([crease, smooth(upper)[::-1]])
    c.drawPath(path(shadow), fill(look.eyeshadow, look.eyeshadow_strength, 0.022))
    _tapered(c, crease, 0.013, look.crease, outer=0.9, inner=0.5, alpha=0.40 if closed else 0.62, blur=0.006)
    c.drawPath(path(crease - [0, 0.016], False), stroke(look.crease, 0.024, 0.20, 0.014))
    lower = smooth(points[mesh.LID_LOWER[side], :2])
    c.drawPath(path(lower[10:-6] + [0, 0.055], False), stroke(look.crease, 0.016, 0.16, 0.014))
    if closed:
        line = closed_line(points, side)
        middle = (crease[:: max(1, len(crease) // 40)].mean(0) + line.mean(0)) / 2
        c.drawOval(
            skia.Rect(middle[0] - 0.17, middle[1] - 0.055, middle[0] + 0.17, middle[1] + 0.035),
            fill(light, 0.26, 0.035),
        )
        c.drawPath(path(line - [0, 0.010], False), stroke(look.eyeshadow, 0.04, look.eyeshadow_strength * 0.8, 0.018))
        c.drawPath(path(line + [0, 0.022], False), stroke(look.crease, 0.018, 0.30, 0.012))
        _tapered(c, line, 0.026 * (0.55 + 0.45 * look.liner), look.lash, outer=1.0, inner=0.35, alpha=0.92)
        _lashes(c, line, look, length=0.046 * look.lash_length, count=26, up=1.0, alpha=0.85)


def brows(layer: Layer, points: Points, look: Look, seed: int) -> None:
    c = layer.canvas
    for side in (0, 1):
        upper, lower = points[mesh.BROW_UPPER[side], :2], points[mesh.BROW_LOWER[side], :2]
        band_u, band_l = smooth(upper), smooth(lower)
        area = path(np.vstack([band_u, band_l[::-1]]))
        c.drawPath(area, fill(look.brow, 0.46 * look.brow_fullness, 0.016))
        rng = np.random.default_rng(seed)
        n = int(230 * look.brow_fullness)
        for t in np.sort(rng.uniform(0, 1, n)):
            i = min(len(band_u) - 2, int(t * (len(band_u) - 1)))
            v = rng.beta(1.3, 1.3)
            root = band_l[i] + (band_u[i] - band_l[i]) * v
            along = (band_u[i] - band_u[i + 1]) / (np.linalg.norm(band_u[i + 1] - band_u[i]) + 1e-9)
            # Inner hairs stand up, outer hairs lie along the brow.
            inward = t
            lean = along * (0.92 - 0.55 * inward**3) + np.array([0, -1]) * (0.10 + 0.85 * inward**3) * (1.1 - 1.1 * v)
            length = rng.uniform(0.055, 0.095) * (0.7 + 0.3 * np.sin(np.pi * t))
            tip = root + lean * length
            bend = (root + tip) / 2 + np.array([0, -0.008])
            tone = mix(look.brow, 0xB08A70, rng.uniform(0, 0.22))
            c.drawPath(path(smooth([root, bend, tip], steps=4), False), stroke(tone, 0.0085, rng.uniform(0.35, 0.8)))


def nose(layer: Layer, points: Points, shadow: int) -> None:
    c = layer.canvas
    base_y, wing = float(points[2, 1]), float(points[358, 0])
    for s in (-1, 1):
        nostril = cv.mirrored(
            [
                (0.055, base_y - 0.035),
                (0.10, base_y - 0.058),
                (0.155, base_y - 0.044),
                (0.16, base_y - 0.022),
                (0.11, base_y - 0.018),
                (0.065, base_y - 0.014),
            ],
            s,
        )
        c.drawPath(cv.blob(nostril), fill(mix(shadow, 0x1A0806, 0.62), 0.72, 0.011))
        curve = [
            (wing - 0.05, base_y - 0.215),
            (wing - 0.002, base_y - 0.16),
            (wing + 0.008, base_y - 0.09),
            (wing - 0.03, base_y - 0.028),
            (wing - 0.09, base_y - 0.018),
        ]
        line = smooth(cv.mirrored(curve, s))
        c.drawPath(path(line, False), stroke(mix(shadow, 0x3A1810, 0.30), 0.020, 0.34, 0.013))
        c.drawPath(path(line[24:], False), stroke(mix(shadow, 0x3A1810, 0.45), 0.012, 0.38, 0.007))
    under = smooth(
        [
            (-0.12, base_y - 0.012),
            (-0.06, base_y + 0.006),
            (0, base_y + 0.014),
            (0.06, base_y + 0.006),
            (0.12, base_y - 0.012),
        ]
    )
    c.drawPath(path(under, False), stroke(mix(shadow, 0x3A1810, 0.3), 0.016, 0.35, 0.012))


def lips(layer: Layer, points: Points, look: Look, seam: bool) -> None:
    """The closed mouth; without `seam` the lips lack the dark line between them, as texture for an open mouth."""
    c = layer.canvas
    upper = smooth(points[mesh.UPPER_OUTER, :2])
    lower = smooth(points[mesh.LOWER_OUTER, :2])
    line = smooth(np.vstack([points[[61], :2], points[mesh.UPPER_INNER, :2], points[[291], :2]]))
    middle = float(points[13, 1])
    top, bottom = float(upper[:, 1].min()), float(lower[:, 1].max())
    deep, pale = mix(look.lip, 0x4A1418, 0.34), mix(look.lip, 0xFFD0C4, 0.30)
    # Overlap by a hair's breadth so that no skin shows between the lips.
    upper_area = path(np.vstack([upper, line[::-1] + [0, 0.012]]))
    lower_area = path(np.vstack([line, lower[::-1]]))
    for area in (upper_area, lower_area):
        c.drawPath(area, fill(look.lip, 0.40, 0.016))
    stops = [(0.0, mix(look.lip, pale, 0.25), 0.92), (0.5, look.lip, 1.0), (1.0, deep, 1.0)]
    c.drawPath(upper_area, fill(0, blur=0.0055, shader=linear((0, top), (0, middle + 0.012), stops)))
    stops = [
        (0.0, mix(look.lip, deep, 0.55), 1.0),
        (0.30, mix(look.lip, pale, 0.30), 1.0),
        (1.0, mix(look.lip, deep, 0.25), 0.92),
    ]
    c.drawPath(lower_area, fill(0, blur=0.0055, shader=linear((0, middle), (0, bottom), stops)))
    both = path(np.vstack([upper, lower[::-1]]))
    c.save()
    c.clipPath(both, True)
    rng = np.random.default_rng(3)
    w = float(points[291, 0])
    for u in rng.uniform(-0.9, 0.9, 90):
        x0 = u * w
        end = bottom if rng.random() < 0.6 else top
        ray = [(x0, middle), (x0 * 1.05, (middle + end) / 2), (x0 * 1.12, end)]
        c.drawPath(path(smooth(ray, steps=4), False), stroke(deep if rng.random() < 0.6 else pale, 0.006, 0.13, 0.003))
    gloss = 0.30 + 0.5 * look.lip_gloss
    y = middle + (bottom - middle) * 0.40
    c.drawOval(skia.Rect(-0.17, y - 0.020, 0.13, y + 0.020), fill(0xFFFFFF, gloss * 0.42, 0.018))
    c.drawOval(skia.Rect(-0.10, y - 0.010, 0.03, y + 0.008), fill(0xFFFFFF, gloss * 0.40, 0.008))
    ridge = smooth(points[mesh.UPPER_OUTER[3:8], :2]) + [0, 0.016]
    c.drawPath(path(ridge, False), stroke(0xFFFFFF, 0.010, gloss * 0.22, 0.008))
    for s in (-1, 1):
        c.drawCircle(s * w * 0.95, middle, 0.07, fill(deep, 0.40, 0.04))
    c.restore()
    c.drawPath(path(upper, False), stroke(mix(look.lip, 0xFFF0E0, 0.55), 0.008, 0.25 * look.lip_line, 0.006))
    c.drawPath(path(lower[20:-20], False), stroke(deep, 0.012, 0.25, 0.010))
    if seam:
        c.drawPath(path(line + [0, 0.006], False), stroke(mix(deep, 0x2A0808, 0.5), 0.030, 0.42, 0.014))
        _tapered(c, line, 0.017, mix(deep, 0x1E0506, 0.70), outer=0.45, inner=0.45, alpha=0.88, blur=0.003)
    for s in (-1, 1):
        c.drawCircle(s * (w + 0.012), float(points[291, 1]), 0.02, fill(mix(deep, 0x3A1810, 0.5), 0.40, 0.014))


def _eye_centre(points: Points, side: int) -> tuple[float, float]:
    """Centre of the iris: meets the viewer, its top just under the lid."""
    upper, lower = points[mesh.LID_UPPER[side][4], :2], points[mesh.LID_LOWER[side][4], :2]
    x = 0.5 * (-1 if side == 0 else 1)
    return x * 0.985, float(upper[1] * 0.5 + lower[1] * 0.5) - 0.010


def _tapered(
    c: skia.Canvas,
    line: Points,
    width: float,
    color: int,
    outer: float,
    inner: float,
    alpha: float = 0.95,
    blur: float = 0.0025,
    lift: float = 0.0,
) -> None:
    """A stroke thick in the middle, thinning to both ends."""
    t = np.linspace(0, 1, len(line))
    half = width / 2 * (np.sin(np.pi * np.clip(t, 0, 1)) ** 0.6 + 0.12) * (outer + (inner - outer) * t)
    tangent = np.gradient(line, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9)
    line = line - [0, lift]
    area = np.vstack([line + normal * half[:, None], (line - normal * half[:, None])[::-1]])
    c.drawPath(path(area), fill(color, alpha, blur))


def _lashes(
    c: skia.Canvas, line: Points, look: Look, length: float, count: int, up: float, alpha: float = 0.85
) -> None:
    """Single lashes fanning outwards; `line` runs from the outer to the inner corner."""
    rng = np.random.default_rng(11)
    outward = np.sign(line[0, 0] - line[-1, 0])
    for t in np.linspace(0.0, 0.78, count) + rng.normal(0, 0.008, count):
        at = float(np.clip(t, 0, 1))
        root = line[int(at * (len(line) - 1))]
        fan = outward * (1.0 - 1.25 * at)
        # Longest near the outer corner, hardly there towards the nose.
        size = length * (1.15 - 1.05 * at) * rng.uniform(0.8, 1.15)
        tip = root + np.array([fan * 0.90, up * 0.80]) * size
        bend = root + np.array([fan * 0.70, up * 0.22]) * size
        hair = smooth([root, bend, tip], steps=5)
        width = np.linspace(0.006, 0.001, len(hair))[:, None]
        normal = np.array([[-up * 0.3, 1.0]]) * [[outward, 0.3]]
        c.drawPath(
            path(np.vstack([hair + normal * width, (hair - normal * width)[::-1]])), fill(look.lash, alpha, 0.0015)
        )
