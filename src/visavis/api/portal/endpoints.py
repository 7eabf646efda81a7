"""Sign-in, the portal's own requests, and its pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from visavis import __version__
from visavis.api.deps import PORTAL_HEADER, SESSION_COOKIE, PortalAccountId, ServicesDep, is_local
from visavis.api.kit import fields, times
from visavis.api.kit.body import JsonObject
from visavis.api.kit.errors import Unauthorized
from visavis.api.portal.service import SESSION_SECONDS
from visavis.db.models import ApiKey

router = APIRouter(include_in_schema=False)


class KeyCreate(fields.Document):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    allow_ips: Annotated[list[fields.Name], Field(max_length=100)] | None = None


@router.get("/sign-in")
async def sign_in(
    request: Request, services: ServicesDep, token: Annotated[str, Query(max_length=200)] = ""
) -> RedirectResponse:
    session = services.portal.sign_in(token, local=is_local(request))
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=services.settings.origin.startswith("https://"),
    )
    return answer


@router.get("/portal/session")
async def session(request: Request, services: ServicesDep) -> dict[str, Any]:
    try:
        account_id = services.portal.session_account(request.cookies.get(SESSION_COOKIE, ""))
    except Unauthorized:
        return {"signed_in": False, "version": __version__}
    return {
        "signed_in": True,
        "version": __version__,
        "account_id": account_id,
        "origin": services.settings.origin,
        "header": {PORTAL_HEADER: "1"},
    }


@router.post("/portal/sign-out")
async def sign_out() -> Response:
    answer = Response(status_code=204)
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return answer


@router.get("/portal/keys")
async def list_keys(account_id: PortalAccountId, services: ServicesDep) -> dict[str, Any]:
    rows = await services.keys.list(account_id)
    return {"data": [_present(row) for row in rows], "total_count": len(rows)}


@router.post("/portal/keys")
async def create_key(body: JsonObject, account_id: PortalAccountId, services: ServicesDep) -> dict[str, Any]:
    """The only answer that ever holds the key."""
    wanted = fields.validate(KeyCreate, body)
    row, key = await services.keys.create(account_id, wanted.name, wanted.allow_ips or [])
    return {**_present(row), "key": key}


@router.delete("/portal/keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, account_id: PortalAccountId, services: ServicesDep) -> Response:
    await services.keys.revoke(account_id, key_id)
    return Response(status_code=204)


@router.get("/portal/webhook-secret")
async def webhook_secret(account_id: PortalAccountId, services: ServicesDep) -> dict[str, str]:
    return {"secret": services.vault.webhook_secret(account_id)}


def _present(row: ApiKey) -> dict[str, Any]:
    return {
        "key_id": row.id,
        "name": row.name,
        "hint": row.hint,
        "allow_ips": row.allow_ips,
        "created_at": times.iso_micro(row.created_at),
        "last_used_at": times.iso_micro(row.last_used_at) if row.last_used_at else None,
        "revoked_at": times.iso_micro(row.revoked_at) if row.revoked_at else None,
    }
