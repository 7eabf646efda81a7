"""Names for the points of the 468-point face mesh, and the curves and fields built on them.

The numbering is that published with MediaPipe Face Mesh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

# Lip rings from picture-left to picture-right; the corners 61 and 291 belong to the outer rings of both lips.
UPPER_OUTER = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291]
UPPER_MID = [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306]
UPPER_NEAR = [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292]
UPPER_INNER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
LOWER_OUTER = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291]
LOWER_MID = [76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306]
LOWER_NEAR = [62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292]
LOWER_INNER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]

OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]  # fmt: skip
CHIN = 152

# Points that ride on the jaw, wholly or in part.
JAW = [
    152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 172, 397, 199, 175, 200, 18, 421, 201, 83, 313, 171, 396,
    140, 369, 32, 262, 194, 418, 208, 428,
]  # fmt: skip
# How much less than the chin the outline moves towards the ears.
JAW_HINGE = {172: 0.15, 397: 0.15, 136: 0.45, 365: 0.45, 150: 0.72, 379: 0.72, 149: 0.9, 378: 0.9}
# Points of the skull that lips and jaw leave alone.
SKULL = [
    1, 2, 4, 5, 195, 98, 327, 64, 294, 6, 168, 10, 33, 133, 362, 263, 145, 374, 159, 386, 234, 454, 93, 323, 132, 361,
    101, 330, 58, 288, 129, 358, 240, 460,
]  # fmt: skip
CHEEKS = [50, 280, 205, 425, 187, 411, 117, 346]

# Lids from the outer to the inner corner: picture-left eye, picture-right eye.
LID_UPPER = [[33, 246, 161, 160, 159, 158, 157, 173, 133], [263, 466, 388, 387, 386, 385, 384, 398, 362]]
LID_LOWER = [[33, 7, 163, 144, 145, 153, 154, 155, 133], [263, 249, 390, 373, 374, 380, 381, 382, 362]]
CREASE = [[247, 30, 29, 27, 28, 56, 190], [467, 260, 259, 257, 258, 286, 414]]
BROWS = [[46, 53, 52, 65, 55, 70, 63, 105, 66, 107], [276, 283, 282, 295, 285, 300, 293, 334, 296, 336]]


def eye_distance(points: Points) -> float:
    """Distance between the centres of the eyes, the unit of everything that moves."""
    left, right = points[[33, 133]].mean(0), points[[263, 362]].mean(0)
    return float(np.hypot(*(right - left)))


def smooth(chain: Points, steps: int = 6) -> Points:
    """A Catmull-Rom curve through an open chain of points, (n, 2)."""
    p = np.vstack([2 * chain[0] - chain[1], chain, 2 * chain[-1] - chain[-2]])
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.vstack([curve.reshape(-1, 2), chain[-1:]]).astype(np.float32)


def spline_matrix(control: Points, at: Points, stiffness: float = 1e-3) -> NDArray[np.float32]:
    """Thin-plate spline as a matrix: values at `control` (n,) times this (m, n) are values at `at`.

    `stiffness` trades exactness at the control points for smoothness (they are in units of their own spread).
    """

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        r2 = ((a[:, None] - b[None]) ** 2).sum(-1)
        return np.asarray(r2 * np.log(np.maximum(r2, 1e-12)), np.float64)

    c, e = control.astype(float), at.astype(float)
    spread = c.std()
    c, e = c / spread, e / spread
    n = len(c)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = kernel(c, c) + stiffness * np.eye(n)
    system[:n, n:] = np.hstack([np.ones((n, 1)), c])
    system[n:, :n] = system[:n, n:].T
    inverse = np.linalg.inv(system)[:, :n]
    return np.asarray(np.hstack([kernel(e, c), np.ones((len(e), 1)), e]) @ inverse, np.float32)
