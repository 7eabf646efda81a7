"""aiortc tracks that carry ready-made packets of a stage to one participant."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from .encoders import AUDIO_CLOCK, OPUS_SAMPLES, VIDEO_CLOCK, VideoCodec

if TYPE_CHECKING:
    from .stage import MediaUnit

MAX_QUEUED = 12
"""Frames a participant may fall behind before old ones are dropped (about half a second)."""


PACKET_SECONDS = 0.02
PACING_SLACK = 0.03
"""How far sound may catch up after a late frame, seconds."""


class _PacketTrack(MediaStreamTrack):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self._packets: deque[av.Packet] = deque()
        self._ready = asyncio.Event()

    def _put(self, packet: av.Packet) -> None:
        self._packets.append(packet)
        self._ready.set()

    async def recv(self) -> av.Packet:
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._ready.clear()
            await self._ready.wait()
        return self._packets.popleft()

    def stop(self) -> None:
        super().stop()
        self._ready.set()


class VideoTrack(_PacketTrack):
    kind = "video"

    def __init__(self, fps: int) -> None:
        super().__init__()
        self._step = 90_000 // fps
        self._wait_for_key = True

    def show(self, unit: MediaUnit, codec: VideoCodec) -> bool:
        """Queue the picture; False when a key frame must be asked for because pictures were dropped."""
        data = unit.pictures.get(codec)
        if data is None:
            return True
        if len(self._packets) >= MAX_QUEUED:
            self._packets.clear()
            self._wait_for_key = True
            return False
        if self._wait_for_key:
            if codec not in unit.key_frames:
                return True
            self._wait_for_key = False
        packet = av.Packet(data)
        packet.pts = unit.index * self._step
        packet.time_base = VIDEO_CLOCK
        self._put(packet)
        return True


class AudioTrack(_PacketTrack):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._due = 0.0

    def show(self, unit: MediaUnit) -> None:
        if len(self._packets) >= 2 * MAX_QUEUED:
            self._packets.clear()
        for position, data in enumerate(unit.audio):
            packet = av.Packet(data)
            packet.pts = (unit.audio_index + position) * OPUS_SAMPLES
            packet.time_base = AUDIO_CLOCK
            self._put(packet)

    async def recv(self) -> av.Packet:
        """Packets of one frame arrive together and leave 20 ms apart, so that the network sees an even stream."""
        packet = await super().recv()
        loop = asyncio.get_running_loop()
        wait = self._due - loop.time()
        if wait > 0 and len(self._packets) < MAX_QUEUED:
            await asyncio.sleep(wait)
        self._due = max(self._due, loop.time() - PACING_SLACK) + PACKET_SECONDS
        return packet
