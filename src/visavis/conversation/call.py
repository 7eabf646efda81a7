"""One call, whole: it starts, people come and go, timers run, it ends, and everything it opened is closed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from visavis.engines.ports import Pcm
from visavis.replica.ports import I420, Face
from visavis.replica.pose import Pose
from visavis.settings import Settings

from .brain import Brain, Context, choose
from .ears import Ears
from .errors import CallEnded, CallFull
from .faculties import EngineRoom, Faculties, assemble
from .media.loops import LoopStore
from .media.stage import Stage
from .ports import CallRecord, CallSpec, EndReason
from .protocol import Wire, parse
from .protocol.inbound import MalformedInteraction
from .recorder import Recorder
from .session import Session
from .transports.ports import Participant
from .transports.webrtc import WebRtcParticipant
from .turns.policy import policy_for
from .voice import Voice

log = structlog.get_logger(__name__)

BOOT_TIMEOUT = 60.0
CLOSE_TIMEOUT = 8.0
END_TRIES = 4
RETURN_GRACE = 8.0
"""Seconds somebody has to come back whose page or network went away without a goodbye, even with a shorter
`participant_left_timeout`: a reload must not end a call."""
FAREWELL = 0.2
"""Seconds between the last event and closing connections, so that it arrives."""


@dataclass(slots=True)
class _Person:
    participant: Participant
    ears: Ears | None
    joined: bool = False


class Call:
    """Implements the transport's `ParticipantEvents`. Use: `start`, then `connect` and `leave`, then `stop` once."""

    def __init__(
        self,
        spec: CallSpec,
        record: CallRecord,
        *,
        settings: Settings,
        engines: EngineRoom,
        loops: LoopStore,
        on_ended: Callable[[str], None],
    ) -> None:
        self.spec = spec
        self._record = record
        self._settings = settings
        self._engines = engines
        self._loops = loops
        self._on_ended = on_ended
        self._people: dict[str, _Person] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._boot: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._greeted = False
        self._door = asyncio.Lock()
        self._faculties: Faculties | None = None
        self._brain: Brain | None = None
        self._stage: Stage | None = None
        self._recorder = Recorder(record)
        self._wire = Wire(spec.conversation_id, self._broadcast)
        self._session: Session | None = None
        self._loop = asyncio.get_running_loop()

    # Life

    def start(self) -> None:
        """Begin to boot; people may connect at once and wait for it."""
        age = time.time() - self.spec.created_at
        self._timer("max_call_duration", self.spec.max_call_duration - age)
        self._timer("participant_absent_timeout", self.spec.participant_absent_timeout - age)
        self._boot = self._spawn(self._start(), "boot")

    async def _start(self) -> None:
        try:
            await asyncio.wait_for(self._assemble(), BOOT_TIMEOUT)
        except Exception:
            log.exception("call.boot_failed", conversation_id=self.spec.conversation_id)
            self.end_soon("exception_encountered_during_conversation_startup")
            raise
        await self._record.replica_joined()

    async def _assemble(self) -> None:
        spec, settings = self.spec, self._settings
        faculties = await assemble(
            self._engines, spec, default_stt=settings.stt_engine, default_tts=settings.tts_engine
        )
        face = await asyncio.to_thread(_open_face, spec, settings)
        echo = spec.persona.get("pipeline_mode") == "echo"
        self._brain = None if echo else await self._think()
        session = Session(
            spec,
            wire=self._wire,
            recorder=self._recorder,
            brain=self._brain,
            policy=policy_for(spec.persona),
        )
        session.attach(Voice(face, faculties.tts, faculties.tts_options, session))
        stage = Stage(
            face,
            loops=self._loops,
            replica=str(spec.replica_path),
            bitrate=settings.video_bitrate,
            on_frame=session.on_frame,
            audio_only=spec.audio_only,
        )
        stage.start(on_failure=lambda: self.end_soon("internal error occurred at step pipeline"))
        self._faculties, self._session, self._stage = faculties, session, stage

    async def _think(self) -> Brain:
        spec = self.spec
        context = Context(
            persona=spec.persona,
            persona_name=spec.persona_name,
            conversational_context=spec.conversational_context,
            language=spec.language,
        )
        choice = await choose(spec.persona, self._settings)
        return Brain(choice, context, persona=spec.persona, on_problem=self._notice)

    def end_soon(self, reason: EndReason) -> None:
        self._spawn(self.stop(reason), "end")

    async def stop(self, reason: EndReason) -> None:
        """End the call; every caller waits for the same end, and the first one's reason counts."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(reason), name=f"stop-{self.spec.conversation_id}")
        await asyncio.shield(self._stopping)

    async def _stop(self, reason: EndReason) -> None:
        log.info("call.ending", conversation_id=self.spec.conversation_id, reason=reason)
        for timer in self._timers.values():
            timer.cancel()
        if self._boot and not self._boot.done():
            self._boot.cancel()
            await asyncio.gather(self._boot, return_exceptions=True)
        # First the ears: what is heard from now on must not start anything.
        for person in self._people.values():
            if person.ears:
                await self._attempt(person.ears.close())
        await self._attempt(self._silence())
        properties = {"shutdown_reason": reason, "reason": reason, "replica_id": self.spec.replica_id}
        self._wire.emit("system.shutdown", properties, message_type="system")
        if self._people:
            await asyncio.sleep(FAREWELL)
        for person in list(self._people.values()):
            await self._attempt(self._drop(person))
        if self._stage:
            await self._attempt(self._stage.close())
        if self._brain:
            await self._attempt(self._brain.close())
        await self._attempt(self._recorder.close())
        self._let_go()
        try:
            await self._report_end(reason)
        finally:
            self._on_ended(self.spec.conversation_id)

    async def _report_end(self, reason: EndReason) -> None:
        """The conversation's row must not stay active because the database was busy for a moment."""
        for attempt in range(END_TRIES):
            try:
                await asyncio.wait_for(self._record.ended(reason), CLOSE_TIMEOUT)
            except Exception:
                log.exception("call.end_not_recorded", conversation_id=self.spec.conversation_id, attempt=attempt + 1)
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                return

    def _let_go(self) -> None:
        """Drop what is large. The parts of a call know each other, and Python, which does not see how much memory a
        picture holds, would come to collect such a circle only after many more calls."""
        self._stage = self._session = self._brain = self._faculties = self._boot = None
        self._timers.clear()

    async def _silence(self) -> None:
        if self._session:
            await self._session.close()

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        """One part that fails to close must not keep the others open."""
        try:
            await asyncio.wait_for(work, CLOSE_TIMEOUT)
        except Exception:
            log.exception("call.close_failed", conversation_id=self.spec.conversation_id)

    def _timer(self, reason: EndReason, seconds: float) -> None:
        self._timers[reason] = self._loop.call_later(max(0.0, seconds), self.end_soon, reason)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"{name}-{self.spec.conversation_id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() and task is not self._boot:
            log.error("call.task_failed", task=task.get_name(), error=repr(task.exception()))

    # People

    async def connect(self, *, sdp: str, kind: str, participant_id: str | None, name: str | None) -> dict[str, str]:
        """Admit a person. Raises `CallEnded`, `CallFull` or `BadOffer`.

        `participant_id` is the person's own secret: with it they come back to their place, or leave. Others see only
        what is derived from it.
        """
        if self._boot:
            with contextlib.suppress(Exception):
                await asyncio.shield(self._boot)
        async with self._door:
            return await self._admit(sdp, kind, participant_id, name)

    async def _admit(self, sdp: str, kind: str, participant_id: str | None, name: str | None) -> dict[str, str]:
        """One at a time: between the check of a place and taking it lies the making of an answer."""
        if self._stopping or self._stage is None or self._faculties is None or self._session is None:
            raise CallEnded("This conversation has ended.")
        identity = (participant_id or "").strip()[:64] or str(uuid.uuid4())
        known = self._people.get(identity)
        if known is None and len(self._people) + 2 > self.spec.max_participants:
            raise CallFull("Somebody else is in this conversation already, perhaps you in another tab.")
        participant = WebRtcParticipant(
            identity, (name or "").strip()[:80] or "Guest", self._stage, self, self._settings.ice_servers
        )
        answer = await participant.answer(sdp, kind)
        if self._stopping or self._stage is None:
            await participant.close()
            raise CallEnded("This conversation has ended.")
        known = self._people.get(identity)
        if known:
            # The same person on a new connection: what they were saying goes on.
            self._stage.remove(known.participant)
            self._spawn(known.participant.close(), "replaced")
            known.participant = participant
        else:
            self._people[identity] = _Person(participant, self._listen())
        return {**answer, "participant_id": identity}

    def _listen(self) -> Ears | None:
        if self._brain is None or self._faculties is None or self._session is None:
            return None
        session, faculties = self._session, self._faculties
        return Ears(
            vad=faculties.voice_activity(),
            stream=faculties.stt.open(faculties.stt_options),
            end_of_turn=faculties.end_of_turn,
            policy=lambda: session.policy,
            events=session,
        )

    async def leave(self, participant_id: str, *, for_good: bool = True) -> bool:
        """Let a person go. Not `for_good`: their page went away, perhaps only to be loaded again."""
        person = self._people.get(participant_id)
        if person is None:
            return False
        await self._drop(person, grace=0.0 if for_good else RETURN_GRACE)
        return True

    async def _drop(self, person: _Person, grace: float = 0.0) -> None:
        identity = person.participant.id
        if self._people.get(identity) is not person:
            return
        del self._people[identity]
        if self._stage:
            self._stage.remove(person.participant)
        if person.joined:
            self._wire.emit("conversation.left", self._identity(person))
        if person.ears:
            await person.ears.close()
        await person.participant.close()
        if not self._people and not self._stopping and person.joined:
            self._timer("participant_left_timeout", max(grace, self.spec.participant_left_timeout))

    def _identity(self, person: _Person) -> dict[str, str]:
        secret = f"{self.spec.conversation_id}/{person.participant.id}"
        public = hashlib.sha256(secret.encode()).hexdigest()[:16]
        return {"role": "user", "participant_id": public, "name": person.participant.name}

    def _cancel_timer(self, reason: EndReason) -> None:
        timer = self._timers.pop(reason, None)
        if timer:
            timer.cancel()

    # What a transport tells

    def on_ready(self, participant: Participant) -> None:
        person = self._people.get(participant.id)
        if person is None or person.participant is not participant or self._stage is None or self._session is None:
            return
        self._cancel_timer("participant_absent_timeout")
        self._cancel_timer("participant_left_timeout")
        self._stage.add(participant)
        if not person.joined:
            person.joined = True
            self._wire.emit("conversation.joined", self._identity(person))
        if not self._greeted:
            self._greeted = True
            if self.spec.greeting:
                self._session.greet(self.spec.greeting)

    def on_open(self, participant: Participant) -> None:
        for event in ("system.replica_joined", "system.pal_joined", "system.replica_present", "system.pal_present"):
            self._wire.emit(event, message_type="system")
        if self._session:
            self._session.tell_state()
        if self._faculties:
            self._wire.room(
                "room.engines",
                {
                    "stt": self._faculties.stt_name,
                    "tts": self._faculties.tts_name,
                    "llm": self._brain.choice.label if self._brain else None,
                    "notes": [
                        *self._faculties.notes,
                        *([self._brain.choice.reason] if self._brain else []),
                    ],
                },
            )

    def on_audio(self, participant: Participant, audio: Pcm) -> None:
        person = self._people.get(participant.id)
        if person and person.ears and person.participant is participant and not self._stopping:
            person.ears.feed(audio)

    def on_message(self, participant: Participant, message: str) -> None:
        if self._session is None or self._stopping:
            return
        try:
            interaction = parse(message, self.spec.conversation_id)
        except MalformedInteraction as error:
            self._notice(str(error))
            return
        if interaction is not None:
            self._session.interact(interaction)

    def on_lost(self, participant: Participant) -> None:
        person = self._people.get(participant.id)
        if person and person.participant is participant:
            self._spawn(self._drop(person, grace=RETURN_GRACE), "lost")
        else:
            self._spawn(participant.close(), "forgotten")

    def _broadcast(self, message: str) -> None:
        for person in self._people.values():
            person.participant.send(message)

    def _notice(self, sentence: str) -> None:
        if self._session:
            self._session.notice(sentence)

    def statistics(self) -> dict[str, Any]:
        """Figures of the running call for `/healthz`, tests and `bench`."""
        stage = self._stage
        return {
            "participants": len(self._people),
            "slips": stage.slips if stage else 0,
            "late_ms": round(max(stage.lateness, default=0.0) * 1000) if stage else 0,
        }


def _open_face(spec: CallSpec, settings: Settings) -> Face:
    """Runs in a thread: reading a bundle and preparing its mesh takes some 0.2 s."""
    from visavis.replica.face import MeshFace

    width, height = settings.frame_size
    source = _Unseen(width, height) if spec.audio_only else Path(spec.replica_path)
    face: Face = MeshFace(source, width=width, height=height, fps=settings.video_fps)
    return face


class _Unseen:
    """The renderer of a call without pictures: only the face's clock is wanted."""

    def __init__(self, width: int, height: int) -> None:
        self._picture = np.zeros((height * 3 // 2, width), np.uint8)

    def draw(self, _pose: Pose) -> I420:
        return self._picture
