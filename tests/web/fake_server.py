"""A stand-in for the server: serves the built pages, answers `/connect` with aiortc and a test picture, and speaks
canned events on the data channel. What it does for one conversation id is a `Scenario`."""

from __future__ import annotations

import asyncio
import fractions
import json
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

PAGES = Path(__file__).resolve().parents[2] / "src" / "visavis" / "portal"
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'"
)
GREETING = "Hello, I am Anna. It is good to see you."
FPS = 15


@dataclass
class Scenario:
    """How the server treats one conversation."""

    status: str = "active"
    shutdown_reason: str | None = None
    audio_only: bool = False
    closed_captions: bool = True
    info_error: tuple[int, str] | None = None
    connect_error: tuple[int, str] | None = None
    dead_media: bool = False
    poster: bool = True
    connect_delay: float = 0.0


@dataclass
class Seen:
    """What the pages sent."""

    connects: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)


class TestPicture(MediaStreamTrack):  # type: ignore[misc]
    """A portrait-like picture that moves, 256 x 256 (or the image given)."""

    kind = "video"
    __test__ = False

    def __init__(self, image: np.ndarray | None = None) -> None:
        super().__init__()
        self.image = image if image is not None else draw_portrait(256)
        self.count = 0
        self.start = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(max(0.0, self.start + self.count / FPS - time.monotonic()))
        shift = int(4 * np.sin(self.count / 6))
        frame = av.VideoFrame.from_ndarray(np.roll(self.image, shift, axis=0), format="rgb24")
        frame.pts, frame.time_base = self.count * 90_000 // FPS, fractions.Fraction(1, 90_000)
        self.count += 1
        return frame


def draw_portrait(size: int) -> np.ndarray:
    ramp = np.linspace(0.75, 1.0, size)[:, None, None] * np.array([176, 196, 214])
    image = np.broadcast_to(ramp, (size, size, 3)).astype(np.uint8).copy()
    unit = size / 256
    for centre, axes, colour in (
        ((128, 262), (92, 70), (58, 92, 142)),
        ((128, 112), (58, 74), (72, 48, 40)),
        ((128, 122), (44, 58), (232, 190, 164)),
        ((111, 112), (5, 4), (40, 44, 48)),
        ((145, 112), (5, 4), (40, 44, 48)),
        ((128, 152), (16, 5), (176, 84, 84)),
    ):
        scaled = [tuple(int(v * unit) for v in pair) for pair in (centre, axes)]
        cv2.ellipse(image, scaled[0], scaled[1], 0, 0, 360, colour, -1, cv2.LINE_AA)
    return image


class FakeServer:
    """Runs in a thread of its own; every public method may be called from the test's thread."""

    def __init__(self) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self.seen = Seen()
        self.signed_in = True
        self.healthy = True
        self.api: dict[str, Any] = {}
        self.video_image: np.ndarray | None = None
        self.pictures: dict[str, np.ndarray] = {}
        self.greeting: str = GREETING
        self.notes = ["Answers come from the built-in responder: no language model is connected."]
        self.hold_reply = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._peers: dict[RTCPeerConnection, Any] = {}
        self._seq = 0
        self._count = 0
        self._server = uvicorn.Server(uvicorn.Config(self._app(), port=0, log_level="warning", lifespan="off"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fake-server", daemon=True)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the fake server did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        self.drop_peers()
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def conversation(self, **fields: Any) -> str:
        """Set up a conversation and return its address. Ids are never used twice: a page of an earlier test may still
        be saying goodbye to its own."""
        self._count += 1
        conversation_id = f"c{self._count:012x}"
        self.scenarios[conversation_id] = Scenario(**fields)
        return f"{self.url}/c/{conversation_id}"

    def change(self, url: str, **fields: Any) -> None:
        """From now on, treat the conversation like this."""
        self.scenarios[url.rsplit("/", 1)[1]] = Scenario(**fields)

    def drop_peers(self) -> None:
        self._call(self._close_peers())

    def broadcast(
        self, event_type: str, message_type: str = "conversation", conversation_id: str | None = None, **properties: Any
    ) -> None:
        async def send() -> None:
            for channel in list(self._peers.values()):
                if channel is not None:
                    self._send(channel, event_type, message_type, properties, conversation_id)

        self._call(send())

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())

    async def _close_peers(self) -> None:
        peers, self._peers = list(self._peers), {}
        await asyncio.gather(*(peer.close() for peer in peers))

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def policy(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            if request.url.path != "/embed":
                response.headers["content-security-policy"] = CSP
            return response

        app.mount("/assets", StaticFiles(directory=PAGES / "assets"), name="assets")

        @app.get("/poster.png")
        @app.get("/files/replicas/{replica_id}/thumbnail.jpg")
        async def poster(replica_id: str = "") -> Response:
            image = self.pictures.get(replica_id, self.video_image)
            image = draw_portrait(512) if image is None else image
            _, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            return Response(data.tobytes(), media_type="image/png")

        @app.get("/embed")
        async def embed(src: str, allow: str = "") -> Response:
            page = (
                f'<!doctype html><title>Host</title><iframe id="call" src="{src}" allow="{allow}" width=900 height=700>'
            )
            return Response(page, media_type="text/html")

        app.get("/c/{conversation_id}")(self._page)
        app.get("/c/{conversation_id}/info")(self._info)
        app.post("/c/{conversation_id}/connect")(self._connect)
        app.post("/c/{conversation_id}/leave")(self._leave)
        app.get("/healthz")(self._healthz)
        app.api_route("/portal/{path:path}", methods=["GET", "POST", "DELETE"])(self._api)
        app.api_route("/v2/{path:path}", methods=["GET", "POST", "DELETE"])(self._api)

        @app.get("/{path:path}")
        async def portal(path: str) -> FileResponse:
            return FileResponse(PAGES / "index.html")

        return app

    async def _page(self, conversation_id: str) -> FileResponse:
        return FileResponse(PAGES / "room.html")

    async def _info(self, conversation_id: str) -> JSONResponse:
        scenario = self.scenarios.get(conversation_id)
        if scenario is None:
            return JSONResponse({"error": "Invalid conversation_id"}, 404)
        if scenario.info_error:
            return JSONResponse({"error": scenario.info_error[1]}, scenario.info_error[0])
        return JSONResponse(
            {
                "conversation_id": conversation_id,
                "conversation_name": "A test call",
                "status": scenario.status,
                "shutdown_reason": scenario.shutdown_reason,
                "persona_name": "Anna",
                "replica_name": "Anna",
                "audio_only": scenario.audio_only,
                "closed_captions": scenario.closed_captions,
                "poster_url": "/poster.png" if scenario.poster else None,
                "ice_servers": [],
                "language": "english",
            }
        )

    async def _leave(self, conversation_id: str, request: Request) -> Response:
        if conversation_id in self.scenarios:
            self.seen.leaves.append({"conversation_id": conversation_id, **await request.json()})
        return Response(status_code=204)

    async def _connect(self, conversation_id: str, request: Request) -> JSONResponse:
        scenario = self.scenarios[conversation_id]
        body = await request.json()
        self.seen.connects.append({"conversation_id": conversation_id, "query": dict(request.query_params), **body})
        await asyncio.sleep(scenario.connect_delay)
        if scenario.connect_error:
            return JSONResponse({"error": scenario.connect_error[1]}, scenario.connect_error[0])
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers[pc] = None

        @pc.on("datachannel")  # type: ignore[untyped-decorator]
        def on_channel(channel: Any) -> None:
            self._peers[pc] = channel
            channel.on("message", lambda text: self._on_message(channel, conversation_id, text))
            self._spawn(self._greet(channel, conversation_id))

        await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], "offer"))
        pc.addTrack(AudioStreamTrack())
        if not scenario.audio_only:
            pc.addTrack(TestPicture(self.video_image))
        await pc.setLocalDescription(await pc.createAnswer())
        sdp = pc.localDescription.sdp
        if scenario.dead_media:
            # Nobody answers at the ports of the answer: what a network without UDP looks like to the browser.
            del self._peers[pc]
            await pc.close()
        return JSONResponse({"sdp": sdp, "type": "answer", "participant_id": body["participant_id"]})

    def _on_message(self, channel: Any, conversation_id: str, text: str) -> None:
        message = json.loads(text)
        self.seen.messages.append(message)
        if message["event_type"] == "conversation.respond":
            self._spawn(self._reply(channel, conversation_id, message["properties"]["text"]))
        elif message["event_type"] == "conversation.interrupt":
            self._state(channel, conversation_id, "listening")

    async def _greet(self, channel: Any, conversation_id: str) -> None:
        self._send(channel, "system.replica_joined", "system", {}, conversation_id)
        engines = {"stt": "Moonshine tiny", "llm": "Built-in responder", "tts": "eSpeak NG", "notes": self.notes}
        self._send(channel, "room.engines", "room", engines, conversation_id)
        if self.greeting:
            await self._speak(channel, conversation_id, self.greeting, "greeting")

    async def _reply(self, channel: Any, conversation_id: str, text: str) -> None:
        said = {"role": "user", "speech": text}
        self._send(channel, "conversation.utterance", "conversation", said, conversation_id)
        self._state(channel, conversation_id, "thinking")
        await asyncio.sleep(0.1)
        await self._speak(channel, conversation_id, f"You said: {text}", f"reply {self._seq}")

    async def _speak(self, channel: Any, conversation_id: str, text: str, inference: str) -> None:
        def send(event: str, properties: dict[str, Any]) -> None:
            self._send(channel, event, "conversation", properties, conversation_id, inference)

        self._state(channel, conversation_id, "speaking")
        send("conversation.replica.started_speaking", {})
        send("conversation.started_speaking", {"role": "replica"})
        words = text.split()
        for index in range(len(words)):
            speech = {"role": "replica", "speech": " ".join(words[: index + 1]), "content_index": index}
            send("conversation.utterance.streaming", {**speech, "final": index + 1 == len(words)})
            await asyncio.sleep(0.03)
        while self.hold_reply and channel.readyState == "open":
            await asyncio.sleep(0.05)
        send("conversation.utterance", {"role": "replica", "speech": text})
        send("conversation.replica.stopped_speaking", {"duration": 0.5, "interrupted": False})
        self._state(channel, conversation_id, "listening")

    def _state(self, channel: Any, conversation_id: str, state: str) -> None:
        self._send(channel, "room.state", "room", {"state": state}, conversation_id)

    def _send(
        self,
        channel: Any,
        event_type: str,
        message_type: str,
        properties: dict[str, Any],
        conversation_id: str | None = None,
        inference_id: str | None = None,
    ) -> None:
        if channel.readyState != "open":
            return
        self._seq += 1
        message = {"message_type": message_type, "event_type": event_type, "timestamp": time.time(), "seq": self._seq}
        if conversation_id:
            message["conversation_id"] = conversation_id
        if inference_id:
            message["inference_id"] = inference_id
        channel.send(json.dumps({**message, "properties": properties}))

    async def _healthz(self) -> JSONResponse:
        if self.healthy:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "starting", "reasons": ["The face engine is still being prepared."]}, 503)

    async def _api(self, path: str, request: Request) -> Response:
        """Answer from `api`, keyed "METHOD /path": a value, a (status, value) pair, or a callable of the body."""
        raw = await request.body()
        body = json.loads(raw) if raw else None
        self.seen.requests.append((request.method, request.url.path, body, dict(request.headers)))
        if request.url.path == "/portal/session":
            return JSONResponse({"signed_in": self.signed_in})
        answer = self.api.get(f"{request.method} {request.url.path}", (404, {"error": "Not found"}))
        if callable(answer):
            answer = answer(body)
        status, value = answer if isinstance(answer, tuple) else (200, answer)
        return Response(status_code=204) if status == 204 else JSONResponse(value, status)
