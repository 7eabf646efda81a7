"""Looks for a model server on this machine."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

from visavis.outbound import read_limited

PORTS: Mapping[int, str] = MappingProxyType({11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM"})
"""Where local model servers listen by default, in the order of preference."""

PROBE_TIME = 0.3
"""Seconds for all ports together; a closed port on loopback answers in well under a millisecond."""

_LIST_LIMIT = 1_000_000
_NOT_CHAT = re.compile(r"(?i)embed|bge|minilm|rerank|whisper|tts")


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that listed models: its `base_url` (without route), its usual `name`, and its chat `models`."""

    base_url: str
    name: str
    models: tuple[str, ...]

    @property
    def model(self) -> str:
        """The first one listed."""
        return self.models[0]


async def probe(
    http_client: httpx.AsyncClient, *, skip: frozenset[int] = frozenset(), ports: Mapping[int, str] = PORTS
) -> LocalServer | None:
    """Return the first server (in the order of `ports`) that lists a model on loopback, or None.

    `skip` holds our own ports. Takes at most `PROBE_TIME`.
    """
    tasks = [asyncio.create_task(_ask(http_client, port, name)) for port, name in ports.items() if port not in skip]
    if not tasks:
        return None
    try:
        await asyncio.wait(tasks, timeout=PROBE_TIME)
        return next((found for task in tasks if task.done() and (found := task.result()) is not None), None)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(http_client: httpx.AsyncClient, port: int, name: str) -> LocalServer | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    models = await list_models(http_client, base_url)
    return LocalServer(base_url, name, models) if models else None


async def list_models(http_client: httpx.AsyncClient, base_url: str, api_key: str = "") -> tuple[str, ...]:
    """The models that `GET {base_url}/models` lists and that look like ones to chat with; empty for no such list."""
    headers = {"Authorization": f"Bearer {api_key}", "X-API-Key": api_key} if api_key else {}
    try:
        url = httpx.URL(base_url)
        path = f"{url.path.rstrip('/').removesuffix('/chat/completions')}/models"
        request = http_client.build_request("GET", url.copy_with(path=path), headers=headers)
        response = await http_client.send(request, stream=True, follow_redirects=False)
        body = await read_limited(response, _LIST_LIMIT)
        listed = json.loads(body) if response.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return ()
    entries = listed.get("data") if isinstance(listed, dict) else None
    return tuple(
        entry["id"]
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and not _NOT_CHAT.search(entry["id"])
    )
