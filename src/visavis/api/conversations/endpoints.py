"""`/v2/conversations`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from visavis.api.conversations.schemas import ConversationCreate
from visavis.api.deps import AccountId, ServicesDep
from visavis.api.kit.body import JsonObject
from visavis.api.kit.docs import request_body
from visavis.api.kit.paging import PageQuery, listing

router = APIRouter()

_EXAMPLE = {
    "replica_id": "r90bbd427f71",
    "persona_id": "pdac61133ac5",
    "conversation_name": "Interview User",
    "callback_url": "",
    "properties": {"max_call_duration": 600, "enable_closed_captions": True, "language": "english"},
}


@router.post("", summary="Create a conversation", openapi_extra=request_body(ConversationCreate, _EXAMPLE))
async def create_conversation(body: JsonObject, account_id: AccountId, services: ServicesDep) -> dict[str, Any]:
    """Open `conversation_url` in a browser, or put it into an iframe, to talk."""
    created = await services.conversations.create(account_id, body)
    answer = services.conversations.present(created.conversation)
    return answer if created.meeting_token is None else {**answer, "meeting_token": created.meeting_token}


@router.get("", summary="List conversations")
async def list_conversations(
    page: PageQuery,
    account_id: AccountId,
    services: ServicesDep,
    status: Annotated[Literal["active", "ended"] | None, Query()] = None,
) -> dict[str, Any]:
    rows, total = await services.conversations.list(account_id, page, status)
    return listing([services.conversations.present(row) for row in rows], total)


@router.get("/{conversation_id}", summary="Get a conversation")
async def get_conversation(
    conversation_id: str,
    account_id: AccountId,
    services: ServicesDep,
    verbose: Annotated[bool, Query(description="Add events, transcript and shutdown reason.")] = False,
) -> dict[str, Any]:
    if verbose:
        return await services.conversations.verbose(account_id, conversation_id)
    return services.conversations.present(await services.conversations.get(account_id, conversation_id))


@router.post("/{conversation_id}/end", summary="End a conversation")
async def end_conversation(conversation_id: str, account_id: AccountId, services: ServicesDep) -> dict[str, Any]:
    """Whatever the body holds is ignored: clients send none, with a JSON content type."""
    await services.conversations.end(account_id, conversation_id)
    return {}


@router.delete("/{conversation_id}", status_code=204, summary="Delete a conversation")
async def delete_conversation(
    conversation_id: str,
    account_id: AccountId,
    services: ServicesDep,
    hard: Annotated[bool, Query(description="Remove the record and its files for good.")] = False,
) -> Response:
    await services.conversations.delete(account_id, conversation_id, hard=hard)
    return Response(status_code=204)
