"""When the packets of a received track came in.

aiortc hands out decoded frames late (sound 80 ms, pictures one frame) and counts the time stamps of every track from
its own first frame. Both are undone here: the arrival of the packet is the honest moment of reception, and the
earliest arrivals put two tracks of one sender on one time axis.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import OrderedDict
from itertools import islice
from typing import Any

MAX_REMEMBERED = 4096
_WRAP = 1 << 32


class Arrivals:
    """Watches the packets of one receiver. Times are of `time.monotonic`, `pts` in units of `clock_rate`."""

    def __init__(self, receiver: Any, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.packets = 0
        self.first_at: float | None = None
        self._offset = math.inf
        self._newest: int | None = None
        self._position = 0
        self._at: OrderedDict[int, float] = OrderedDict()
        handle = receiver._handle_rtp_packet

        async def watched(packet: Any, arrival_time_ms: int) -> None:
            self._note(packet.timestamp, time.monotonic())
            await handle(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = watched

    def _note(self, timestamp: int, now: float) -> None:
        self.packets += 1
        if self._newest is None:
            self._newest, self.first_at = timestamp, now
        step = (timestamp - self._newest + _WRAP // 2) % _WRAP - _WRAP // 2
        pts = self._position + step
        if step > 0:
            self._newest, self._position = timestamp, pts
        if pts in self._at:
            return
        self._at[pts] = now
        self._offset = min(self._offset, now - pts / self.clock_rate)
        if len(self._at) > MAX_REMEMBERED:
            self._at.popitem(last=False)

    def at(self, pts: int) -> float:
        """When the first packet of the frame with this time stamp arrived; now, if that is not known."""
        return self._at.get(pts, time.monotonic())

    @property
    def offset(self) -> float:
        """Add it to `pts / clock_rate` to get the moment at which a packet arrives that nothing delayed.

        A sender gives matching sound and picture out together, so these moments are comparable between its tracks.
        It is infinite until something has arrived.
        """
        return self._offset

    def lateness(self, count: int = 25) -> float:
        """How much later than undelayed the newest frames arrived, seconds: the median of `count`."""
        newest = [at - pts / self.clock_rate for pts, at in islice(reversed(self._at.items()), count)]
        return statistics.median(newest) - self._offset if newest else 0.0
