"""A language model behind the OpenAI chat protocol."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpx

from visavis.engines.llm.openai_compatible import errors
from visavis.engines.llm.openai_compatible.assembly import ThoughtFilter, ToolCallAssembler
from visavis.engines.ports import ChatDelta, ChatRequest, LanguageModelError, Message

if TYPE_CHECKING:
    import openai

_ROUTE = "/chat/completions"
_OURS = frozenset({"stream", "messages"})
"""What an `extra_body` may not change: the answer is read as a stream, and the talk is ours."""

_RETRY_PAUSE = 0.25
"""Seconds before the one retry of a request that got no answer (a stale connection, a server just restarting)."""


class OpenAICompatible:
    """Streams answers from `base_url` (without route).

    `http_client` decides which addresses may be reached and is closed by `close` if `owns_client`. `stall_timeout`
    is the longest wait, in seconds, for the first token and between tokens.
    """

    def __init__(
        self,
        *,
        base_url: str,
        http_client: httpx.AsyncClient,
        api_key: str = "",
        stall_timeout: float = 20.0,
        owns_client: bool = True,
    ) -> None:
        url = httpx.URL(base_url.strip())
        self._query = dict(url.params)
        self._base_url = str(url.copy_with(query=None, fragment=None)).rstrip("/").removesuffix(_ROUTE)
        self.server = url.netloc.decode("ascii")
        """Host and port, as error sentences name it."""
        self._api_key = api_key
        self._http = http_client
        self._stall = stall_timeout
        self._owns_client = owns_client
        self._sdk: openai.AsyncOpenAI | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield the answer as it is written; see `ports.LanguageModel`."""
        calls = ToolCallAssembler()
        thoughts = ThoughtFilter()
        finish: str | None = None
        said = False
        async with aclosing(self._choices(request)) as choices:
            async for choice in choices:
                finish = choice.finish_reason or finish
                for delta in _deltas(choice.delta, thoughts, calls):
                    said = True
                    yield delta
        for delta in _last_deltas(thoughts, calls):
            said = True
            yield delta
        if finish == "content_filter" and not said:
            raise LanguageModelError(f"The content filter of the language model at {self.server} withheld the answer.")
        if finish is None and not said:
            raise LanguageModelError(f"The language model at {self.server} did not answer with a chat stream.")

    async def _choices(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
        """The first choice of every chunk; the clock runs only while the server has the word."""
        if "openai" not in sys.modules:
            await asyncio.to_thread(importlib.import_module, "openai")
        with self._sentences(request):
            async with asyncio.timeout(self._stall):
                chunks = await self._open(request)
        try:
            iterator = aiter(chunks)
            while True:
                with self._sentences(request):
                    try:
                        async with asyncio.timeout(self._stall):
                            chunk = await anext(iterator)
                    except StopAsyncIteration:
                        return
                    choice = next(iter(chunk.choices or ()), None)
                if choice is not None:
                    yield choice
        finally:
            await chunks.close()

    @contextmanager
    def _sentences(self, request: ChatRequest) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise LanguageModelError(
                f"The language model at {self.server} sent nothing for {self._stall:g} seconds."
            ) from error
        except Exception as error:
            sentence = errors.sentence(error, server=self.server, model=request.model, secrets=self._secrets(request))
            if sentence is None:
                raise
            raise LanguageModelError(sentence) from error

    async def close(self) -> None:
        if self._owns_client:
            await self._http.aclose()

    async def _open(self, request: ChatRequest) -> openai.AsyncStream[Any]:
        import openai

        sdk = self._client()
        body = {key: value for key, value in request.extra_body.items() if key not in _OURS}
        arguments: dict[str, Any] = {
            "model": request.model,
            "messages": [as_openai(message) for message in request.messages],
            "stream": True,
            "extra_headers": dict(request.headers),
            "extra_query": {**self._query, **request.default_query},
            "extra_body": body,
        }
        if request.tools:
            arguments["tools"] = [dict(tool) for tool in request.tools]
        try:
            return await self._send(sdk, arguments)
        except openai.APIConnectionError as error:
            if isinstance(error, openai.APITimeoutError) or errors.refused(error) is not None:
                raise
        except openai.APIStatusError as error:
            if error.status_code not in (502, 503, 504):
                raise
        await asyncio.sleep(_RETRY_PAUSE)
        return await self._send(sdk, arguments)

    async def _send(self, sdk: openai.AsyncOpenAI, arguments: Mapping[str, Any]) -> openai.AsyncStream[Any]:
        stream: openai.AsyncStream[Any] = await sdk.chat.completions.create(**arguments)
        return stream

    def _client(self) -> openai.AsyncOpenAI:
        import openai

        if self._sdk is None:
            # A persona's server must not learn what the environment says of the operator's own OpenAI account.
            unset = openai.omit
            headers: dict[str, Any] = {"OpenAI-Organization": unset, "OpenAI-Project": unset}
            if self._api_key:
                headers["X-API-Key"] = self._api_key
            self._sdk = openai.AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key or "none",
                # The SDK takes clients of httpx as well as those of its own fork, which its annotation names.
                http_client=cast(Any, self._http),
                default_headers=headers,
                # One retry of our own, inside the stall limit: the SDK would wait as long as a server asks.
                max_retries=0,
                timeout=None,
            )
        return self._sdk

    def _secrets(self, request: ChatRequest) -> list[str]:
        return [
            self._api_key,
            *request.headers.values(),
            *map(str, request.default_query.values()),
            *self._query.values(),
        ]


def _deltas(delta: Any, thoughts: ThoughtFilter, calls: ToolCallAssembler) -> Iterator[ChatDelta]:
    if delta is None:
        return
    text = thoughts.push(delta.content or "")
    if text:
        yield ChatDelta(text=text)
    for call in calls.push(delta.tool_calls or ()):
        yield ChatDelta(tool_call=call)


def _last_deltas(thoughts: ThoughtFilter, calls: ToolCallAssembler) -> Iterator[ChatDelta]:
    text = thoughts.flush()
    if text:
        yield ChatDelta(text=text)
    for call in calls.flush():
        yield ChatDelta(tool_call=call)


def as_openai(message: Message) -> dict[str, Any]:
    """One message in the wire form of the chat protocol."""
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
        wire["content"] = message.content or None
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


_CANNED = (
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello."}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)


def warm() -> None:
    """Import the SDK and answer one request from memory: the first call of a process costs about 150 ms of CPU, the
    import 1.7 s. To be called in a thread at start; nothing is sent anywhere.
    """

    def answer(_: httpx.Request) -> httpx.Response:
        chunk = {"id": "warm", "object": "chat.completion.chunk", "created": 0, "model": "warm"}
        lines = "".join(f"data: {json.dumps(chunk | part)}\n\n" for part in _CANNED)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=lines + "data: [DONE]\n\n")

    async def ask() -> None:
        model = OpenAICompatible(
            base_url="http://warm.invalid/v1", http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer))
        )
        request = ChatRequest(messages=[Message("user", "Hello.")], model="warm")
        async for _ in model.stream(request):
            pass
        await model.close()

    asyncio.run(ask())
