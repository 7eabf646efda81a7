"""Writes what a call says of itself, in order, without making the call wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from .ports import CallRecord, TranscriptEntry, TurnTiming

log = structlog.get_logger(__name__)

MAX_PENDING = 2000
WRITE_TIMEOUT = 3.0
CLOSE_TIMEOUT = 6.0
"""Seconds that what is left may take when the call ends."""
TRIES = 4


class Recorder:
    """A queue in front of a `CallRecord`. Lines that still grow are written only in their newest form."""

    def __init__(self, record: CallRecord) -> None:
        self._record = record
        self._queue: asyncio.Queue[tuple[str, Callable[[], Awaitable[None]]]] = asyncio.Queue(MAX_PENDING)
        self._newest: dict[str, TranscriptEntry] = {}
        self._task = asyncio.create_task(self._run(), name="recorder")

    def transcript(self, entry: TranscriptEntry) -> None:
        waiting = entry.key in self._newest
        self._newest[entry.key] = entry
        if not waiting:
            self._put(entry.key, lambda: self._write(entry.key))

    def turn(self, timing: TurnTiming) -> None:
        self._put("", lambda: self._record.turn(timing))

    def _put(self, key: str, write: Callable[[], Awaitable[None]]) -> None:
        try:
            self._queue.put_nowait((key, write))
        except asyncio.QueueFull:
            self._newest.pop(key, None)
            log.error("recorder.full", pending=MAX_PENDING)

    async def _write(self, key: str) -> None:
        entry = self._newest[key]
        await self._record.transcript(entry)
        if self._newest.get(key) is entry:
            del self._newest[key]
        else:
            self._put(key, lambda: self._write(key))

    async def _run(self) -> None:
        while True:
            key, write = await self._queue.get()
            try:
                if not await self._attempt(write):
                    self._newest.pop(key, None)
            finally:
                self._queue.task_done()

    async def _attempt(self, write: Callable[[], Awaitable[None]]) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                await asyncio.wait_for(write(), WRITE_TIMEOUT)
            except Exception as error:
                log.warning("recorder.failed", attempt=attempt, error=repr(error)[:200])
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return True
        log.error("recorder.lost", tries=TRIES)
        return False

    async def close(self) -> None:
        """Write what is left, then stop."""
        try:
            await asyncio.wait_for(self._queue.join(), CLOSE_TIMEOUT)
        except TimeoutError:
            log.error("recorder.unfinished", left=self._queue.qsize())
        finally:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
