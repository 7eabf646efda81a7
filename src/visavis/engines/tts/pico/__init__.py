"""SVOX Pico through `ttspico`: a smooth voice in six languages, immediate, Apache-2.0.

It crashes on some input, so it runs in a process of its own (`worker`). Lip timing comes from aligning another
engine's phonemes to its sound.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from visavis.engines.registry import EngineSpec, Readiness


def _ready() -> Readiness:
    if find_spec("ttspico") is None or find_spec("ctts") is None:
        return Readiness(
            False, "The ttspico package is not installed (it is built here, with a C compiler): pip install ttspico"
        )
    return Readiness(True, "Runs on this machine, in a process of its own.")


def _create(**_settings: Any) -> Any:
    from visavis.engines.tts.pico.voice import Pico

    return Pico()


ENGINE = EngineSpec(
    kind="tts",
    names=("pico", "svox-pico"),
    summary="SVOX Pico: smooth and immediate; English, German, Spanish, French, Italian",
    licence="Apache-2.0",
    ready=_ready,
    create=_create,
    languages=("en", "de", "es", "fr", "it"),
    rank=50,
)
