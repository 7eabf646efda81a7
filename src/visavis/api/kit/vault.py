"""Secrets: what encrypts provider keys at rest, and what signs sessions and webhooks.

One server secret, from the settings or a file that only the owner can read; every use derives its own key from it.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from visavis.api.kit.errors import Invalid

MASK = "****"
_SECRET_FILE = "secret.key"  # noqa: S105 - a file name


class SecretKeyError(Exception):
    """The server's secret cannot be used; the sentence says why."""


class Vault:
    """Encrypts, signs and derives with the server's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._fernet = Fernet(base64.urlsafe_b64encode(self.derive("secrets at rest")))

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; the same one every time (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), 32, salt=b"visavis", info=purpose.encode()).derive(self._secret)

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise SecretKeyError(
                "A stored provider key was encrypted with another server secret; set VISAVIS_SECRET_KEY to that one, "
                "or store the key again."
            ) from error

    def webhook_secret(self, account_id: str) -> str:
        """The account's signing secret, in the form that Standard Webhooks libraries take."""
        return "whsec_" + base64.b64encode(self.derive(f"webhooks of {account_id}")).decode()

    def sign(self, purpose: str, text: str) -> str:
        digest = hmac.new(self.derive(purpose), text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def open_vault(data: Path, configured: str) -> Vault:
    """The vault of this server. Without a configured secret one is created in `data` on the first run."""
    if configured:
        return Vault(configured.encode())
    path = data / _SECRET_FILE
    try:
        # Exclusive creation: of two servers that start at once, the second one reads what the first one wrote.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_bytes().strip()
        if len(secret) < 32:
            raise SecretKeyError(f"{path} is damaged: restore it from a backup, or set VISAVIS_SECRET_KEY.") from None
        return Vault(secret)
    secret = secrets.token_urlsafe(48).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Vault(secret)


def mask(secret: str) -> str:
    """`****abcd`; a short secret shows nothing of itself."""
    return MASK + (secret[-4:] if len(secret) >= 12 else "")


_SECRET_FIELDS = re.compile(
    r"(.*_)?(api_?key|secret|secret_?key|access_?key|private_?key|password|passwd|token|authorization|credentials?"
    r"|sig|signature)|code"
)
# Free-form maps that are sent to a provider: any value may be a key, whatever its name says.
_PROVIDER_MAPS = ("headers", "default_query")
# JSON schemas: their property names are names, not values.
_SCHEMAS = ("tools", "visual_tools", "audio_tools")


def _is_secret(name: str) -> bool:
    """`accessToken`, `access-token` and `access_token` are one name."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("-", "_").lower()
    return _SECRET_FIELDS.fullmatch(words) is not None


def _find(value: Any, path: tuple[str, ...] = (), *, in_map: bool = False) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every non-empty string of a document that is a secret by its name or its place, with its path."""
    name = path[-1] if path else ""
    if isinstance(value, str):
        if value and (in_map or _is_secret(name)):
            yield path, value
        return
    in_map = in_map or name in _PROVIDER_MAPS
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find(item, (*path, str(index)), in_map=in_map)
    elif isinstance(value, dict):
        for key, item in value.items():
            if in_map or key not in _SCHEMAS:
                yield from _find(item, (*path, key), in_map=in_map)


def _pointer(path: tuple[str, ...]) -> str:
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in path)


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _set(document: Any, tokens: list[str], value: str) -> None:
    *parents, last = tokens
    for token in parents:
        document = document[int(token)] if isinstance(document, list) else document[token]
    document[int(last) if isinstance(document, list) else last] = value


def hide(document: Mapping[str, Any], vault: Vault, kept: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Split a document into its masked form and its encrypted secrets (JSON pointer → token).

    `kept` are the secrets of the version before: a mask that comes back at its own place keeps its secret. Any other
    mask is refused, since the secret behind it is not known here.
    """
    masked = copy.deepcopy(dict(document))
    hidden: dict[str, str] = {}
    for path, value in _find(document):
        pointer = _pointer(path)
        if value.startswith(MASK):
            if pointer not in kept or mask(vault.decrypt(kept[pointer])) != value:
                raise Invalid(f"{'.'.join(path)} is a masked secret; send the secret itself, or leave the field out.")
            hidden[pointer] = kept[pointer]
            continue
        hidden[pointer] = vault.encrypt(value)
        _set(masked, list(path), mask(value))
    return masked, hidden


def reveal(document: Mapping[str, Any], hidden: Mapping[str, str], decrypt: Callable[[str], str]) -> dict[str, Any]:
    """The document with its secrets in place, for the call that uses them. Never answer a request with it."""
    clear = copy.deepcopy(dict(document))
    for pointer, token in hidden.items():
        _set(clear, _tokens(pointer), decrypt(token))
    return clear
