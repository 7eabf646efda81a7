"""Which server runs which call, and what happens to the calls of a server that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update

from visavis.api.conversations import repository
from visavis.api.conversations.service import ConversationService
from visavis.conversation.ports import CallHost, EndReason
from visavis.db.models import Server, now
from visavis.db.session import Database

log = structlog.get_logger(__name__)

HEARTBEAT = 10.0
STALE_AFTER = timedelta(seconds=45)

# How soon a call notices that another server ended it in the tables.
RECONCILE = 2.0

RESTART: EndReason = "internal error occurred at step server_restart"

Adopt = Callable[[str], Awaitable[None]]
"""Told the instance of a server that is gone."""


class Presence:
    """Says that this process lives, and ends the calls of processes that do not.

    On SQLite there is only one server, so whatever is active when it starts was left behind by an earlier one. On
    PostgreSQL others may be running: their heartbeat protects their calls. A server that starts again with the same
    data folder (`instance`) does not wait for its own old heartbeat to grow stale.
    """

    def __init__(
        self,
        database: Database,
        conversations: ConversationService,
        host: CallHost,
        *,
        server_id: str,
        instance: str,
        adopt: Adopt,
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._host = host
        self._server_id = server_id
        self._instance = instance
        self._adopt = adopt
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Register, end what was left behind, and keep watch."""
        async with self._database.write() as session:
            await session.execute(delete(Server).where(Server.instance == self._instance))
            session.add(Server(id=self._server_id, instance=self._instance))
        await self.reap()
        if not self._database.is_sqlite:
            self._tasks = [
                asyncio.create_task(self._every(HEARTBEAT, self._beat), name="heartbeat"),
                asyncio.create_task(self._every(RECONCILE, self.reconcile), name="reconcile"),
            ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._database.write() as session:
            await session.execute(delete(Server).where(Server.id == self._server_id))

    async def reap(self) -> None:
        """End the calls of processes that are gone, with everything that the end of a call entails."""
        alive_since = None if self._database.is_sqlite else now() - STALE_AFTER
        async with self._database.read() as session:
            abandoned = await repository.abandoned(session, alive_since, self._server_id)
        for conversation in abandoned:
            await self._conversations.record(conversation).ended(RESTART)
            log.warning("conversation.recovered", conversation=conversation.id)
        if alive_since is not None:
            await self._bury()

    async def _bury(self) -> None:
        """Forget servers without a heartbeat and take their deliveries over; one of the living gets to do it."""
        stale = now() - STALE_AFTER
        async with self._database.write() as session:
            dead = (
                await session.scalars(
                    select(Server).where(Server.heartbeat_at < stale).with_for_update(skip_locked=True)
                )
            ).all()
            instances = [server.instance for server in dead]
            for server in dead:
                await session.delete(server)
        for instance in instances:
            await self._adopt(instance)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.wait_for(work(), STALE_AFTER.total_seconds())
            except Exception:
                # A database that is away for a while must not end this server's watch.
                log.exception("presence.failed")

    async def _beat(self) -> None:
        async with self._database.write() as session:
            beaten = await session.execute(
                update(Server).where(Server.id == self._server_id).values(heartbeat_at=now()).returning(Server.id)
            )
            if beaten.first() is None:
                session.add(Server(id=self._server_id, instance=self._instance))
        await self.reap()

    async def reconcile(self) -> None:
        """Stop calls that another server ended or deleted in the tables."""
        running = list(self._host.running())
        if not running:
            return
        async with self._database.read() as session:
            over = await repository.not_active(session, running)
        for conversation_id in over:
            await self._host.end(conversation_id, "end_conversation_endpoint_hit")
