"""Turn taking as a call uses it: the flow layer, else the older sensitivities, else the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visavis.conversation.turns.policy import LEGACY_INTERRUPTIBILITY, LEGACY_PATIENCE

FLOW_DEFAULTS: Mapping[str, Any] = {
    "turn_detection_model": "sparrow-1",
    "turn_taking_patience": "medium",
    "replica_interruptibility": "medium",
    "voice_isolation": "near",
    "wake_phrase": None,
    "sleep_phrase": None,
    "idle_engagement": "off",
    "turn_commitment": "medium",
    "active_listening": "off",
}
"""What the rest of the fields are as soon as one is given (personas.md)."""


def _given(layer: Any) -> dict[str, Any]:
    return {key: value for key, value in (layer or {}).items() if value is not None}


def shown_flow(layer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The flow layer as answers show it: None while nothing is set, else complete."""
    given = _given(layer)
    return {**FLOW_DEFAULTS, **given} if given else None


def effective_flow(persona: Mapping[str, Any]) -> dict[str, Any]:
    """Every flow field with the value a call uses; `persona` is a document in canonical names.

    A value said outright wins over an older sensitivity, which wins over a default.
    """
    layers = persona.get("layers") or {}
    flow, stt = _given(layers.get("conversational_flow")), _given(layers.get("stt"))
    legacy: dict[str, Any] = {}
    if "participant_pause_sensitivity" in stt:
        legacy["turn_taking_patience"] = LEGACY_PATIENCE[stt["participant_pause_sensitivity"]]
    if "participant_interrupt_sensitivity" in stt:
        legacy["replica_interruptibility"] = LEGACY_INTERRUPTIBILITY[stt["participant_interrupt_sensitivity"]]
    if "smart_turn_detection" in stt:
        legacy["turn_detection_model"] = "sparrow-0" if stt["smart_turn_detection"] else "timebased"
    effective = {**FLOW_DEFAULTS, **legacy, **flow}
    if effective["turn_detection_model"] == "time-based":
        effective["turn_detection_model"] = "timebased"
    return effective
