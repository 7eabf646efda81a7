"""The rules of personas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit import fields, ids, paging, patch, times, vault
from visavis.api.kit.errors import Forbidden, Invalid
from visavis.api.personas import stock
from visavis.api.personas.flow import effective_flow, shown_flow
from visavis.api.personas.names import PERSONA
from visavis.api.personas.repository import Owner, PersonaRepository, put_stock
from visavis.api.personas.schemas import PersonaDocument
from visavis.api.replicas.service import ReplicaService
from visavis.db.models import Persona, now
from visavis.db.session import Database

# What answers carry beside the document. A client that sends a whole answer back means the document in it.
_READ_ONLY = ("persona_id", "persona_type", "created_at", "updated_at")
_IGNORED = (*_READ_ONLY, "data", "uuid", "owner_id", "session_id", "is_draft", "conferencing_email")


@dataclass(frozen=True, slots=True)
class CallPersona:
    """A persona as a call needs it: canonical names, real secrets, turn taking resolved."""

    persona_id: str
    name: str
    default_replica_id: str | None
    document: dict[str, Any]


class UnknownPersona(Invalid):
    def __init__(self) -> None:
        super().__init__("Invalid persona_id")


class PersonaService:
    def __init__(self, database: Database, secrets: vault.Vault, replicas: ReplicaService) -> None:
        self._database = database
        self._vault = secrets
        self._replicas = replicas

    async def create(self, account_id: str, body: Mapping[str, Any], *, replica_required: bool = False) -> Persona:
        """Make a persona from a request body. Raises `Invalid`, and leaves nothing behind when it does."""
        document = PERSONA.canonical(body)
        for key in _IGNORED:
            document.pop(key, None)
        document = await self._checked(account_id, document)
        if replica_required and not document.get("default_replica_id"):
            raise Invalid("default_face_id is required.")
        moment = now()
        name = document.setdefault("persona_name", f"New Persona {times.epoch_ms(moment)}")
        masked, hidden = vault.hide(document, self._vault, {})
        persona = Persona(
            id=ids.persona_id(),
            account_id=account_id,
            name=name,
            document=masked,
            secrets=hidden,
            created_at=moment,
            updated_at=moment,
        )
        async with self._database.write() as session:
            await PersonaRepository(session, account_id).add(persona)
        return persona

    async def get(self, account_id: str, persona_id: str) -> Persona:
        """Raises `UnknownPersona`."""
        async with self._database.read() as session:
            return await self._find(PersonaRepository(session, account_id), persona_id)

    async def list(
        self, account_id: str, page: paging.Page, owner: Owner | None, search: str
    ) -> tuple[Sequence[Persona], int]:
        async with self._database.read() as session:
            return await PersonaRepository(session, account_id).list(page, owner, search)

    async def patch(self, account_id: str, persona_id: str, body: Any) -> Persona | None:
        """Apply a JSON Patch; None when it changes nothing. Raises `UnknownPersona`, `MalformedPatch`, `Invalid`."""
        async with self._database.write() as session:
            persona = await self._find(PersonaRepository(session, account_id), persona_id)
            operations = patch.parse(body, PERSONA)
            _require_own(persona)
            facts = _facts(persona)
            patched = patch.apply({**persona.document, **facts}, operations)
            for key, value in facts.items():
                if patched.pop(key, None) != value:
                    raise Invalid(f"{key} cannot be changed.")
            document = await self._checked(account_id, patched, session)
            masked, hidden = vault.hide(document, self._vault, persona.secrets)
            if patch.same(masked, persona.document) and self._secrets(hidden) == self._secrets(persona.secrets):
                return None
            persona.document, persona.secrets = masked, hidden
            persona.name = document.get("persona_name") or persona.name
            persona.updated_at = now()
            return persona

    async def delete(self, account_id: str, persona_id: str) -> None:
        """Raises `UnknownPersona`. Conversations made with it stay."""
        async with self._database.write() as session:
            repository = PersonaRepository(session, account_id)
            persona = await self._find(repository, persona_id)
            _require_own(persona)
            await repository.delete(persona)

    async def for_call(self, account_id: str, persona_id: str) -> CallPersona:
        """The persona with its secrets, for a call that is about to start. Raises `UnknownPersona`."""
        persona = await self.get(account_id, persona_id)
        document = vault.reveal(persona.document, persona.secrets, self._vault.decrypt)
        document["layers"] = {**(document.get("layers") or {}), "conversational_flow": effective_flow(document)}
        return CallPersona(persona.id, persona.name, document.get("default_replica_id"), document)

    async def seed(self) -> None:
        """Put the stock personas in place."""
        moment = now()
        async with self._database.write() as session:
            for place, (persona_id, document) in enumerate(stock.PERSONAS.items()):
                fields.validate(PersonaDocument, document)
                await put_stock(
                    session,
                    Persona(
                        id=persona_id,
                        account_id=None,
                        name=document["persona_name"],
                        document=dict(document),
                        secrets={},
                        # Lists show the newest first, and these in their own order.
                        created_at=moment - timedelta(milliseconds=place),
                        updated_at=moment,
                    ),
                )

    async def _find(self, repository: PersonaRepository, persona_id: str) -> Persona:
        persona = await repository.get(persona_id) if ids.well_formed(persona_id) else None
        if persona is None:
            raise UnknownPersona
        return persona

    async def _checked(
        self, account_id: str, document: dict[str, Any], session: AsyncSession | None = None
    ) -> dict[str, Any]:
        """The document with every rule applied, as it is stored."""
        document = _hoisted(document)
        checked = fields.validate(PersonaDocument, document).model_dump(mode="json", exclude_unset=True)
        if checked.get("pipeline_mode") in (None, "full") and not (checked.get("system_prompt") or "").strip():
            raise Invalid("system_prompt is required unless pipeline_mode is echo or speech-to-speech.")
        if "persona_name" in checked and checked["persona_name"] is None:
            del checked["persona_name"]
        replica_id = checked.get("default_replica_id")
        if replica_id and not await self._replicas.usable(account_id, replica_id, session):
            raise Invalid("Invalid replica_uuid")
        if (checked.get("layers") or {}).get("conferencing") and not replica_id:
            raise Invalid("default_replica_id is required when layers.conferencing is set.")
        return checked

    def _secrets(self, hidden: Mapping[str, str]) -> dict[str, str]:
        return {pointer: self._vault.decrypt(token) for pointer, token in hidden.items()}


def _require_own(persona: Persona) -> None:
    if persona.account_id is None:
        raise Forbidden(f"{persona.name} is a stock persona and cannot be changed; make a persona of your own from it.")


def _hoisted(document: dict[str, Any]) -> dict[str, Any]:
    """One published example puts the documents inside `layers`; they mean the same there."""
    layers = document.get("layers")
    if not isinstance(layers, dict) or not {"document_ids", "document_tags"} & layers.keys():
        return document
    moved = {key: layers[key] for key in ("document_ids", "document_tags") if key in layers}
    return {**moved, **document, "layers": {key: value for key, value in layers.items() if key not in moved}}


def _facts(persona: Persona) -> dict[str, Any]:
    return {
        "persona_id": persona.id,
        "persona_type": "system" if persona.account_id is None else "user",
        "created_at": times.iso_micro(persona.created_at),
        "updated_at": times.iso_micro(persona.updated_at),
    }


def present(persona: Persona) -> dict[str, Any]:
    """The persona as answers show it, in both vocabularies."""
    layers = dict(persona.document.get("layers") or {})
    if "conversational_flow" in layers:
        layers["conversational_flow"] = shown_flow(layers["conversational_flow"]) or {}
    document = {
        "pipeline_mode": "full",
        "persona_name": persona.name,
        **persona.document,
        "layers": layers,
        **_facts(persona),
    }
    answer: dict[str, Any] = PERSONA.both(document)
    return answer
