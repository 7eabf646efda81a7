"""A small HTTP server on loopback that speaks the OpenAI chat protocol, well or badly, as a test tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: dict[str, Any]
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Wire:
    """What a test may do with one request."""

    seen: Seen
    writer: asyncio.StreamWriter
    started: bool = False

    async def head(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.started = True
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", "transfer-encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self.writer.drain()

    async def raw(self, text: str) -> None:
        data = text.encode()
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def chunk(self, delta: dict[str, Any] | None, finish: str | None = None) -> None:
        if not self.started:
            await self.head()
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
        await self.raw(f"data: {json.dumps(body)}\n\n")

    async def say(self, *words: str) -> None:
        for word in words:
            await self.chunk({"content": word})

    async def done(self, finish: str = "stop") -> None:
        await self.chunk({}, finish)
        await self.raw("data: [DONE]\n\n")
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def json(self, status: int, body: object, **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        lines = [f"HTTP/1.1 {status} X", "content-type: application/json", f"content-length: {len(text.encode())}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n" + text).encode())
        await self.writer.drain()


Script = Callable[[Wire], Awaitable[None]]


class ModelServer:
    def __init__(self) -> None:
        self.port = 0
        self.requests: list[Seen] = []
        self.script: Script = hello
        self.models: object = {"data": [{"id": "stub-model"}]}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read(reader)
                self.requests.append(request)
                wire = Wire(request, writer)
                if request.path.endswith("/models"):
                    await wire.json(200, self.models)
                    continue
                watch = asyncio.create_task(_watch(reader, request))
                try:
                    await self.script(wire)
                finally:
                    watch.cancel()
                    await asyncio.gather(watch, return_exceptions=True)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def hello(wire: Wire) -> None:
    await wire.say("Hello", " there.")
    await wire.done()


async def _read(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *rest = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    return Seen(method, url.path, parse_qs(url.query), headers, json.loads(body) if body else {})


async def _watch(reader: asyncio.StreamReader, seen: Seen) -> None:
    """The client sends nothing while it reads an answer: any end of its stream is a hang-up."""
    while not reader.at_eof():
        await asyncio.sleep(0.005)
    seen.hung_up.set()


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
