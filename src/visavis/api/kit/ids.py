"""New identifiers: the contract's prefix and lowercase hex. Never parse them."""

from __future__ import annotations

import re
import secrets

MAX_ID = 64
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{1,64}")


def new_id(prefix: str, digits: int) -> str:
    """`prefix` followed by `digits` random hex digits."""
    return prefix + secrets.token_hex((digits + 1) // 2)[:digits]


def persona_id() -> str:
    return new_id("p", 11)


def conversation_id() -> str:
    return new_id("c", 16)


def account_id() -> str:
    return new_id("acct_", 16)


def key_id() -> str:
    return new_id("key_", 12)


def event_id() -> str:
    return new_id("evt_", 24)


def server_id() -> str:
    return new_id("srv_", 12)


def well_formed(value: str) -> bool:
    """Could this be an id at all? Anything else is unknown without asking the database."""
    return _WELL_FORMED.fullmatch(value) is not None
