"""Voice workers as the server sees them: processes that may crash, and are then started again.

A process keeps code that must not live in the server (a crash, or a licence) behind a pipe. Each worker is shared by
all calls; one thread of ours owns it and hands it one request after the other.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Lock, Thread, Timer

from visavis.engines.ports import EngineUnavailableError
from visavis.engines.tts.framing import Message, read_frame, write_frame

QUEUE_LENGTH = 64
"""Requests that may wait for one worker."""

ANSWER_TIMEOUT = 10.0
"""Seconds a worker may take for one answer, its start included, before it is killed."""

WAIT_TIMEOUT = 30.0
"""Seconds a request may wait in all."""


class WorkerCrashedError(Exception):
    """The worker died, or was killed, while it answered; the next request gets a new one."""


@dataclass(slots=True)
class _Job:
    request: Message
    answer: Future[tuple[Message, bytes]] = field(default_factory=Future)


class Worker:
    """A process that runs `python -m module`, which must call `framing.serve`. Thread-safe."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._jobs: Queue[_Job | None] = Queue(QUEUE_LENGTH)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._run, name=f"visavis-{module.split('.')[-2]}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def call(self, request: Message) -> tuple[Message, bytes]:
        """Return the worker's answer and the sound with it. Cancelling drops a request that still waits.

        Raises WorkerCrashedError when this request killed the worker, EngineUnavailableError when the worker refuses,
        cannot be started or has too much to do.
        """
        job = _Job(request)
        try:
            self._jobs.put_nowait(job)
        except Full:
            raise EngineUnavailableError("Too many sentences wait for the voice; this machine is overloaded.") from None
        try:
            async with asyncio.timeout(WAIT_TIMEOUT):
                answer, payload = await asyncio.wrap_future(job.answer)
        except TimeoutError:
            raise EngineUnavailableError(f"The voice did not answer within {WAIT_TIMEOUT:.0f} s.") from None
        if "error" in answer:
            raise EngineUnavailableError(str(answer["error"]))
        return answer, payload

    def prepare(self, request: Message) -> None:
        """Let the worker load what `request` needs; nobody waits for the answer, and a busy worker needs none."""
        with suppress(Full):
            self._jobs.put_nowait(_Job(request))

    def close(self) -> None:
        """End the process after what it is doing; what still waits fails."""
        self._jobs.put(None, timeout=WAIT_TIMEOUT)
        self._thread.join(WAIT_TIMEOUT)

    def _run(self) -> None:
        self._start()
        while (job := self._jobs.get()) is not None:
            if not job.answer.set_running_or_notify_cancel():
                continue
            try:
                result = self._answer(job.request)
            except (WorkerCrashedError, EngineUnavailableError) as error:
                self._settle(job, error)
            else:
                with suppress(InvalidStateError):
                    job.answer.set_result(result)
        self._stop()
        while not self._jobs.empty():
            if (waiting := self._jobs.get_nowait()) is not None and waiting.answer.set_running_or_notify_cancel():
                self._settle(waiting, EngineUnavailableError("The voice was closed."))

    @staticmethod
    def _settle(job: _Job, error: Exception) -> None:
        with suppress(InvalidStateError):  # whoever asked has gone
            job.answer.set_exception(error)

    def _answer(self, request: Message) -> tuple[Message, bytes]:
        """Ask the process, a new one where the last is dead; end it when it takes too long."""
        if self.pid is None:
            self._stop()
            self._start()
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EngineUnavailableError("The voice's process cannot be started on this machine.")
        watchdog = Timer(ANSWER_TIMEOUT, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(process.stdin, request)
            return read_frame(process.stdout)
        except (OSError, EOFError, ValueError) as error:
            process.kill()
            # Waits until it is gone: the next request must not take it for alive.
            self._stop()
            raise WorkerCrashedError(f"The voice's process died ({self._module}).") from error
        finally:
            watchdog.cancel()

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", self._module]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        except OSError:
            self._process = None

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_lock = Lock()
_workers: dict[str, tuple[Worker, int]] = {}


def lease(module: str) -> Worker:
    """The process's worker for `module`, started on first use. Every lease must be `release`d."""
    with _lock:
        worker, users = _workers.get(module) or (Worker(module), 0)
        _workers[module] = worker, users + 1
        return worker


def release(module: str) -> None:
    """Give a lease back; the last one ends the worker. May wait for what the worker is doing."""
    with _lock:
        worker, users = _workers[module]
        if users > 1:
            _workers[module] = worker, users - 1
            return
        del _workers[module]
    worker.close()
