"""SVOX Pico behind the `TextToSpeech` port."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from visavis.engines.ports import EngineUnavailableError, Pcm, Phoneme, SpeechChunk, TextToSpeech, TtsOptions
from visavis.engines.registry import find
from visavis.engines.tts.alignment import align
from visavis.engines.tts.framing import Message
from visavis.engines.tts.languages import language_code
from visavis.engines.tts.pacing import paced
from visavis.engines.tts.process import WorkerCrashedError, lease, release
from visavis.engines.tts.text import clauses, speakable

WORKER = "visavis.engines.tts.pico.worker"

REFERENCE = "espeak"
"""The engine whose phonemes are carried over: any that gives sound with exact times."""

LANGUAGES = {"en": "en-US", "en-gb": "en-GB", "de": "de-DE", "es": "es-ES", "fr": "fr-FR", "it": "it-IT"}

MALE_PITCH = 75
"""Percent: about 126 Hz, and still as clear as the plain (female) voice."""

SLOWEST, FASTEST = 20, 500
LOWEST, HIGHEST = 50, 200
"""Percent; what the engine accepts."""

_aligner = ThreadPoolExecutor(1, thread_name_prefix="visavis-align")


class Pico:
    """Speaks clause by clause. `voice` is `female` (default) or `male`, which is the same voice lowered."""

    def __init__(self) -> None:
        self._worker = lease(WORKER)
        self._worker.prepare(_request("", LANGUAGES["en"], TtsOptions()))
        reference = find("tts", REFERENCE)
        ready = reference is not None and reference.ready().ready
        self._reference: TextToSpeech | None = reference.create() if reference is not None and ready else None
        self._closed = False

    async def synthesize(self, text: str, options: TtsOptions) -> AsyncIterator[SpeechChunk]:
        """Yield one chunk per clause, 16 kHz, with phoneme times good to about 20 ms.

        Raises EngineUnavailableError for a language that Pico does not speak.
        """
        language = _language(options.language)
        for clause in clauses(speakable(text)):
            reference = asyncio.create_task(self._reference_speech(clause, options), name="pico-reference")
            try:
                audio, rate = await self._sound(clause, language, options)
                known = await reference
            finally:
                reference.cancel()
            if len(audio):
                phonemes = await _phonemes(known, audio, rate)
                yield paced(SpeechChunk(audio, rate, phonemes, clause))

    async def _sound(self, clause: str, language: str, options: TtsOptions) -> tuple[Pcm, int]:
        if self._closed:
            raise EngineUnavailableError("The voice was closed.")
        request = _request(clause, language, options)
        try:
            answer, sound = await self._worker.call(request)
        except WorkerCrashedError:
            # A sentence that kills the engine mostly does so by a rare character; what is left is worth saying.
            plain = re.sub(r"[^\w\s.,!?'-]", " ", clause)
            try:
                answer, sound = await self._worker.call({**request, "text": plain})
            except WorkerCrashedError as error:
                raise EngineUnavailableError("The Pico voice process died twice while it spoke a sentence.") from error
        return np.frombuffer(sound, "<i2").astype(np.int16), int(answer["sample_rate"])

    async def _reference_speech(self, clause: str, options: TtsOptions) -> list[SpeechChunk]:
        """The same words with known times, as one or more chunks; none where nobody knows."""
        if self._reference is None:
            return []
        voice = "male" if _is_male(options) else "female"
        try:
            return [chunk async for chunk in self._reference.synthesize(clause, replace(options, voice=voice, pitch=1))]
        except EngineUnavailableError:
            # The words can be heard without it: the face then follows the sound itself.
            return []

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(release, WORKER)
        if self._reference is not None:
            await self._reference.close()


async def _phonemes(reference: list[SpeechChunk], audio: Pcm, rate: int) -> tuple[Phoneme, ...]:
    if not reference:
        return ()
    known, start = [], 0.0
    for chunk in reference:
        known += [Phoneme(p.symbol, p.start + start, p.end + start) for p in chunk.phonemes]
        start += len(chunk.audio) / chunk.sample_rate
    sound = np.concatenate([chunk.audio for chunk in reference])
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_aligner, align, sound, reference[0].sample_rate, known, audio, rate)


def _language(wanted: str) -> str:
    code = language_code(wanted)
    language = LANGUAGES.get(code) or LANGUAGES.get(code.split("-")[0])
    if language is None:
        raise EngineUnavailableError(f"The Pico voice does not speak {wanted!r}, only {', '.join(LANGUAGES.values())}.")
    return language


def _is_male(options: TtsOptions) -> bool:
    return (options.voice or "").strip().lower() == "male"


def _request(text: str, language: str, options: TtsOptions) -> Message:
    pitch = round((MALE_PITCH if _is_male(options) else 100) * options.pitch)
    return {
        "text": text,
        "language": language,
        "rate": max(SLOWEST, min(FASTEST, round(100 * options.speed))),
        "pitch": max(LOWEST, min(HIGHEST, pitch)),
    }
