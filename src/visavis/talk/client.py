"""`TalkClient`: joins a conversation as a person would, speaks, and receives what the replica says and shows."""

# ruff: noqa: ASYNC109 - how long to wait is part of what a test asks for

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
import structlog
from numpy.typing import NDArray

from visavis.engines.audio import resample
from visavis.engines.ports import Pcm

from .errors import CallOver, NoAnswer, NoMediaPath, TalkError
from .microphone import RATE, Microphone, Speech
from .peer import Peer
from .recording import Recording
from .replies import Event, Reply, ReplyCollector
from .server import Server
from .statistics import Statistics

log = structlog.get_logger(__name__)

T = TypeVar("T")

MEDIA_TIMEOUT = 15.0
"""Seconds from the answer until sound and messages must flow."""
MAX_EVENTS = 20_000
LONGEST_REPLY = 180.0
TAKEN_BACK = 2.0
"""An interrupted reply shorter than this many seconds is taken as a false start."""


@dataclass(slots=True)
class _Prompt:
    """What the person said last: from when, and (once it is known) until when."""

    started_at: float
    ended_at: float | None = None


class TalkClient:
    """One person in one conversation. Use as `async with`; entering connects and leaving always closes.

    `on_event`, `on_picture` and `on_sound` are called on the event loop and must return at once. Sound is mono int16
    at 48 kHz. Errors are `TalkError`s whose text is a sentence.
    """

    def __init__(
        self,
        url: str,
        conversation_id: str,
        *,
        name: str = "Talk",
        participant_id: str | None = None,
        token: str | None = None,
        recording: Path | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_picture: Callable[[av.VideoFrame], None] | None = None,
        on_sound: Callable[[Pcm], None] | None = None,
    ) -> None:
        self.conversation_id = conversation_id
        self.participant_id = participant_id or f"talk-{uuid.uuid4().hex[:12]}"
        self.events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self.picture: av.VideoFrame | None = None
        """The newest picture."""
        self.microphone = Microphone()
        self.recorded: float | None = None
        """Seconds in the recording, once it is complete."""
        self._name = name
        self._token = token
        self._server = Server(url)
        self._statistics = Statistics()
        self._on_event, self._on_picture, self._on_sound = on_event, on_picture, on_sound
        self._recording_path = recording
        self._recording: Recording | None = None
        self._peer: Peer | None = None
        self._replies: asyncio.Queue[Reply] = asyncio.Queue(256)
        self._collector = ReplyCollector(self._on_reply)
        self._prompt: _Prompt | None = None
        self._changed = asyncio.Event()
        self._over: str | None = None
        self._joined = False
        self._began = 0.0

    async def __aenter__(self) -> TalkClient:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Connection

    async def connect(self) -> None:
        """Join. Returns when sound travels both ways and messages can be sent."""
        if self._recording_path:
            try:
                self._recording = Recording(self._recording_path)
            except (OSError, ValueError) as error:
                raise TalkError(f"{self._recording_path} cannot be written: {error}.") from error
        self._began = time.monotonic()
        peer = self._peer = Peer(self.microphone, self)
        offer = {
            "sdp": await peer.offer(),
            "type": "offer",
            "participant_id": self.participant_id,
            "name": self._name,
            "client": "talk",
        }
        answer = await self._server.connect(self.conversation_id, offer, self._token)
        self._joined = True
        self.participant_id = answer.get("participant_id") or self.participant_id
        await peer.accept(answer["sdp"], answer["type"])
        try:
            await self._until(lambda: peer.flows or None, MEDIA_TIMEOUT)
        except TimeoutError:
            raise NoMediaPath(
                f"The server answered, but no sound arrived within {MEDIA_TIMEOUT:.0f} s: "
                "no media path could be opened. "
                "WebRTC needs UDP between this machine and the server, or a TURN server (VISAVIS_ICE_SERVERS)."
            ) from None
        self._statistics.connected_in = time.monotonic() - self._began

    async def close(self, *, silently: bool = False) -> None:
        """Leave and close everything; may be called again. `silently` vanishes without telling the server."""
        self._end("This client has left the conversation.")
        joined, self._joined = self._joined, False
        try:
            if joined and not silently:
                await self._leave()
            await self._close_media()
        finally:
            await self._server.close()

    async def _leave(self) -> None:
        try:
            await self._server.leave(self.conversation_id, self.participant_id, self._token)
        except TalkError as error:
            # The server also notices by itself; a call that is over has nobody to tell.
            log.debug("talk.leave_failed", error=str(error))

    async def _close_media(self) -> None:
        self._collector.close()
        self.microphone.stop()
        if self._peer:
            await self._peer.close()
        recording, self._recording = self._recording, None
        if recording:
            pictures, sounds = (self._peer.pictures, self._peer.sounds) if self._peer else (None, None)
            try:
                await recording.close(pictures, sounds)
            except (OSError, ValueError) as error:
                raise TalkError(f"The recording {recording.path} could not be completed: {error}.") from error
            self.recorded = recording.seconds

    def _end(self, sentence: str) -> None:
        if self._over is None:
            self._over = sentence
        self._changed.set()

    # What comes in

    def on_change(self) -> None:
        if self._peer and self._peer.lost and self._statistics.connected_in is not None:
            self._end("The connection to the server was lost.")
        self._changed.set()

    def on_failure(self, error: BaseException) -> None:
        self._end(f"This client failed: {error!r}.")

    def on_sound(self, pts: int, audio: Pcm, at: float) -> None:
        self._collector.hear(at, audio)
        if self._recording and self._peer and self._peer.sounds:
            self._recording.sound(pts, audio, self._peer.pictures, self._peer.sounds)
        if self._on_sound:
            self._on_sound(audio)

    def on_picture(self, frame: av.VideoFrame) -> None:
        first, self.picture = self.picture is None, frame
        self._statistics.picture(frame)
        if self._recording and self._peer and self._peer.pictures:
            self._recording.picture(frame, self._peer.pictures)
        if self._on_picture:
            self._on_picture(frame)
        if first:
            self._changed.set()

    def on_message(self, text: str | bytes) -> None:
        try:
            message = json.loads(text)
            event = Event(time.monotonic(), str(message["event_type"]), message.get("properties") or {}, message)
        except (ValueError, KeyError, TypeError):
            log.warning("talk.unreadable_message", size=len(text))
            return
        self.events.append(event)
        self._note(event)
        if event.type == "system.shutdown":
            reason = event.properties.get("shutdown_reason") or event.properties.get("reason") or "no reason given"
            self._end(f"The server ended the conversation: {reason}.")
        if self._on_event:
            self._on_event(event)
        self._changed.set()

    def _note(self, event: Event) -> None:
        before = self._collector.current
        self._collector.note(event)
        if self._collector.current is not None and self._collector.current is not before:
            self._collector.current.prompted_at = self.microphone.voiced_at

    def _on_reply(self, reply: Reply) -> None:
        if self._replies.full():
            self._replies.get_nowait()
        self._replies.put_nowait(reply)
        self._changed.set()

    # What goes out

    async def speak(self, audio: Pcm, rate: int) -> Speech:
        """Say mono sound of any rate into the microphone, in real time; return when it has been said.

        Raises ValueError for silence. Cancelling stops the speech.
        """
        sound = await asyncio.to_thread(resample, audio, rate, RATE)
        self._expect_call()
        speech = self.microphone.say(sound)
        prompt = self._prompt = _Prompt(time.monotonic())
        try:
            await asyncio.wait_for(speech.over.wait(), len(sound) / RATE + 10.0)
        except TimeoutError:
            raise CallOver(self._over or "The sound could not be sent: the connection stands still.") from None
        finally:
            self.microphone.hush(speech)
            prompt.started_at, prompt.ended_at = speech.started_at or prompt.started_at, speech.ended_at
        return speech

    async def respond(self, text: str) -> None:
        """Send words instead of sound, as if the person had just finished saying them."""
        self.send("conversation.respond", {"text": text})
        now = time.monotonic()
        self._prompt = _Prompt(now, now)

    def send(self, event_type: str, properties: dict[str, Any] | None = None) -> None:
        """Send one interaction of the contract."""
        self._expect_call()
        message = {
            "message_type": "conversation",
            "event_type": event_type,
            "conversation_id": self.conversation_id,
            "properties": properties or {},
        }
        if self._peer:
            self._peer.send(json.dumps(message))

    def _expect_call(self) -> None:
        if self._over is not None:
            raise CallOver(self._over)

    def listen(self, on_sound: Callable[[Pcm], None] | None) -> None:
        """Give received sound to `on_sound` from now on."""
        self._on_sound = on_sound

    # Waiting

    async def next_reply(self, timeout: float | None = 15.0, longest: float = LONGEST_REPLY) -> Reply:
        """Return the next reply once it is over; replies wait their turn here in order.

        `timeout` is how long it may take to begin. Raises `NoAnswer`, or `CallOver` when the call ends meanwhile.
        """
        try:
            await self._until(lambda: bool(self._replies.qsize() or self._collector.current) or None, timeout)
        except TimeoutError:
            raise NoAnswer(f"The replica did not answer within {timeout:g} s.") from None
        try:
            await self._until(lambda: bool(self._replies.qsize()) or None, longest)
        except TimeoutError:
            raise NoAnswer(f"The replica spoke for more than {longest:g} s without an end.") from None
        reply = self._replies.get_nowait()
        prompt = self._prompt
        if prompt and prompt.ended_at and reply.started_at >= prompt.started_at:
            reply.prompted_at = prompt.ended_at
        return reply

    async def answer(self, timeout: float = 15.0) -> Reply:
        """Return the reply to what was said last. One that was taken back makes way for the one that follows it.

        A server may begin to answer in a pause of the person's and take that back when they go on. Raises as
        `next_reply` does.
        """
        deadline = time.monotonic() + timeout
        reply = await self.next_reply(timeout)
        while reply.interrupted and len(reply.audio) < TAKEN_BACK * RATE:
            try:
                reply = await self.next_reply(max(TAKEN_BACK, deadline - time.monotonic()))
            except NoAnswer:
                break
        return reply

    def drop_replies(self) -> None:
        """Forget the replies that nobody has asked for."""
        while self._replies.qsize():
            self._replies.get_nowait()

    async def wait_event(
        self, event_type: str, timeout: float, accept: Callable[[Event], bool] = lambda _: True
    ) -> Event:
        """Return the first event of this type (also one that has come already) that `accept` takes.

        Raises TimeoutError.
        """

        def found() -> Event | None:
            return next((e for e in self.events if e.type == event_type and accept(e)), None)

        return await self._until(found, timeout)

    async def wait_picture(self, timeout: float = 10.0) -> NDArray[np.uint8]:
        """Return the newest picture (H×W×3 RGB), waiting for the first one. Raises TimeoutError."""
        frame = await self._until(lambda: self.picture, timeout)
        image: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
        return image

    async def _until(self, found: Callable[[], T | None], timeout: float | None) -> T:
        """Wait until `found` gives something. A call that is over ends the wait."""
        async with asyncio.timeout(timeout):
            while True:
                self._changed.clear()
                result = found()
                if result is not None:
                    return result
                self._expect_call()
                await self._changed.wait()

    async def statistics(self) -> Statistics:
        """Figures of this connection so far."""
        if self._peer:
            self._statistics.update(self._began, self._peer.pictures, self._peer.sounds, await self._peer.report())
        return self._statistics
