"""How tests collect and measure what a voice says."""

from __future__ import annotations

import numpy as np

from visavis.engines.ports import Pcm, Phoneme, SpeechChunk, TextToSpeech, TtsOptions


async def collect(engine: TextToSpeech, text: str, **options) -> list[SpeechChunk]:
    return [chunk async for chunk in engine.synthesize(text, TtsOptions(**options))]


def pitch(audio: Pcm, rate: int) -> float:
    """Hz: the median over voiced 40 ms frames of the autocorrelation's peak between 70 and 350 Hz."""
    size, found = rate // 25, []
    for frame in audio[: len(audio) // size * size].reshape(-1, size).astype(float):
        if np.abs(frame).mean() > 0.3 * np.abs(audio).mean():
            again = np.correlate(frame, frame, "full")[size - 1 :]
            lags = slice(rate // 350, rate // 70)
            found.append(rate / (lags.start + again[lags].argmax()))
    return float(np.median(found))


def in_order(phonemes: tuple[Phoneme, ...], seconds: float) -> bool:
    edges = [edge for phoneme in phonemes for edge in (phoneme.start, phoneme.end)]
    return edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= seconds + 1e-3
