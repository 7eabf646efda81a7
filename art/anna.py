"""Anna: in her thirties, chestnut hair to the shoulders, navy blazer, a living room in the morning."""

from __future__ import annotations

import body
import numpy as np
import room
import skia
from canvas import Layer, Points, fill, linear, mirrored, mix, path, smooth, stroke
from features import Look
from hair import HairTone, lock
from mesh import Proportions
from numpy.typing import NDArray
from person import Person
from skin import Complexion

HAIR = HairTone(dark=0x23120B, base=0x5A3320, light=0xB8794A)
BLAZER, BLOUSE = 0x2C3E5C, 0xF4EEE6


def _room() -> NDArray[np.float32]:
    layer = Layer()
    room.wall(layer, 0xEADFD2, 0xB9A898, 0xFFF3E0, (-3.4, -1.2))
    room.window(layer, -5.6, -2.6, 2.6, 4.4, 0xCFE3F0, 0xFBF7F0)
    room.shelf(
        layer, 2.7, -1.25, 3.0, 4, 1.35, 0xA9825C, 5, (0xD9C7A8, 0x7C8F8A, 0xB5654A, 0x3E5566, 0xE8DFD0, 0x96A58C)
    )
    room.plant(layer, -2.55, 1.2, 1.0, 0x5C8A5A, 0xD8C3AC, 3)
    room.lamp(layer, 2.05, 0.1, 0.42)
    return room.finish(layer, 15)


def _hair_back(layer: Layer) -> None:
    guides = []
    for u in np.linspace(-1, 1, 9):
        spread = np.sign(u) * abs(u) ** 0.8
        guides.append(
            [
                (0.1 + 0.3 * u, -1.45),
                (0.95 * spread, -1.15),
                (1.22 * spread, -0.3),
                (1.24 * spread, 0.6),
                (1.20 * spread, 1.4),
                (1.22 * spread, 2.0),
                (1.05 * spread, 2.42),
            ]
        )
    lock(layer, guides, HAIR, 900, 1, shade=0.55, shine_strength=0.3, wave=0.02)


def _hair_front(layer: Layer, _points: Points) -> None:
    left = [
        [
            (0.20, -0.97),
            (-0.20, -0.93),
            (-0.62, -0.70),
            (-0.88, -0.30),
            (-0.97, 0.22),
            (-0.91, 0.85),
            (-0.86, 1.45),
            (-0.98, 2.05),
            (-0.86, 2.42),
        ],
        [
            (0.21, -1.12),
            (-0.30, -1.17),
            (-0.84, -0.86),
            (-1.08, -0.24),
            (-1.13, 0.45),
            (-1.10, 1.15),
            (-1.20, 1.75),
            (-1.00, 2.35),
        ],
        [
            (0.17, -1.38),
            (-0.40, -1.40),
            (-0.98, -1.02),
            (-1.24, -0.26),
            (-1.28, 0.52),
            (-1.26, 1.25),
            (-1.38, 1.85),
            (-1.14, 2.50),
        ],
        [
            (0.13, -1.58),
            (-0.42, -1.51),
            (-0.84, -1.32),
            (-1.13, -0.98),
            (-1.34, -0.30),
            (-1.39, 0.55),
            (-1.36, 1.30),
            (-1.49, 1.92),
            (-1.28, 2.46),
        ],
    ]
    right = [
        [
            (0.22, -0.97),
            (0.50, -0.88),
            (0.79, -0.60),
            (0.94, -0.18),
            (0.97, 0.28),
            (0.91, 0.88),
            (0.86, 1.46),
            (1.00, 2.05),
            (0.90, 2.40),
        ],
        [
            (0.22, -1.12),
            (0.60, -1.08),
            (0.95, -0.74),
            (1.11, -0.16),
            (1.14, 0.48),
            (1.11, 1.15),
            (1.21, 1.75),
            (1.03, 2.32),
        ],
        [
            (0.18, -1.38),
            (0.66, -1.32),
            (1.06, -0.92),
            (1.26, -0.18),
            (1.29, 0.54),
            (1.27, 1.25),
            (1.40, 1.85),
            (1.18, 2.46),
        ],
        [
            (0.12, -1.58),
            (0.60, -1.51),
            (0.94, -1.30),
            (1.18, -0.94),
            (1.35, -0.24),
            (1.40, 0.55),
            (1.37, 1.30),
            (1.51, 1.92),
            (1.32, 2.42),
        ],
    ]
    # Finer, lighter strands lie over the body of the hair.
    streaks = HairTone(dark=HAIR.base, base=mix(HAIR.base, HAIR.light, 0.45), light=0xDCA878)
    lock(layer, right, HAIR, 900, 3, shine=(0.30, 0.13), wave=0.034, shine_strength=0.65)
    lock(layer, left, HAIR, 1300, 2, shine=(0.32, 0.13), wave=0.034, shine_strength=0.85)
    lock(
        layer, right, streaks, 70, 13, shine=(0.30, 0.16), wave=0.030, jitter=0.03, body=False, width=0.008, alpha=0.34
    )
    lock(
        layer, left, streaks, 110, 12, shine=(0.32, 0.16), wave=0.030, jitter=0.03, body=False, width=0.008, alpha=0.34
    )


def _clothes(layer: Layer) -> None:
    c = layer.canvas
    shape = body.torso(shoulder=2.55, width=2.62, root=0.72, top=2.16)
    opening = body.collar_v(1.05, 0.62, 2.02)
    blouse = skia.Op(path(shape), path(opening), skia.PathOp.kDifference_PathOp)
    body.cloth(layer, blouse, BLOUSE, contrast=0.30, folds=4, seed=3, texture=0.03)
    c.drawPath(path(smooth(opening[: len(opening) // 2]), False), stroke(0xB8A898, 0.02, 0.6, 0.01))
    c.drawPath(path(smooth(opening[len(opening) // 2 :]), False), stroke(0xB8A898, 0.02, 0.6, 0.01))
    outer = body.torso(shoulder=2.52, width=2.72, root=0.80, top=2.10)
    front = path(
        np.vstack(
            [
                smooth([(-0.80, 1.95), (-0.62, 2.6), (-0.30, 3.3), (-0.05, 4.3)]),
                smooth([(0.05, 4.3), (0.30, 3.3), (0.62, 2.6), (0.80, 1.95)]),
            ]
        )
    )
    blazer = skia.Op(path(outer), front, skia.PathOp.kDifference_PathOp)
    body.cast_shadow(layer, blazer, blouse, 0.45, 0.07, 0.02, 0.03)
    body.cloth(layer, blazer, BLAZER, contrast=0.55, folds=10, seed=7, texture=0.06)
    for s in (-1, 1):
        lapel = mirrored(
            [
                (0.78, 2.02),
                (1.02, 2.34),
                (1.28, 2.62),
                (1.02, 2.80),
                (1.08, 2.98),
                (0.62, 3.75),
                (0.18, 4.3),
                (0.02, 4.3),
                (0.30, 3.3),
                (0.60, 2.6),
            ],
            s,
        )
        lap = path(lapel)
        body.cast_shadow(layer, lap, blazer, 0.55, 0.05, 0.02, 0.04)
        tone = mix(BLAZER, 0xFFFFFF, 0.10 if s < 0 else 0.02)
        c.drawPath(
            lap,
            fill(
                0,
                shader=linear(
                    (0, 2.0), (s * 0.8, 4.0), [(0, mix(tone, 0xFFFFFF, 0.10), 1), (1, mix(tone, 0x000010, 0.25), 1)]
                ),
            ),
        )
        c.drawPath(lap, stroke(mix(BLAZER, 0, 0.5), 0.014, 0.55, 0.004))
        c.drawPath(
            path(mirrored([(1.28, 2.62), (0.86, 2.78)], s), False), stroke(mix(BLAZER, 0, 0.6), 0.016, 0.6, 0.006)
        )


PERSON = Person(
    replica_id="r90bbd427f71",
    name="Anna",
    gender="female",
    pitch=1.0,
    seed=1,
    description="A woman in her thirties with chestnut hair and a navy blazer, in a bright living room.",
    shape=Proportions(mouth_width=0.41, corner_up=0.062),
    tone=Complexion(shadow=0xC08268, base=0xEDBB9C, light=0xFFE6D2, blush=0xE88C7A, blush_strength=0.42, shine=0.6),
    look=Look(brow=0x4A3022, brow_fullness=1.1),
    room=_room,
    hair_back=_hair_back,
    hair_front=_hair_front,
    clothes=_clothes,
    hair_shadow=0.60,
)
