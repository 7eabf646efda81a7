"""What a room may know of its conversation, and who may enter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from visavis.api.conversations import repository, tokens
from visavis.api.kit import ids
from visavis.api.kit.errors import Forbidden, NotFound
from visavis.api.kit.vault import Vault
from visavis.api.replicas.service import ReplicaService
from visavis.db.models import Conversation
from visavis.db.session import Database
from visavis.settings import Settings


def ice_servers(settings: Settings) -> list[Any]:
    """STUN and TURN servers as browsers take them. Raises `ValueError` with a sentence for the operator."""
    try:
        servers = json.loads(settings.ice_servers)
    except json.JSONDecodeError as error:
        raise ValueError(f"VISAVIS_ICE_SERVERS is not valid JSON: {error}.") from error
    if not isinstance(servers, list) or not all(isinstance(item, dict) and item.get("urls") for item in servers):
        raise ValueError('VISAVIS_ICE_SERVERS must be a list such as [{"urls": "stun:stun.example.com:3478"}].')
    return servers


class RoomService:
    def __init__(self, database: Database, settings: Settings, vault: Vault, replicas: ReplicaService) -> None:
        self._database = database
        self._ice_servers = ice_servers(settings)
        self._vault = vault
        self._replicas = replicas

    async def get(self, conversation_id: str) -> Conversation:
        """Raises `NotFound`."""
        found = None
        if ids.well_formed(conversation_id):
            async with self._database.read() as session:
                found = await repository.in_room(session, conversation_id)
        if found is None:
            raise NotFound("There is no conversation behind this link.")
        return found

    async def enter(self, conversation_id: str, token: str) -> None:
        """Raises `NotFound`, or `Forbidden` where a private conversation is asked for without its token."""
        conversation = await self.get(conversation_id)
        if not self._admits(conversation, token):
            raise Forbidden("This conversation is private; its link needs a valid token.")

    def _admits(self, conversation: Conversation, token: str) -> bool:
        return not conversation.request.get("require_auth") or tokens.admits(self._vault, token, conversation.id)

    async def info(self, conversation_id: str, token: str) -> dict[str, Any]:
        """What the page shows; servers of the call, whose passwords cost money, only for who may enter it now.

        Raises `NotFound`.
        """
        conversation = await self.get(conversation_id)
        request = conversation.request
        properties = request.get("properties") or {}
        captions = properties.get("enable_closed_captions") or properties.get("enable_transcription")
        may_enter = conversation.status == "active" and self._admits(conversation, token)
        return {
            "conversation_id": conversation.id,
            "conversation_name": conversation.name,
            "status": conversation.status,
            "shutdown_reason": conversation.shutdown_reason,
            "persona_name": conversation.persona_name,
            "replica_name": conversation.replica_name,
            "audio_only": bool(request.get("audio_only")),
            "closed_captions": bool(captions),
            "require_auth": bool(request.get("require_auth")),
            "poster_url": f"/c/{conversation.id}/poster.jpg",
            "ice_servers": self._ice_servers if may_enter else [],
            "language": properties.get("language") or next(iter(properties.get("languages") or []), "english"),
        }

    async def poster(self, conversation_id: str) -> Path:
        """Raises `NotFound`."""
        return await self._replicas.thumbnail((await self.get(conversation_id)).replica_id)
