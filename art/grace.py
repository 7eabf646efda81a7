"""Grace: in her forties, dark skin, short natural curls, gold earrings, a mustard turtleneck, a terracotta room."""

from __future__ import annotations

import body
import numpy as np
import room
import skia
from canvas import Layer, Points, blob, fill, linear, mirrored, mix, path, radial, smooth, stroke
from features import Look
from hair import HairTone, curls
from mesh import Proportions
from numpy.typing import NDArray
from person import Person
from skin import Complexion

HAIR = HairTone(dark=0x080606, base=0x1E1614, light=0x6A4A3A)
KNIT = 0xC98A2E
OVAL = (
    (0.0, -0.98),
    (0.31, -0.96),
    (0.59, -0.89),
    (0.81, -0.75),
    (0.94, -0.56),
    (1.01, -0.36),
    (1.04, -0.16),
    (1.05, 0.04),
    (1.045, 0.24),
    (1.03, 0.45),
    (0.995, 0.66),
    (0.94, 0.87),
    (0.855, 1.07),
    (0.745, 1.24),
    (0.61, 1.39),
    (0.47, 1.51),
    (0.32, 1.60),
    (0.165, 1.65),
    (0.0, 1.665),
)


def _room() -> NDArray[np.float32]:
    layer = Layer()
    room.wall(layer, 0xC98F72, 0x8E5A48, 0xFFE0B8, (-3.0, -1.6))
    c = layer.canvas
    room.picture_frame(layer, 2.2, -2.2, 1.9, 2.3, 0xEFE2CE, 0x4A3428)
    c.drawOval(skia.Rect(2.6, -1.8, 3.7, -0.8), fill(0x2F5D62))
    c.drawOval(skia.Rect(2.9, -1.1, 3.9, -0.2), fill(0xD9A441))
    room.picture_frame(layer, 4.4, -1.5, 1.3, 1.6, 0xE8D8C0, 0x4A3428)
    c.drawOval(skia.Rect(4.7, -1.2, 5.4, -0.3), fill(0xB5533C))
    room.plant(layer, -3.9, 1.9, 2.0, 0x4F7F52, 0xE8D9C4, 4)
    room.plant(layer, 3.7, 2.6, 1.4, 0x3F6B48, 0xC9B49A, 9)
    room.lamp(layer, -2.2, -0.2, 0.4)
    return room.finish(layer, 15)


def _hair_back(layer: Layer) -> None:
    area = [
        (-1.36, -0.25),
        (-1.50, -0.70),
        (-1.38, -1.22),
        (-0.95, -1.62),
        (-0.35, -1.82),
        (0.30, -1.82),
        (0.92, -1.62),
        (1.37, -1.22),
        (1.50, -0.70),
        (1.36, -0.22),
        (1.18, 0.22),
        (0.9, 0.5),
        (0, 0.6),
        (-0.9, 0.5),
        (-1.18, 0.22),
    ]
    curls(layer, area, HAIR, 2600, 3, size=0.085)


def _hair_front(layer: Layer, _points: Points) -> None:
    arc = [
        (-1.16, 0.10),
        (-1.24, -0.35),
        (-1.15, -0.80),
        (-0.85, -1.20),
        (-0.40, -1.42),
        (0.05, -1.46),
        (0.50, -1.38),
        (0.90, -1.16),
        (1.17, -0.78),
        (1.24, -0.33),
        (1.16, 0.10),
        (1.03, 0.08),
        (1.0, -0.22),
        (0.93, -0.50),
        (0.74, -0.72),
        (0.42, -0.86),
        (0.05, -0.90),
        (-0.36, -0.88),
        (-0.72, -0.74),
        (-0.93, -0.50),
        (-1.0, -0.22),
        (-1.03, 0.08),
    ]
    curls(layer, arc, HAIR, 1500, 8, size=0.065)


def _extras(layer: Layer, _points: Points) -> None:
    c = layer.canvas
    for s in (-1, 1):
        at = mirrored([(1.03, 0.70)], s)[0]
        c.drawCircle(
            float(at[0]),
            float(at[1]),
            0.055,
            fill(
                0,
                shader=radial(
                    (at[0] - 0.02, at[1] - 0.02), 0.07, [(0, 0xFFF3C4, 1), (0.5, 0xE0B04A, 1), (1, 0x8A5E18, 1)]
                ),
            ),
        )


def _clothes(layer: Layer) -> None:
    c = layer.canvas
    shape = path(body.torso(shoulder=2.52, width=2.75, root=0.62, top=2.05))
    body.cloth(layer, shape, KNIT, contrast=0.5, folds=11, seed=5, texture=0.07, knit=True)
    roll = [
        (-0.66, 1.66),
        (-0.70, 1.95),
        (-0.84, 2.20),
        (-0.45, 2.36),
        (0, 2.40),
        (0.45, 2.36),
        (0.84, 2.20),
        (0.70, 1.95),
        (0.66, 1.66),
        (0.35, 1.80),
        (0, 1.84),
        (-0.35, 1.80),
    ]
    collar = blob(roll)
    body.cast_shadow(layer, collar, shape, 0.5, 0.08, 0.02, 0.06)
    c.drawPath(
        collar,
        fill(
            0,
            shader=linear(
                (-0.8, 0),
                (0.8, 0),
                [(0, mix(KNIT, 0xFFFFFF, 0.16), 1), (0.4, KNIT, 1), (1, mix(KNIT, 0x1A0E00, 0.42), 1)],
            ),
        ),
    )
    c.save()
    c.clipPath(collar, True)
    for x in np.arange(-0.9, 0.9, 0.045):
        rib = smooth([(x * 0.9, 1.6), (x * 0.96, 2.0), (x * 1.15, 2.45)])
        c.drawPath(path(rib, False), stroke(mix(KNIT, 0x1A0E00, 0.5), 0.014, 0.30, 0.006))
    c.drawPath(
        path(smooth([(-0.66, 1.68), (-0.35, 1.82), (0, 1.86), (0.35, 1.82), (0.66, 1.68)]), False),
        stroke(0x3A2404, 0.16, 0.55, 0.07),
    )
    c.restore()


PERSON = Person(
    replica_id="rf4e9d9790f0",
    name="Grace",
    gender="female",
    pitch=0.92,
    seed=41,
    description="A woman in her forties with short curls and a mustard turtleneck, in a warm room with plants.",
    shape=Proportions(
        oval=OVAL,
        eye_width=0.262,
        eye_open=0.134,
        eye_tilt=0.045,
        nose_width=0.275,
        nose_base=0.725,
        mouth_width=0.425,
        upper_lip=0.118,
        lower_lip=0.152,
        corner_up=0.060,
        mouth_y=1.115,
        brow_thick=0.072,
        iris=0.111,
    ),
    tone=Complexion(
        shadow=0x4A2A1E, base=0x8A573B, light=0xC08A64, blush=0x9A4A36, blush_strength=0.30, shine=1.0, lines=0.12
    ),
    look=Look(
        iris=0x3E2616,
        brow=0x17100D,
        lash=0x0A0706,
        eyeshadow=0x5A2E22,
        eyeshadow_strength=0.40,
        lip=0x9A4A48,
        lip_gloss=0.7,
        lip_line=0.35,
        sclera=0xF0E9E2,
        crease=0x35190F,
    ),
    room=_room,
    hair_back=_hair_back,
    hair_front=_hair_front,
    clothes=_clothes,
    extras=_extras,
    neck_width=0.58,
    ears=(1.0, -0.10, 0.62),
    tongue=0xB8605E,
    teeth=0xF2EBDF,
)
