"""Hair as many fine strands between guide curves, over a soft body of colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import skia
from canvas import Layer, Points, fill, ink, mix, path, smooth, stroke

Curve = Sequence[Sequence[float]]


@dataclass(frozen=True)
class HairTone:
    dark: int
    base: int
    light: int
    grey: float = 0.0
    """Share of strands that have lost their colour."""


def _resample(curve: Curve, n: int) -> Points:
    dense = smooth(curve)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    at = np.linspace(0, length[-1], n)
    return np.stack([np.interp(at, length, dense[:, k]) for k in (0, 1)], 1)


def lock(
    layer: Layer,
    guides: Sequence[Curve],
    tone: HairTone,
    count: int,
    seed: int,
    *,
    width: float = 0.012,
    jitter: float = 0.02,
    shine: tuple[float, float] = (0.35, 0.16),
    shine_strength: float = 0.8,
    body: bool = True,
    wave: float = 0.0,
    alpha: float = 0.75,
    shade: float = 0.0,
) -> None:
    """Strands from root to tip, spread between neighbouring guides.

    `shine` is where along a strand the band of light lies and how wide it is. `wave` bends strands sideways (head
    units). `shade` darkens the whole lock (hair behind the face).
    """
    n = 26
    rows = np.stack([_resample(g, n) for g in guides])
    rng = np.random.default_rng(seed)
    c = layer.canvas
    if body:
        outline = np.vstack([rows[0], rows[1:-1, -1], rows[-1][::-1], rows[::-1][1:-1, 0]])
        c.drawPath(path(outline), fill(mix(mix(tone.base, tone.dark, 0.55), tone.dark, shade), 1.0, width * 0.8))
    s = np.linspace(0, 1, n)
    for u in rng.permutation(np.linspace(0, len(guides) - 1 - 1e-6, count)):
        i = int(u)
        f = u - i
        # Smooth blending over four guides keeps the flow free of kinks at each guide.
        strand = rows[i] * (1 - f) + rows[i + 1] * f
        push = rng.normal(0, jitter)
        # Roots lie close; lengths drift apart towards the tips.
        sway = push * s ** rng.uniform(1.0, 2.5) + 0.3 * push * np.sin(np.pi * s)
        if wave:
            phase = rng.normal(u * 1.7, 0.35)
            sway = sway + wave * np.sin(s * rng.uniform(7.5, 9.0) + phase) * np.clip(s * 1.6, 0, 1)
        tangent = np.gradient(strand, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9)
        strand = strand + normal * sway[:, None]
        end = rng.uniform(0.86, 1.0)
        strand = _cut(strand, rng.uniform(0.0, 0.04), end)
        _strand(c, strand, tone, rng, width, shine, shine_strength, alpha, shade)


def _cut(strand: Points, start: float, end: float) -> Points:
    n = len(strand)
    at = np.linspace(start * (n - 1), end * (n - 1), n)
    return np.stack([np.interp(at, np.arange(n), strand[:, k]) for k in (0, 1)], 1)


def _strand(
    c: skia.Canvas,
    strand: Points,
    tone: HairTone,
    rng: np.random.Generator,
    width: float,
    shine: tuple[float, float],
    strength: float,
    alpha: float,
    shade: float,
) -> None:
    own = rng.normal(0, 0.22)
    color = mix(tone.base, tone.light, min(1, own)) if own > 0 else mix(tone.base, tone.dark, min(1, -own * 1.6))
    if rng.random() < tone.grey:
        color = mix(0xB9B4AE, color, rng.uniform(0.0, 0.45))
    color = mix(color, tone.dark, shade)
    at, spread = shine[0] + rng.normal(0, 0.05), shine[1]
    lit = mix(color, tone.light, strength * (1 - shade) * rng.uniform(0.4, 1.0))
    stops = [
        (0.0, mix(color, tone.dark, 0.55)),
        (max(0.02, at - spread), color),
        (at, lit),
        (min(0.98, at + spread), color),
        (1.0, mix(color, tone.dark, 0.35)),
    ]
    ends = [skia.Point(*map(float, strand[0])), skia.Point(*map(float, strand[-1]))]
    shader = skia.GradientShader.MakeLinear(ends, [ink(k) for _, k in stops], [p for p, _ in stops])
    paint = stroke(color, width * rng.uniform(0.6, 1.25), 1.0)
    paint.setShader(shader)
    paint.setAlphaf(alpha * rng.uniform(0.5, 1.0))
    c.drawPath(path(strand, False), paint)


def curls(
    layer: Layer,
    area: Curve,
    tone: HairTone,
    count: int,
    seed: int,
    *,
    size: float = 0.07,
    width: float = 0.012,
    light: Sequence[float] = (-0.6, -0.8),
) -> None:
    """Tight coils scattered over an area, lit from `light`, dense at the rim."""
    rng = np.random.default_rng(seed)
    outline = path(smooth(area, closed=True))
    c = layer.canvas
    c.drawPath(outline, fill(mix(tone.base, tone.dark, 0.7), 1.0, size * 0.35))
    points = smooth(area, closed=True)
    low, high = points.min(0), points.max(0)
    centre, half = (low + high) / 2, (high - low) / 2
    rim = points[rng.integers(0, len(points), count // 4)] + rng.normal(0, size * 0.35, (count // 4, 2))
    inner = rng.uniform(low, high, (count * 3, 2))
    inner = np.array([p for p in inner if outline.contains(float(p[0]), float(p[1]))])[:count]
    places = np.vstack([rim, inner])
    facing = ((places - centre) / half) @ np.asarray(light) / np.hypot(*light)
    for p, f in sorted(zip(places, facing, strict=True), key=lambda q: float(q[1]) + rng.normal(0, 0.35)):
        turns = rng.uniform(0.8, 1.6) * 2 * np.pi
        t = np.linspace(0, turns, 16)
        r = size * rng.uniform(0.45, 1.0) * np.linspace(1, rng.uniform(0.35, 0.8), 16)
        coil = p + np.stack([np.cos(t + rng.uniform(0, 6.3)) * r, np.sin(t) * r * 0.9], 1)
        level = 0.42 * f + rng.normal(0, 0.20)
        color = (
            mix(tone.base, tone.light, min(1, level)) if level > 0 else mix(tone.base, tone.dark, min(1, -level * 1.5))
        )
        c.drawPath(path(coil, False), stroke(color, width * rng.uniform(0.6, 1.2), rng.uniform(0.45, 0.9)))


def stubble(
    layer: Layer, area: Points, tone: HairTone, seed: int, *, length: float, width: float = 0.008, alpha: float = 0.6
) -> None:
    """Short hairs rooted at `area` (n, 2), pointing down and outwards."""
    rng = np.random.default_rng(seed)
    c = layer.canvas
    for x, y in area:
        lean = np.array([0.35 * np.sign(x) * min(1.0, abs(x) * 2.2), 1.0]) + rng.normal(0, 0.22, 2)
        tip = np.array([x, y]) + lean / np.linalg.norm(lean) * length * rng.uniform(0.5, 1.1)
        bend = (np.array([x, y]) + tip) / 2 + rng.normal(0, length * 0.10, 2)
        color = mix(tone.base, tone.dark if rng.random() < 0.5 else tone.light, rng.uniform(0, 0.6))
        if rng.random() < tone.grey:
            color = mix(0xD8D3CC, color, rng.uniform(0, 0.3))
        c.drawPath(
            path(smooth([(x, y), bend, tip], steps=4), False),
            stroke(color, width * rng.uniform(0.6, 1.2), alpha * rng.uniform(0.4, 1)),
        )


def cap(
    layer: Layer,
    hairline: Curve,
    silhouette: Curve,
    tone: HairTone,
    count: int,
    seed: int,
    *,
    lean: float = 0.0,
    lift: float = 0.10,
    width: float = 0.011,
    jitter: float = 0.03,
    shine: tuple[float, float] = (0.55, 0.25),
    shine_strength: float = 0.7,
) -> None:
    """Short hair: strands from the hairline to the silhouette, leaning sideways (`lean`) and standing up (`lift`)."""
    line, rim = _resample(hairline, 25), _resample(silhouette, 25)
    guides = []
    for i, (root, tip) in enumerate(zip(line, rim, strict=True)):
        top = np.sin(np.pi * i / 24)
        middle = root * 0.5 + tip * 0.5 + np.array([lean * (1 if i in range(3, 22) else 0.3), -lift * 0.6]) * top
        guides.append(
            [
                root + np.array([0, 0.012]),
                root * 0.75 + middle * 0.25 + np.array([0, -0.4 * lift]) * top,
                middle,
                tip + np.array([lean * 0.25 * top**2, 0.01]),
            ]
        )
    c = layer.canvas
    body = np.vstack([smooth(hairline), smooth(silhouette)[::-1]])
    c.drawPath(path(body), fill(mix(tone.base, tone.dark, 0.75), 1.0, 0.014))
    lock(
        layer,
        guides,
        tone,
        count,
        seed,
        width=width,
        jitter=jitter,
        shine=shine,
        shine_strength=shine_strength,
        body=False,
    )
    # Fine hairs soften the line on the forehead.
    rng = np.random.default_rng(seed + 1)
    dense = smooth(hairline)
    for _ in range(count // 3):
        k = rng.integers(0, len(dense) - 1)
        root = dense[k] + rng.normal(0, 0.010, 2) + [0, 0.010]
        i = min(23, int(k / len(dense) * 24))
        way = np.array(guides[i][2]) - root
        tip = root + way / (np.linalg.norm(way) + 1e-6) * rng.uniform(0.06, 0.16)
        c.drawPath(
            path([root, tip], False), stroke(mix(tone.base, tone.dark, rng.random()), 0.006, rng.uniform(0.25, 0.6))
        )


def beard(
    layer: Layer, points: Points, weight: Points, tone: HairTone, seed: int, *, length: float, alpha: float = 0.55
) -> None:
    """Hairs at `points` (n, 2), kept with probability `weight` (n,), longer towards the chin."""
    rng = np.random.default_rng(seed)
    keep = points[rng.random(len(points)) < weight]
    for low, high, share in ((-9.0, 1.2, 0.6), (1.2, 1.45, 0.85), (1.45, 9.0, 1.1)):
        band = keep[(keep[:, 1] >= low) & (keep[:, 1] < high)]
        stubble(layer, band, tone, seed + int(share * 100), length=length * share, alpha=alpha)
