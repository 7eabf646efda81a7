"""Times as the contract writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_micro(moment: datetime) -> str:
    """`2025-05-13T06:42:58.291561Z`: personas, conversations, webhooks."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_milli(moment: datetime) -> str:
    """`2024-01-24T07:14:03.327Z`: replicas."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
