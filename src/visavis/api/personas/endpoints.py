"""`/v2/personas` and, over the same objects, `/v2/pals`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from visavis.api.deps import AccountId, ServicesDep
from visavis.api.kit import times
from visavis.api.kit.body import JsonObject, JsonValue
from visavis.api.kit.docs import request_body
from visavis.api.kit.paging import PageQuery, listing
from visavis.api.personas import service
from visavis.api.personas.names import PERSONA
from visavis.api.personas.schemas import PersonaDocument

router = APIRouter()

OwnerQuery = Annotated[Literal["user", "system"] | None, Query(description="Own ones, or the stock ones.")]

_EXAMPLE = {
    "persona_name": "Interviewer",
    "system_prompt": "As an Interviewer, you are a skilled professional who conducts thoughtful interviews.",
    "pipeline_mode": "full",
    "default_replica_id": "rfe12d8b9597",
    "layers": {
        "perception": {"perception_model": "raven-1"},
        "conversational_flow": {"turn_detection_model": "sparrow-1", "turn_taking_patience": "medium"},
    },
}
_PATCH_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace", "copy", "move", "test"]},
            "path": {"type": "string"},
            "from": {"type": "string"},
            "value": {},
        },
    },
    "example": [{"op": "replace", "path": "/layers/stt/hotwords", "value": "leadership"}],
}


@router.post("", summary="Create a persona", openapi_extra=request_body(PersonaDocument, _EXAMPLE))
async def create_persona(
    body: JsonObject, account_id: AccountId, services: ServicesDep, request: Request
) -> dict[str, Any]:
    as_pal = request.url.path.startswith("/v2/pals")
    persona = await services.personas.create(account_id, body, replica_required=as_pal)
    answer: dict[str, Any] = PERSONA.both(
        {
            "persona_id": persona.id,
            "persona_name": persona.name,
            "created_at": times.iso_micro(persona.created_at),
        }
    )
    return answer


@router.get("", summary="List personas")
async def list_personas(
    page: PageQuery,
    account_id: AccountId,
    services: ServicesDep,
    persona_type: OwnerQuery = None,
    pal_type: OwnerQuery = None,
    search: Annotated[str, Query(max_length=255, description="Part of a name or id.")] = "",
    query: Annotated[str, Query(max_length=255, description="Same as search.")] = "",
    name: Annotated[str, Query(max_length=255, description="Same as search.")] = "",
) -> dict[str, Any]:
    rows, total = await services.personas.list(account_id, page, persona_type or pal_type, search or query or name)
    return listing([service.present(row) for row in rows], total)


@router.get("/check-username", summary="Is a conferencing username free?")
async def check_username(
    account_id: AccountId,  # noqa: ARG001 - a key is needed all the same
    username: Annotated[str, Query(min_length=1, max_length=255)],
) -> dict[str, Any]:
    return {"username": username, "available": True}


@router.get("/{persona_id}", summary="Get a persona")
async def get_persona(persona_id: str, account_id: AccountId, services: ServicesDep) -> dict[str, Any]:
    """The persona flat and, as older clients expect it, as the only entry of `data`."""
    return _whole(service.present(await services.personas.get(account_id, persona_id)))


@router.patch(
    "/{persona_id}",
    summary="Change a persona",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _PATCH_SCHEMA}}}},
    responses={304: {"description": "The patch changes nothing."}, 422: {"description": "Not a JSON Patch."}},
)
async def patch_persona(persona_id: str, body: JsonValue, account_id: AccountId, services: ServicesDep) -> Any:
    persona = await services.personas.patch(account_id, persona_id, body)
    return Response(status_code=304) if persona is None else _whole(service.present(persona))


@router.delete("/{persona_id}", status_code=204, summary="Delete a persona")
async def delete_persona(persona_id: str, account_id: AccountId, services: ServicesDep) -> Response:
    await services.personas.delete(account_id, persona_id)
    return Response(status_code=204)


@router.post("/{persona_id}/publish", summary="Publish a persona", description="There are no drafts: nothing happens.")
async def publish_persona(persona_id: str, account_id: AccountId, services: ServicesDep) -> dict[str, Any]:
    shown = service.present(await services.personas.get(account_id, persona_id))
    names = ("persona_id", "pal_id", "persona_name", "pal_name", "updated_at")
    return {
        "status": "success",
        "system_prompt": shown.get("system_prompt") or "",
        **{name: shown[name] for name in names},
    }


def _whole(shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "data": [shown]}
