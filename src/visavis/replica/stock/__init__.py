"""The characters that come with the program, drawn by the scripts in `art/`.

Reading who they are opens no picture and imports no OpenCV.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from visavis.replica.bundle import Meta

_ORDER = ("r90bbd427f71", "rfe12d8b9597", "rf4e9d9790f0", "r79e1c033f")
"""Replica ids in the order in which they are offered."""


@cache
def bundles() -> dict[str, Path]:
    """Replica ids and the folders of their bundles, in the order in which they are offered."""
    root = Path(str(resources.files(__name__)))
    return {name: root / name for name in _ORDER if (root / name / "meta.json").is_file()}


@cache
def metadata() -> dict[str, Meta]:
    """Name, voice hint and picture size of every stock replica, by id."""
    return {replica_id: Meta.read(folder) for replica_id, folder in bundles().items()}
