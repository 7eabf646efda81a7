"""The stock characters: who they are and what they wear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import anna
from canvas import Layer, Points
from features import Look
from mesh import Proportions
from numpy import float32
from numpy.typing import NDArray
from person import Person

PEOPLE: list[Person] = [anna.PERSON]
