"""The stock characters."""

from __future__ import annotations

import anna
import grace
import nathan
import viktor
from person import Person

PEOPLE: list[Person] = [anna.PERSON, nathan.PERSON, grace.PERSON, viktor.PERSON]
