"""Listening to one person: sound → voice activity → words → the moment their turn is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import structlog

from visavis.engines.ports import SPEECH_RATE, VAD_CHUNK, EndOfTurn, Pcm, TranscriptStream, VoiceActivity

from .turns.policy import TurnPolicy
from .turns.words import combine, finished

log = structlog.get_logger(__name__)

CHUNK_SECONDS = VAD_CHUNK / SPEECH_RATE
ONSET = 0.5
"""Probability above which a chunk is voice."""
OFFSET = 0.35
"""Probability below which a chunk of an utterance is silence."""
ONSET_CHUNKS = 2
"""Voiced chunks in a row that make an utterance: 64 ms."""
PREROLL_CHUNKS = 12
"""Chunks kept from before the onset, since voice activity notices speech late: 384 ms."""
CONSIDER_AFTER = 0.1
"""Seconds of silence after which the end of the turn is weighed, so that the verdict is there in time."""
PARTIAL_EVERY = 0.5
"""Seconds between looks at the words of an utterance."""
VERDICT_PATIENCE = 2.0
"""Seconds past `max_silence` that a slow recogniser is waited for."""
JUDGED_SECONDS = 8.0
GAP = 0.25
"""Seconds without any sound packet that count as silence (a muted or vanished microphone)."""


@dataclass(slots=True)
class UserTurn:
    """What a person said in one turn. Times are of the event loop's clock."""

    text: str
    started: float
    ended: float
    """When the last voiced sound arrived."""
    hops: dict[str, float] = field(default_factory=dict)
    """Seconds after `ended` at which each stage was done."""


class EarEvents(Protocol):
    """What a listener's owner is told; all calls come on the event loop."""

    def on_speech_started(self) -> None: ...

    def on_speech(self, seconds: float, words: int) -> None:
        """The person is speaking: voiced seconds of this utterance and words understood so far."""
        ...

    def on_partial(self, text: str) -> None: ...

    def on_candidate(self, text: str) -> None:
        """The turn may be over with these words; it is not decided."""
        ...

    def on_turn(self, turn: UserTurn) -> None:
        """The turn is over. Its text is empty when the sound held no words."""
        ...


@dataclass(slots=True)
class _Utterance:
    started: float
    voiced: float = 0.0
    silence: float = 0.0
    last_voiced: float = 0.0
    words: int = 0
    since_partial: float = 0.0
    text: str = ""
    score: float | None = None
    """Combined verdict of the current pause, once there."""
    considered: bool = False
    hops: dict[str, float] = field(default_factory=dict)


class Ears:
    """Feed it sound as it arrives (`feed`); it calls `events`. Owned by one task loop; `close` it."""

    def __init__(
        self,
        *,
        vad: VoiceActivity,
        stream: TranscriptStream,
        end_of_turn: EndOfTurn | None,
        policy: Callable[[], TurnPolicy],
        events: EarEvents,
    ) -> None:
        self._policy = policy
        self._vad = vad
        self._stream = stream
        self._end_of_turn = end_of_turn
        self._events = events
        self._rest = np.zeros(0, np.int16)
        self._preroll: deque[Pcm] = deque(maxlen=PREROLL_CHUNKS)
        self._recent: deque[Pcm] = deque(maxlen=int(JUDGED_SECONDS / CHUNK_SECONDS))
        self._onset = 0
        self._utterance: _Utterance | None = None
        self._partial: asyncio.Task[None] | None = None
        self._verdict: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @property
    def speaking(self) -> bool:
        """Is an utterance under way (including its short pauses)?"""
        return self._utterance is not None

    def feed(self, audio: Pcm) -> None:
        """Hear some sound: mono int16, 16 kHz, any length."""
        if self._closed:
            return
        self._rest = np.concatenate([self._rest, audio])
        while len(self._rest) >= VAD_CHUNK:
            chunk, self._rest = self._rest[:VAD_CHUNK], self._rest[VAD_CHUNK:]
            self._hear(chunk, self._vad.probability(chunk))
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if self._utterance:
            self._watch = self._loop.call_later(GAP, self._nothing_came)

    def _nothing_came(self) -> None:
        self._watch = None
        if self._utterance:
            self.feed(np.zeros(int(GAP * SPEECH_RATE), np.int16))

    def _hear(self, chunk: Pcm, probability: float) -> None:
        if self._utterance is None:
            self._preroll.append(chunk)
            self._onset = self._onset + 1 if probability >= ONSET else 0
            if self._onset >= ONSET_CHUNKS:
                self._begin()
            return
        self._stream.push(chunk)
        self._recent.append(chunk)
        if probability >= (OFFSET if self._utterance.silence == 0 else ONSET):
            self._voiced(self._utterance)
        else:
            self._silent(self._utterance)

    def _begin(self) -> None:
        self._onset = 0
        now = self._loop.time()
        self._utterance = _Utterance(now, voiced=ONSET_CHUNKS * CHUNK_SECONDS, last_voiced=now)
        self._recent.clear()
        for chunk in self._preroll:
            self._stream.push(chunk)
            self._recent.append(chunk)
        self._preroll.clear()
        self._events.on_speech_started()

    def _voiced(self, utterance: _Utterance) -> None:
        utterance.voiced += CHUNK_SECONDS
        utterance.silence = 0.0
        utterance.last_voiced = self._loop.time()
        utterance.since_partial += CHUNK_SECONDS
        if utterance.considered:
            utterance.considered, utterance.score = False, None
            if self._verdict:
                self._verdict.cancel()
        self._events.on_speech(utterance.voiced, utterance.words)
        if utterance.since_partial >= PARTIAL_EVERY and (self._partial is None or self._partial.done()):
            utterance.since_partial = 0.0
            self._partial = self._spawn(self._look(utterance), "partial")

    def _silent(self, utterance: _Utterance) -> None:
        utterance.silence += CHUNK_SECONDS
        if not utterance.considered and utterance.silence >= min(CONSIDER_AFTER, self._policy().min_silence):
            utterance.considered = True
            utterance.hops = {"silence_noticed": self._loop.time() - utterance.last_voiced}
            self._verdict = self._spawn(self._consider(utterance), "verdict")
        if self._over(utterance):
            self._end(utterance)

    def _over(self, utterance: _Utterance) -> bool:
        policy = self._policy()
        if utterance.score is None:
            return utterance.silence >= policy.max_silence + VERDICT_PATIENCE
        needed = policy.min_silence if utterance.score > policy.threshold else policy.max_silence
        return utterance.silence >= needed

    async def _look(self, utterance: _Utterance) -> None:
        text = await self._stream.partial()
        if utterance is self._utterance and text:
            utterance.text, utterance.words = text, len(text.split())
            self._events.on_partial(text)

    async def _consider(self, utterance: _Utterance) -> None:
        """Weigh the end of the turn: words and sound together."""
        heard = np.concatenate(list(self._recent))
        judging = asyncio.create_task(self._judge(heard))
        try:
            text = await self._stream.pause()
            utterance.hops["transcribed"] = self._loop.time() - utterance.last_voiced
            if text:
                utterance.text, utterance.words = text, len(text.split())
            self._events.on_candidate(utterance.text)
            audio = await judging
            utterance.hops["judged"] = self._loop.time() - utterance.last_voiced
        finally:
            judging.cancel()
        if utterance is self._utterance and utterance.considered:
            utterance.score = combine(audio, finished(utterance.text)) if self._policy().judge else 1.0
            if self._over(utterance):
                self._end(utterance)

    async def _judge(self, heard: Pcm) -> float | None:
        if self._end_of_turn is None or not self._policy().judge:
            return None
        return await self._end_of_turn.score(heard)

    def _end(self, utterance: _Utterance) -> None:
        self._utterance = None
        utterance.hops["turn_decided"] = self._loop.time() - utterance.last_voiced
        self._stream.reset()
        self._vad.reset()
        self._events.on_turn(UserTurn(utterance.text, utterance.started, utterance.last_voiced, utterance.hops))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"ears-{name}")
        task.add_done_callback(_report)
        return task

    async def close(self) -> None:
        """Stop listening; nothing is told after this has been called."""
        self._closed = True
        if self._watch:
            self._watch.cancel()
        self._utterance = None
        for task in (self._partial, self._verdict):
            if task and not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
        await self._stream.close()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        log.error("ears.failed", error=repr(task.exception()))
