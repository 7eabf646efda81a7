"""Speech to text: one package per engine, found by name through `visavis.engines.registry`."""

from __future__ import annotations

from visavis.engines.registry import EngineSpec, automatic, find

HOSTED_NAMES = frozenset(
    {
        "tavus-auto",
        "tavus-parakeet",
        "tavus-soniox",
        "tavus-whisper",
        "tavus-turbo",
        "tavus-advanced",
        "tavus-deepgram-medical",
    }
)
"""Names of the hosted service's own recognisers (contract, personas.md): here, whatever is best on this machine."""


def resolve(name: str | None) -> EngineSpec | None:
    """The engine for a persona's `stt_engine`: by its own name, or the automatic choice for none, `auto` and a hosted
    name. None when the name is unknown or nothing is ready."""
    wanted = (name or "auto").lower()
    if wanted == "auto" or wanted in HOSTED_NAMES:
        return automatic("stt")
    return find("stt", wanted)
