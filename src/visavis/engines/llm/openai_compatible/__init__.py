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
    ready=lambda: Readiness(True, "A persona's base_url, VISAVIS_LLM_BASE_URL or a local server switches it on."),
    create=_create,
)
