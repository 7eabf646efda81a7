"""Speaking: clauses → speech → the face, and the account of what has really been heard.

Every reply has a generation; whatever belongs to a cancelled one is dropped wherever it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import soxr
import structlog

from visavis.engines.ports import EngineUnavailableError, Pcm, SpeechChunk, TextToSpeech, TtsOptions
from visavis.replica.ports import OUTPUT_RATE, Face, Frame, Speech, TimedPhoneme

log = structlog.get_logger(__name__)

T = TypeVar("T")

AHEAD = 12.0
"""Seconds of speech prepared before it is needed; more would only be thrown away on interruption."""
SECONDS_PER_CHARACTER = 0.065
"""Of English speech, about; used while a clause is still being synthesised."""
MAX_REPLIES = 32
"""Replies that may wait to be spoken."""
STREAMING_EVERY = 0.24
"""Seconds between two streaming transcripts of the replica."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of a reply's sound and, on the first piece of a clause, the clause's words."""

    reply: Reply
    number: int


@dataclass(slots=True)
class _Piece:
    """A clause: its words, and how much of its sound was handed to the face and has gone out."""

    text: str
    samples: int = 0
    pushes: int = 0
    sounded: int = 0
    complete: bool = False

    def words(self, samples: int) -> str:
        """The words that fill the first `samples` samples, by their share of the whole; while the rest is still being
        synthesised the whole is estimated from the length of the text."""
        expected = int(len(self.text) * SECONDS_PER_CHARACTER * OUTPUT_RATE)
        whole = self.samples if self.complete else max(self.samples, expected)
        words = self.text.split(" ")
        return " ".join(words[: int(min(1.0, samples / max(1, whole)) * len(words) + 0.5)])


@dataclass(slots=True)
class Reply:
    """One thing the replica says. Times are of the event loop's clock."""

    generation: int
    inference_id: str
    turn_idx: int | None
    interruptible: bool = True
    began: float | None = None
    ended: float | None = None
    interrupted: bool = False
    produced: bool = False
    """Everything there is to say has been handed to the face."""
    pieces: list[_Piece] = field(default_factory=list)
    done_pieces: int = 0
    into_piece: int = 0
    """Samples of the piece being spoken that have gone out."""
    samples_out: int = 0
    """Samples of the reply that have gone out, gaps left aside."""
    progress: int = 0
    """Streaming transcripts sent so far."""
    hops: dict[str, float] = field(default_factory=dict)
    """When each stage was reached, on the event loop's clock."""
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def text(self) -> str:
        """Everything said or about to be said."""
        return _join(piece.text for piece in self.pieces)

    @property
    def heard(self) -> str:
        """The words that have gone out, to the word."""
        said = [piece.text for piece in self.pieces[: self.done_pieces]]
        if self.done_pieces < len(self.pieces) and self.into_piece:
            said.append(self.pieces[self.done_pieces].words(self.into_piece))
        return _join(said)


def _join(parts: Iterable[str]) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


@contextlib.asynccontextmanager
async def _closing(source: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T], None]:
    """Whoever reads a stream of an engine closes it, which is how the engine learns to stop."""
    try:
        yield source
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()


class VoiceFull(Exception):
    """A reply cannot be queued: too many wait already, or the call is over."""


class VoiceEvents(Protocol):
    """What the speaker's owner is told, on the event loop."""

    def on_reply_began(self, reply: Reply) -> None: ...

    def on_reply_progress(self, reply: Reply, heard: str) -> None: ...

    def on_reply_ended(self, reply: Reply) -> None:
        """The reply is over, spoken in full or interrupted. Called once for each reply that was queued."""
        ...

    def on_voice_problem(self, sentence: str) -> None: ...


class Voice:
    """Says replies one after the other. Give it the stage's frames (`on_frame`) so that it knows what was heard."""

    def __init__(self, face: Face, tts: TextToSpeech, options: TtsOptions, events: VoiceEvents) -> None:
        self.options = options
        self._face = face
        self._tts = tts
        self._events = events
        self._generation = 0
        self._replies: list[Reply] = []
        self._producing = asyncio.Lock()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._loop = asyncio.get_running_loop()
        self._last_progress = (0.0, "")
        self._closed = False

    @property
    def face(self) -> Face:
        return self._face

    @property
    def current(self) -> Reply | None:
        """The reply being spoken or prepared, oldest first."""
        return self._replies[0] if self._replies else None

    @property
    def full(self) -> bool:
        return len(self._replies) >= MAX_REPLIES

    @property
    def replies(self) -> tuple[Reply, ...]:
        return tuple(self._replies)

    def say(
        self, clauses: AsyncIterator[str], *, inference_id: str, turn_idx: int | None, interruptible: bool = True
    ) -> Reply:
        """Queue a reply whose words come from `clauses`. Raises `VoiceFull`."""
        return self._queue(lambda reply: self._speak_clauses(reply, clauses), inference_id, turn_idx, interruptible)

    def play(self, chunks: AsyncIterator[SpeechChunk], *, inference_id: str, turn_idx: int | None) -> Reply:
        """Queue a reply that is sound already. Raises `VoiceFull`."""
        return self._queue(lambda reply: self._play_chunks(reply, chunks), inference_id, turn_idx, True)

    def _queue(
        self,
        work: Callable[[Reply], Coroutine[None, None, None]],
        inference_id: str,
        turn_idx: int | None,
        interruptible: bool,
    ) -> Reply:
        self._generation += 1
        if self._closed or self.full:
            raise VoiceFull("Too much is waiting to be spoken.")
        reply = Reply(self._generation, inference_id, turn_idx, interruptible)
        self._replies.append(reply)
        task = asyncio.create_task(self._produce(reply, work), name=f"voice-{reply.generation}")
        self._tasks[reply.generation] = task
        return reply

    async def _produce(self, reply: Reply, work: Callable[[Reply], Coroutine[None, None, None]]) -> None:
        """Replies are prepared strictly in order, so that their sound is queued in order."""
        try:
            async with self._producing:
                await work(reply)
        except EngineUnavailableError as error:
            self._events.on_voice_problem(str(error))
        except Exception as error:
            log.exception("voice.failed", generation=reply.generation)
            self._events.on_voice_problem(f"The reply could not be spoken to its end: {error}")
        finally:
            self._tasks.pop(reply.generation, None)
        reply.produced = True
        self._settle(reply)

    async def _speak_clauses(self, reply: Reply, clauses: AsyncIterator[str]) -> None:
        async with _closing(clauses) as source:
            async for clause in source:
                reply.hops.setdefault("first_clause", self._loop.time())
                async with _closing(self._tts.synthesize(clause, self.options)) as speech:
                    await self._speak_piece(reply, _Piece(clause), speech)

    async def _play_chunks(self, reply: Reply, chunks: AsyncIterator[SpeechChunk]) -> None:
        async with _closing(chunks) as source:
            await self._speak_piece(reply, _Piece(""), source)

    async def _speak_piece(self, reply: Reply, piece: _Piece, speech: AsyncIterator[SpeechChunk]) -> None:
        number = len(reply.pieces)
        reply.pieces.append(piece)
        try:
            async for chunk in speech:
                reply.hops.setdefault("first_sound", self._loop.time())
                audio = await self._resampled(chunk)
                phonemes = [TimedPhoneme(item.symbol, item.start, item.end) for item in chunk.phonemes]
                if chunk.text and not piece.text:
                    piece.text = chunk.text
                piece.samples += len(audio)
                piece.pushes += 1
                self._face.push(Speech(reply.generation, audio, phonemes, tag=Spoken(reply, number)))
                while self._face.queued > AHEAD:  # noqa: ASYNC110 - the face is a clock, not a task
                    await asyncio.sleep(0.2)
        except Exception:
            # The clause broke off: what was not synthesised will not be said.
            piece.text = piece.words(piece.samples)
            raise
        finally:
            piece.complete = True
            self._advance(reply)

    async def _resampled(self, chunk: SpeechChunk) -> Pcm:
        if chunk.sample_rate == OUTPUT_RATE:
            return chunk.audio
        convert = partial(soxr.resample, chunk.audio, chunk.sample_rate, OUTPUT_RATE)
        audio: Pcm = convert() if len(chunk.audio) < chunk.sample_rate else await asyncio.to_thread(convert)
        return audio

    def on_frame(self, frame: Frame) -> None:
        """Account for one frame that has gone out."""
        if frame.generation is None:
            return
        reply = next((item for item in self._replies if item.generation == frame.generation), None)
        if reply is None:
            return
        if reply.began is None:
            reply.began = self._loop.time()
            reply.hops["first_frame"] = reply.began
            self._events.on_reply_began(reply)
        if frame.audio is not None:
            reply.into_piece += len(frame.audio)
            reply.samples_out += len(frame.audio)
        for tag in frame.tags:
            if isinstance(tag, Spoken) and tag.reply is reply:
                reply.pieces[tag.number].sounded += 1
        self._progress(reply)
        self._advance(reply)

    def _advance(self, reply: Reply) -> None:
        """Move on past the pieces that have sounded to their end."""
        while reply.done_pieces < len(reply.pieces):
            piece = reply.pieces[reply.done_pieces]
            if not piece.complete or piece.sounded < piece.pushes:
                break
            reply.done_pieces += 1
            reply.into_piece = 0
        self._settle(reply)

    def _progress(self, reply: Reply) -> None:
        now = self._loop.time()
        at, text = self._last_progress
        if now - at >= STREAMING_EVERY:
            heard = reply.heard
            if heard and heard != text:
                self._last_progress = (now, heard)
                self._events.on_reply_progress(reply, heard)

    def _settle(self, reply: Reply) -> None:
        if reply in self._replies and reply.produced and reply.done_pieces >= len(reply.pieces):
            self._end(reply)

    def _end(self, reply: Reply) -> None:
        self._replies.remove(reply)
        reply.ended = self._loop.time()
        reply.finished.set()
        self._events.on_reply_ended(reply)

    def stop(self, *, force: bool = False) -> list[Reply]:
        """Fall silent: cancel everything being said or prepared, except what may not be interrupted.

        Return the replies that were cut off.
        """
        cut = [reply for reply in self._replies if force or reply.interruptible]
        if not cut or len(cut) != len(self._replies):
            return []
        self._face.clear(self._generation)
        for reply in cut:
            task = self._tasks.pop(reply.generation, None)
            if task:
                task.cancel()
            reply.interrupted = True
            self._end(reply)
        return cut

    async def close(self) -> None:
        self._closed = True
        tasks = list(self._tasks.values())
        self.stop(force=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
