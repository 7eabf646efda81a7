"""The stage: asks the face for its next frame, encodes it once, and hands it to everyone who watches.

One clock for sound and picture. A frame is produced only while somebody watches; when the machine is too slow the
clock slips as a whole, so lips stay with the sound.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from visavis.replica.ports import OUTPUT_RATE, Face, FaceState, Frame, Pcm

from .encoders import OPUS_SAMPLES, OpusEncoder, VideoCodec, VideoEncoder, video_encoder
from .loops import LoopKey, LoopStore

log = structlog.get_logger(__name__)

SLIP = 0.03
"""Seconds of delay from which the clock is set anew instead of being caught up.

A burst after a gap would fill the receiver's jitter buffer, and its delay would stay; a gap alone is concealed.
"""


WORTH_TELLING = 0.25


@dataclass(frozen=True, slots=True)
class MediaUnit:
    """One frame as it goes out: a picture per codec in use (absent when audio only) and its Opus packets."""

    index: int
    pictures: dict[VideoCodec, bytes]
    key_frames: frozenset[VideoCodec]
    """Codecs whose picture can be decoded without anything before it."""
    audio: tuple[bytes, ...]
    audio_index: int
    """Number of the first Opus packet, counted from the start of the call."""


class Viewer(Protocol):
    """Someone who receives what the stage shows."""

    video_codec: VideoCodec | None

    def show(self, unit: MediaUnit) -> None:
        """Take one unit; must not block."""
        ...


class _Channel:
    """The state of one codec: whether viewers are inside a prepared loop or follow the live encoder."""

    def __init__(self, encoder: VideoEncoder) -> None:
        self.encoder = encoder
        self.loop: FaceState | None = None
        self.index = -1
        self.want_key = True


class Stage:
    """Paces one face for all viewers of a call. `on_frame` is called on the loop for every frame sent."""

    def __init__(
        self,
        face: Face,
        *,
        loops: LoopStore,
        replica: str,
        bitrate: int,
        on_frame: Callable[[Frame], None],
        audio_only: bool = False,
    ) -> None:
        self.face = face
        self._loops = loops
        self._replica = replica
        self._bitrate = bitrate
        self._on_frame = on_frame
        self._audio_only = audio_only
        self._viewers: list[Viewer] = []
        self._channels: dict[VideoCodec, _Channel] = {}
        self._opus = OpusEncoder()
        self._opus_count = 0
        self._rest = np.zeros(0, np.int16)
        self._worker = ThreadPoolExecutor(1, "stage")
        self._somebody = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.lateness: deque[float] = deque(maxlen=500)
        self.slips = 0

    def start(self, on_failure: Callable[[], None]) -> None:
        """Begin to play; `on_failure` is called if the face or an encoder breaks."""

        def done(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and task.exception():
                log.error("stage.failed", exc_info=task.exception())
                on_failure()

        self._task = asyncio.create_task(self._run(), name="stage")
        self._task.add_done_callback(done)

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._viewers.clear()
        await asyncio.get_running_loop().run_in_executor(None, self._worker.shutdown)

    def add(self, viewer: Viewer) -> None:
        self._viewers.append(viewer)
        if viewer.video_codec:
            self.request_key_frame(viewer.video_codec)
        self._somebody.set()

    def remove(self, viewer: Viewer) -> None:
        with contextlib.suppress(ValueError):
            self._viewers.remove(viewer)
        if not self._viewers:
            self._somebody.clear()

    def request_key_frame(self, codec: VideoCodec) -> None:
        """A viewer cannot decode what follows without a fresh picture."""
        channel = self._channels.get(codec)
        if channel:
            channel.want_key = True

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        period = 1.0 / self.face.fps
        due = loop.time()
        while True:
            if not self._viewers:
                await self._somebody.wait()
                due = loop.time()
            codecs = set() if self._audio_only else {v.video_codec for v in self._viewers if v.video_codec}
            frame, unit = await loop.run_in_executor(self._worker, self._produce, codecs)
            wait = due - loop.time()
            self.lateness.append(max(0.0, -wait))
            if wait > 0:
                await asyncio.sleep(wait)
            elif wait < -SLIP:
                self.slips += 1
                due = loop.time()
                if wait < -WORTH_TELLING:
                    log.warning("stage.slipped", behind_ms=round(-wait * 1000))
            due += period
            self._present(frame, unit)

    def _present(self, frame: Frame, unit: MediaUnit) -> None:
        """One viewer's trouble, or an observer's, must not end the show for the others."""
        for viewer in list(self._viewers):
            try:
                viewer.show(unit)
            except Exception:
                log.exception("stage.viewer_failed")
        try:
            self._on_frame(frame)
        except Exception:
            log.exception("stage.observer_failed")

    def _produce(self, codecs: set[VideoCodec]) -> tuple[Frame, MediaUnit]:
        """Runs in the stage's thread."""
        frame = self.face.next()
        first = self._opus_count
        audio = self._sound(frame.audio)
        pictures: dict[VideoCodec, bytes] = {}
        key_frames: set[VideoCodec] = set()
        for codec in codecs:
            pictures[codec], is_key = self._picture(codec, frame)
            if is_key:
                key_frames.add(codec)
        return frame, MediaUnit(frame.index, pictures, frozenset(key_frames), audio, first)

    def _sound(self, audio: Pcm | None) -> tuple[bytes, ...]:
        """Encode a frame's sound; what does not fill a packet (at 30 fps) waits for the next frame."""
        per_frame = OUTPUT_RATE // self.face.fps
        if audio is None and not self._rest.size and per_frame % OPUS_SAMPLES == 0:
            packets = tuple(self._opus.encode(None) for _ in range(per_frame // OPUS_SAMPLES))
        else:
            sound = np.concatenate([self._rest, np.zeros(per_frame, np.int16) if audio is None else audio])
            whole = len(sound) - len(sound) % OPUS_SAMPLES
            self._rest = sound[whole:]
            packets = tuple(self._opus.encode(part) for part in sound[:whole].reshape(-1, OPUS_SAMPLES))
        self._opus_count += len(packets)
        return packets

    def _picture(self, codec: VideoCodec, frame: Frame) -> tuple[bytes, bool]:
        face = self.face
        channel = self._channels.get(codec)
        if channel is None:
            encoder = video_encoder(codec, face.width, face.height, face.fps, self._bitrate)
            channel = self._channels[codec] = _Channel(encoder)
        if frame.loop is not None:
            key = LoopKey(self._replica, codec, face.width, face.height, face.fps, self._bitrate)
            packets = self._loops.packets(key, frame.loop)
            if packets is None:
                self._loops.prepare(key, frame.loop, face)
            else:
                boundary = frame.loop_index % face.loop_step == 0
                follows = channel.loop == frame.loop and frame.loop_index == (channel.index + 1) % len(packets)
                if boundary or (follows and not channel.want_key):
                    channel.loop, channel.index = frame.loop, frame.loop_index
                    channel.want_key = channel.want_key and not boundary
                    return packets[frame.loop_index], boundary
        image = frame.image
        if image is None:
            if frame.loop is None:
                raise ValueError("a frame without a picture must name a loop")
            image = face.loop(frame.loop)[frame.loop_index]
        key_frame = channel.want_key or channel.loop is not None
        channel.loop, channel.want_key = None, False
        return channel.encoder.encode(image, key_frame=key_frame), key_frame
