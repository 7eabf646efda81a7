"""Moonshine behind the speech-to-text ports: utterances in pieces, words as they grow.

The network hears whole segments of up to 15 s, so a growing utterance is decoded again and again. Two things keep that
cheap: a tail that has grown long is settled at a pause (its words are then final and its sound is dropped), and the
wait between two decodings grows with what the last one took.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from math import exp
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from visavis.engines.audio import rms_dbfs
from visavis.engines.ports import SPEECH_RATE, VAD_CHUNK, Pcm, SttOptions, Transcription
from visavis.engines.registry import automatic
from visavis.engines.stt.moonshine.hotwords import Hotwords
from visavis.engines.stt.moonshine.model import MAX_SECONDS, Decoded, Recogniser, shared

PARTIAL_STEP = 0.5
"""Seconds of new sound before a partial is worth decoding."""

PARTIAL_SHARE = 3.0
"""A partial waits for at least this many times what the last one took, so listening never fills a core."""

SETTLE_AFTER = 9.0
"""Seconds of tail from which a pause settles what lies before it."""

SETTLE_KEEP = 1.0
"""Seconds at the end that are never settled: the words there may still change."""

SHORTEST_SEGMENT = 4.0
"""Seconds; shorter segments give the network too little context."""

PAUSE_DB = 25.0
"""How far below the loudest 20 ms of a segment a pause lies."""

FRAME = SPEECH_RATE // 50
"""Samples per loudness value: 20 ms."""

DOUBTFUL = -0.2
"""Mean log-probability under which a segment may be noise: speech has -0.14 at its 5th percentile, but a short real
"Sure." may reach -0.3, so the voice detector has the last word."""

INAUDIBLE_DBFS = -70.0
"""Under this nothing is looked for."""

SPEECH_CHUNKS = 3
"""Voice-activity chunks (about 0.1 s) that prove a doubtful segment to be speech."""

LONGEST_BACKLOG = 300.0
"""Seconds of sound kept for an utterance that nobody asks about; older sound is forgotten."""


@dataclass(slots=True)
class _Utterance:
    """What one utterance said so far, and the tail of its sound that may still change its words.

    Of the tail's `samples`, `tail` tells the words of the first `decoded`; `task` is at work on the first `pending`.
    """

    pieces: list[Pcm] = field(default_factory=list)
    samples: int = 0
    settled: list[Decoded] = field(default_factory=list)
    tail: Decoded | None = None
    decoded: int = 0
    pending: int = 0
    next_step: float = PARTIAL_STEP
    task: asyncio.Task[None] | None = None
    cancelled: bool = False

    @property
    def audio(self) -> Pcm:
        """The tail, as one array."""
        if not self.pieces:
            return np.zeros(0, np.int16)
        if len(self.pieces) > 1:
            self.pieces = [np.concatenate(self.pieces)]
        return self.pieces[0]

    @property
    def text(self) -> str:
        return " ".join(part.text for part in [*self.settled, *([self.tail] if self.tail else [])] if part.text)

    def append(self, audio: Pcm) -> None:
        self.pieces.append(audio)
        self.samples += len(audio)

    def drop(self, samples: int) -> None:
        self.pieces = [self.audio[samples:]]
        self.samples -= samples
        self.decoded = max(0, self.decoded - samples)
        self.pending = max(0, self.pending - samples)


class MoonshineStream:
    """One participant's words. Owned by one event loop."""

    def __init__(self, recogniser: Recogniser, options: SttOptions) -> None:
        self._recogniser = recogniser
        self._hotwords = Hotwords(options.hotwords, recogniser.model.tokenizer)
        self._utterance = _Utterance()

    def push(self, audio: Pcm) -> None:
        """Hear more of the utterance: mono int16 at 16 kHz."""
        utterance = self._utterance
        utterance.append(audio.copy())
        surplus = utterance.samples - int(LONGEST_BACKLOG * SPEECH_RATE)
        if surplus > 0 and utterance.task is None:
            utterance.drop(surplus)

    async def partial(self) -> str:
        """Return the words so far. Decodes when half a second is new and a thread is free, else repeats itself."""
        utterance = self._utterance
        new = (utterance.samples - utterance.decoded) / SPEECH_RATE
        if utterance.task is None and new >= utterance.next_step and not self._recogniser.busy:
            utterance.task = asyncio.create_task(self._decode(utterance), name="moonshine-partial")
            await asyncio.shield(utterance.task)
        return utterance.text

    async def pause(self) -> str:
        """Return the words of everything pushed so far; the utterance goes on.

        Costs nothing where the last partial heard everything but silence, else about 35 ms of CPU per second of tail.
        """
        utterance = self._utterance
        while utterance.task is not None:
            # A look at half a word is not worth waiting for.
            utterance.cancelled = not _only_silence_after(utterance.pending, utterance.audio)
            await asyncio.shield(utterance.task)
            if utterance is not self._utterance:
                return ""
            utterance.cancelled = False
        if utterance.tail is None or not _only_silence_after(utterance.decoded, utterance.audio):
            utterance.task = asyncio.create_task(self._decode(utterance), name="moonshine-pause")
            await asyncio.shield(utterance.task)
        return utterance.text

    async def finish(self) -> Transcription:
        """Return the words of the utterance and begin the next one.

        Costs nothing where the last partial heard everything but silence, else about 35 ms of CPU per second of tail.
        """
        utterance, self._utterance = self._utterance, _Utterance()
        audio = utterance.audio
        if utterance.task is not None:
            utterance.cancelled = not _only_silence_after(utterance.pending, audio)
            await asyncio.shield(utterance.task)
            audio = utterance.audio
        utterance.cancelled = False
        if utterance.tail is None or not _only_silence_after(utterance.decoded, audio):
            await self._decode_all(utterance)
        return _transcription([*utterance.settled, *([utterance.tail] if utterance.tail else [])])

    def reset(self) -> None:
        """Forget the current utterance."""
        self._utterance.cancelled = True
        self._utterance = _Utterance()

    async def close(self) -> None:
        """Forget everything; waits for a decoding that is under way."""
        task = self._utterance.task
        self.reset()
        if task is not None:
            await asyncio.shield(task)

    async def _decode(self, utterance: _Utterance) -> None:
        """Decode the tail as it is now, and settle what lies before its pauses."""
        started = perf_counter()
        try:
            audio = utterance.audio
            utterance.pending = len(audio)
            while (cut := _settling_point(audio)) is not None and not utterance.cancelled:
                await self._settle(utterance, cut)
                audio = audio[cut:]
            if utterance.cancelled:
                return
            tail = await self._transcribe(audio, utterance)
            if not utterance.cancelled:
                utterance.tail, utterance.decoded = tail, len(audio)
        finally:
            utterance.task = None
            utterance.next_step = max(PARTIAL_STEP, PARTIAL_SHARE * (perf_counter() - started))

    async def _decode_all(self, utterance: _Utterance) -> None:
        while utterance.samples > MAX_SECONDS * SPEECH_RATE:
            await self._settle(utterance, _cut(utterance.audio[: int(MAX_SECONDS * SPEECH_RATE)]))
        utterance.tail = await self._transcribe(utterance.audio, utterance)

    async def _settle(self, utterance: _Utterance, cut: int) -> None:
        segment = await self._transcribe(utterance.audio[:cut], utterance)
        if utterance.cancelled:
            return
        utterance.settled.append(segment)
        utterance.tail = None
        utterance.drop(cut)

    async def _transcribe(self, audio: Pcm, utterance: _Utterance) -> Decoded:
        if rms_dbfs(audio) < INAUDIBLE_DBFS:
            return Decoded("", 0, 0.0)

        def work() -> Decoded:
            decoded = self._recogniser.model.transcribe(audio, self._hotwords, lambda: utterance.cancelled)
            if decoded.log_probability < DOUBTFUL and not _is_speech(audio):
                return Decoded("", decoded.tokens, decoded.log_probability)
            return decoded

        return await self._recogniser.run(work)


class Moonshine:
    """Speech to text in English. Raises ModelError when the model is not installed."""

    def __init__(self, models: Path | None = None) -> None:
        self._recogniser = shared(models)

    def open(self, options: SttOptions) -> MoonshineStream:
        return MoonshineStream(self._recogniser, options)


def _transcription(parts: list[Decoded]) -> Transcription:
    spoken = [part for part in parts if part.text]
    if not spoken:
        return Transcription("", None, "en")
    mean = sum(part.log_probability * part.tokens for part in spoken) / sum(part.tokens for part in spoken)
    return Transcription(" ".join(part.text for part in spoken), min(1.0, exp(mean)), "en")


def _loudness(audio: Pcm) -> NDArray[np.float64]:
    """Mean power of every whole 20 ms frame."""
    frames = audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return np.asarray((frames**2).mean(axis=1))


def _only_silence_after(decoded: int, audio: Pcm) -> bool:
    """True when the first `decoded` samples end in a pause and nothing was said after them."""
    power = _loudness(audio)
    if not len(power) or not decoded:
        return False
    heard = decoded // FRAME
    loud = np.flatnonzero(power > power.max() * 10 ** (-PAUSE_DB / 10))
    # A tenth of a second of pause must have been heard, or the last word may be missing its end.
    return int(loud[-1]) < heard - 5


def _quietest(power: NDArray[np.float64], first: int, last: int) -> int:
    """The frame in [first, last) at the middle of the quietest 0.2 s."""
    smooth = np.convolve(power, np.full(10, 0.1), "same")
    return first + int(smooth[first:last].argmin())


def _settling_point(audio: Pcm) -> int | None:
    """Where the tail may be cut for good: at a pause if it is long, anywhere quiet if it gets too long."""
    seconds = len(audio) / SPEECH_RATE
    if seconds < SETTLE_AFTER:
        return None
    if seconds > MAX_SECONDS:
        return _cut(audio[: int(MAX_SECONDS * SPEECH_RATE)])
    power = _loudness(audio)
    per_second = SPEECH_RATE // FRAME
    middle = _quietest(power, int(SHORTEST_SEGMENT * per_second), int((seconds - SETTLE_KEEP) * per_second))
    around = power[middle - 4 : middle + 5].mean()
    if around < power.max() * 10 ** (-PAUSE_DB / 10) or seconds > MAX_SECONDS - 2 * PARTIAL_STEP:
        return middle * FRAME
    return None


def _cut(audio: Pcm) -> int:
    """Where to cut sound that is too long for the network: the quietest place past the middle."""
    power = _loudness(audio)
    return _quietest(power, len(power) // 2, len(power) - SPEECH_RATE // FRAME) * FRAME


def _is_speech(audio: Pcm) -> bool:
    """Ask the voice detector, where there is one."""
    spec = automatic("vad")
    if spec is None:
        return True
    vad = spec.create()
    heard = 0
    for chunk in audio[: len(audio) // VAD_CHUNK * VAD_CHUNK].reshape(-1, VAD_CHUNK):
        heard += vad.probability(chunk) > 0.5
        if heard >= SPEECH_CHUNKS:
            return True
    return False
