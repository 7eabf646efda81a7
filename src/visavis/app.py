"""The application: what a server process consists of, in the order in which it comes up and goes down."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, cast

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from visavis import __version__
from visavis.api import services as services_module
from visavis.api.accounts.service import DEFAULT_ACCOUNT
from visavis.api.conversations.endpoints import router as conversations
from visavis.api.conversations.presence import Presence
from visavis.api.kit import docs, errors, ids, web
from visavis.api.kit.vault import open_vault
from visavis.api.personas.endpoints import router as personas
from visavis.api.portal.endpoints import router as portal
from visavis.api.portal.pages import router as pages
from visavis.api.replicas.endpoints import files
from visavis.api.replicas.endpoints import router as replicas
from visavis.api.rooms.endpoints import router as rooms
from visavis.api.services import RoomHost, Services
from visavis.data_folder import instance_of, prepare
from visavis.db.migrate import migrate
from visavis.db.session import Database, database_url
from visavis.jobs.runner import WebhookRunner
from visavis.settings import Settings

log = structlog.get_logger(__name__)

WARM_TIMEOUT = 300.0
CLOSE_TIMEOUT = 5.0

_TAGS = [
    {"name": "Conversations", "description": "Calls between people and a replica."},
    {"name": "Personas", "description": "How a replica behaves. Every name of a field, old or new, is understood."},
    {"name": "Replicas", "description": "Who is seen in a call."},
    {"name": "PALs", "description": "Personas under their newer name: the same objects."},
    {"name": "Faces", "description": "Replicas under their newer name: the same objects."},
]


@dataclass(slots=True)
class Readiness:
    """Why this server cannot take calls yet; nothing, once it can."""

    reasons: list[str] = field(default_factory=lambda: ["The server is starting."])
    first_key: str | None = None
    """The API key made on the very first start, until it has been shown."""


class Webhooks(Protocol):
    """Delivers what waits in the tables; see `visavis.jobs.runner.WebhookRunner`."""

    async def start(self) -> None: ...

    async def wake(self, lane: str) -> None: ...

    async def adopt(self, instance: str) -> None: ...

    async def close(self) -> None: ...


def create_app(settings: Settings, *, host: RoomHost | None = None, webhooks: Webhooks | None = None) -> FastAPI:
    """The application on `settings`; tests replace the embedded host and the delivery of webhooks."""
    app = FastAPI(
        title="Vis-à-vis",
        version=__version__,
        summary="Conversational video on your own machine, compatible with the Tavus v2 API.",
        description="Every request below `/v2` needs the header `x-api-key`.",
        openapi_tags=_TAGS,
        generate_unique_id_function=docs.operation_id,
        redirect_slashes=False,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.host = host
    app.state.webhooks = webhooks
    app.state.readiness = Readiness()
    errors.install(app)
    docs.install(app)
    app.add_api_route("/healthz", _health(app), methods=["GET"], include_in_schema=False)
    app.include_router(conversations, prefix="/v2/conversations", tags=["Conversations"])
    for prefix, tag in (("/v2/personas", "Personas"), ("/v2/pals", "PALs")):
        app.include_router(personas, prefix=prefix, tags=[tag])
    for prefix, tag in (("/v2/replicas", "Replicas"), ("/v2/faces", "Faces")):
        app.include_router(replicas, prefix=prefix, tags=[tag])
    for router in (files, portal, rooms, pages):
        app.include_router(router)
    web.install(app, settings.origin)
    return app


def _health(app: FastAPI) -> Callable[[], Awaitable[JSONResponse]]:
    async def healthz() -> JSONResponse:
        """200 when calls can be taken."""
        reasons = list(app.state.readiness.reasons)
        if not reasons:
            try:
                await asyncio.wait_for(app.state.services.database.ping(), 5.0)
            except Exception as error:
                log.warning("health.database", error=str(error))
                reasons.append("The database cannot be reached.")
        if reasons:
            return JSONResponse({"status": "unavailable", "reasons": reasons}, status_code=503)
        return JSONResponse({"status": "ok"})

    return healthz


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    readiness: Readiness = app.state.readiness
    async with AsyncExitStack() as stack:
        prepare(settings.data)
        database = Database(database_url(settings))
        stack.push_async_callback(database.close)
        await migrate(database)
        vault = open_vault(settings.data, settings.secret_key.get_secret_value())
        server_id, instance = ids.server_id(), instance_of(settings.data)
        runner: Webhooks = app.state.webhooks or WebhookRunner(settings, instance, vault.webhook_secret)
        # Launched beside the rest: it takes about as long as everything else together.
        launch = asyncio.create_task(runner.start(), name="jobs launch")
        stack.push_async_callback(runner.close)
        stack.push_async_callback(asyncio.wait, [launch])
        host = app.state.host or _embedded_host(settings)
        services = await services_module.build(settings, database, vault, host, runner.wake, server_id)
        stack.push_async_callback(services.keys.close)
        readiness.first_key = await _first_keys(services)
        await launch
        stack.push_async_callback(_close_host, host)
        presence = Presence(
            database, services.conversations, host, server_id=server_id, instance=instance, adopt=runner.adopt
        )
        await presence.start()
        stack.push_async_callback(presence.close)
        app.state.services = services
        warm = asyncio.create_task(_warm(host, readiness), name="warm engines")
        stack.push_async_callback(_cancel, warm)
        yield


def _embedded_host(settings: Settings) -> RoomHost:
    module = importlib.import_module("visavis.conversation.host")
    return cast("RoomHost", module.EmbeddedCallHost(settings))


async def _first_keys(services: Services) -> str | None:
    """Put the operator's preset key in place; return a new first key where there is none at all."""
    account = await services.accounts.ensure(DEFAULT_ACCOUNT)
    preset = services.settings.bootstrap_api_key.get_secret_value()
    if preset:
        await services.keys.ensure(account.id, "bootstrap", preset)
    if await services.keys.exists_any(account.id):
        return None
    _, key = await services.keys.create(account.id, "first key")
    return key


async def _warm(host: RoomHost, readiness: Readiness) -> None:
    try:
        readiness.reasons = await asyncio.wait_for(host.warm(), WARM_TIMEOUT)
    except Exception as error:
        log.exception("engines.warm_failed")
        readiness.reasons = [f"The engines could not be loaded: {str(error) or type(error).__name__}."]
    for reason in readiness.reasons:
        log.warning("engines.not_ready", reason=reason)


async def _close_host(host: RoomHost) -> None:
    try:
        await asyncio.wait_for(host.close(), CLOSE_TIMEOUT)
    except TimeoutError:
        log.warning("host.slow_close", seconds=CLOSE_TIMEOUT)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
