"""A face, a voice, a detector and a recogniser that do what they are told, for tests of the engine around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np

from visavis.engines.ports import Pcm, SpeechChunk, Transcription, TtsOptions
from visavis.replica.ports import I420, OUTPUT_RATE, FaceState, Frame, Speech


class FakeFace:
    """Plays what is pushed, sample by sample; its pictures are grey levels, its loops three shades."""

    fps = 25
    width = 64
    height = 64
    loop_step = 5
    period = 20

    def __init__(self) -> None:
        self.speeches: list[tuple[Speech, int]] = []
        self.state: FaceState = "idle"
        self.cleared = 0
        self._index = 0
        self._live = 0

    @property
    def queued(self) -> float:
        return sum(len(speech.audio) - at for speech, at in self.speeches) / OUTPUT_RATE

    def push(self, speech: Speech) -> None:
        if speech.generation > self.cleared:
            self.speeches.append((speech, 0))

    def clear(self, generation: int) -> float:
        dropped = self.queued
        self.cleared = max(self.cleared, generation)
        self.speeches = [item for item in self.speeches if item[0].generation > generation]
        return dropped

    def set_state(self, state: FaceState) -> None:
        self.state = state

    def picture(self, level: int) -> I420:
        return np.full((self.height * 3 // 2, self.width), level, np.uint8)

    def loop(self, state: FaceState) -> Sequence[I420]:
        base = {"idle": 60, "listening": 90, "thinking": 120}[state]
        return [self.picture(base + index) for index in range(self.period)]

    def next(self) -> Frame:
        index = self._index
        self._index += 1
        if not self.speeches:
            if self._live and index % self.loop_step:
                return Frame(index, None, self.picture(200))
            self._live = 0
            return Frame(index, None, None, loop=self.state, loop_index=index % self.period)
        self._live = 1
        wanted = OUTPUT_RATE // self.fps
        sound = np.zeros(wanted, np.int16)
        at, tags = 0, []
        generation = self.speeches[0][0].generation
        while at < wanted and self.speeches and self.speeches[0][0].generation == generation:
            speech, position = self.speeches[0]
            part = speech.audio[position : position + wanted - at]
            sound[at : at + len(part)] = part
            at += len(part)
            if position + len(part) >= len(speech.audio):
                self.speeches.pop(0)
                tags.append(speech.tag)
            else:
                self.speeches[0] = (speech, position + len(part))
        done = not self.speeches
        return Frame(index, sound, self.picture(200), generation=generation, tags=tuple(tags), end_of_speech=done)


class FakeTts:
    """A tone per clause, 60 ms a character, in two chunks; remembers what it was asked and what was closed."""

    def __init__(self, *, delay: float = 0.0, rate: int = 16_000) -> None:
        self.asked: list[str] = []
        self.closed_early = 0
        self.delay = delay
        self.rate = rate

    async def synthesize(self, text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        self.asked.append(text)
        samples = int(len(text) * 0.06 * self.rate)
        tone = (8000 * np.sin(np.arange(samples) * 0.1)).astype(np.int16)
        finished = False
        try:
            for part in np.array_split(tone, 2):
                await asyncio.sleep(self.delay)
                yield SpeechChunk(part, self.rate, text=text)
            finished = True
        finally:
            self.closed_early += not finished

    async def close(self) -> None: ...


class ScriptedVad:
    """Speech is what is loud."""

    def probability(self, chunk: Pcm) -> float:
        return 0.95 if np.abs(chunk).max() > 1000 else 0.02

    def reset(self) -> None: ...


class ScriptedStream:
    """Tells `words(seconds heard)`."""

    def __init__(self, words: Callable[[float], str]) -> None:
        self.words = words
        self.samples = 0
        self.resets = 0
        self.delay = 0.0

    def push(self, audio: Pcm) -> None:
        self.samples += len(audio)

    async def partial(self) -> str:
        return self.words(self.samples / 16_000)

    async def pause(self) -> str:
        await asyncio.sleep(self.delay)
        return self.words(self.samples / 16_000)

    async def finish(self) -> Transcription:
        text = await self.partial()
        self.reset()
        return Transcription(text)

    def reset(self) -> None:
        self.resets += 1
        self.samples = 0

    async def close(self) -> None: ...


class ScriptedEndOfTurn:
    def __init__(self, value: float) -> None:
        self.value = value
        self.heard: list[int] = []

    async def score(self, audio: Pcm) -> float:
        self.heard.append(len(audio))
        return self.value
