"""Signing in from this machine, without a password: whoever can read the server's terminal holds the link."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from visavis.api.kit.errors import Forbidden, Unauthorized
from visavis.api.kit.vault import Vault

SESSION_SECONDS = 30 * 24 * 3600
_PURPOSE = "portal sessions"


class PortalService:
    """One sign-in link per process, and sessions that outlive it.

    The link works for as long as the process lives, since people open it again; only its hash is kept.
    """

    def __init__(self, vault: Vault, account_id: str, *, allow_remote: bool) -> None:
        self._vault = vault
        self._account_id = account_id
        self._allow_remote = allow_remote
        self._token_hash = b""

    def new_token(self) -> str:
        token = secrets.token_urlsafe(24)
        self._token_hash = hashlib.sha256(token.encode()).digest()
        return token

    def sign_in(self, token: str, *, local: bool) -> str:
        """Return the session for a cookie; `local` when asked from this machine. Raises `Forbidden` with a sentence."""
        if not self._allow_remote and not local:
            raise Forbidden("The sign-in link works only on the machine that runs this server.")
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        if not self._token_hash or not hmac.compare_digest(given, self._token_hash):
            raise Forbidden("This sign-in link is not valid any more; the server prints a new one when it starts.")
        text = f"{self._account_id}.{int(time.time()) + SESSION_SECONDS}"
        return f"{text}.{self._vault.sign(_PURPOSE, text)}"

    def session_account(self, session: str) -> str:
        """The account of a session. Raises `Unauthorized`."""
        text, _, signature = session.rpartition(".")
        account_id, _, expires = text.partition(".")
        valid = session.isascii() and hmac.compare_digest(signature, self._vault.sign(_PURPOSE, text))
        if not valid or not expires.isdigit() or int(expires) < time.time():
            raise Unauthorized
        return account_id
