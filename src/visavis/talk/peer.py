"""The client's end of the WebRTC connection: one offer, two received tracks, one data channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

import aioice.ice
import av
import numpy as np
import structlog
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from visavis.engines.ports import Pcm

from .microphone import RATE, Microphone
from .reception import Arrivals
from .recording import VIDEO_CLOCK

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT = 5.0

_host_addresses = aioice.ice.get_host_addresses


def _addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Without any network interface the machine can still talk to itself."""
    return _host_addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]


aioice.ice.get_host_addresses = _addresses_or_loopback


class PeerEvents(Protocol):
    """The client's side. All are called on the event loop and must return at once."""

    def on_change(self) -> None:
        """Something about the connection may be different."""
        ...

    def on_message(self, text: str | bytes) -> None: ...

    def on_sound(self, pts: int, audio: Pcm, at: float) -> None:
        """20 ms of sound, 48 kHz mono, whose packet arrived at `at`."""
        ...

    def on_picture(self, frame: av.VideoFrame) -> None: ...

    def on_failure(self, error: BaseException) -> None:
        """Received media can no longer be read."""
        ...


class Peer:
    """One attempt at a connection. `offer`, then `accept`; always `close` it."""

    def __init__(self, microphone: Microphone, events: PeerEvents) -> None:
        self.sounds: Arrivals | None = None
        self.pictures: Arrivals | None = None
        self._events = events
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        # An explicit list, even when empty: aiortc's default contacts a public server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._pc.on("connectionstatechange", events.on_change)
        self._pc.on("track", self._on_track)
        # The server relies on this order: audio, video, data channel.
        self._pc.addTrack(microphone)
        self._pc.addTransceiver("video", direction="recvonly")
        self._channel = self._pc.createDataChannel("app")
        self._channel.on("message", events.on_message)
        self._channel.on("open", events.on_change)

    async def offer(self) -> str:
        """The offer, with its candidates in it: the server takes no trickled ones."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return str(self._pc.localDescription.sdp)

    async def accept(self, sdp: str, kind: str) -> None:
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, kind))

    @property
    def flows(self) -> bool:
        """Sound arrives and messages can be sent."""
        return (
            self._pc.connectionState == "connected"
            and self._channel.readyState == "open"
            and self.sounds is not None
            and self.sounds.packets > 0
        )

    @property
    def lost(self) -> bool:
        return self._pc.connectionState in ("failed", "closed")

    def send(self, text: str) -> None:
        self._channel.send(text)

    async def report(self) -> Mapping[str, Any]:
        """aiortc's statistics."""
        report: Mapping[str, Any] = await self._pc.getStats()
        return report

    def _on_track(self, track: Any) -> None:
        receiver = next(t.receiver for t in self._pc.getTransceivers() if t.receiver.track is track)
        if track.kind == "audio" and self.sounds is None:
            self.sounds = Arrivals(receiver, RATE)
            self._spawn(self._hear(track, self.sounds), "sound")
        elif track.kind == "video" and self.pictures is None:
            self.pictures = Arrivals(receiver, VIDEO_CLOCK)
            self._spawn(self._watch(track), "picture")

    async def _hear(self, track: Any, arrivals: Arrivals) -> None:
        first = True
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
                audio = samples.mean(axis=1).astype(np.int16) if samples.shape[1] > 1 else samples[:, 0]
                self._events.on_sound(frame.pts, audio, arrivals.at(frame.pts))
                if first:
                    first = False
                    self._events.on_change()

    async def _watch(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                self._events.on_picture(await track.recv())

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"talk-{name}")
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()):
                self._events.on_failure(error)

        task.add_done_callback(done)

    async def close(self) -> None:
        """Close everything. aiortc's decoder threads end only so, and would otherwise keep the process alive."""
        if self._closed:
            return
        self._closed = True
        self._pc.remove_all_listeners()
        try:
            await asyncio.wait_for(self._pc.close(), CLOSE_TIMEOUT)
        except TimeoutError:
            log.warning("talk.close_timeout")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
