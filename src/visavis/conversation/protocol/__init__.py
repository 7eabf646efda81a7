"""The in-call messages of the contract (realtime.md): typed interactions in, one envelope out."""

from .inbound import (
    AppendContext,
    Echo,
    Inbound,
    Interrupt,
    OverwriteContext,
    Respond,
    Sensitivity,
    parse,
)
from .outbound import Role, Wire

__all__ = [
    "AppendContext",
    "Echo",
    "Inbound",
    "Interrupt",
    "OverwriteContext",
    "Respond",
    "Role",
    "Sensitivity",
    "Wire",
    "parse",
]
