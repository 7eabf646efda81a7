"""A recorded microphone: questions spoken by the embedded voice, with silence between them, as one wave file."""

from __future__ import annotations

import asyncio
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from visavis.engines.ports import TtsOptions
from visavis.engines.registry import automatic

RATE = 48_000
SOUNDING = 300
"""Amplitude from which a sample counts as sound."""


@dataclass
class Recording:
    """Sound to be played into a call. `spoken` holds (text, start, end) in seconds from the start of the file."""

    pieces: list[NDArray[np.int16]] = field(default_factory=list)
    spoken: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(len(piece) for piece in self.pieces) / RATE

    def silence(self, seconds: float) -> None:
        # A real room is never quite silent, and a file of zeros may be taken for a dead microphone.
        noise = np.random.default_rng(len(self.pieces)).normal(0, 6, int(seconds * RATE))
        self.pieces.append(noise.astype(np.int16))

    def say(self, text: str, audio: NDArray[np.int16]) -> None:
        start = self.seconds
        self.pieces.append(audio)
        self.spoken.append((text, start, self.seconds))

    def write(self, path: Path) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(np.concatenate(self.pieces).tobytes())
        return path


def trimmed(audio: NDArray[np.int16]) -> NDArray[np.int16]:
    """Without the silence at both ends, so that its end is the end of speech."""
    sounding = np.flatnonzero(np.abs(audio) > SOUNDING)
    return audio[sounding[0] : sounding[-1] + 1]


def speak(texts: list[str], voice: str = "male") -> list[NDArray[np.int16]]:
    """Synthesise sentences with the embedded voice, 48 kHz, trimmed."""

    async def all_of_them() -> list[NDArray[np.int16]]:
        spec = automatic("tts")
        assert spec is not None
        tts = spec.create()
        spoken = []
        try:
            for text in texts:
                chunks = [chunk async for chunk in tts.synthesize(text, TtsOptions(voice=voice))]
                parts = [soxr.resample(chunk.audio, chunk.sample_rate, RATE) for chunk in chunks]
                spoken.append(trimmed(np.concatenate(parts)))
        finally:
            await tts.close()
        return spoken

    return asyncio.run(all_of_them())


def human_speech(path: Path) -> NDArray[np.int16]:
    """A recording of a person, 48 kHz, trimmed and as loud as the synthetic voice."""
    with wave.open(str(path), "rb") as file:
        audio = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    louder = audio.astype(np.float64) * (12_000 / np.abs(audio).max())
    return trimmed(soxr.resample(louder.astype(np.int16), rate, RATE))
