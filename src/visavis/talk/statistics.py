"""Figures of one connection."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .reception import Arrivals

RATE_WINDOW = 5.0


@dataclass(slots=True)
class Statistics:
    """Figures of one connection; times in seconds, `time.monotonic` for moments."""

    connected_in: float | None = None
    """From the offer to flowing media."""
    first_picture_in: float | None = None
    first_sound_in: float | None = None
    pictures: int = 0
    pictures_per_second: float = 0.0
    """Over the last `RATE_WINDOW` seconds."""
    width: int = 0
    height: int = 0
    longest_freeze: float = 0.0
    """Longest time between two pictures."""
    sound_packets: int = 0
    picture_packets: int = 0
    packets_lost: int = 0
    round_trip: float | None = None
    sound_behind_picture: float | None = None
    """How much more the newest sound was delayed on its way than the newest pictures: skew that a sender causes.

    A browser takes the moment of sending for the moment of recording, so this much its lips run ahead of the sound.
    """
    picture_times: deque[float] = field(default_factory=lambda: deque(maxlen=20_000), repr=False)
    """When each picture was decoded."""

    def rate(self, start: float, end: float) -> float:
        """Pictures per second between two moments."""
        count = sum(1 for at in self.picture_times if start <= at < end)
        return count / (end - start) if end > start else 0.0

    def picture(self, frame: Any) -> None:
        """Count a picture that has just been decoded."""
        now = time.monotonic()
        if self.picture_times:
            self.longest_freeze = max(self.longest_freeze, now - self.picture_times[-1])
        self.picture_times.append(now)
        self.pictures += 1
        self.width, self.height = frame.width, frame.height

    def update(
        self, began: float, pictures: Arrivals | None, sounds: Arrivals | None, report: Mapping[str, Any]
    ) -> None:
        """Bring the figures up to date; `report` is aiortc's."""
        now = time.monotonic()
        self.pictures_per_second = round(self.rate(now - RATE_WINDOW, now), 2)
        if pictures and pictures.first_at is not None:
            self.first_picture_in, self.picture_packets = pictures.first_at - began, pictures.packets
        if sounds and sounds.first_at is not None:
            self.first_sound_in, self.sound_packets = sounds.first_at - began, sounds.packets
        if pictures and sounds and pictures.packets and sounds.packets:
            self.sound_behind_picture = sounds.lateness() - pictures.lateness()
        items = report.values()
        self.packets_lost = sum(item.packetsLost for item in items if item.type == "inbound-rtp")
        trips = [item.roundTripTime for item in items if item.type == "remote-inbound-rtp" and item.roundTripTime]
        self.round_trip = max(trips, default=None)
