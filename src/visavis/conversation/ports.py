"""What a call is given, and to whom it tells what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

EndReason = Literal[
    "max_call_duration",
    "participant_left_timeout",
    "participant_absent_timeout",
    "end_conversation_endpoint_hit",
    "exception_encountered_during_conversation_startup",
    "internal error occurred at step server_restart",
    "internal error occurred at step pipeline",
]
"""The shutdown reasons of the contract (conversations.md) that this server can cause."""


@dataclass(frozen=True, slots=True)
class CallSpec:
    """Everything a call needs to start, resolved and decrypted: nothing is looked up later.

    `persona` is the persona's document in canonical (persona/replica) names with real secrets; `created_at` is epoch
    seconds: all timers count from it. A timeout of 0 acts as soon as its condition holds.
    """

    conversation_id: str
    account_id: str
    conversation_name: str
    persona_id: str
    persona_name: str
    persona: Mapping[str, Any]
    replica_id: str
    replica_name: str
    replica_path: Path
    replica_voice: str | None
    created_at: float
    conversational_context: str = ""
    greeting: str = ""
    audio_only: bool = False
    language: str = "english"
    enable_closed_captions: bool = False
    max_call_duration: float = 3600.0
    participant_left_timeout: float = 0.0
    participant_absent_timeout: float = 300.0
    max_participants: int = 2
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class TranscriptEntry:
    """One line of the record, as in the contract's transcript. `key` identifies it while its text still grows."""

    key: str
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    timestamp: float
    seconds_from_start: float
    duration: float | None = None
    inference_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TurnTiming:
    """When each hop of one turn was reached: name → seconds after the person stopped speaking."""

    turn_idx: int
    inference_id: str
    hops: Mapping[str, float]


class CallRecord(Protocol):
    """Keeps what a call says of itself. Every method returns once the fact is durable, and may be called again."""

    async def replica_joined(self) -> None: ...

    async def transcript(self, entry: TranscriptEntry) -> None:
        """Insert the line, or replace the one with the same key."""
        ...

    async def turn(self, timing: TurnTiming) -> None: ...

    async def ended(self, reason: EndReason) -> None: ...


class CallHost(Protocol):
    """Runs calls. The embedded host runs them in this process; a LiveKit deployment dispatches them to workers."""

    async def start(self, spec: CallSpec, record: CallRecord) -> None:
        """Start the call's engine and timers; returns once participants may connect (well under a second)."""
        ...

    async def end(self, conversation_id: str, reason: EndReason) -> bool:
        """End a call and wait until its record is complete; False if it does not run here."""
        ...

    def running(self) -> Sequence[str]: ...

    async def close(self) -> None: ...
