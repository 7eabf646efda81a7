"""`/c/{conversation_id}`: the room's page, and its way into the call. Whoever has the link may use it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from visavis.api.deps import ServicesDep
from visavis.api.kit import body, fields, ids
from visavis.api.kit.errors import Conflict, Gone, Invalid, NotFound, Unavailable
from visavis.api.portal.pages import page
from visavis.conversation.errors import BadOffer, CallEnded, CallError, CallFull, CallNotFound

router = APIRouter(include_in_schema=False)

MAX_OFFER_BYTES = 256 * 1024

_ERRORS = {CallNotFound: NotFound, CallEnded: Gone, CallFull: Conflict, BadOffer: Invalid}


class Offer(fields.Document):
    sdp: Annotated[str, Field(min_length=1, max_length=200_000)]
    type: Literal["offer"]
    participant_id: fields.IdText | None = None
    name: fields.Name | None = None
    token: Annotated[str, Field(max_length=4_000)] | None = None


class Leave(fields.Document):
    participant_id: fields.IdText
    reason: Annotated[str, Field(max_length=40)] | None = None


@router.get("/c/{conversation_id}")
async def room(conversation_id: str) -> Response:
    if not ids.well_formed(conversation_id):
        raise NotFound("There is no conversation behind this link.")
    return page("room.html")


@router.get("/c/{conversation_id}/info")
async def info(conversation_id: str, request: Request, services: ServicesDep) -> dict[str, Any]:
    return await services.rooms.info(conversation_id, request.query_params.get("t", ""))


@router.get("/c/{conversation_id}/poster.jpg")
async def poster(conversation_id: str, services: ServicesDep) -> FileResponse:
    return FileResponse(await services.rooms.poster(conversation_id))


@router.post("/c/{conversation_id}/connect")
async def connect(conversation_id: str, request: Request, services: ServicesDep) -> Any:
    """The body is read only for a room that exists: whoever has no link gets nothing parsed."""
    await services.rooms.get(conversation_id)
    offer = fields.validate(Offer, await body.read_object(request, MAX_OFFER_BYTES))
    await services.rooms.enter(conversation_id, offer.token or request.query_params.get("t", ""))
    try:
        return await services.host.connect(
            conversation_id, sdp=offer.sdp, type=offer.type, participant_id=offer.participant_id, name=offer.name
        )
    except CallError as error:
        conversation = await services.rooms.get(conversation_id)
        if isinstance(error, CallNotFound) and conversation.status == "ended":
            raise Gone("This conversation is over.") from error
        raise _ERRORS.get(type(error), Unavailable)(str(error)) from error


@router.post("/c/{conversation_id}/leave", status_code=204)
async def leave(conversation_id: str, request: Request, services: ServicesDep) -> Response:
    """The body is JSON whatever its type says: a page that closes can only send text."""
    value = body.parse(await body.read_bytes(request, 10_000))
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.")
    request_body = fields.validate(Leave, value)
    try:
        # A page that goes away may only be loading again; the Leave button means it.
        for_good = request_body.reason != "pagehide"
        await services.host.leave(conversation_id, request_body.participant_id, for_good=for_good)
    except CallError as error:
        raise _ERRORS.get(type(error), Unavailable)(str(error)) from error
    return Response(status_code=204)
