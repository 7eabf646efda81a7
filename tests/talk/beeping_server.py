"""A stand-in for a server: a persona, conversations, and a replica that beeps 0.3 s after the person falls silent.

While it beeps its picture is white and otherwise dark, so that the sync of a recording can be seen. Runs in a thread of
its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
import uvicorn
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

RATE = 48_000
FPS = 25
KEY = "fake-key"
REPLY_AFTER = 0.3
BEEP = 0.8
GREETING = "Hello, I beep."
ANSWER = "You were heard."


@dataclass
class Behaviour:
    """What a test may want otherwise."""

    greets: bool = True
    answers: bool = True
    silent: bool = False
    dead_media: bool = False
    shut_down_on_speech: bool = False
    cut_first_reply: bool = False


@dataclass
class Seen:
    """What the client did, and when (time.monotonic) the replica first beeped in each reply."""

    connects: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    voiced_until: float = 0.0
    beeps: list[float] = field(default_factory=list)


class Clock:
    """One clock for sound and picture."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.beep_from = self.beep_until = 0.0
        """Media times between which the replica beeps."""

    @property
    def now(self) -> float:
        return time.monotonic() - self.start

    def beeps(self, at: float) -> bool:
        return self.beep_from <= at + 1e-6 < self.beep_until


class Sound(MediaStreamTrack):  # type: ignore[misc]
    kind = "audio"

    def __init__(self, clock: Clock, fake: BeepingServer) -> None:
        super().__init__()
        self.clock, self.fake, self.count = clock, fake, 0

    async def recv(self) -> av.AudioFrame:
        at = self.count * 0.02
        await asyncio.sleep(max(0.0, at - self.clock.now))
        tone = np.zeros(960, np.int16)
        if self.clock.beeps(at) and not self.fake.behaviour.silent:
            if not self.clock.beeps(at - 0.02):
                self.fake.seen.beeps.append(time.monotonic())
            tone = (9000 * np.sin(np.arange(960) / RATE * 2 * np.pi * 500)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self.count * 960
        self.count += 1
        return frame


class Picture(MediaStreamTrack):  # type: ignore[misc]
    kind = "video"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        # Joins in late, as a real picture does: the tracks' time stamps begin at different moments.
        self.clock, self.count = clock, 10

    async def recv(self) -> av.VideoFrame:
        at = self.count / FPS
        await asyncio.sleep(max(0.0, at - self.clock.now))
        image = np.full((96, 128, 3), 235 if self.clock.beeps(at) else 30, np.uint8)
        image[:, self.count % 120 : self.count % 120 + 8] = 128
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self.count * 90_000 // FPS, Fraction(1, 90_000)
        self.count += 1
        return frame


class Room:
    """One call."""

    def __init__(self, fake: BeepingServer, conversation_id: str) -> None:
        self.fake, self.conversation_id = fake, conversation_id
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.clock = Clock()
        self.channel: Any = None
        self.seq = self.turn = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def answer(self, sdp: str) -> dict[str, str]:
        def opened(channel: Any) -> None:
            self.channel = channel
            channel.on("message", self.on_message)
            self.spawn(self.greet())

        def heard(track: Any) -> None:
            if track.kind == "audio":
                self.spawn(self.listen(track))

        self.pc.on("datachannel", opened)
        self.pc.on("track", heard)
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self.pc.addTrack(Sound(self.clock, self.fake))
        self.pc.addTrack(Picture(self.clock))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return {"sdp": self.pc.localDescription.sdp, "type": "answer"}

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def send(self, event_type: str, properties: dict[str, Any], message_type: str = "conversation") -> None:
        self.seq += 1
        message = {
            "message_type": message_type,
            "event_type": event_type,
            "conversation_id": self.conversation_id,
            "timestamp": time.time(),
            "seq": self.seq,
            "inference_id": f"inference-{self.turn}",
            "turn_idx": self.turn,
            "properties": properties,
        }
        if self.channel.readyState == "open":
            self.channel.send(json.dumps(message))

    def on_message(self, text: str) -> None:
        message = json.loads(text)
        self.fake.seen.messages.append(message)
        if message["event_type"] == "conversation.respond":
            self.spawn(self.reply(message["properties"]["text"]))

    async def greet(self) -> None:
        self.send("system.replica_joined", {}, "system")
        engines = {"stt": "an ear", "llm": "a rule", "tts": "a beep", "notes": ["Nobody thinks here."]}
        self.send("room.engines", engines, "room")
        if self.fake.behaviour.greets:
            await asyncio.sleep(0.6)
            await self.speak(GREETING)

    async def listen(self, track: Any) -> None:
        talking, quiet = False, 0
        while track.readyState == "live":
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            loud = np.abs(frame.to_ndarray().astype(int)).mean() > 200
            if loud:
                talking, quiet = True, 0
                self.fake.seen.voiced_until = time.monotonic()
                if self.fake.behaviour.shut_down_on_speech:
                    self.send("system.shutdown", {"shutdown_reason": "max_call_duration"}, "system")
            elif talking:
                quiet += 1
                if quiet >= 10:
                    talking = False
                    self.spawn(self.reply("beep?"))

    async def reply(self, heard: str) -> None:
        self.turn += 1
        self.send("conversation.utterance", {"role": "user", "speech": heard})
        if not self.fake.behaviour.answers:
            return
        await asyncio.sleep(REPLY_AFTER - 0.2)
        self.send("room.latency", {"turn_idx": self.turn, "hops": {"turn_decided": 0.2, "first_frame": 0.3}}, "room")
        if self.fake.behaviour.cut_first_reply and self.turn == 1:
            await self.speak("You we", seconds=0.2, interrupted=True)
            await asyncio.sleep(0.3)
        await self.speak(ANSWER)

    async def speak(self, text: str, seconds: float = BEEP, interrupted: bool = False) -> None:
        clock = self.clock
        clock.beep_from = round(clock.now * FPS + 2) / FPS
        clock.beep_until = clock.beep_from + seconds
        await asyncio.sleep(clock.beep_from - clock.now)
        self.send("conversation.replica.started_speaking", {})
        self.send("conversation.started_speaking", {"role": "replica"})
        streaming = {"role": "replica", "content_index": 0, "final": False}
        self.send("conversation.utterance.streaming", {**streaming, "speech": text.split(maxsplit=1)[0]})
        await asyncio.sleep(max(0.0, clock.beep_until - clock.now))
        cut = {"interrupted": True} if interrupted else {}
        self.send("conversation.utterance", {"role": "replica", "speech": text, **cut})
        stopped = {"role": "replica", "duration": seconds, "interrupted": interrupted}
        self.send("conversation.stopped_speaking", stopped)

    async def close(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await self.pc.close()


class BeepingServer:
    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.seen = Seen()
        self.rooms: dict[str, Room] = {}
        self._server = uvicorn.Server(uvicorn.Config(self._app(), port=0, log_level="warning", lifespan="off"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="beeping-server", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the beeping server did not start")
            time.sleep(0.02)

    def reset(self) -> None:
        """Close every room and forget everything: the next test begins."""
        asyncio.run_coroutine_threadsafe(self._close_rooms(), self._loop).result(10)
        self.behaviour, self.seen = Behaviour(), Seen()

    async def _close_rooms(self) -> None:
        rooms, self.rooms = list(self.rooms.values()), {}
        for room in rooms:
            await room.close()

    def stop(self) -> None:
        self.reset()
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def key(request: Request, call_next: Any) -> Any:
            if request.url.path.startswith("/v2/") and request.headers.get("x-api-key") != KEY:
                return JSONResponse({"message": "Invalid access token"}, 401)
            return await call_next(request)

        @app.get("/v2/personas")
        async def personas(persona_type: str) -> dict[str, Any]:
            assert persona_type == "system"
            echo = {"persona_id": "p-echo", "pipeline_mode": "echo"}
            return {"data": [echo, {"persona_id": "p-full", "pipeline_mode": "full"}], "total_count": 2}

        @app.post("/v2/conversations")
        async def create(request: Request) -> JSONResponse:
            body = await request.json()
            if body["persona_id"] != "p-full":
                return JSONResponse({"error": "Invalid persona_id"}, 400)
            return JSONResponse({"conversation_id": "c1", "conversation_url": f"{self.url}/c/c1", "status": "active"})

        @app.post("/v2/conversations/{conversation_id}/end")
        async def end(conversation_id: str) -> dict[str, Any]:
            self.seen.ended.append(conversation_id)
            return {}

        @app.post("/c/{conversation_id}/connect")
        async def connect(conversation_id: str, request: Request) -> JSONResponse:
            body = await request.json()
            self.seen.connects.append({**body, "query": dict(request.query_params)})
            if conversation_id != "c1":
                return JSONResponse({"error": "This conversation is not running."}, 404)
            room = self.rooms[conversation_id] = Room(self, conversation_id)
            answer = await room.answer(body["sdp"])
            if self.behaviour.dead_media:
                # Neither side accepts the other's checks: what a network that swallows UDP comes down to.
                answer["sdp"] = re.sub(r"a=ice-pwd:\S+", "a=ice-pwd:" + "0" * 22, answer["sdp"])
            return JSONResponse({**answer, "participant_id": body["participant_id"]})

        @app.post("/c/{conversation_id}/leave")
        async def leave(conversation_id: str, request: Request) -> dict[str, Any]:
            self.seen.leaves.append(await request.json())
            return {}

        return app
