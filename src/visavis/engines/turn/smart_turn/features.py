"""What the network hears: log-mel pictures as Whisper makes them (Radford et al., 2022, section 2.2), in numpy."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.engines.ports import SPEECH_RATE, Pcm

SECONDS = 8
SAMPLES = SECONDS * SPEECH_RATE
FRAME = 400
HOP = 160
MELS = 80

VARIANCE_FLOOR = 1e-7
POWER_FLOOR = 1e-10
DYNAMIC_RANGE = 8.0
"""Powers of ten kept below the loudest value."""


def log_mel(audio: Pcm) -> NDArray[np.float32]:
    """Return the last 8 s of `audio` as MELS x 800 values of about -1..1; shorter sound has silence before it.

    The sound is brought to zero mean and unit variance over the whole window first, silence included.
    """
    window = np.zeros(SAMPLES, np.float32)
    recent = audio[-SAMPLES:].astype(np.float32) / 32768
    window[SAMPLES - len(recent) :] = recent
    window = (window - window.mean()) / np.sqrt(window.var() + np.float32(VARIANCE_FLOOR))
    around = np.pad(window, FRAME // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(around, FRAME)[::HOP][: SAMPLES // HOP]
    spectrum = np.fft.rfft(frames * _hann(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    levels = np.log10(np.maximum(power @ _mel_bands(), POWER_FLOOR)).T
    levels = np.maximum(levels, levels.max() - DYNAMIC_RANGE)
    return np.ascontiguousarray((levels + 4) / 4, np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    """The periodic window."""
    return np.hanning(FRAME + 1)[:-1].astype(np.float32)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's scale: linear to 1 kHz (15 mel), then 27 mel per factor 6.4 (Auditory Toolbox, 1998)."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


@cache
def _mel_bands() -> NDArray[np.float32]:
    """Triangles of equal area, (FRAME // 2 + 1) x MELS, from 0 Hz to half the sample rate."""
    nyquist = SPEECH_RATE / 2
    top = 15 + 27 * np.log(nyquist / 1000) / np.log(6.4)
    corners = _hertz(np.linspace(0, top, MELS + 2))
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    frequencies = np.linspace(0, nyquist, FRAME // 2 + 1)[:, None]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)
