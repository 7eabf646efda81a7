"""What a call needs of an engine, and nothing more.

Audio is mono int16 numpy, 16 kHz unless a field says otherwise. Times are seconds. Engines never block the event
loop: CPU work runs in a thread or process that drops the GIL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

SPEECH_RATE = 16_000
"""Sample rate of everything a listening engine hears, Hz."""

VAD_CHUNK = 512
"""Samples per voice-activity decision: 32 ms at 16 kHz."""


class EngineUnavailableError(Exception):
    """An engine cannot run here; `str(error)` is a sentence for the operator that says why and what to do."""


class VoiceActivity(Protocol):
    """Is somebody speaking? One instance per listener: it keeps state."""

    def probability(self, chunk: Pcm) -> float:
        """Return the probability (0..1) of speech in one `VAD_CHUNK`; under 1 ms, safe to call on the loop."""
        ...

    def reset(self) -> None: ...


class EndOfTurn(Protocol):
    """Has the speaker finished, judged from how they sound?"""

    async def score(self, audio: Pcm) -> float:
        """Return 0 (will go on) .. 1 (finished) for the utterance so far, of which the last 8 s matter."""
        ...


@dataclass(frozen=True, slots=True)
class Transcription:
    """Words heard in one utterance. `confidence` is 0..1, or None where the engine has no such notion."""

    text: str
    confidence: float | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SttOptions:
    language: str = "en"
    hotwords: str = ""
    api_key: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class TranscriptStream(Protocol):
    """The words of one participant, utterance after utterance.

    The caller pushes audio from shortly before voice activity starts, asks for `partial` as often as it likes
    (a call that overlaps another returns the last known text) and for `pause` when the person falls silent, and
    `finish`es at the end of the turn.
    """

    def push(self, audio: Pcm) -> None: ...

    async def partial(self) -> str: ...

    async def pause(self) -> str:
        """The person has paused and may be done: return the words of everything pushed so far, as `finish` would,
        without ending the utterance."""
        ...

    async def finish(self) -> Transcription:
        """Return the final words and start a new utterance. An utterance without words gives an empty text."""
        ...

    def reset(self) -> None:
        """Forget the current utterance."""
        ...

    async def close(self) -> None: ...


class SpeechToText(Protocol):
    def open(self, options: SttOptions) -> TranscriptStream: ...


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One sound of an utterance: `symbol` in IPA (may be a diphthong), `start` and `end` from the chunk's start."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A stretch of synthesised speech, at most a sentence, with what the lips need to follow it.

    `phonemes` cover this chunk only and are relative to its first sample; an empty tuple on a chunk with sound
    means "unknown". `text` is the text spoken in this chunk (the whole sentence on its first chunk).
    """

    audio: Pcm
    sample_rate: int
    phonemes: tuple[Phoneme, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class TtsOptions:
    """How to say it. `voice` is the engine's own voice name, or a description such as `female` or `male`."""

    voice: str | None = None
    language: str = "en"
    speed: float = 1.0
    pitch: float = 1.0
    api_key: str | None = None
    model: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class TextToSpeech(Protocol):
    def synthesize(self, text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        """Yield the speech of one clause or sentence as it becomes ready.

        Closing the iterator stops the synthesis. Raises `EngineUnavailableError` when the engine cannot speak at
        all; text without anything to say yields nothing.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: str
    """The arguments as the model wrote them: a JSON object in a string."""


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a language model, in the OpenAI chat vocabulary."""

    messages: Sequence[Message]
    model: str
    tools: Sequence[Mapping[str, Any]] = ()
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    default_query: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of the answer: some text, or a complete tool call."""

    text: str = ""
    tool_call: ToolCall | None = None


class LanguageModel(Protocol):
    def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Yield the answer as it is written. Closing the iterator cancels the request.

        Raises `LanguageModelError` with a sentence when the model refuses, stalls or cannot be reached.
        """
        ...

    async def close(self) -> None: ...


class LanguageModelError(Exception):
    """The language model did not answer; `str(error)` says why, without any secret."""
