"""The 468 points of a drawn face, from a handful of proportions.

`face_mesh.npy` holds the average layout in head units (x, y, depth away from the viewer), measured on an earlier
drawing of ours and made symmetric. A person's contours are placed exactly where they are drawn; the points between
them follow by a thin-plate spline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from canvas import Points

# Contours in the numbering of the published 468-point face mesh, from picture-left to picture-right.
UPPER_OUTER = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]
UPPER_MID = [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306]
UPPER_NEAR = [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292]
UPPER_INNER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
LOWER_OUTER = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]
LOWER_MID = [76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306]
LOWER_NEAR = [62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292]
LOWER_INNER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]
# One side of the face, top to chin, and its mirror image.
OVAL = [10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152]
OVAL_MIRROR = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152]
# Lids from the outer to the inner corner; [picture-left eye, picture-right eye].
LID_UPPER = [[33, 246, 161, 160, 159, 158, 157, 173, 133], [263, 466, 388, 387, 386, 385, 384, 398, 362]]
LID_LOWER = [[33, 7, 163, 144, 145, 153, 154, 155, 133], [263, 249, 390, 373, 374, 380, 381, 382, 362]]
CREASE = [[247, 30, 29, 27, 28, 56, 190], [467, 260, 259, 257, 258, 286, 414]]
BROW_LOWER = [[46, 53, 52, 65, 55], [276, 283, 282, 295, 285]]
BROW_UPPER = [[70, 63, 105, 66, 107], [300, 293, 334, 296, 336]]
NOSE_LINE = [168, 6, 197, 195, 5, 4, 1, 19, 94, 2]
NOSE_SIDE = [[129, 98, 97, 64, 48, 115, 220, 45], [358, 327, 326, 294, 278, 344, 440, 275]]


@dataclass(frozen=True)
class Proportions:
    """Shape of a face in head units; the defaults are a woman of about thirty."""

    oval: tuple[tuple[float, float], ...] = (
        (0.0, -0.98),
        (0.30, -0.96),
        (0.56, -0.89),
        (0.77, -0.76),
        (0.90, -0.58),
        (0.975, -0.38),
        (1.01, -0.18),
        (1.025, 0.02),
        (1.02, 0.22),
        (1.0, 0.42),
        (0.945, 0.64),
        (0.88, 0.86),
        (0.79, 1.07),
        (0.68, 1.25),
        (0.555, 1.41),
        (0.43, 1.54),
        (0.295, 1.635),
        (0.15, 1.69),
        (0.0, 1.705),
    )
    eye_width: float = 0.262
    eye_open: float = 0.136
    eye_low: float = 0.074
    eye_tilt: float = 0.05
    crease: float = 0.050
    brow: tuple[tuple[float, float], ...] = (
        (0.865, -0.285),
        (0.775, -0.365),
        (0.62, -0.40),
        (0.42, -0.375),
        (0.245, -0.318),
    )
    brow_thick: float = 0.075
    nose_base: float = 0.735
    nose_width: float = 0.228
    mouth_y: float = 1.135
    mouth_width: float = 0.395
    upper_lip: float = 0.105
    lower_lip: float = 0.14
    corner_up: float = 0.045
    iris: float = 0.112
    extra: dict[int, tuple[float, float]] = field(default_factory=dict)


def _spline(source: Points, target: Points, at: Points) -> Points:
    def kernel(a: Points, b: Points) -> Points:
        r2 = ((a[:, None] - b[None]) ** 2).sum(-1)
        return np.asarray(np.where(r2 > 0, r2 * np.log(np.maximum(r2, 1e-12)), 0.0))

    n = len(source)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = kernel(source, source) + 1e-4 * np.eye(n)
    system[:n, n:] = np.hstack([np.ones((n, 1)), source])
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.vstack([target, np.zeros((3, target.shape[1]))]))
    return np.asarray(np.hstack([kernel(at, source), np.ones((len(at), 1)), at]) @ weights)


def _lips(p: Proportions) -> dict[int, tuple[float, float]]:
    u = np.array([-1, -0.89, -0.73, -0.53, -0.23, 0, 0.23, 0.53, 0.73, 0.89, 1.0])
    inner_u = np.array([-0.93, -0.80, -0.63, -0.44, -0.22, 0, 0.22, 0.44, 0.63, 0.80, 0.93])
    # Cupid's bow: two peaks beside a shallow dip; the closed line dips towards the middle of the upper lip.
    bow = np.array([0, 0.20, 0.50, 0.82, 1.06, 0.88, 1.06, 0.82, 0.50, 0.20, 0])
    bowl = np.array([0, 0.26, 0.58, 0.85, 0.985, 1.0, 0.985, 0.85, 0.58, 0.26, 0])
    line = p.mouth_y + 0.012 * np.cos(inner_u * 4.2) - p.corner_up * np.abs(inner_u) ** 2.2
    outer_line = p.mouth_y - p.corner_up * np.abs(u) ** 2.2
    placed: dict[int, tuple[float, float]] = {}
    rings = ((UPPER_OUTER, 1.0), (UPPER_MID, 0.66), (UPPER_NEAR, 0.33), (UPPER_INNER, 0.0))
    for ring, share in rings:
        for i, index in enumerate(ring):
            x = (inner_u[i] + (u[i] - inner_u[i]) * share) * p.mouth_width
            y = line[i] + (outer_line[i] - p.upper_lip * bow[i] - line[i]) * share
            placed[index] = (x, y)
    rings = ((LOWER_OUTER, 1.0), (LOWER_MID, 0.66), (LOWER_NEAR, 0.33), (LOWER_INNER, 0.0))
    for ring, share in rings:
        for i, index in enumerate(ring):
            x = (inner_u[i] + (u[i] - inner_u[i]) * share) * p.mouth_width
            y = line[i] + (outer_line[i] + p.lower_lip * bowl[i] - line[i]) * share
            placed[index] = (x, y)
    return placed


def _eye(p: Proportions, side: int) -> dict[int, tuple[float, float]]:
    s = -1.0 if side == 0 else 1.0
    # Along the lid from the outer (+1) to the inner corner (-1); the lid is highest a little inside the middle.
    u = np.array([1, 0.90, 0.70, 0.40, 0.02, -0.36, -0.68, -0.90, -1.0])
    upper = np.array([0, 0.36, 0.68, 0.93, 1.0, 0.88, 0.60, 0.26, 0])
    lower = np.array([0, 0.40, 0.72, 0.96, 1.0, 0.86, 0.58, 0.26, 0])
    tilt = -p.eye_tilt * 0.5 * u
    placed = {}
    for i in range(9):
        x = s * (0.5 + u[i] * p.eye_width)
        placed[LID_UPPER[side][i]] = (x, tilt[i] - p.eye_open * upper[i])
        if 0 < i < 8:
            placed[LID_LOWER[side][i]] = (x, tilt[i] + p.eye_low * lower[i])
    for k, i in enumerate((0, 2, 3, 4, 5, 6, 7)):
        lift = p.crease * (0.55 if i in (0, 7) else 1.0)
        out = 0.02 if i == 0 else 0.0
        placed[CREASE[side][k]] = (s * (0.5 + u[i] * p.eye_width + out), tilt[i] - p.eye_open * upper[i] - lift)
    for k, (x, y) in enumerate(p.brow):
        taper = (0.36, 0.76, 1.0, 1.08, 0.90)[k] * p.brow_thick / 2
        placed[BROW_LOWER[side][k]] = (s * x, y + taper)
        placed[BROW_UPPER[side][k]] = (s * x, y - taper)
    return placed


def landmarks(p: Proportions) -> Points:
    """All points of the face as x, y, depth in head units; shape (468, 3)."""
    average = np.load(Path(__file__).with_name("face_mesh.npy")).astype(float)
    placed: dict[int, tuple[float, float]] = {}
    for index, mirror, (x, y) in zip(OVAL, OVAL_MIRROR, p.oval, strict=True):
        placed[index], placed[mirror] = (-x, y), (x, y)
    scale_y, scale_x = p.nose_base / 0.714, p.nose_width / 0.297
    for index in NOSE_LINE:
        placed[index] = (0.0, average[index, 1] * scale_y)
    for side in (0, 1):
        for index in NOSE_SIDE[side]:
            placed[index] = (average[index, 0] * scale_x, average[index, 1] * scale_y)
        placed |= _eye(p, side)
    placed |= _lips(p)
    placed |= p.extra
    # Points under and beside the lips keep their share of the distance from lip to chin.
    for index in (18, 200, 199, 175):
        share = (average[index, 1] - 1.135) / (1.523 - 1.135)
        low = p.mouth_y + p.lower_lip
        placed[index] = (0.0, low + (p.oval[-1][1] - low) * share)
    for index in (50, 280):
        placed[index] = (average[index, 0] * 0.88, average[index, 1] * 1.12)
    keys = list(placed)
    points = _spline(average[keys, :2], np.array([placed[k] for k in keys]), average[:, :2])
    points[keys] = [placed[k] for k in keys]
    return np.hstack([points, average[:, 2:]])
