"""The embedded host: runs every call in this process, on this event loop.

Drawing, encoding and recognition happen in threads that drop the GIL; the loop itself only moves packets and events.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import structlog

from visavis.replica.ports import FaceState
from visavis.settings import Settings

from .brain import choose
from .call import Call
from .errors import CallNotFound
from .faculties import EngineRoom
from .media.loops import LoopKey, LoopStore
from .ports import CallRecord, CallSpec, EndReason

log = structlog.get_logger(__name__)

END_TIMEOUT = 30.0
COLLECT_AFTER = 0.5
SILENT_STATES: tuple[FaceState, ...] = ("listening", "idle", "thinking")


class EmbeddedCallHost:
    """Implements `ports.CallHost`, and admits people through `connect` and `leave`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: dict[str, Call] = {}
        self._engines = EngineRoom()
        self._loops = LoopStore(settings.data / "cache" / "loops")

    async def start(self, spec: CallSpec, record: CallRecord) -> None:
        call = Call(
            spec,
            record,
            settings=self._settings,
            engines=self._engines,
            loops=self._loops,
            on_ended=self._forget,
        )
        self._calls[spec.conversation_id] = call
        call.start()

    def _forget(self, conversation_id: str) -> None:
        self._calls.pop(conversation_id, None)
        # Peer connections and encoders of the media library hold each other in circles, tens of megabytes a call.
        asyncio.get_running_loop().call_later(COLLECT_AFTER, gc.collect)

    async def end(self, conversation_id: str, reason: EndReason) -> bool:
        call = self._calls.get(conversation_id)
        if call is None:
            return False
        await asyncio.wait_for(call.stop(reason), END_TIMEOUT)
        return True

    def running(self) -> Sequence[str]:
        return tuple(self._calls)

    def statistics(self) -> dict[str, dict[str, Any]]:
        return {conversation_id: call.statistics() for conversation_id, call in self._calls.items()}

    async def connect(
        self, conversation_id: str, *, sdp: str, type: str, participant_id: str | None, name: str | None
    ) -> dict[str, str]:
        """Admit a person with their WebRTC offer; return the answer. Raises `errors.CallError` with a sentence."""
        call = self._calls.get(conversation_id)
        if call is None:
            raise CallNotFound("This conversation is not running.")
        return await call.connect(sdp=sdp, kind=type, participant_id=participant_id, name=name)

    async def leave(self, conversation_id: str, participant_id: str, *, for_good: bool = True) -> bool:
        """Let a person go; False if they are not here. See `Call.leave` for `for_good`."""
        call = self._calls.get(conversation_id)
        return await call.leave(participant_id, for_good=for_good) if call else False

    async def warm(self) -> list[str]:
        """Load what the first call would otherwise wait for. Return sentences about what cannot run (none: ready)."""
        from visavis.engines.registry import automatic

        problems = []
        for kind, job in (("vad", "voice activity"), ("stt", "speech recognition"), ("tts", "a voice")):
            spec = automatic(kind)  # type: ignore[arg-type]
            if spec is None:
                problems.append(f"No engine for {job} is ready. `visavis doctor` says why.")
            elif kind != "vad":
                await self._engines.get(spec)
        turn = automatic("turn")
        if turn:
            await self._engines.get(turn)
        await self._warm_language_model()
        await asyncio.to_thread(self._prepare_loops)
        # What is loaded now stays; leaving it out makes the collection after every call a matter of milliseconds.
        gc.collect()
        gc.freeze()
        return problems

    def _prepare_loops(self) -> None:
        """Encode the default replica's silent loops, in the background, before somebody meets it."""
        import cv2

        from visavis.replica.face import MeshFace
        from visavis.replica.stock import bundles

        # One call must not take every core; calls beside each other use them.
        cv2.setNumThreads(1)
        settings = self._settings
        path = bundles().get(settings.default_replica_id)
        if path is None:
            return
        width, height = settings.frame_size
        face = MeshFace(path, width=width, height=height, fps=settings.video_fps)
        key = LoopKey(str(path), "H264", width, height, settings.video_fps, settings.video_bitrate)
        for state in SILENT_STATES:
            self._loops.prepare(key, state, face)

    async def _warm_language_model(self) -> None:
        """The first request through the SDK costs most of a second; nobody should wait for that in a call."""
        choice = await choose({}, self._settings)
        try:
            if choice.source != "responder":
                from visavis.engines.llm.openai_compatible.client import warm

                await asyncio.to_thread(warm)
        finally:
            await choice.model.close()

    async def close(self) -> None:
        """End every call, then the engines."""
        reason: EndReason = "internal error occurred at step server_restart"
        await asyncio.gather(*(self.end(call, reason) for call in self.running()), return_exceptions=True)
        await asyncio.to_thread(self._loops.close)
        await self._engines.close()
