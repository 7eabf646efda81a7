"""Making, checking and revoking keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from visavis.api.keys import repository
from visavis.api.keys.repository import KeyRepository
from visavis.api.kit import ids
from visavis.api.kit.client import Address, contains, networks
from visavis.api.kit.errors import Forbidden, Invalid, Unauthorized
from visavis.db.models import ApiKey, now
from visavis.db.session import Database

PREFIX = "vv_"

# `last_used_at` is for people; a write on every request would be for nobody.
_LAST_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a request. `key_id` is None for the portal's session."""

    account_id: str
    key_id: str | None = None


def digest(key: str) -> str:
    """SHA-256; a key has 256 random bits, so there is nothing for a slow hash to protect."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class KeyService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, account_id: str, name: str, allow_ips: Sequence[str] = (), *, key: str | None = None
    ) -> tuple[ApiKey, str]:
        """Return the stored row and the key itself, which cannot be had again. Raises `Invalid`."""
        try:
            allowed = [str(network) for network in networks(allow_ips)]
        except ValueError as error:
            raise Invalid(f"allow_ips: {error}") from error
        if not name.strip() or len(name) > 255:
            raise Invalid("name must have 1 to 255 characters.")
        key = key or PREFIX + secrets.token_urlsafe(32)
        row = ApiKey(
            id=ids.key_id(),
            account_id=account_id,
            name=name.strip(),
            digest=digest(key),
            hint=key[-4:] if len(key) >= 16 else "",
            allow_ips=allowed,
        )
        async with self._database.write() as session:
            await KeyRepository(session, account_id).add(row)
        return row, key

    async def ensure(self, account_id: str, name: str, key: str) -> None:
        """Make sure that a key given by the operator exists and is valid."""
        async with self._database.write() as session:
            row = await repository.by_digest(session, digest(key))
            if row is not None:
                row.revoked_at = None
                return
        await self.create(account_id, name, key=key)

    async def exists_any(self, account_id: str) -> bool:
        async with self._database.read() as session:
            return await KeyRepository(session, account_id).count() > 0

    async def list(self, account_id: str) -> Sequence[ApiKey]:
        async with self._database.read() as session:
            return await KeyRepository(session, account_id).all()

    async def revoke(self, account_id: str, key_id: str) -> ApiKey:
        """Valid until this returns, refused from then on. Raises `Invalid` for an unknown key."""
        async with self._database.write() as session:
            row = await KeyRepository(session, account_id).get(key_id)
            if row is None:
                raise Invalid("Invalid key_id")
            row.revoked_at = row.revoked_at or now()
            return row

    async def authenticate(self, key: str, client: Address | None) -> Identity:
        """Whose key this is. Asked of the database every time, so that a revocation holds in every process at once.

        Raises `Unauthorized`, or `Forbidden` when the key may not be used from `client`.
        """
        async with self._database.read() as session:
            row = await repository.by_digest(session, digest(key))
        if row is None or row.revoked_at is not None:
            raise Unauthorized
        if row.allow_ips and (client is None or not contains(client, networks(row.allow_ips))):
            raise Forbidden(f"This key may not be used from {client or 'an unknown address'}.")
        moment = now()
        if row.last_used_at is None or moment - row.last_used_at > _LAST_USED_STEP:
            async with self._database.write() as session:
                await repository.touch(session, row.id, moment)
        return Identity(row.account_id, row.id)
