"""The rules of conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from visavis.api.conversations import repository, tokens
from visavis.api.conversations.names import CONVERSATION
from visavis.api.conversations.record import DatabaseCallRecord, Subject, Wake, event_payload
from visavis.api.conversations.repository import ConversationRepository, Status
from visavis.api.conversations.schemas import ConversationCreate, ConversationProperties, lowered
from visavis.api.kit import fields, ids, paging, times, vault
from visavis.api.kit.errors import Invalid, InvalidMessage
from visavis.api.personas.service import CallPersona, PersonaService
from visavis.api.replicas.service import CallReplica, ReplicaService
from visavis.conversation.ports import CallHost, CallSpec, EndReason
from visavis.db.models import Conversation, now
from visavis.db.session import Database
from visavis.outbound import OutboundRefused, check_url
from visavis.settings import Settings

log = structlog.get_logger(__name__)

START_TIMEOUT = 15.0
END_TIMEOUT = 20.0

# One person and the replica.
DEFAULT_PARTICIPANTS = 2

# Fields of the body with a place of their own in `CallSpec`; the others travel in its `properties`.
_PLACED = frozenset(
    "replica_id persona_id conversation_name conversational_context custom_greeting callback_url audio_only test_mode "
    "require_auth max_participants properties".split()
)


class UnknownConversation(Invalid):
    def __init__(self) -> None:
        super().__init__("Invalid conversation_id")


@dataclass(frozen=True, slots=True)
class Created:
    conversation: Conversation
    meeting_token: str | None


class ConversationService:
    def __init__(
        self,
        database: Database,
        settings: Settings,
        secrets: vault.Vault,
        personas: PersonaService,
        replicas: ReplicaService,
        host: CallHost,
        wake: Wake,
        server_id: str,
    ) -> None:
        self._database = database
        self._settings = settings
        self._vault = secrets
        self._personas = personas
        self._replicas = replicas
        self._host = host
        self._wake = wake
        self._server_id = server_id

    async def create(self, account_id: str, body: Mapping[str, Any]) -> Created:
        """Make a conversation and start its call. Raises `Invalid`, or `InvalidMessage` at the account's limit."""
        document = lowered(CONVERSATION.canonical(body))
        request = fields.validate(ConversationCreate, document)
        self._check(request)
        persona = await self._personas.for_call(account_id, request.persona_id or self._settings.default_persona_id)
        replica = await self._replicas.for_call(
            account_id, request.replica_id or persona.default_replica_id or self._settings.default_replica_id
        )
        conversation = self._row(account_id, request, persona, replica)
        async with self._database.write() as session:
            conversations = ConversationRepository(session, account_id)
            if conversation.status == "active":
                active = await conversations.lock_and_count_active()
                if active >= self._settings.max_concurrent_calls:
                    raise InvalidMessage("User has reached maximum concurrent conversations")
            await conversations.add(conversation)
        if conversation.status == "active":
            await self._start(conversation, request, persona, replica)
        token = None
        if conversation.request.get("require_auth"):
            lifetime = self._properties(request).participant_absent_timeout
            token = tokens.meeting_token(self._vault, conversation.id, 300 if lifetime is None else lifetime)
        return Created(await self.get(account_id, conversation.id), token)

    def _check(self, request: ConversationCreate) -> None:
        if request.callback_url:
            try:
                check_url(request.callback_url, self._settings)
            except OutboundRefused as error:
                raise Invalid(f"callback_url: {error}") from error
            if httpx.URL(request.callback_url.strip()).userinfo:
                raise Invalid(
                    "callback_url: a user name or password in the address would be kept and shown in clear; "
                    "leave it out and check the signature of the webhooks instead."
                )
        if request.meeting_url:
            raise Invalid("meeting_url: this version does not join meetings of other services.")

    def _row(
        self, account_id: str, request: ConversationCreate, persona: CallPersona, replica: CallReplica
    ) -> Conversation:
        moment = now()
        kept = request.model_dump(mode="json", exclude_unset=True)
        kept["require_auth"] = bool(request.require_auth or self._properties(request).require_auth)
        # Room tokens are for the call that starts now; the record keeps their mask.
        masked, _ = vault.hide(kept, self._vault, {})
        return Conversation(
            id=ids.conversation_id(),
            account_id=account_id,
            name=(request.conversation_name or "").strip() or f"New Conversation {times.epoch_ms(moment)}",
            status="ended" if request.test_mode else "active",
            persona_id=persona.persona_id,
            persona_name=persona.name,
            replica_id=replica.replica_id,
            replica_name=replica.name,
            callback_url=request.callback_url or "",
            request=masked,
            server_id=self._server_id,
            created_at=moment,
            updated_at=moment,
            ended_at=moment if request.test_mode else None,
        )

    async def _start(
        self, conversation: Conversation, request: ConversationCreate, persona: CallPersona, replica: CallReplica
    ) -> None:
        record = self.record(conversation)
        spec = self._spec(conversation, request, persona, replica)
        try:
            await asyncio.wait_for(self._host.start(spec, record), START_TIMEOUT)
        except Exception:
            log.exception("conversation.start_failed", conversation=conversation.id)
            await record.ended("exception_encountered_during_conversation_startup")

    def _properties(self, request: ConversationCreate) -> ConversationProperties:
        return request.properties or ConversationProperties()

    def _spec(
        self, conversation: Conversation, request: ConversationCreate, persona: CallPersona, replica: CallReplica
    ) -> CallSpec:
        properties = self._properties(request)
        given = request.model_dump(mode="json", exclude_none=True)
        extra = {key: value for key, value in given.items() if key not in _PLACED}
        longest = float(self._settings.max_call_duration)
        absent = properties.participant_absent_timeout
        return CallSpec(
            conversation_id=conversation.id,
            account_id=conversation.account_id,
            conversation_name=conversation.name,
            persona_id=persona.persona_id,
            persona_name=persona.name,
            persona=persona.document,
            replica_id=replica.replica_id,
            replica_name=replica.name,
            replica_path=replica.path,
            replica_voice=replica.voice,
            created_at=conversation.created_at.timestamp(),
            conversational_context=request.conversational_context or "",
            greeting=request.custom_greeting or str(persona.document.get("greeting") or ""),
            audio_only=bool(request.audio_only),
            language=_language(request, persona),
            enable_closed_captions=bool(properties.enable_closed_captions or properties.enable_transcription),
            max_call_duration=min(longest, float(properties.max_call_duration or longest)),
            participant_left_timeout=float(properties.participant_left_timeout or 0),
            participant_absent_timeout=300.0 if absent is None else float(absent),
            max_participants=request.max_participants or DEFAULT_PARTICIPANTS,
            properties={**extra, **given.get("properties", {})},
        )

    def record(self, conversation: Conversation) -> DatabaseCallRecord:
        return DatabaseCallRecord(self._database, Subject.of(conversation), self._wake)

    async def get(self, account_id: str, conversation_id: str) -> Conversation:
        """Raises `UnknownConversation`."""
        async with self._database.read() as session:
            return await self._find(ConversationRepository(session, account_id), conversation_id)

    async def verbose(self, account_id: str, conversation_id: str) -> dict[str, Any]:
        """The conversation with its events, transcript and turn timings. Raises `UnknownConversation`."""
        async with self._database.read() as session:
            conversation = await self._find(ConversationRepository(session, account_id), conversation_id)
            events = await repository.events(session, conversation_id)
            lines = await repository.transcript(session, conversation_id)
            turns = await repository.turns(session, conversation_id)
        subject = Subject.of(conversation)
        return {
            **self.present(conversation),
            "shutdown_reason": conversation.shutdown_reason,
            "events": [event_payload(event, subject) for event in events],
            "transcript": [repository.transcript_entry(line) for line in lines],
            "turns": [
                {"turn_idx": turn.turn_idx, "inference_id": turn.inference_id, "hops": turn.hops} for turn in turns
            ],
        }

    async def list(
        self, account_id: str, page: paging.Page, status: Status | None
    ) -> tuple[Sequence[Conversation], int]:
        async with self._database.read() as session:
            return await ConversationRepository(session, account_id).list(page, status)

    async def end(self, account_id: str, conversation_id: str) -> None:
        """End a call; nothing happens to one that is over. Raises `UnknownConversation`."""
        conversation = await self.get(account_id, conversation_id)
        if conversation.status == "active":
            await self.finish(conversation, "end_conversation_endpoint_hit")

    async def finish(self, conversation: Conversation, reason: EndReason) -> None:
        """End a call wherever it runs, and make sure that its record says so."""
        try:
            await asyncio.wait_for(self._host.end(conversation.id, reason), END_TIMEOUT)
        except Exception:
            log.exception("conversation.end_failed", conversation=conversation.id)
        # Also for a call of another process, or of none; the record of one that just ended stays as it is.
        await self.record(conversation).ended(reason)

    async def delete(self, account_id: str, conversation_id: str, *, hard: bool) -> None:
        """End and delete a conversation; `hard` also removes its record for good. Raises `UnknownConversation`."""
        async with self._database.read() as session:
            conversation = await self._find(ConversationRepository(session, account_id), conversation_id, deleted=hard)
        if conversation.status == "active":
            await self.finish(conversation, "end_conversation_endpoint_hit")
        async with self._database.write() as session:
            conversations = ConversationRepository(session, account_id)
            conversation = await self._find(conversations, conversation_id, deleted=hard)
            if hard:
                await conversations.delete(conversation)
            else:
                conversation.deleted_at = conversation.updated_at = now()

    def present(self, conversation: Conversation) -> dict[str, Any]:
        """The conversation as answers show it, in both vocabularies."""
        answer: dict[str, Any] = CONVERSATION.both(
            {
                "conversation_id": conversation.id,
                "conversation_name": conversation.name,
                "conversation_url": f"{self._settings.origin}/c/{conversation.id}",
                "status": conversation.status,
                "callback_url": conversation.callback_url,
                "replica_id": conversation.replica_id,
                "persona_id": conversation.persona_id,
                "created_at": times.iso_micro(conversation.created_at),
                "updated_at": times.iso_micro(conversation.updated_at),
            }
        )
        return answer

    async def _find(
        self, conversations: ConversationRepository, conversation_id: str, *, deleted: bool = False
    ) -> Conversation:
        found = None
        if ids.well_formed(conversation_id):
            found = await conversations.get(conversation_id, deleted=deleted)
        if found is None:
            raise UnknownConversation
        return found


def _language(request: ConversationCreate, persona: CallPersona) -> str:
    properties = request.properties or ConversationProperties()
    named = properties.language or next(iter(properties.languages or []), None)
    return named or next(iter(persona.document.get("languages") or []), None) or "english"
