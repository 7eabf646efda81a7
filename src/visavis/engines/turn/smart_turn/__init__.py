"""smart-turn v3.2: whether a speaker sounds finished, from the last eight seconds of their voice. Sound only.

The network is a BSD-2 member of the `pipecat-ai` wheel, kept in the model store; nothing else of it is used.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from visavis.engines.models import ModelError, require
from visavis.engines.registry import EngineSpec, Readiness

MODEL = "smart-turn-v3.2"


def _ready() -> Readiness:
    if find_spec("onnxruntime") is None:
        return Readiness(False, "The onnxruntime package is not installed: pip install onnxruntime")
    try:
        path = require(MODEL)
    except ModelError as error:
        return Readiness(False, str(error))
    return Readiness(True, f"Runs on this machine with {path}.")


def _create(*, models: Path | None = None, **_settings: Any) -> Any:
    from visavis.engines.turn.smart_turn.detector import SmartTurn

    return SmartTurn(require(MODEL, models))


ENGINE = EngineSpec(
    kind="turn",
    names=("smart-turn", "smart-turn-v3"),
    summary="smart-turn v3.2: is the speaker finished, from how they sound, 75 ms of CPU",
    licence="BSD-2-Clause",
    ready=_ready,
    create=_create,
    rank=10,
)
