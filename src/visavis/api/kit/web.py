"""What surrounds every request: paths, CORS, security headers and the request log."""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("visavis.http")

_ROOM = re.compile(r"/c/[^/]+")

_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' {origin} data: blob:; "
    "media-src 'self' blob: mediastream:; connect-src 'self'; worker-src 'self' blob:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)
# The interactive documentation of FastAPI loads its script from a public CDN.
_DOCS_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class SlashlessPaths:
    """`/v2/personas/` is `/v2/personas`: both answer, without a redirect, which some clients do not follow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and len(path) > 1 and path.endswith("/") and path.startswith(("/v2/", "/c/")):
            trimmed = path.rstrip("/")
            scope = {**scope, "path": trimmed, "raw_path": trimmed.encode()}
        await self._app(scope, receive, send)


class ApiCors:
    """Any origin may call the API with a key of its own; nothing else, and never with cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], max_age=3600)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = scope["type"] == "http" and scope["path"].startswith("/v2/")
        # The portal's header makes a cookie count; allowing it to other origins would undo that protection.
        wanted = Headers(scope=scope).get("access-control-request-headers", "") if api else ""
        if api and "x-visavis-portal" not in wanted.lower():
            await self._open(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class SecurityHeaders:
    """Rooms may be framed by anyone, since people embed them; everything else by no one."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        # Pictures are linked by the server's own origin, which is not the page's where people say localhost.
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "no-referrer")
                if headers.get("content-type", "").startswith("text/html"):
                    room = _ROOM.fullmatch(path) is not None
                    headers["content-security-policy"] = (
                        _DOCS_CSP
                        if path == "/docs"
                        else _CSP.format(ancestors="*" if room else "'none'", origin=self._origin)
                    )
                if path.startswith(("/v2/", "/portal/")):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class RequestLog:
    """One line per request: no query strings, headers or bodies, where tokens and keys would be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        scope.setdefault("state", {})
        try:
            await self._app(scope, receive, watched)
        finally:
            facts: dict[str, Any] = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            }
            account = scope["state"].get("account_id")
            if account:
                facts["account"] = account
            # Probes and assets would drown the rest.
            quiet = scope["path"] == "/healthz" or scope["path"].startswith("/assets/")
            (log.debug if quiet else log.info)("request", **facts)


def install(app: FastAPI, origin: str) -> None:
    """Outermost last."""
    app.add_middleware(ApiCors)
    app.add_middleware(SecurityHeaders, origin=origin)
    app.add_middleware(SlashlessPaths)
    app.add_middleware(RequestLog)
