"""From events and sound to replies: what was said, how it sounded, and when it could first be heard."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visavis.engines.audio import rms_dbfs
from visavis.engines.ports import Pcm

AUDIBLE_DBFS = -50.0
"""Received sound at least this loud (RMS over 20 ms) is heard. Opus gives digital silence well below it."""
PREROLL = 0.3
"""Seconds of sound before the event that may already belong to the reply: sound and events travel apart."""
DRAIN = 0.3
"""Seconds after the reply's last event for its last sound to come out of the decoder."""
MAX_SECONDS = 300.0
"""Longest reply whose sound is kept in full."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the server. `at` is when it arrived, by `time.monotonic`."""

    at: float
    type: str
    properties: Mapping[str, Any]
    message: Mapping[str, Any]
    """The whole message, envelope included."""


@dataclass(slots=True)
class Reply:
    """One thing the replica said. Times are of `time.monotonic`."""

    started_at: float
    """When the event that announces it arrived."""
    inference_id: str | None = None
    turn_idx: int | None = None
    text: str = ""
    audio: Pcm = field(default_factory=lambda: np.zeros(0, np.int16))
    """The sound as received: mono, 48 kHz."""
    first_sound_at: float | None = None
    """When the first sound that can be heard arrived; None if there was none."""
    ended_at: float | None = None
    interrupted: bool = False
    hops: Mapping[str, float] = field(default_factory=dict)
    """The server's own account of the turn: hop → seconds after the person stopped speaking."""
    prompted_at: float | None = None
    """When the last voiced sound of the person left before this reply (or their text was sent)."""

    @property
    def audible(self) -> bool:
        return self.first_sound_at is not None

    @property
    def latency(self) -> float | None:
        """Seconds from the end of the person's sound to the first sound of the reply; None without either.

        Negative when the reply began before the person had finished.
        """
        if self.first_sound_at is None or self.prompted_at is None:
            return None
        return self.first_sound_at - self.prompted_at


class ReplyCollector:
    """Is told events and sound, and calls `on_reply` with every reply once it is over."""

    def __init__(self, on_reply: Callable[[Reply], None]) -> None:
        self.current: Reply | None = None
        self._on_reply = on_reply
        self._parts: list[Pcm] = []
        self._seconds = 0.0
        self._recent: deque[tuple[float, Pcm]] = deque(maxlen=50)
        self._hops: dict[int | None, Mapping[str, float]] = {}
        self._finish: asyncio.TimerHandle | None = None
        self._from = 0.0

    def hear(self, at: float, audio: Pcm) -> None:
        """Take 20 ms of received sound (48 kHz mono) that arrived at `at`."""
        if at < self._from:
            return
        self._recent.append((at, audio))
        if self.current:
            self._add(self.current, at, audio)

    def _add(self, reply: Reply, at: float, audio: Pcm) -> None:
        if reply.first_sound_at is None and rms_dbfs(audio) >= AUDIBLE_DBFS:
            reply.first_sound_at = at
        if self._seconds < MAX_SECONDS:
            self._parts.append(audio)
            self._seconds += len(audio) / 48_000

    def note(self, event: Event) -> None:
        """Take one event of the server."""
        if event.type == "room.latency":
            self._hops[event.properties.get("turn_idx")] = event.properties.get("hops") or {}
        elif event.properties.get("role") == "replica":
            if event.type == "conversation.started_speaking":
                self._begin(event)
            elif self.current:
                self._follow(self.current, event)

    def _begin(self, event: Event) -> None:
        self.close()
        message = event.message
        reply = self.current = Reply(event.at, message.get("inference_id"), message.get("turn_idx"))
        for at, audio in self._recent:
            if at >= event.at - PREROLL:
                self._add(reply, at, audio)

    def _follow(self, reply: Reply, event: Event) -> None:
        if event.type in ("conversation.utterance", "conversation.utterance.streaming"):
            reply.text = str(event.properties.get("speech") or "") or reply.text
        elif event.type == "conversation.stopped_speaking" and reply.ended_at is None:
            reply.ended_at = event.at
            reply.interrupted = bool(event.properties.get("interrupted"))
            self._finish = asyncio.get_running_loop().call_later(DRAIN, self.close)

    def close(self) -> None:
        """Hand out the reply under way, if there is one, as it is."""
        if self._finish:
            self._finish.cancel()
            self._finish = None
        reply, self.current = self.current, None
        if reply is None:
            return
        reply.ended_at = reply.ended_at or time.monotonic()
        if self._parts:
            reply.audio = np.concatenate(self._parts)
        if reply.turn_idx is not None:
            reply.hops = self._hops.pop(reply.turn_idx, {})
        self._parts, self._seconds = [], 0.0
        # What belongs to one reply is not the beginning of the next.
        self._recent.clear()
        self._from = reply.ended_at
        self._on_reply(reply)
