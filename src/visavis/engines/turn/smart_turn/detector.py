"""smart-turn behind the `EndOfTurn` port."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import onnxruntime

from visavis.engines.ports import EngineUnavailableError, Pcm
from visavis.engines.turn.smart_turn.features import log_mel

SCORE_TIMEOUT = 10.0
"""Seconds a score may take, waiting included, before the engine counts as stuck."""

# One thread: scores of several calls queue up rather than take the cores from speech and pictures.
_executor = ThreadPoolExecutor(1, thread_name_prefix="visavis-turn")
_lock = Lock()


class SmartTurn:
    """Scores utterances. The network is loaded once per process and shared; this object keeps no state."""

    def __init__(self, model: Path) -> None:
        with _lock:
            self._session = _session(model)

    async def score(self, audio: Pcm) -> float:
        """Return 0 (will go on) .. 1 (finished) for 16 kHz sound that ends in about 0.2 s of pause.

        Raises EngineUnavailableError when the machine is too busy to tell in time.
        """
        future = _executor.submit(self._score, audio.copy())
        try:
            async with asyncio.timeout(SCORE_TIMEOUT):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise EngineUnavailableError(
                f"The end-of-turn model did not answer within {SCORE_TIMEOUT:.0f} s; the machine is overloaded."
            ) from error

    def _score(self, audio: Pcm) -> float:
        # The output is called logits, but a sigmoid is its last layer.
        result = self._session.run(None, {"input_features": log_mel(audio)[None]})[0]
        return float(result[0, 0])


@cache
def _session(model: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
