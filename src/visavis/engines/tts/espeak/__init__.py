"""espeak-ng, from the `espeakng-loader` wheel: any language, exact phoneme times, a robotic voice.

The library is under the GPL, so it is loaded in a process of its own (`worker`) that talks to the server over pipes;
the server itself never imports or links it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from visavis.engines.registry import EngineSpec, Readiness


def _ready() -> Readiness:
    if find_spec("espeakng_loader") is None:
        return Readiness(False, "The espeakng-loader package is not installed: pip install espeakng-loader")
    return Readiness(True, "Runs on this machine, in a process of its own.")


def _create(**_settings: Any) -> Any:
    from visavis.engines.tts.espeak.voice import Espeak

    return Espeak()


ENGINE = EngineSpec(
    kind="tts",
    names=("espeak", "espeak-ng"),
    summary="espeak-ng: robotic, immediate, over a hundred languages, exact lip timing",
    licence="GPL-3.0-or-later (separate process)",
    ready=_ready,
    create=_create,
    rank=90,
)
