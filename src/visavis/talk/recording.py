"""What the replica showed and said, as an MP4 file."""

from __future__ import annotations

import asyncio
import queue
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import structlog

from visavis.engines.ports import Pcm

from .microphone import RATE

log = structlog.get_logger(__name__)

VIDEO_CLOCK = 90_000
SETTLE = 1.0
"""Seconds gathered before writing, so that the tracks' common time axis is known well."""
NO_PICTURE = 5.0
"""Seconds of sound without any picture after which the file becomes one of sound only."""
GAP = RATE // 50
"""Samples of jitter in the sound's time stamps that are not corrected: 20 ms."""
MAX_WAITING = 2000
"""Pieces (pictures and 20 ms of sound) that may wait for the encoder: about 25 s."""
CLOSE_TIMEOUT = 60.0


class Axis(Protocol):
    """Where the time stamps of a track lie on an axis that all tracks share (see `reception.Arrivals`)."""

    @property
    def offset(self) -> float: ...


class Recording:
    """Takes decoded pictures and sound on the event loop and writes them in a thread. `close` completes the file.

    The file begins with the first picture. Sound and picture are put on one time axis by their `Axis`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self.seconds = 0.0
        self._pictures: list[tuple[float, av.VideoFrame]] = []
        self._sounds: list[tuple[float, Pcm]] = []
        self._shift: tuple[float, float] | None = None
        """Add to picture and sound times to get seconds of the file; None until writing has begun."""
        self._waiting: queue.Queue[tuple[float, Any] | None] = queue.Queue(MAX_WAITING)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        # The muxer opens the file only when it writes; a path that cannot be written is refused before the call.
        path.open("wb").close()
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._thread.start()

    def picture(self, frame: av.VideoFrame, arrivals: Axis) -> None:
        at = frame.pts / VIDEO_CLOCK
        if self._shift:
            self._put(at + self._shift[0], frame)
        else:
            self._pictures.append((at, frame))

    def sound(self, pts: int, audio: Pcm, pictures: Axis | None, sounds: Axis) -> None:
        """Take 48 kHz mono sound with its time stamp."""
        at = pts / RATE
        if self._shift:
            self._put(at + self._shift[1], audio)
            return
        self._sounds.append((at, audio))
        gathered = at - self._sounds[0][0]
        if self._pictures and pictures:
            if self._pictures[-1][0] - self._pictures[0][0] >= SETTLE:
                self._begin(pictures, sounds)
        elif gathered >= NO_PICTURE:
            self._begin(None, sounds)

    def _begin(self, pictures: Axis | None, sounds: Axis) -> None:
        if pictures and self._pictures:
            zero = self._pictures[0][0] + pictures.offset
            self._shift = (pictures.offset - zero, sounds.offset - zero)
        else:
            self._shift = (0.0, -self._sounds[0][0])
        # The muxer must know every stream before the first packet, so a picture comes first.
        for at, frame in self._pictures:
            self._put(at + self._shift[0], frame)
        for at, audio in self._sounds:
            self._put(at + self._shift[1], audio)
        self._pictures.clear()
        self._sounds.clear()

    def _put(self, at: float, piece: Any) -> None:
        try:
            self._waiting.put_nowait((at, piece))
        except queue.Full:
            self.dropped += 1

    async def close(self, pictures: Axis | None, sounds: Axis | None) -> None:
        """Write what is left and complete the file. Raises the error that stopped the writing, if any."""
        if self._shift is None and sounds and self._sounds:
            self._begin(pictures, sounds)
        await asyncio.to_thread(self._finish)
        if self._error:
            raise self._error
        if self.dropped:
            log.warning("recording.dropped", pieces=self.dropped)

    def _finish(self) -> None:
        self._waiting.put(None, timeout=CLOSE_TIMEOUT)
        self._thread.join(CLOSE_TIMEOUT)

    def _write(self) -> None:
        """Runs in the thread."""
        try:
            with self._file:
                writer = _Writer(self._file)
                while (item := self._waiting.get()) is not None:
                    writer.add(*item)
                writer.flush()
            self.seconds = writer.seconds
        except Exception as error:
            self._error = error
            while self._waiting.get() is not None:
                self.dropped += 1


class _Writer:
    """Encodes to H.264 and AAC."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._video: Any = None
        self._audio: Any = None
        self._written = 0
        self._newest = -1
        self.seconds = 0.0

    def add(self, at: float, piece: Any) -> None:
        if self._audio is None:
            if isinstance(piece, av.VideoFrame):
                self._video = self._picture_stream(piece)
            self._audio = self._file.add_stream("aac", rate=RATE, layout="mono")
            self._audio.bit_rate = 96_000
        if isinstance(piece, np.ndarray):
            self._sound(at, piece)
        elif self._video is not None:
            self._picture(at, piece)

    def _picture_stream(self, frame: Any) -> Any:
        # Declared as 90 kHz and not as so many per second: pictures keep the very times they came with.
        stream = self._file.add_stream("libx264", rate=VIDEO_CLOCK)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, VIDEO_CLOCK)
        stream.options = {"preset": "superfast", "crf": "20", "threads": "1", "g": "100", "bf": "0"}
        return stream

    def _picture(self, at: float, frame: Any) -> None:
        pts = round(at * VIDEO_CLOCK)
        if pts <= self._newest:
            return
        self._newest = pts
        size = {"width": self._video.width, "height": self._video.height}
        copy = av.VideoFrame.from_ndarray(frame.to_ndarray(format="yuv420p", **size), format="yuv420p")
        copy.pts, copy.time_base = pts, Fraction(1, VIDEO_CLOCK)
        self._file.mux(self._video.encode(copy))
        self.seconds = max(self.seconds, at)

    def _sound(self, at: float, audio: Pcm) -> None:
        position = round(at * RATE)
        missing = position - self._written
        tolerated = GAP if self._written else 0
        if missing > tolerated:
            audio = np.concatenate([np.zeros(missing, np.int16), audio])
        elif missing < -tolerated:
            audio = audio[-missing:]
        if not len(audio):
            return
        frame = av.AudioFrame.from_ndarray(audio[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts, frame.time_base = self._written, Fraction(1, RATE)
        self._written += len(audio)
        self._file.mux(self._audio.encode(frame))
        self.seconds = max(self.seconds, self._written / RATE)

    def flush(self) -> None:
        for stream in (self._video, self._audio):
            if stream is not None:
                self._file.mux(stream.encode(None))
