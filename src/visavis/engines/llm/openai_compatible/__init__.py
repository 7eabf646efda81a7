"""Any server that speaks the OpenAI chat protocol, through the `openai` SDK (imported on first use)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visavis.engines.registry import EngineSpec, Readiness

if TYPE_CHECKING:
    from visavis.engines.llm.openai_compatible.client import OpenAICompatible


def _create(**settings: Any) -> OpenAICompatible:
    """Keyword settings: see `client.OpenAICompatible`."""
    from visavis.engines.llm.openai_compatible.client import OpenAICompatible

    return OpenAICompatible(**settings)


ENGINE = EngineSpec(
    kind="llm",
    names=("openai_compatible", "openai"),
    summary="Any OpenAI-compatible server: hosted, or local such as Ollama, LM Studio, llama.cpp and vLLM",
    licence="Apache-2.0 (client)",
    ready=lambda: Readiness(True, "It needs the address of a server (base_url)."),
    create=_create,
)
