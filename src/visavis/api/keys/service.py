"""Making, checking and revoking keys."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from visavis.api.keys import repository
from visavis.api.keys.repository import KeyRepository
from visavis.api.kit import ids
from visavis.api.kit.client import Address, contains, networks
from visavis.api.kit.errors import Forbidden, Invalid, Unauthorized
from visavis.db.models import ApiKey, now
from visavis.db.session import Database

log = structlog.get_logger(__name__)

PREFIX = "vv_"

# `last_used_at` is for people; a write on every request would be for nobody.
_LAST_USED_STEP = timedelta(minutes=1)
_TOUCH_PATIENCE_MS = 1_000
_TOUCH_TIMEOUT = 3.0


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
        self._noted: dict[str, datetime] = {}
        self._notes: set[asyncio.Task[None]] = set()

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
        """Make sure that a key given by the operator exists; one that was revoked stays revoked."""
        async with self._database.read() as session:
            row = await repository.by_digest(session, digest(key))
        if row is not None:
            if row.revoked_at is not None:
                log.warning(
                    "keys.preset_revoked",
                    key_id=row.id,
                    reason="The key in VISAVIS_BOOTSTRAP_API_KEY was revoked and stays so; set another one.",
                )
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
        self._note_use(row)
        return Identity(row.account_id, row.id)

    async def close(self) -> None:
        """Let the notes of use that are being written come to their end."""
        if self._notes:
            await asyncio.wait(self._notes, timeout=2 * _TOUCH_TIMEOUT)

    def _note_use(self, row: ApiKey) -> None:
        """Beside the answer, and tried once a step only: a database that cannot be written may still be read."""
        moment = now()
        for last in (row.last_used_at, self._noted.get(row.id)):
            if last is not None and moment - last <= _LAST_USED_STEP:
                return
        self._noted = {key: last for key, last in self._noted.items() if moment - last <= _LAST_USED_STEP}
        self._noted[row.id] = moment
        task = asyncio.create_task(self._touch(row.id, moment), name=f"note use of {row.id}")
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _touch(self, key_id: str, moment: datetime) -> None:
        try:
            async with (
                asyncio.timeout(_TOUCH_TIMEOUT),
                self._database.write(patience_ms=_TOUCH_PATIENCE_MS) as session,
            ):
                await repository.touch(session, key_id, moment)
        except (SQLAlchemyError, TimeoutError) as error:
            reason = str(getattr(error, "orig", None) or error or "it took too long")
            log.warning("keys.use_not_noted", key_id=key_id, reason=reason)
