"""Viktor: in his sixties, fair skin, silver hair and a trimmed beard, a dark green sweater, a study full of books."""

# ruff: noqa: RUF005 - these sums move NumPy points, they do not join lists.

from __future__ import annotations

import body
import numpy as np
import room
import skia
from canvas import Layer, Points, fill, linear, mirrored, mix, path, smooth, stroke
from features import Look
from hair import HairTone, beard, cap
from mesh import Proportions
from nathan import MAN
from numpy.typing import NDArray
from person import Person, beard_roots
from skin import Complexion

HAIR = HairTone(dark=0x5A5652, base=0xA9A49D, light=0xF2EFEA, grey=0.3)
BEARD = HairTone(dark=0x6E665E, base=0xA8A199, light=0xEAE6E0, grey=0.30)
SWEATER, SHIRT = 0x2F4A3E, 0xE9E4DA
OVAL = (
    (0.0, -1.02),
    (0.31, -1.00),
    (0.59, -0.93),
    (0.80, -0.79),
    (0.93, -0.59),
    (1.0, -0.38),
    (1.03, -0.17),
    (1.04, 0.03),
    (1.04, 0.24),
    (1.035, 0.47),
    (1.02, 0.71),
    (0.985, 0.95),
    (0.92, 1.17),
    (0.82, 1.36),
    (0.69, 1.52),
    (0.54, 1.645),
    (0.37, 1.735),
    (0.19, 1.785),
    (0.0, 1.80),
)
HAIRLINE = [
    (-1.0, 0.18),
    (-0.985, -0.14),
    (-0.95, -0.42),
    (-0.86, -0.66),
    (-0.74, -0.86),
    (-0.42, -0.93),
    (-0.05, -0.99),
    (0.36, -0.95),
    (0.72, -0.86),
    (0.86, -0.66),
    (0.95, -0.42),
    (0.985, -0.14),
    (1.0, 0.18),
]
RIM = [
    (-1.08, 0.24),
    (-1.15, -0.16),
    (-1.17, -0.52),
    (-1.13, -0.92),
    (-0.96, -1.24),
    (-0.56, -1.46),
    (-0.02, -1.54),
    (0.50, -1.47),
    (0.92, -1.25),
    (1.12, -0.92),
    (1.17, -0.52),
    (1.15, -0.16),
    (1.08, 0.24),
]


def _room() -> NDArray[np.float32]:
    layer = Layer()
    room.wall(layer, 0x6E5A48, 0x3E332B, 0xFFD9A8, (-2.6, -0.2))
    books = (0x8A4A3A, 0x3E5548, 0xB89A62, 0x2E4256, 0xA8806A, 0x5A3E34, 0xD2C2A2)
    room.shelf(layer, -5.8, -1.35, 3.6, 4, 1.3, 0x7A5638, 12, books)
    room.shelf(layer, 2.2, -1.35, 3.7, 4, 1.3, 0x7A5638, 15, books)
    room.lamp(layer, -1.95, 0.5, 0.5)
    return room.finish(layer, 14)


def _hair_back(layer: Layer) -> None:
    layer.canvas.drawPath(
        path(smooth([*RIM, (0.8, 0.9), (0, 1.0), (-0.8, 0.9)], closed=True)),
        fill(mix(HAIR.base, HAIR.dark, 0.7), 1, 0.02),
    )


def _hair_front(layer: Layer, _points: Points) -> None:
    cap(layer, HAIRLINE, RIM, HAIR, 1500, 7, lean=0.24, lift=0.12, jitter=0.05, shine_strength=0.5)


def _extras(layer: Layer, points: Points) -> None:
    roots, weight = beard_roots(points, 7000, 5)
    beard(layer, roots, weight, BEARD, 6, length=0.075, alpha=0.50)


def _clothes(layer: Layer) -> None:
    c = layer.canvas
    shape = body.torso(shoulder=2.60, width=2.95, root=0.84, top=2.08)
    opening = body.scoop(0.40, 0.84, 1.98)
    sweater = skia.Op(path(shape), path(opening), skia.PathOp.kDifference_PathOp)
    for s in (-1, 1):
        collar = mirrored(
            [(0.66, 1.82), (0.80, 1.98), (0.92, 2.20), (0.60, 2.62), (0.34, 2.44), (0.04, 2.50), (0.34, 2.30)], s
        )
        flap = path(collar)
        tone = mix(SHIRT, 0xFFFFFF, 0.3 if s < 0 else 0.0)
        c.drawPath(
            flap,
            fill(
                0,
                shader=linear(
                    (0, 1.8),
                    (0, 2.7),
                    [(0, mix(tone, 0x403830, 0.35), 1), (0.5, tone, 1), (1, mix(tone, 0x605040, 0.12), 1)],
                ),
            ),
        )
        c.drawPath(flap, stroke(mix(SHIRT, 0x403020, 0.5), 0.012, 0.6, 0.004))
    body.cloth(layer, sweater, SWEATER, contrast=0.5, folds=10, seed=8, texture=0.09, knit=True)
    edge = smooth(opening[len(opening) // 16 : -len(opening) // 16])
    c.drawPath(path(edge + [0, 0.045], False), stroke(mix(SWEATER, 0, 0.25), 0.10, 0.9))
    c.drawPath(path(edge + [0, 0.03], False), stroke(mix(SWEATER, 0xFFFFFF, 0.18), 0.03, 0.5, 0.012))
    c.drawPath(path(edge + [0, 0.10], False), stroke(mix(SWEATER, 0, 0.6), 0.02, 0.6, 0.012))


PERSON = Person(
    replica_id="r79e1c033f",
    name="Viktor",
    gender="male",
    pitch=0.9,
    seed=61,
    description="A man in his sixties with silver hair and a trimmed beard, in a study full of books.",
    shape=Proportions(
        oval=OVAL,
        **(
            MAN
            | {
                "nose_width": 0.278,
                "nose_base": 0.80,
                "eye_open": 0.104,
                "crease": 0.034,
                "upper_lip": 0.066,
                "lower_lip": 0.105,
                "brow_thick": 0.11,
                "corner_up": 0.058,
                "brow": ((0.90, -0.22), (0.79, -0.30), (0.62, -0.335), (0.41, -0.318), (0.235, -0.278)),
            }
        ),
    ),
    tone=Complexion(
        shadow=0xB27A68,
        base=0xE3B198,
        light=0xFBDDC8,
        blush=0xD5786C,
        blush_strength=0.36,
        shine=0.5,
        lines=0.85,
        beard=0x9A928A,
        beard_strength=0.70,
    ),
    look=Look(
        iris=0x5B7C97,
        brow=0x8A837B,
        lash=0x4A3C34,
        lash_length=0.45,
        liner=0.2,
        eyeshadow=0xA5685A,
        eyeshadow_strength=0.20,
        lip=0xB9766E,
        lip_gloss=0.15,
        lip_line=0.2,
        sclera=0xEFE8E2,
        crease=0x8A5244,
        brow_fullness=1.2,
    ),
    room=_room,
    hair_back=_hair_back,
    hair_front=_hair_front,
    clothes=_clothes,
    extras=_extras,
    neck_width=0.76,
    ears=(1.01, -0.06, 0.70),
    teeth=0xE6DCCB,
)
