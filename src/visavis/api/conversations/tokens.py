"""Meeting tokens: who may enter a room that asks for one.

A JSON Web Token (RFC 7519, HS256) with the conversation as its subject; made and read by this server only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time

from visavis.api.kit.vault import Vault

_PURPOSE = "meeting tokens"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(vault: Vault, text: str) -> str:
    return _encode(hmac.new(vault.derive(_PURPOSE), text.encode(), hashlib.sha256).digest())


def meeting_token(vault: Vault, conversation_id: str, lifetime: float) -> str:
    """A token that admits to one conversation for `lifetime` seconds."""
    header = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    now = int(time.time())
    claims = _encode(json.dumps({"sub": conversation_id, "iat": now, "exp": now + int(lifetime)}).encode())
    return f"{header}.{claims}.{_signature(vault, f'{header}.{claims}')}"


def admits(vault: Vault, token: str, conversation_id: str) -> bool:
    """Is this a token for that conversation, still valid?"""
    text, _, signature = token.rpartition(".")
    if not text.isascii() or not signature.isascii() or not hmac.compare_digest(signature, _signature(vault, text)):
        return False
    claims_text = text.partition(".")[2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(claims_text + "=" * (-len(claims_text) % 4)))
    except (ValueError, binascii.Error):
        return False
    return bool(claims.get("sub") == conversation_id and claims.get("exp", 0) >= time.time())
