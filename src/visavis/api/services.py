"""The services of one server, put together once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from visavis.api.accounts.service import AccountService
from visavis.api.conversations.record import Wake
from visavis.api.conversations.service import ConversationService
from visavis.api.keys.service import KeyService
from visavis.api.kit.client import Network, networks
from visavis.api.kit.vault import Vault
from visavis.api.personas.service import PersonaService
from visavis.api.portal.service import PortalService
from visavis.api.replicas.service import ReplicaService
from visavis.api.rooms.service import RoomService
from visavis.conversation.ports import CallHost
from visavis.db.session import Database
from visavis.settings import Settings


class RoomHost(CallHost, Protocol):
    """A host that also admits people. Errors of both methods are `visavis.conversation.errors`."""

    async def connect(
        self, conversation_id: str, *, sdp: str, type: str, participant_id: str | None, name: str | None
    ) -> dict[str, Any]:
        """Admit a person with their WebRTC offer; return the answer and their participant id."""
        ...

    async def leave(self, conversation_id: str, participant_id: str, *, for_good: bool = True) -> bool: ...

    async def warm(self) -> list[str]:
        """Load engines; return sentences about what cannot run (none: ready)."""
        ...


@dataclass(slots=True)
class Services:
    settings: Settings
    database: Database
    vault: Vault
    host: RoomHost
    trusted_proxies: Sequence[Network]
    accounts: AccountService
    keys: KeyService
    personas: PersonaService
    replicas: ReplicaService
    conversations: ConversationService
    rooms: RoomService
    portal: PortalService


def _trusted(settings: Settings) -> list[Network]:
    try:
        return networks([item for item in settings.trusted_proxies.split(",") if item.strip()])
    except ValueError as error:
        raise ValueError(f"VISAVIS_TRUSTED_PROXIES: {error}") from error


async def build(
    settings: Settings, database: Database, vault: Vault, host: RoomHost, wake: Wake, server_id: str
) -> Services:
    """Services on tables that are up to date, with the stock replicas and personas in place."""
    accounts = AccountService(database)
    account = await accounts.ensure()
    replicas = ReplicaService(database, settings)
    personas = PersonaService(database, vault, replicas)
    await replicas.seed()
    await personas.seed()
    return Services(
        settings=settings,
        database=database,
        vault=vault,
        host=host,
        trusted_proxies=_trusted(settings),
        accounts=accounts,
        keys=KeyService(database),
        personas=personas,
        replicas=replicas,
        conversations=ConversationService(database, settings, vault, personas, replicas, host, wake, server_id),
        rooms=RoomService(database, settings, vault, replicas),
        portal=PortalService(vault, account.id, allow_remote=settings.remote_sign_in),
    )
