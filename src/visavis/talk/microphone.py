"""The person's sound: silence, speech when asked for, or a live microphone, always in real time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from visavis.engines.audio import rms_dbfs
from visavis.engines.ports import Pcm

RATE = 48_000
FRAME = 960
"""Samples per frame: 20 ms, what one Opus packet carries."""
VOICED_DBFS = -45.0
"""A 20 ms frame at least this loud counts as voiced, if it is also within `VOICED_RANGE` of the loudest one."""
VOICED_RANGE = 35.0
MAX_LATE = 0.2
"""Seconds the track may catch up; after a longer stall it goes on from now, as a sound card would."""
MAX_LIVE = RATE // 2
"""Samples of a live microphone that may wait: half a second."""


def voiced_span(audio: Pcm) -> tuple[int, int] | None:
    """First and one past the last voiced sample of speech at 48 kHz, to 20 ms; None when it is silent."""
    frames = [rms_dbfs(audio[start : start + FRAME]) for start in range(0, len(audio), FRAME)]
    threshold = max(VOICED_DBFS, max(frames, default=VOICED_DBFS) - VOICED_RANGE)
    voiced = [index for index, level in enumerate(frames) if level >= threshold]
    if not voiced:
        return None
    return voiced[0] * FRAME, min(len(audio), (voiced[-1] + 1) * FRAME)


@dataclass(slots=True)
class Speech:
    """Something being said. Times are of `time.monotonic`, None until they are reached."""

    audio: Pcm
    voiced_until: int
    position: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    """When the last voiced sample left the track."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Microphone(MediaStreamTrack):  # type: ignore[misc]
    """An audio track of 48 kHz mono sound."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.voiced_at: float | None = None
        """When the newest voiced sample left the track, spoken or live."""
        self._speeches: deque[Speech] = deque()
        self._live: deque[Pcm] = deque()
        self._count = 0
        self._due = 0.0

    def say(self, audio: Pcm) -> Speech:
        """Begin to say something (48 kHz). Raises ValueError if it is silent."""
        span = voiced_span(audio)
        if span is None:
            raise ValueError("There is no speech in this sound: it is silent.")
        speech = Speech(audio, span[1])
        self._speeches.append(speech)
        return speech

    def hush(self, speech: Speech) -> None:
        """Stop saying it."""
        if speech in self._speeches:
            self._speeches.remove(speech)
        speech.over.set()

    def feed(self, audio: Pcm) -> None:
        """Sound of a live microphone (48 kHz). What the track cannot send in time is dropped, oldest first."""
        self._live.append(audio)
        while sum(map(len, self._live)) > MAX_LIVE:
            self._live.popleft()

    async def recv(self) -> av.AudioFrame:
        await self._pace()
        if self.readyState != "live":
            raise MediaStreamError
        sound = self._next(time.monotonic())
        frame = av.AudioFrame.from_ndarray(sound[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = self._count * FRAME
        self._count += 1
        return frame

    async def _pace(self) -> None:
        now = time.monotonic()
        if now - self._due > MAX_LATE:
            self._due = now
        elif self._due > now:
            await asyncio.sleep(self._due - now)
        self._due += FRAME / RATE

    def _next(self, now: float) -> Pcm:
        if not self._speeches:
            return self._live_sound(now)
        speech = self._speeches[0]
        piece = speech.audio[speech.position : speech.position + FRAME]
        speech.started_at = speech.started_at or now
        speech.position += len(piece)
        if speech.ended_at is None and speech.position >= speech.voiced_until:
            speech.ended_at = self.voiced_at = now
        if speech.position >= len(speech.audio):
            self.hush(speech)
        return np.pad(piece, (0, FRAME - len(piece)))

    def _live_sound(self, now: float) -> Pcm:
        sound = np.zeros(FRAME, np.int16)
        filled = 0
        while self._live and filled < FRAME:
            head = self._live.popleft()
            take = min(len(head), FRAME - filled)
            sound[filled : filled + take] = head[:take]
            filled += take
            if take < len(head):
                self._live.appendleft(head[take:])
        if filled and rms_dbfs(sound) >= VOICED_DBFS:
            self.voiced_at = now
        return sound
