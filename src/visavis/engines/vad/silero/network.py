"""Silero's network on onnxruntime, behind the `VoiceActivity` port."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from visavis.engines.ports import SPEECH_RATE, VAD_CHUNK, Pcm

CONTEXT = 64
"""Samples of the chunk before that the network hears again."""

STATE = (2, 1, 128)
"""Shape of what it remembers."""

_lock = Lock()


class Silero:
    """One listener's detector; the network is shared. Steady noise, hum and chords stay below 0.1, speech above 0.5.

    Speech is seen about 50 ms after it starts, its end about 100 ms after the last sound. 0.3 ms of CPU a decision.
    """

    def __init__(self, model: Path) -> None:
        with _lock:
            self._session = _session(model)
        self._rate = np.array(SPEECH_RATE, np.int64)
        self._heard: NDArray[np.float32]
        self._state: NDArray[np.float32]
        self.reset()

    def probability(self, chunk: Pcm) -> float:
        """Return the probability of speech in `VAD_CHUNK` samples. Raises ValueError for any other length."""
        if chunk.shape != (VAD_CHUNK,):
            raise ValueError(f"Voice activity takes {VAD_CHUNK} samples at a time, not {chunk.shape}.")
        self._heard = np.concatenate([self._heard[-CONTEXT:], chunk.astype(np.float32) / 32768])
        inputs = {"input": self._heard[None], "state": self._state, "sr": self._rate}
        speech, self._state = self._session.run(None, inputs)
        return float(speech[0, 0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._heard = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros(STATE, np.float32)


@cache
def _session(model: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
