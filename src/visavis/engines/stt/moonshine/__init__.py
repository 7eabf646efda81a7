"""Moonshine tiny (English) run directly on onnxruntime, with the files that the `moonshine-voice` wheel carries.

Their own library is not imported: it costs three times the CPU and its voice detection cuts utterances.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from visavis.engines.models import ModelError, require
from visavis.engines.registry import EngineSpec, Readiness

FILES = ("moonshine-tiny-en-encoder", "moonshine-tiny-en-decoder", "moonshine-tiny-en-tokenizer")


def _ready() -> Readiness:
    if find_spec("onnxruntime") is None:
        return Readiness(False, "The onnxruntime package is not installed: pip install onnxruntime")
    try:
        for name in FILES:
            require(name)
    except ModelError as error:
        return Readiness(False, str(error))
    return Readiness(True, "Runs on this machine, English only; the model is part of the moonshine-voice package.")


def _create(*, models: Path | None = None, **_settings: Any) -> Any:
    from visavis.engines.stt.moonshine.stream import Moonshine

    return Moonshine(models)


ENGINE = EngineSpec(
    kind="stt",
    names=("moonshine",),
    summary="Moonshine tiny, English, about 110 ms of CPU for a three-second utterance",
    licence="MIT",
    ready=_ready,
    create=_create,
    languages=("en",),
    rank=10,
)
