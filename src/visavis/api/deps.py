"""What endpoints ask for: the services, and whose request this is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from visavis.api.keys.service import Identity
from visavis.api.kit import client
from visavis.api.kit.errors import Forbidden, Unauthorized

if TYPE_CHECKING:
    from visavis.api.services import Services

SESSION_COOKIE = "visavis_session"
PORTAL_HEADER = "x-visavis-portal"

_key_header = APIKeyHeader(name="x-api-key", auto_error=False, description="An API key of this server.")


def services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated["Services", Depends(services)]


def client_of(request: Request) -> client.Address | None:
    """The caller's address, behind the proxies that the operator trusts."""
    peer = request.client.host if request.client else None
    return client.client_address(peer, request.headers.get("x-forwarded-for"), services(request).trusted_proxies)


def is_local(request: Request) -> bool:
    """Does the caller sit on this machine?"""
    peer = request.client.host if request.client else None
    return client.is_local(peer, request.headers, services(request).trusted_proxies)


async def identity(request: Request, key: Annotated[str | None, Security(_key_header)]) -> Identity:
    """Whose request this is, by API key or by the portal's session. Raises `Unauthorized`, `Forbidden`.

    The session counts only beside a header that a foreign page cannot send without a preflight, which it would fail:
    a cookie alone would let any page act for the person.
    """
    if key:
        found = await services(request).keys.authenticate(key, client_of(request))
    elif request.headers.get(PORTAL_HEADER) == "1":
        account_id = services(request).portal.session_account(request.cookies.get(SESSION_COOKIE, ""))
        found = Identity(account_id)
    else:
        raise Unauthorized
    request.state.account_id = found.account_id
    return found


IdentityDep = Annotated[Identity, Depends(identity)]


async def _account_id(who: IdentityDep) -> str:
    return who.account_id


AccountId = Annotated[str, Depends(_account_id)]


async def _portal_account_id(who: IdentityDep) -> str:
    if who.key_id is not None:
        raise Forbidden("This is for people who signed in to the portal; an API key does not do.")
    return who.account_id


PortalAccountId = Annotated[str, Depends(_portal_account_id)]
"""The account of a signed-in person. A key must not manage keys: it could make one without its own limits."""
