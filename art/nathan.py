"""Nathan: about thirty, olive skin, short black hair and stubble, an open shirt, an office in the evening."""

from __future__ import annotations

import body
import numpy as np
import room
import skia
from canvas import Layer, Points, fill, linear, mirrored, mix, path, smooth, stroke
from features import Look
from hair import HairTone, beard, cap
from mesh import Proportions
from numpy.typing import NDArray
from person import Person, beard_roots
from skin import Complexion

HAIR = HairTone(dark=0x0E0A09, base=0x2A1D18, light=0x7A5A48)
SHIRT, JACKET = 0xC9D9EA, 0x3B4048
OVAL = (
    (0.0, -0.97),
    (0.30, -0.955),
    (0.57, -0.89),
    (0.79, -0.76),
    (0.92, -0.57),
    (0.985, -0.37),
    (1.01, -0.17),
    (1.02, 0.03),
    (1.015, 0.24),
    (1.0, 0.46),
    (0.98, 0.70),
    (0.945, 0.94),
    (0.885, 1.16),
    (0.79, 1.36),
    (0.665, 1.53),
    (0.52, 1.655),
    (0.36, 1.745),
    (0.19, 1.795),
    (0.0, 1.81),
)
MAN = {
    "eye_width": 0.25,
    "eye_open": 0.112,
    "eye_low": 0.066,
    "eye_tilt": 0.03,
    "crease": 0.042,
    "nose_base": 0.78,
    "nose_width": 0.262,
    "mouth_y": 1.20,
    "mouth_width": 0.425,
    "upper_lip": 0.080,
    "lower_lip": 0.115,
    "corner_up": 0.052,
    "iris": 0.104,
    "brow_thick": 0.105,
    "brow": ((0.88, -0.235), (0.78, -0.315), (0.61, -0.345), (0.41, -0.318), (0.235, -0.272)),
}


def _room() -> NDArray[np.float32]:
    layer = Layer()
    room.wall(layer, 0x46566A, 0x2C3644, 0xE8B98A, (3.6, -0.8))
    room.window(layer, -5.8, -2.6, 4.4, 4.6, 0x6F8FB5, 0x27313D, 3)
    room.bokeh(layer, 4, 0xFFD8A0, 40, (-5.7, -1.6), (-0.8, 1.8))
    room.shelf(layer, 2.3, -0.9, 3.6, 4, 1.3, 0x8A6A4C, 8, (0xC8B89A, 0x56707A, 0x9A5A44, 0x2F4554, 0xD9CFC0))
    room.lamp(layer, 3.9, 0.55, 0.45)
    room.plant(layer, -2.2, 1.5, 1.1, 0x4E7A58, 0x9A8A7A, 6)
    return room.finish(layer, 15)


HAIRLINE = [
    (-0.99, 0.16),
    (-0.975, -0.14),
    (-0.93, -0.40),
    (-0.83, -0.60),
    (-0.70, -0.74),
    (-0.35, -0.87),
    (0.0, -0.90),
    (0.36, -0.87),
    (0.70, -0.73),
    (0.84, -0.59),
    (0.93, -0.40),
    (0.975, -0.14),
    (0.99, 0.16),
]
RIM = [
    (-1.04, 0.20),
    (-1.09, -0.18),
    (-1.12, -0.52),
    (-1.10, -0.90),
    (-0.95, -1.24),
    (-0.58, -1.50),
    (-0.05, -1.60),
    (0.46, -1.54),
    (0.88, -1.28),
    (1.07, -0.92),
    (1.12, -0.52),
    (1.09, -0.18),
    (1.04, 0.20),
]


def _hair_back(layer: Layer) -> None:
    layer.canvas.drawPath(
        path(smooth([*RIM, (0.8, 0.9), (0, 1.0), (-0.8, 0.9)], closed=True)),
        fill(mix(HAIR.base, HAIR.dark, 0.8), 1, 0.02),
    )


def _hair_front(layer: Layer, _points: Points) -> None:
    cap(layer, HAIRLINE, RIM, HAIR, 1700, 5, lean=-0.26, lift=0.16, jitter=0.06)


def _extras(layer: Layer, points: Points) -> None:
    roots, weight = beard_roots(points, 5200, 3)
    beard(layer, roots, weight * 0.9, HAIR, 4, length=0.022, alpha=0.22)


def _clothes(layer: Layer) -> None:
    c = layer.canvas
    shape = body.torso(shoulder=2.58, width=2.95, root=0.86, top=2.10)
    opening = body.collar_v(0.86, 0.60, 2.10)
    shirt = skia.Op(path(shape), path(opening), skia.PathOp.kDifference_PathOp)
    body.cloth(layer, shirt, SHIRT, contrast=0.34, folds=6, seed=3, texture=0.05)
    outer = body.torso(shoulder=2.54, width=3.05, root=0.95, top=2.05)
    front = path(
        np.vstack(
            [
                smooth([(-1.0, 1.9), (-0.84, 2.5), (-0.62, 3.2), (-0.42, 4.3)]),
                smooth([(0.42, 4.3), (0.62, 3.2), (0.84, 2.5), (1.0, 1.9)]),
            ]
        )
    )
    jacket = skia.Op(path(outer), front, skia.PathOp.kDifference_PathOp)
    body.cast_shadow(layer, jacket, shirt, 0.5, 0.08, 0.02, 0.03)
    body.cloth(layer, jacket, JACKET, contrast=0.5, folds=10, seed=12, texture=0.09)
    for s in (-1, 1):
        lapel = mirrored(
            [
                (0.98, 1.98),
                (1.22, 2.30),
                (1.42, 2.66),
                (1.18, 2.82),
                (1.24, 3.0),
                (0.95, 3.7),
                (0.50, 4.3),
                (0.40, 4.3),
                (0.60, 3.2),
                (0.82, 2.5),
            ],
            s,
        )
        lap = path(lapel)
        body.cast_shadow(layer, lap, jacket, 0.5, 0.05, 0.02, 0.04)
        tone = mix(JACKET, 0xFFFFFF, 0.10 if s < 0 else 0.03)
        c.drawPath(
            lap,
            fill(
                0,
                shader=linear(
                    (0, 2.0), (s * 0.8, 4.0), [(0, mix(tone, 0xFFFFFF, 0.08), 1), (1, mix(tone, 0, 0.25), 1)]
                ),
            ),
        )
        c.drawPath(lap, stroke(mix(JACKET, 0, 0.5), 0.014, 0.5, 0.004))
        collar = mirrored(
            [
                (0.62, 1.86),
                (0.74, 1.96),
                (0.86, 2.22),
                (0.92, 2.40),
                (0.60, 2.86),
                (0.22, 2.74),
                (0.02, 2.98),
                (0.28, 2.46),
                (0.50, 2.10),
            ],
            s,
        )
        flap = path(collar)
        body.cast_shadow(layer, flap, shirt, 0.45, 0.05, 0.02, 0.04)
        tone = mix(SHIRT, 0xFFFFFF, 0.40 if s < 0 else 0.15)
        c.drawPath(
            flap,
            fill(
                0,
                shader=linear(
                    (0, 1.9),
                    (0, 3.0),
                    [(0, mix(tone, 0x30384A, 0.25), 1), (0.5, tone, 1), (1, mix(tone, 0x506080, 0.12), 1)],
                ),
            ),
        )
        c.drawPath(flap, stroke(mix(SHIRT, 0x203050, 0.45), 0.010, 0.5, 0.003))
    c.drawPath(path([(0.01, 2.98), (0.03, 4.3)], False), stroke(mix(SHIRT, 0x203050, 0.5), 0.016, 0.5, 0.008))


PERSON = Person(
    replica_id="rfe12d8b9597",
    name="Nathan",
    gender="male",
    pitch=1.0,
    seed=21,
    description="A man of about thirty with short dark hair and an open shirt, in an office in the evening.",
    shape=Proportions(oval=OVAL, **MAN),
    tone=Complexion(
        shadow=0x93593F,
        base=0xD39D76,
        light=0xF4CBA6,
        blush=0xC97B62,
        blush_strength=0.34,
        shine=0.6,
        lines=0.10,
        beard=0x5E463C,
        beard_strength=0.40,
    ),
    look=Look(
        iris=0x5A3A22,
        brow=0x201612,
        lash_length=0.55,
        liner=0.25,
        eyeshadow=0x8A523C,
        eyeshadow_strength=0.16,
        lip=0xB9746A,
        lip_gloss=0.2,
        lip_line=0.3,
        sclera=0xEFE9E3,
        crease=0x6E3F2C,
        brow_fullness=1.35,
    ),
    room=_room,
    hair_back=_hair_back,
    hair_front=_hair_front,
    clothes=_clothes,
    extras=_extras,
    neck_width=0.74,
    ears=(0.99, -0.08, 0.66),
)
