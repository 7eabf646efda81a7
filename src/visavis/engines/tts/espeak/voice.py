"""espeak-ng behind the `TextToSpeech` port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np

from visavis.engines.ports import EngineUnavailableError, Pcm, Phoneme, SpeechChunk, TtsOptions
from visavis.engines.tts.framing import Message
from visavis.engines.tts.languages import language_code
from visavis.engines.tts.pacing import paced
from visavis.engines.tts.process import WorkerCrashedError, lease, release
from visavis.engines.tts.text import clauses, speakable

WORKER = "visavis.engines.tts.espeak.worker"

VARIANTS = {"female": "f2", "male": "edward"}
"""Of some thirty variants, those a recogniser understands best and whose sound aligns best with other voices."""

WORDS_PER_MINUTE = 155
SLOWEST, FASTEST = 80, 450
"""The range the library accepts, words per minute."""

VOICELESS_STOPS = "ptkcq"

CLOSED_SHARE = 0.05
"""Of the clause's peak: quieter sound before a burst means closed lips or tongue."""

LONGEST_CLOSURE = 0.12
SHORTEST_SOUND = 0.02
"""Seconds."""

REGIONS = {"en": "en-us", "zh": "cmn", "pt": "pt-br", "no": "nb"}
"""Which of the library's voices stands for a language without a region."""


class Espeak:
    """Speaks clause by clause. `voice` is `female` (default), `male`, or a voice of the library such as `en-gb+m1`."""

    def __init__(self) -> None:
        self._worker = lease(WORKER)
        self._worker.prepare(_request("", TtsOptions()))
        self._closed = False

    async def synthesize(self, text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        """Yield one chunk per clause, 22.05 kHz, with the engine's own phoneme times."""
        for clause in clauses(speakable(text)):
            chunk = await self._speak(clause, options)
            if chunk is not None:
                yield paced(chunk)

    async def _speak(self, clause: str, options: TtsOptions) -> SpeechChunk | None:
        if self._closed:
            raise EngineUnavailableError("The voice was closed.")
        try:
            answer, sound = await self._worker.call(_request(clause, options))
        except WorkerCrashedError as error:
            raise EngineUnavailableError("The espeak-ng process died while it spoke a sentence.") from error
        audio = np.frombuffer(sound, "<i2").astype(np.int16)
        if not len(audio):
            return None
        rate = int(answer["sample_rate"])
        phonemes = [Phoneme(str(symbol), start, end) for symbol, start, end in answer["phonemes"]]
        return SpeechChunk(audio, rate, tuple(_with_closures(phonemes, audio, rate)), clause)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(release, WORKER)


def _with_closures(phonemes: Sequence[Phoneme], audio: Pcm, rate: int) -> Iterator[Phoneme]:
    """Let voiceless stops begin where the mouth closes.

    The library dates them from the burst (40 ms late in the median, against flite's own times) and leaves the silence
    before it to the sound before.
    """
    frame = rate // 200
    peaks = np.abs(audio[: len(audio) // frame * frame].astype(np.int32)).reshape(-1, frame).max(axis=1)
    loud = peaks > CLOSED_SHARE * peaks.max(initial=1)
    starts = [phoneme.start for phoneme in phonemes]
    for index, phoneme in enumerate(phonemes):
        burst = int(phoneme.start * rate) // frame
        first = max(0, burst - int(LONGEST_CLOSURE * rate) // frame)
        if index and phoneme.symbol[0] in VOICELESS_STOPS and first < burst <= len(loud):
            sounding = np.flatnonzero(loud[first:burst])
            closed = (first + (int(sounding[-1]) + 1 if len(sounding) else 0)) * frame / rate
            starts[index] = min(phoneme.start, max(closed, phonemes[index - 1].start + SHORTEST_SOUND))
    ends = [*starts[1:], float("inf")]
    for phoneme, start, end in zip(phonemes, starts, ends, strict=True):
        yield Phoneme(phoneme.symbol, start, min(phoneme.end, end))


def _request(text: str, options: TtsOptions) -> Message:
    rate = round(WORDS_PER_MINUTE * options.speed)
    return {
        "text": text,
        "voices": _voices(options),
        "rate": max(SLOWEST, min(FASTEST, rate)),
        "pitch": max(0, min(100, round(50 * options.pitch))),
        "range": 50,
    }


def _voices(options: TtsOptions) -> list[str]:
    """Names to try in turn: the region's voice, then the language's."""
    wanted = (options.voice or "female").strip().lower()
    if "+" in wanted:
        return [wanted]
    variant = VARIANTS["male" if wanted == "male" else "female"]
    code = language_code(options.language)
    language = code.split("-")[0]
    names = dict.fromkeys([REGIONS.get(code, code), REGIONS.get(language, language), language])
    return [f"{name}+{variant}" for name in names]
