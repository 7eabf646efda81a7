"""Small sound helpers shared by engines: resampling, loudness, WAV files. Mono int16 in and out."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import cast

import numpy as np
import soxr
from numpy.typing import NDArray

from visavis.engines.ports import Pcm

SILENCE_DBFS = -100.0
"""What `rms_dbfs` gives for digital silence, and its floor."""


class StreamResampler:
    """Changes the sample rate of a stream, piece by piece, without clicks between pieces.

    The filter looks ahead, so the first pieces come out shorter (about 20 ms at 16 kHz); `flush` gives the rest.
    """

    def __init__(self, input_rate: int, output_rate: int) -> None:
        if input_rate <= 0 or output_rate <= 0:
            raise ValueError(f"Sample rates must be positive, not {input_rate} and {output_rate}.")
        self.input_rate = input_rate
        self.output_rate = output_rate
        self._stream = self._open()

    def _open(self) -> soxr.ResampleStream | None:
        if self.input_rate == self.output_rate:
            return None
        return soxr.ResampleStream(self.input_rate, self.output_rate, 1, dtype="int16", quality="HQ")

    def process(self, audio: Pcm) -> Pcm:
        """Return what can be given out after hearing `audio`."""
        if self._stream is None:
            return audio
        return cast(Pcm, self._stream.resample_chunk(audio))

    def flush(self) -> Pcm:
        """Return the rest of the stream and begin a new one."""
        if self._stream is None:
            return np.zeros(0, np.int16)
        rest = cast(Pcm, self._stream.resample_chunk(np.zeros(0, np.int16), last=True))
        self._stream = self._open()
        return rest


def resample(audio: Pcm, input_rate: int, output_rate: int) -> Pcm:
    """Change the sample rate of a whole recording."""
    if input_rate == output_rate or not len(audio):
        return audio
    return cast(Pcm, soxr.resample(audio, input_rate, output_rate))


def silent_ends(audio: Pcm, threshold: float = 0.01) -> tuple[int, int]:
    """Return how many samples at the start and at the end stay under `threshold` of the peak."""
    level = np.abs(audio.astype(np.int32))
    if not len(audio) or not level.max():
        return len(audio), 0
    loud = np.flatnonzero(level > threshold * level.max())
    return int(loud[0]), len(audio) - 1 - int(loud[-1])


def rms_dbfs(audio: Pcm | NDArray[np.float32]) -> float:
    """Loudness in dB below full scale, not under `SILENCE_DBFS`. Floats are taken as -1..1."""
    if not len(audio):
        return SILENCE_DBFS
    samples = audio.astype(np.float64)
    if audio.dtype == np.int16:
        samples /= 32768
    return max(SILENCE_DBFS, 10 * float(np.log10(np.mean(samples**2) + 1e-12)))


def read_wav(path: Path) -> tuple[Pcm, int]:
    """Return the sound (several channels mixed to one) and the sample rate of a 16-bit WAV file.

    Raises ValueError for other sample formats.
    """
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path.name} has {8 * file.getsampwidth()}-bit samples; only 16-bit WAV files are read.")
        channels = file.getnchannels()
        audio = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
        rate = file.getframerate()
    if channels > 1:
        audio = audio.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return audio, rate


def write_wav(path: Path, audio: Pcm, rate: int) -> None:
    """Write mono 16-bit sound."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(audio.astype("<i2").tobytes())
