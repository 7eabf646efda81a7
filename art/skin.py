"""Skin of the face: a relief lit like a portrait, then colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import mesh
import numpy as np
from canvas import HEIGHT, ORIGIN, OVERSAMPLE, UNIT, WIDTH, Points, noise, rgb, smooth
from numpy.typing import NDArray

Image = NDArray[np.float32]


@dataclass(frozen=True)
class Complexion:
    """Colours of skin from shadow to light, and what lies on it (strengths 0..1)."""

    shadow: int
    base: int
    light: int
    blush: int
    blush_strength: float = 0.5
    freckles: float = 0.0
    lines: float = 0.0
    shine: float = 0.5
    beard: int = 0
    beard_strength: float = 0.0


def grid() -> tuple[Image, Image]:
    """Head coordinates of every oversampled pixel."""
    x = (np.arange(WIDTH * OVERSAMPLE, dtype=np.float32) + 0.5) / OVERSAMPLE
    y = (np.arange(HEIGHT * OVERSAMPLE, dtype=np.float32) + 0.5) / OVERSAMPLE
    gx, gy = np.meshgrid((x - ORIGIN[0]) / UNIT, (y - ORIGIN[1]) / UNIT)
    return gx, gy


def spot(x: Image, y: Image, at: tuple[float, float], size: tuple[float, float]) -> Image:
    """A soft round spot of height 1."""
    return np.asarray(np.exp(-(((x - at[0]) / size[0]) ** 2) - ((y - at[1]) / size[1]) ** 2), np.float32)


def ramp(value: Image, low: float, high: float) -> Image:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def relief(points: Points, x: Image, y: Image) -> Image:
    """Height towards the viewer in head units, smooth over the whole face."""
    step = 12
    cx, cy = x[step // 2 :: step, step // 2 :: step], y[step // 2 :: step, step // 2 :: step]
    inside = (np.abs(cx) < 1.3) & (cy > -1.3) & (cy < 2.1)
    at = np.stack([cx[inside], cy[inside]], 1).astype(float)
    # The layout has too many coincident points at lips and nostrils for an exact spline; one per small cell will do.
    _, keep = np.unique((points[:, :2] / 0.055).round().astype(int), axis=0, return_index=True)
    source = points[keep]
    height = np.zeros_like(cx)
    height[inside] = mesh._spline(source[:, :2], -source[:, 2:3], at)[:, 0]
    height = cv2.resize(height, x.shape[::-1], interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(height, (0, 0), 0.9 * step)
    # Cheeks and temples are wide, calm surfaces; detail belongs to nose, mouth and chin.
    calm = cv2.resize(height, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    calm = cv2.resize(cv2.GaussianBlur(calm, (0, 0), 3.2), x.shape[::-1], interpolation=cv2.INTER_CUBIC)
    share = ramp(np.hypot(x / 0.72, (y - 0.62) / 1.15).astype(np.float32), 0.55, 1.0)
    return np.asarray(cv2.GaussianBlur(fine + (calm - fine) * share, (0, 0), 0.9 * step), np.float32)


def shape_mask(outline: Points, blur: float) -> Image:
    """Coverage of a closed outline in head units, feathered by `blur` head units."""
    pixels = (np.asarray(outline) * UNIT + ORIGIN) * OVERSAMPLE
    mask = np.zeros((HEIGHT * OVERSAMPLE, WIDTH * OVERSAMPLE), np.uint8)
    cv2.fillPoly(mask, [np.round(pixels * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = mask.astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(soft, (0, 0), blur * UNIT * OVERSAMPLE), np.float32) if blur else soft


def face_outline(points: Points) -> Points:
    left = points[mesh.OVAL, :2]
    right = points[mesh.OVAL_MIRROR, :2][1:-1][::-1]
    return smooth(np.vstack([left, right]), closed=True)


def paint(points: Points, tone: Complexion, seed: int) -> Image:
    """The bare face (no eyes, brows or lips) as premultiplied RGBA."""
    x, y = grid()
    height = relief(points, x, y)
    pixel = UNIT * OVERSAMPLE
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8 * pixel
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8 * pixel
    # Half the true relief reads as soft window light; the full slope looks like plaster.
    steep = 0.55 / np.maximum(1.0, 0.75 * np.hypot(dx, dy))
    nx, ny = -steep * dx, -steep * dy
    nz = 1 / np.sqrt(1 + nx * nx + ny * ny)
    nx, ny = nx * nz, ny * nz
    key = nx * -0.42 + ny * -0.46 + nz * 0.78
    fill = nx * 0.70 + ny * -0.05 + nz * 0.55
    lit = 0.80 * np.clip(key * 0.85 + 0.15, 0, 1) + 0.28 * np.clip(fill, 0, 1)
    lit = _occlusion(lit, points, x, y, tone)
    shadow, base, light = (np.array(rgb(c), np.float32) / 255 for c in (tone.shadow, tone.base, tone.light))
    t = ramp(lit, 0.30, 0.86)[..., None]
    h = ramp(lit, 0.80, 1.06)[..., None]
    color = shadow + (base - shadow) * t + (light - base) * h
    color = _colour_spots(color, points, x, y, tone)
    half = np.array([-0.30, -0.42, 1.72], np.float32)
    half /= np.linalg.norm(half)
    gloss = np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1) ** 60
    gloss *= 1 - 0.8 * spot(x, y, (0, 1.15), (0.55, 0.35))
    color += (gloss * 0.085 * tone.shine)[..., None] * np.array([1.0, 0.95, 0.88], np.float32)
    mottle = noise(seed, 9) * 0.003 + noise(seed + 1, 2.0) * 0.005 + noise(seed + 2, 40) * 0.005
    color = np.clip(color + mottle[..., None] * np.array([1.0, 1.1, 1.1], np.float32), 0, 1)
    mask = shape_mask(face_outline(points), 0.008)[..., None]
    return np.concatenate([color * mask, mask], -1).astype(np.float32)


def _occlusion(lit: Image, points: Points, x: Image, y: Image, tone: Complexion) -> Image:
    """Where less light reaches: sockets, beside the nose, under the lip, folds."""
    ax = np.abs(x)
    chin = float(points[152, 1])
    mouth = float(points[13, 1])
    low = float(points[17, 1])
    nose = float(points[2, 1])
    wing = float(points[358, 0])
    lit = lit - 0.10 * spot(ax, y, (0.27, -0.08), (0.12, 0.17))
    lit = lit - 0.10 * spot(ax, y, (0.50, -0.19), (0.24, 0.075))
    lit = lit - 0.05 * spot(ax, y, (0.42, 0.15), (0.20, 0.07)) * (1 + tone.lines)
    lit = lit + 0.05 * spot(ax, y, (0.62, 0.36), (0.22, 0.16))
    # The face turns away from the light towards its outline, more on the far side, and under the cheekbones.
    away = ramp(np.hypot(x / 1.03, (y - 0.30) / 1.45).astype(np.float32), 0.55, 1.04)
    lit = lit - (0.11 + 0.09 * ramp(x, -0.4, 0.9)) * away
    lit = lit - (0.04 + 0.02 * ramp(x, -0.5, 0.5)) * spot(ax, y, (0.74, 0.86), (0.20, 0.30))
    lit = lit + 0.06 * spot(x, y, (-0.60, 0.33), (0.22, 0.13)) + 0.03 * spot(x, y, (0.56, 0.33), (0.20, 0.12))
    lit = lit + 0.05 * spot(x, y, (-0.12, -0.62), (0.45, 0.20))
    lit = lit - 0.16 * spot(x, y, (0, nose + 0.045), (0.17, 0.05))
    lit = lit - 0.12 * spot(ax, y, (wing + 0.02, nose - 0.12), (0.06, 0.10))
    lit = lit - 0.17 * spot(x, y, (0, low + 0.055), (0.22, 0.05))
    lit = lit + 0.07 * spot(x, y, (0, (low + chin) / 2 + 0.09), (0.20, 0.14))
    lit = lit - 0.05 * spot(ax, y, (float(points[291, 0]) + 0.05, mouth), (0.07, 0.09))
    # Nasolabial fold: a soft line from the wing of the nose past the corner of the mouth.
    t = np.clip((y - nose + 0.1) / (mouth - nose + 0.16), 0, 1)
    fold = wing + 0.03 + (float(points[291, 0]) + 0.10 - wing) * t**1.2
    side = np.exp(-(((ax - fold) / 0.06) ** 2)) * ramp(t, 0.02, 0.3) * (1 - ramp(t, 0.7, 1.0))
    lit = lit - (0.035 + 0.10 * tone.lines) * side
    # Groove from nose to lip, lit on one side.
    groove = np.exp(-(((y - (nose + points[0, 1]) / 2) / 0.09) ** 2))
    lit = lit - 0.05 * np.exp(-((x / 0.045) ** 2)) * groove + 0.03 * np.exp(-(((ax - 0.085) / 0.03) ** 2)) * groove
    for row, depth in ((-0.60, 1.0), (-0.73, 0.8), (-0.49, 0.6)):
        wave = row + 0.025 * np.cos(x * 4.2)
        lit = lit - 0.07 * tone.lines * depth * np.exp(-(((y - wave) / 0.016) ** 2)) * (1 - ramp(ax, 0.3, 0.65))
    return np.asarray(lit, np.float32)


def _colour_spots(color: Image, points: Points, x: Image, y: Image, tone: Complexion) -> Image:
    ax = np.abs(x)
    blush = np.array(rgb(tone.blush), np.float32) / 255
    nose = float(points[4, 1])
    warm = 0.60 * spot(ax, y, (0.66, 0.50), (0.28, 0.20)) + 0.35 * spot(x, y, (0, nose + 0.03), (0.17, 0.12))
    warm = warm + 0.22 * spot(x, y, (0, float(points[199, 1])), (0.25, 0.14))
    warm = warm + 0.18 * spot(ax, y, (0.50, -0.17), (0.24, 0.08))
    color = color + (blush - color) * (np.clip(warm, 0, 1) * tone.blush_strength)[..., None]
    if tone.freckles:
        dots = ramp(noise(77, 4.2), 1.7, 2.4) * tone.freckles
        dots = dots * np.clip(spot(ax, y, (0.45, 0.38), (0.38, 0.2)) + spot(x, y, (0, 0.38), (0.25, 0.2)), 0, 1)
        color = color * (1 - dots[..., None] * np.array([0.16, 0.28, 0.34], np.float32))
    if tone.beard_strength:
        shade = np.array(rgb(tone.beard), np.float32) / 255
        amount = beard_area(points, x, y) * tone.beard_strength
        color = color + (shade - color) * amount[..., None]
    return np.asarray(color, np.float32)


def beard_area(points: Points, x: Image, y: Image) -> Image:
    """Where a beard grows: jaw, chin and moustache, 0..1."""
    ax = np.abs(x)
    mouth, nose = float(points[13, 1]), float(points[2, 1])
    corner = float(points[291, 0])
    # The upper border runs from beside the ear down across the cheek to the moustache.
    border = np.interp(
        ax,
        [0, 0.12, corner, corner + 0.18, 0.82, 0.96, 1.2],
        [nose + 0.07, nose + 0.09, nose + 0.20, nose + 0.22, mouth - 0.32, 0.42, 0.2],
    )
    area = ramp(y - border.astype(np.float32), -0.02, 0.14)
    patch = spot(x, y, (0, float(points[17, 1]) + 0.06), (0.30, 0.055))
    area = area * (1 - 0.5 * patch)
    return np.asarray(area, np.float32)
