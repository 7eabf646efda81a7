"""The dialogue: who speaks when, what is answered, what is told to the room and kept in the record."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog

from visavis.engines.ports import SpeechChunk
from visavis.replica.ports import OUTPUT_RATE, FaceState, Frame

from .brain import Brain, ClauseSplitter
from .ears import UserTurn
from .ports import CallSpec, TranscriptEntry, TurnTiming
from .protocol import (
    AppendContext,
    Echo,
    Inbound,
    Interrupt,
    OverwriteContext,
    Respond,
    Sensitivity,
    Wire,
)
from .recorder import Recorder
from .turns.policy import TurnPolicy, with_sensitivity
from .voice import Reply, Voice, VoiceFull

log = structlog.get_logger(__name__)

MERGE_WITHIN = 2.0
"""Seconds after a decided turn in which going on speaking continues that turn, if little was answered yet."""
MERGE_HEARD = 0.6
"""Seconds of the answer after which it counts as heard and going on is an interruption."""
THINKING_AFTER = 0.35
"""Seconds of preparation after which the face shows that it thinks."""
KEEP_EVERY = 1.0
"""Seconds between two writes of a reply that is still being spoken, so that a crash loses little."""
MAX_ECHO_SECONDS = 120.0
"""Echoed sound that may wait to be spoken, in the whole call."""
RESPOND_BURST, RESPOND_PER_SECOND = 10, 2.0
"""Typed turns a call takes: each may cost a request to a language model."""
ECHO_PREBUFFER = 0.1
ECHO_IDLE = 10.0
"""Seconds without a chunk after which an unfinished audio echo counts as done."""
MAX_ECHO_CHUNKS = 4000


def _seconds(echo: Echo) -> float:
    return len(echo.audio or b"") / 2 / echo.sample_rate


@dataclass(slots=True)
class _Allowance:
    """A token bucket: `burst` at once, `per_second` in the long run."""

    burst: float
    per_second: float
    left: float = -1.0
    at: float = 0.0

    def take(self, now: float) -> bool:
        grown = self.burst if self.left < 0 else self.left + (now - self.at) * self.per_second
        self.left, self.at = min(self.burst, grown), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class _Answered:
    """The last user turn and the reply to it, while they may still be taken back."""

    key: str
    ended: float
    reply: Reply


class Session:
    """One dialogue between one replica and the people in the call. Everything runs on the event loop."""

    def __init__(
        self, spec: CallSpec, *, wire: Wire, recorder: Recorder, brain: Brain | None, policy: TurnPolicy
    ) -> None:
        self.policy = policy
        self._spec = spec
        self._wire = wire
        self._recorder = recorder
        self._brain = brain
        self._voice: Voice | None = None
        self._loop = asyncio.get_running_loop()
        self._started_at = time.time()
        self._clock_offset = time.time() - self._loop.time()
        self._turn_idx = 0
        self._user_inference = ""
        self._user_started = 0.0
        self._content_index = 0
        self._user_turns: dict[str, UserTurn] = {}
        self._thought: set[str] = set()
        self._unheard: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._echo_seconds = 0.0
        self._typed = _Allowance(RESPOND_BURST, RESPOND_PER_SECOND)
        self._answered: _Answered | None = None
        self._continuing = ""
        self._continuing_key = ""
        self._echoes: dict[str, asyncio.Queue[Echo]] = {}
        self._face_state: FaceState = "idle"
        self._state = "listening"
        self._kept_at = 0.0
        self._thinking: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        return self._closed

    def attach(self, voice: Voice) -> None:
        self._voice = voice

    @property
    def voice(self) -> Voice:
        if self._voice is None:
            raise RuntimeError("the session has no voice yet")
        return self._voice

    # The face

    def _show(self, state: FaceState) -> None:
        if self._thinking:
            self._thinking.cancel()
            self._thinking = None
        if state != self._face_state:
            self._face_state = state
            self.voice.face.set_state(state)

    def _room_state(self, state: str) -> None:
        self._state = state
        self.tell_state()

    def tell_state(self) -> None:
        """Say what the replica does now, for room pages that just connected."""
        self._wire.room("room.state", {"state": self._state})

    def on_frame(self, frame: Frame) -> None:
        self.voice.on_frame(frame)

    # What the person says

    def on_speech_started(self) -> None:
        self._user_inference = str(uuid.uuid4())
        self._user_started = self._loop.time()
        self._content_index = 0
        self._take_back_hasty_answer()
        self._wire.started_speaking("user", inference_id=self._user_inference, turn_idx=self._turn_idx + 1)
        self._show("listening")
        if not self.voice.current:
            self._room_state("listening")

    def _take_back_hasty_answer(self) -> None:
        """The person goes on although their turn was thought over: what they said becomes one turn."""
        answered = self._answered
        if answered is None or self._brain is None:
            return
        reply = answered.reply
        late = self._loop.time() - answered.ended > MERGE_WITHIN
        if late or reply.samples_out > MERGE_HEARD * OUTPUT_RATE or reply.ended is not None:
            return
        if self.voice.stop():
            self._continuing, self._continuing_key = self._brain.history.retract_user() or "", answered.key
            self._answered = None

    def on_speech(self, seconds: float, words: int) -> None:
        after = self.policy.interrupt_after
        current = self.voice.current
        if current is None or not current.interruptible or after is None:
            return
        if seconds >= after and words >= self.policy.interrupt_words:
            self.interrupt()

    def on_partial(self, text: str) -> None:
        self._user_text(self._joined(text), final=False)

    def on_candidate(self, text: str) -> None:
        if text and self._brain:
            self._spawn(self._brain.prepare(self._joined(text)))

    def _joined(self, text: str) -> str:
        return f"{self._continuing} {text}".strip()

    def _user_text(self, text: str, *, final: bool) -> None:
        self._wire.emit(
            "conversation.utterance.streaming",
            {"role": "user", "speech": text, "content_index": self._content_index, "final": final},
            inference_id=self._user_inference,
            turn_idx=self._turn_idx + 1,
        )
        self._content_index += 1

    def on_turn(self, turn: UserTurn) -> None:
        if self._closed:
            return
        text = self._joined(turn.text)
        ids = {"inference_id": self._user_inference, "turn_idx": self._turn_idx + 1}
        duration = turn.ended - turn.started
        if not text:
            self._wire.stopped_speaking("user", duration=duration, interrupted=False, **ids)  # type: ignore[arg-type]
            return
        self._continuing = ""
        self._user_text(text, final=True)
        self._wire.stopped_speaking("user", duration=duration, interrupted=False, **ids)  # type: ignore[arg-type]
        self._user_said(text, turn, self._user_inference)

    def _user_said(self, text: str, turn: UserTurn, inference_id: str) -> None:
        """A user turn is complete: tell the room, keep it, answer it."""
        self._turn_idx += 1
        self._wire.emit(
            "conversation.utterance",
            {"role": "user", "speech": text},
            inference_id=inference_id,
            turn_idx=self._turn_idx,
        )
        # A turn that was taken back and went on replaces its first half in the record.
        key, self._continuing_key = self._continuing_key or f"user-{inference_id}", ""
        self._keep(key, "user", text, turn.started, turn.ended - turn.started)
        if self._brain is None:
            return
        self.voice.stop()
        reply_id = str(uuid.uuid4())
        self._user_turns[reply_id] = turn
        self._thought.add(reply_id)
        self._unheard[reply_id] = text
        try:
            reply = self.voice.say(self._clauses(text, reply_id), inference_id=reply_id, turn_idx=self._turn_idx)
        except VoiceFull as error:
            self.notice(str(error))
            return
        self._answered = _Answered(key, turn.ended, reply)
        self._thinking = self._loop.call_later(THINKING_AFTER, self._show_thinking)
        self._room_state("thinking")

    def _show_thinking(self) -> None:
        self._thinking = None
        self._show("thinking")

    async def _clauses(self, text: str, inference_id: str) -> AsyncIterator[str]:
        if self._brain is None:
            return
        self._unheard.pop(inference_id, None)
        async with aclosing(self._brain.reply(text, inference_id)) as answer:
            async for item in answer:
                if isinstance(item, str):
                    # Half a character (of a model that cuts an emoji in two) can be neither spoken nor stored.
                    yield item.encode("utf-8", "replace").decode()
                else:
                    self._wire.emit(
                        "conversation.tool_call",
                        {"name": item.name, "arguments": item.arguments, "tool_call_id": item.id},
                        inference_id=inference_id,
                        turn_idx=self._turn_idx,
                    )

    # What the replica says

    def greet(self, text: str) -> None:
        """Speak the opening line; it is never interruptible."""
        self._say_exactly(text, str(uuid.uuid4()), interruptible=False)

    def _say_exactly(self, text: str, inference_id: str, *, interruptible: bool = True) -> None:
        async def clauses() -> AsyncIterator[str]:
            splitter = ClauseSplitter()
            for clause in [*splitter.push(text), *splitter.flush()]:
                yield clause

        turn_idx = self._turn_idx or None
        try:
            self.voice.say(clauses(), inference_id=inference_id, turn_idx=turn_idx, interruptible=interruptible)
        except VoiceFull as error:
            self.notice(str(error))

    def interrupt(self) -> None:
        """Stop speaking now, unless what is said may not be interrupted."""
        self.voice.stop()

    def on_reply_began(self, reply: Reply) -> None:
        self._show("idle" if self._brain is None else "listening")
        self._wire.started_speaking("replica", inference_id=reply.inference_id, turn_idx=reply.turn_idx)
        self._room_state("speaking")
        turn = self._user_turns.pop(reply.inference_id, None)
        if turn:
            hops = dict(turn.hops)
            for name, at in reply.hops.items():
                hops[name] = at - turn.ended
            rounded = {name: round(seconds, 4) for name, seconds in hops.items()}
            self._recorder.turn(TurnTiming(reply.turn_idx or 0, reply.inference_id, rounded))
            self._wire.room("room.latency", {"turn_idx": reply.turn_idx, "hops": rounded})

    def on_reply_progress(self, reply: Reply, heard: str) -> None:
        self._replica_text(reply, heard, final=False)
        if self._loop.time() - self._kept_at >= KEEP_EVERY:
            self._keep_reply(reply, heard)

    def _replica_text(self, reply: Reply, text: str, *, final: bool) -> None:
        self._wire.emit(
            "conversation.utterance.streaming",
            {
                "role": "replica",
                "speech": text,
                "content_index": reply.progress,
                "final": final,
                "is_interrupted": reply.interrupted,
            },
            inference_id=reply.inference_id,
            turn_idx=reply.turn_idx,
        )
        reply.progress += 1

    def _keep_reply(self, reply: Reply, heard: str) -> None:
        if reply.began is not None and heard:
            self._kept_at = self._loop.time()
            end = reply.ended or self._loop.time()
            self._keep(
                f"reply-{reply.inference_id}", "assistant", heard, reply.began, end - reply.began, reply.inference_id
            )

    def on_reply_ended(self, reply: Reply) -> None:
        self._forget_echo(reply.inference_id)
        heard = reply.heard if reply.interrupted else reply.text
        self._user_turns.pop(reply.inference_id, None)
        if self._brain:
            self._remember(self._brain, reply, heard if reply.began else "")
        if reply.began is not None:
            self._keep_reply(reply, heard)
            self._replica_text(reply, heard, final=True)
            self._wire.emit(
                "conversation.utterance",
                {"role": "replica", "speech": reply.text, "interrupted": True if reply.interrupted else None},
                inference_id=reply.inference_id,
                turn_idx=reply.turn_idx,
            )
            self._wire.stopped_speaking(
                "replica",
                duration=(reply.ended or self._loop.time()) - reply.began,
                interrupted=reply.interrupted,
                inference_id=reply.inference_id,
                turn_idx=reply.turn_idx,
            )
        if not self.voice.current:
            self._show("listening" if self._brain else "idle")
            self._room_state("listening")

    def _remember(self, brain: Brain, reply: Reply, heard: str) -> None:
        """What the model will be told was said: only what was heard."""
        if reply.inference_id in self._thought:
            self._thought.discard(reply.inference_id)
            never_asked = self._unheard.pop(reply.inference_id, None)
            if never_asked:
                # Cut off while it waited its turn: the person said it all the same.
                brain.history.user(never_asked)
            brain.spoken(heard, reply.inference_id)
            brain.finish(interrupted=reply.interrupted, inference_id=reply.inference_id)
        elif heard:
            brain.history.said(heard)

    def on_voice_problem(self, sentence: str) -> None:
        self.notice(sentence)

    def notice(self, sentence: str) -> None:
        """Tell the operator (log) and the room (a note) what does not work as asked."""
        log.warning("call.notice", conversation_id=self._spec.conversation_id, notice=sentence)
        self._wire.room("room.notice", {"text": sentence})

    # Interactions from a client

    def interact(self, message: Inbound) -> None:
        if self._closed:
            return
        match message:
            case Respond(text):
                self._respond(text)
            case Echo():
                self._echo(message)
            case Interrupt():
                self.interrupt()
            case AppendContext(context):
                if self._brain:
                    self._brain.context.append(context)
            case OverwriteContext(context):
                if self._brain:
                    self._brain.context.overwrite(context)
            case Sensitivity(pause, interrupt):
                self.policy = with_sensitivity(self.policy, pause=pause, interrupt=interrupt)

    def _respond(self, text: str) -> None:
        if not self._typed.take(self._loop.time()):
            self.notice("Messages come faster than they can be answered; this one was left out.")
            return
        now = self._loop.time()
        self.voice.stop()
        whole, self._continuing = self._joined(text.strip()), ""
        self._user_said(whole, UserTurn(whole, now, now), str(uuid.uuid4()))

    def _echo(self, echo: Echo) -> None:
        if echo.audio is None:
            if echo.text:
                self._say_exactly(echo.text, echo.inference_id)
            return
        chunks = self._echoes.get(echo.inference_id)
        if chunks is None:
            chunks = self._echoes[echo.inference_id] = asyncio.Queue(MAX_ECHO_CHUNKS)
            try:
                source = self._echoed(chunks)
                self.voice.play(source, inference_id=echo.inference_id, turn_idx=self._turn_idx or None)
            except VoiceFull as error:
                del self._echoes[echo.inference_id]
                self.notice(str(error))
                return
        seconds = _seconds(echo)
        if self._echo_seconds + seconds > MAX_ECHO_SECONDS or chunks.full():
            self.notice("Echo audio arrives faster than it can be spoken; the newest part was left out.")
            return
        self._echo_seconds += seconds
        chunks.put_nowait(echo)

    def _forget_echo(self, inference_id: str) -> None:
        """Whatever of an echo was not spoken does not wait any longer."""
        chunks = self._echoes.pop(inference_id, None)
        while chunks and not chunks.empty():
            self._echo_seconds -= _seconds(chunks.get_nowait())

    async def _echoed(self, chunks: asyncio.Queue[Echo]) -> AsyncIterator[SpeechChunk]:
        """Chunks of echoed sound, the first ones gathered so that playing starts without a gap."""
        gathered: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
        seconds, rate, playing = 0.0, 0, False
        while True:
            try:
                echo = await asyncio.wait_for(chunks.get(), ECHO_IDLE)
            except TimeoutError:
                echo = None
            if echo is None or (gathered and echo.sample_rate != rate):
                if gathered:
                    yield SpeechChunk(np.concatenate(gathered), rate)
                gathered, seconds = [], 0.0
            if echo is None:
                return
            self._echo_seconds -= _seconds(echo)
            if echo.audio:
                gathered.append(np.frombuffer(echo.audio, "<i2"))
                rate = echo.sample_rate
                seconds += _seconds(echo)
            if gathered and (playing or seconds >= ECHO_PREBUFFER or echo.done):
                yield SpeechChunk(np.concatenate(gathered), rate)
                gathered, seconds, playing = [], 0.0, True
            if echo.done:
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The record

    def _keep(
        self, key: str, role: str, content: str, started: float, duration: float, inference_id: str | None = None
    ) -> None:
        at = started + self._clock_offset
        entry = TranscriptEntry(
            key=key,
            role=role,  # type: ignore[arg-type]
            content=content,
            timestamp=round(at, 3),
            seconds_from_start=round(max(0.0, at - self._started_at), 3),
            duration=round(duration, 3),
            inference_id=inference_id,
        )
        self._recorder.transcript(entry)

    async def close(self) -> None:
        self._closed = True
        if self._thinking:
            self._thinking.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.voice.close()
