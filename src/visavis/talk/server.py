"""The few HTTP requests a client makes."""

# ruff: noqa: ASYNC109 - httpx keeps the time limits
from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from .errors import KeyRefused, Refused, ServerUnreachable

REQUEST_TIMEOUT = 30.0
CONNECT_TIMEOUT = 90.0
"""Seconds for the answer to an offer: the server may still be preparing the replica (its own limit is 60)."""


class Server:
    """A server at `url`; use as `async with`. Every method raises a `TalkError` with a sentence."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._api_key = api_key
        # Proxies of the environment are for the outside world, and would hide a local server.
        self._http = httpx.AsyncClient(base_url=self.url, timeout=REQUEST_TIMEOUT, trust_env=False)

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def full_persona(self) -> dict[str, Any]:
        """The first system persona that hears, thinks and speaks."""
        answer = await self._api("GET", "/v2/personas?persona_type=system&limit=100")
        for persona in answer.get("data") or []:
            if persona.get("pipeline_mode") == "full":
                return dict(persona)
        raise Refused("The server has no system persona in `full` pipeline mode; name one with --persona.")

    async def create_conversation(self, persona_id: str, **fields: Any) -> dict[str, Any]:
        """Create a conversation and return the server's answer."""
        body = {"persona_id": persona_id, "conversation_name": "visavis talk", **fields}
        return await self._api("POST", "/v2/conversations", body)

    async def end_conversation(self, conversation_id: str) -> None:
        await self._api("POST", f"/v2/conversations/{quote(conversation_id)}/end")

    async def connect(self, conversation_id: str, offer: dict[str, Any], token: str | None) -> dict[str, Any]:
        """Hand over a WebRTC offer and return the answer."""
        return await self._room("connect", conversation_id, offer, token, CONNECT_TIMEOUT)

    async def leave(self, conversation_id: str, participant_id: str, token: str | None) -> None:
        await self._room("leave", conversation_id, {"participant_id": participant_id}, token, 5.0)

    async def _api(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"x-api-key": self._api_key} if self._api_key else {}
        response = await self._send(method, path, json=body, headers=headers)
        if response.status_code in (401, 403):
            raise KeyRefused(
                f"The server at {self.url} does not accept this API key."
                if self._api_key
                else f"The server at {self.url} wants an API key: set VISAVIS_API_KEY or give --api-key."
            )
        return _read(response)

    async def _room(
        self, action: str, conversation_id: str, body: dict[str, Any], token: str | None, timeout: float
    ) -> dict[str, Any]:
        params = {"t": token} if token else {}
        path = f"/c/{quote(conversation_id)}/{action}"
        return _read(await self._send("POST", path, json=body, params=params, timeout=timeout))

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **options)
        except httpx.TimeoutException as error:
            raise ServerUnreachable(f"The server at {self.url} did not answer {method} {path} in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServerUnreachable(
                f"The server at {self.url} cannot be reached. Is it running (`visavis serve`)?"
            ) from error


def _read(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; `Refused` with the server's sentence for errors."""
    try:
        answer = response.json() if response.content else {}
    except ValueError:
        answer = None
    if response.is_success and isinstance(answer, dict):
        return answer
    where = f"{response.request.method} {response.request.url.path}"
    said = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
    if said:
        raise Refused(f"The server refused {where}: {said}")
    raise Refused(f"{response.request.url.host} answered {where} with HTTP {response.status_code} and no explanation.")
