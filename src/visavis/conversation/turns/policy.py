"""A persona's conversational flow as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """How patient and how interruptible a replica is. Times are seconds.

    After `min_silence` the turn ends if the person sounds finished (combined score above `threshold`), after
    `max_silence` it ends anyway. Speech over the replica stops it after `interrupt_after`, and not before
    `interrupt_words` words are understood. With `judge` off only silence counts.
    """

    min_silence: float = 0.2
    max_silence: float = 0.9
    threshold: float = 0.5
    judge: bool = True
    interrupt_after: float | None = 0.13
    interrupt_words: int = 0


PATIENCE: dict[str, tuple[float, float]] = {
    # min_silence, max_silence (research/speech.md, section 1)
    "low": (0.15, 0.6),
    "medium": (0.2, 0.9),
    "high": (0.4, 1.6),
    "veryhigh": (0.6, 2.2),
    "superhigh": (0.8, 3.0),
}
TIMEBASED: dict[str, float] = {"low": 0.5, "medium": 0.8, "high": 1.4, "veryhigh": 2.0, "superhigh": 3.0}
INTERRUPTIBILITY: dict[str, tuple[float | None, int]] = {
    # seconds of speech, words understood
    "high": (0.06, 0),
    "medium": (0.09, 0),
    "low": (0.4, 2),
    "verylow": (0.8, 3),
    "none": (None, 0),
}
# The older layer says how sensitive the server is to a pause or an interruption, the newer one how patient the
# replica is and how easily it yields; the contract's migration table shows both inverted.
LEGACY_PATIENCE = {
    "high": "low",
    "medium": "medium",
    "low": "high",
    "verylow": "veryhigh",
    "superlow": "superhigh",
    "auto": "medium",
}
LEGACY_INTERRUPTIBILITY = {
    "high": "low",
    "medium": "medium",
    "low": "high",
    "verylow": "high",
    "superlow": "high",
    "auto": "medium",
}


def policy_for(persona: Mapping[str, Any]) -> TurnPolicy:
    """Read `layers.conversational_flow`, in which the older sensitivities have found their place already."""
    flow = (persona.get("layers") or {}).get("conversational_flow") or {}
    timebased = str(flow.get("turn_detection_model") or "").replace("-", "") == "timebased"
    policy = with_interruptibility(TurnPolicy(), flow.get("replica_interruptibility") or "medium")
    return with_patience(replace(policy, judge=not timebased), flow.get("turn_taking_patience") or "medium")


def with_patience(policy: TurnPolicy, patience: str) -> TurnPolicy:
    if not policy.judge:
        silence = TIMEBASED.get(patience, TIMEBASED["medium"])
        return replace(policy, min_silence=silence, max_silence=silence)
    shortest, longest = PATIENCE.get(patience, PATIENCE["medium"])
    return replace(policy, min_silence=shortest, max_silence=longest)


def with_interruptibility(policy: TurnPolicy, interruptibility: str) -> TurnPolicy:
    after, words = INTERRUPTIBILITY.get(interruptibility, INTERRUPTIBILITY["medium"])
    return replace(policy, interrupt_after=after, interrupt_words=words)


def with_sensitivity(policy: TurnPolicy, *, pause: str | None, interrupt: str | None) -> TurnPolicy:
    """Apply a `conversation.sensitivity` interaction, in the older vocabulary."""
    if pause is not None:
        return with_patience(policy, LEGACY_PATIENCE[pause])
    return with_interruptibility(policy, LEGACY_INTERRUPTIBILITY[interrupt or "auto"])
