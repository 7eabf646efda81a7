"""The thread in which durable work runs.

DBOS takes over the default executor of the loop it lives in and polls its database; calls must not feel either. So it
has a loop of its own, with a connection pool and an HTTP client that belong to that loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from visavis.db.session import Database, database_url
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.jobs.webhooks import Workshop

log = structlog.get_logger(__name__)

T = TypeVar("T")

START_TIMEOUT = 60.0
STOP_TIMEOUT = 8.0

# Workflows resume only under the version they began with. It changes when a workflow's steps change their order.
WORKFLOW_VERSION = "1"


class WebhookRunner:
    """Runs the deliveries of this process.

    `instance` names the executor: it stays with the data folder, so that a restart resumes its own work, and a server
    that runs beside this one on the same PostgreSQL keeps its own.
    """

    def __init__(self, settings: Settings, instance: str, secret_of: Callable[[str], str]) -> None:
        self._settings = settings
        self._instance = instance
        self._secret_of = secret_of
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._workshop: Workshop | None = None

    async def start(self) -> None:
        """Launch DBOS, resume what was left behind, and be ready for `wake`."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        owner = asyncio.get_running_loop()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(owner, ready), name="jobs", daemon=True)
        self._thread.start()
        await asyncio.wait_for(ready, START_TIMEOUT)

    def _run(self, owner: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        assert self._loop is not None  # noqa: S101 - set by start()
        asyncio.set_event_loop(self._loop)
        launch = self._loop.create_task(self._launch())

        def report(task: asyncio.Task[None]) -> None:
            error = task.exception()
            if ready.cancelled() or owner.is_closed():
                return
            if error is None:
                owner.call_soon_threadsafe(ready.set_result, None)
            else:
                owner.call_soon_threadsafe(ready.set_exception, error)

        launch.add_done_callback(report)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _launch(self) -> None:
        from dbos import DBOS, DBOSConfig

        from visavis.jobs import webhooks
        from visavis.jobs.sender import Sender

        url = database_url(self._settings)
        if url.get_backend_name() == "sqlite":
            system = f"sqlite:///{self._settings.data / 'jobs.db'}"
        else:
            system = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._workshop = webhooks.Workshop(
            Database(url), Sender(self._settings), self._settings.webhook_attempts, self._secret_of
        )
        webhooks.equip(self._workshop)
        config: DBOSConfig = {
            "name": "visavis",
            "system_database_url": system,
            "application_version": WORKFLOW_VERSION,
            "executor_id": self._instance,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        DBOS.launch()
        await webhooks.start_waiting()
        await webhooks.forget_old()

    async def wake(self, lane: str) -> None:
        """Deliver what a lane has waiting; returns as soon as that is under way."""
        from visavis.jobs import webhooks

        await self._in_loop(webhooks.start_head(lane))

    async def adopt(self, instance: str) -> None:
        """Take over the deliveries of a server that is gone."""

        async def recover() -> None:
            from dbos._dbos import _get_dbos_instance
            from dbos._recovery import recover_pending_workflows

            await asyncio.to_thread(recover_pending_workflows, _get_dbos_instance(), [instance])

        await self._in_loop(recover())

    async def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None or not self._loop.is_running():
            work.close()
            raise RuntimeError("Webhooks are not running in this process.")
        return await asyncio.wait_for(
            asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop)), START_TIMEOUT
        )

    async def close(self) -> None:
        """Stop within a few seconds. A delivery in the middle of an attempt is made again after the next start."""
        if self._thread is None or self._loop is None:
            return
        if self._loop.is_running():
            try:
                await asyncio.wait_for(asyncio.to_thread(self._destroy), STOP_TIMEOUT)
            except TimeoutError:
                log.warning("jobs.slow_stop", seconds=STOP_TIMEOUT)
            self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, STOP_TIMEOUT)
        self._thread = None

    def _destroy(self) -> None:
        from dbos import DBOS

        from visavis.jobs import webhooks

        assert self._loop is not None  # noqa: S101 - checked by close()
        DBOS.destroy(workflow_completion_timeout_sec=0)
        asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop).result(STOP_TIMEOUT)
        webhooks.equip(None)

    async def _wind_up(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._workshop is not None:
            await self._workshop.sender.close()
            await self._workshop.database.close()
