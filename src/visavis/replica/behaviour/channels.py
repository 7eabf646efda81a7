"""A pose without its mouth as a row of numbers, so that poses can be added and blended."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visavis.replica.pose import Articulators, Pose

CHANNELS: Final = tuple(f.name for f in fields(Pose) if f.name != "mouth")
"""Columns of a row: the fields of `Pose` after the mouth, in their order and units."""

Row = NDArray[np.float64]
"""One moment, shape (11,), or a run of moments, shape (n, 11)."""

COLUMN: Final = {name: index for index, name in enumerate(CHANNELS)}


def pose(mouth: Articulators, row: Row) -> Pose:
    return Pose(mouth, *(float(value) for value in row))
