"""Which language model answers for a persona."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import httpx

from visavis.engines.llm.openai_compatible.probe import PORTS, LocalServer, list_models, probe
from visavis.engines.ports import EngineUnavailableError, LanguageModel
from visavis.engines.registry import find
from visavis.outbound import OutboundRefused, check_url, client_from_settings
from visavis.settings import Settings

PROBE_LIFETIME = 30.0
"""Seconds for which the result of looking around is believed."""

_HOSTED = "tavus-"
_LIST_TIME = 2.0


class ClientFactory(Protocol):
    """Makes the HTTP client of a model; `trusted` for addresses that the operator chose."""

    def __call__(self, settings: Settings, *, trusted: bool = False) -> httpx.AsyncClient: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A model ready to be asked. `label` names it in a line, `reason` is a sentence that says why it was chosen."""

    model: LanguageModel
    name: str
    label: str
    reason: str
    source: Literal["persona", "settings", "local", "responder"]


@dataclass(slots=True)
class LocalServers:
    """Remembers for a while what the probe of this machine found, and which models a server lists."""

    ports: Mapping[int, str] = field(default_factory=lambda: PORTS)
    clock: Callable[[], float] = time.monotonic
    _server: tuple[float, LocalServer | None] | None = None
    _models: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    async def find(self, settings: Settings, client_factory: ClientFactory) -> LocalServer | None:
        if self._server is None or self.clock() - self._server[0] > PROBE_LIFETIME:
            async with client_factory(settings, trusted=True) as client:
                server = await probe(client, skip=frozenset({settings.port}), ports=self.ports)
            self._server = (self.clock(), server)
        return self._server[1]

    async def models(self, settings: Settings, client_factory: ClientFactory) -> tuple[str, ...]:
        """The models at the operator's own address; empty when it does not say (in time)."""
        base_url = settings.llm_base_url
        known = self._models.get(base_url)
        if known is None or self.clock() - known[0] > PROBE_LIFETIME:
            listed: tuple[str, ...] = ()
            async with client_factory(settings, trusted=True) as client:
                try:
                    async with asyncio.timeout(_LIST_TIME):
                        listed = await list_models(client, base_url, settings.llm_api_key.get_secret_value())
                except TimeoutError:
                    listed = ()
            known = (self.clock(), listed)
            self._models = {base_url: known}
        return known[1]


_shared = LocalServers()


async def choose(
    persona: Mapping[str, Any],
    settings: Settings,
    *,
    client_factory: ClientFactory = client_from_settings,
    local: LocalServers = _shared,
) -> Choice:
    """Take the persona's own model, else the operator's, else one on this machine, else the built-in responder.

    Never fails: what cannot be used is passed over, and `reason` says so. Model names of the hosted service stand
    for whatever the operator has.
    """
    layer = _llm_layer(persona)
    wanted = str(layer.get("model") or layer.get("model_name") or "").strip()
    passed_over = ""
    base_url = str(layer.get("base_url") or "").strip()
    if base_url:
        try:
            check_url(base_url, settings)
        except OutboundRefused as refused:
            passed_over = f"The persona's own model was passed over: {refused} "
        else:
            http = client_factory(settings)
            return Choice(
                model=_openai(base_url, str(layer.get("api_key") or ""), http, settings),
                name=wanted or "default",
                label=f"{wanted or 'default'} at {_server(base_url)}",
                reason="The persona names this model server.",
                source="persona",
            )
    if settings.llm_base_url and not _callable(settings.llm_base_url):
        passed_over += "The operator's llm_base_url was passed over: it is not an http or https URL. "
    elif settings.llm_base_url:
        return await _configured(wanted, passed_over, settings, client_factory, local)
    if settings.llm_probe:
        server = await local.find(settings, client_factory)
        if server is not None:
            name = _pick(wanted, settings.llm_model, server.models)
            return Choice(
                model=_openai(server.base_url, "", client_factory(settings, trusted=True), settings),
                name=name,
                label=f"{name} at {server.name} on this machine",
                reason=f"{passed_over}{server.name} was found on this machine.",
                source="local",
            )
    return _responder(passed_over, probed=settings.llm_probe)


async def _configured(
    wanted: str, passed_over: str, settings: Settings, client_factory: ClientFactory, local: LocalServers
) -> Choice:
    listed = await local.models(settings, client_factory)
    name = _pick(wanted, settings.llm_model, listed)
    http = client_factory(settings, trusted=True)
    silent = "" if listed else " It did not list its models."
    return Choice(
        model=_openai(settings.llm_base_url, settings.llm_api_key.get_secret_value(), http, settings),
        name=name,
        label=f"{name} at {_server(settings.llm_base_url)}",
        reason=f"{passed_over}The operator's settings name this model server.{silent}",
        source="settings",
    )


def _responder(passed_over: str, *, probed: bool) -> Choice:
    spec = find("llm", "responder")
    if spec is None:
        raise EngineUnavailableError("The built-in responder is missing from this installation.")
    looked = "no local model server was found" if probed else "looking for a local one is switched off"
    return Choice(
        model=spec.create(),
        name="responder",
        label="built-in responder (not a language model)",
        reason=(
            f"{passed_over}The built-in responder answers, with what the persona was given: no language model is "
            f"configured, and {looked}."
        ),
        source="responder",
    )


def _pick(wanted: str, operator: str, listed: tuple[str, ...]) -> str:
    """The model to ask for: the persona's if the server has it, else the operator's, else the first one listed."""
    custom = wanted and not wanted.lower().startswith(_HOSTED)
    if custom and wanted in listed:
        return wanted
    if operator:
        return operator
    if listed:
        return listed[0]
    return wanted if custom else "default"


def _openai(base_url: str, api_key: str, http: httpx.AsyncClient, settings: Settings) -> LanguageModel:
    spec = find("llm", "openai_compatible")
    if spec is None:
        raise EngineUnavailableError("The engine for OpenAI-compatible servers is missing from this installation.")
    model: LanguageModel = spec.create(
        base_url=base_url, api_key=api_key, http_client=http, stall_timeout=settings.llm_timeout
    )
    return model


def _callable(base_url: str) -> bool:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host)


def _server(base_url: str) -> str:
    return httpx.URL(base_url).netloc.decode("ascii")


def _llm_layer(persona: Mapping[str, Any]) -> Mapping[str, Any]:
    layers = persona.get("layers")
    layer = layers.get("llm") if isinstance(layers, Mapping) else None
    return layer if isinstance(layer, Mapping) else {}
