"""The built-in responder: answers without any language model, and says so.

Deterministic and under a millisecond: small talk, sentences of the persona's prompt and context, and questions that
fit its role. It keeps a call alive on a machine that has nothing else; it does not pretend to be a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visavis.engines.registry import EngineSpec, Readiness

if TYPE_CHECKING:
    from visavis.engines.llm.responder.model import Responder


def _create(**settings: Any) -> Responder:
    from visavis.engines.llm.responder.model import Responder

    return Responder(**settings)


ENGINE = EngineSpec(
    kind="llm",
    names=("responder",),
    summary="Built-in responder: small talk and answers from the persona's own text, without a language model",
    licence="Apache-2.0",
    ready=lambda: Readiness(True, "It is always ready; connect a language model for real conversations."),
    create=_create,
    rank=100,
)
