"""The durable delivery of webhooks: one workflow per delivery, its id the event's id, one lane after the other's turn.

Order without a queue: only the head of a lane has a workflow, and the last step of every workflow starts the next
head. An event that is written while its predecessor ends is never forgotten, since both sides commit before they look:
either the writer finds the predecessor done and starts its own event, or the predecessor finds the new event.
What a crash leaves behind is picked up twice: DBOS resumes the workflow, and every start looks for lanes that wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from dbos import DBOS, SetWorkflowID

from visavis.db.models import now
from visavis.db.session import Database
from visavis.jobs import deliveries
from visavis.jobs.sender import Sender

log = structlog.get_logger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 900.0

KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1000


def pause_after(attempt: int) -> float:
    """Seconds to wait after the given attempt (0 is the first): 1, 4, 16 … at most a quarter of an hour."""
    return min(FIRST_PAUSE * 4.0**attempt, LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the workflows of this process work with. Belongs to the loop that runs them."""

    database: Database
    sender: Sender
    attempts: int
    secret_of: Callable[[str], str]
    """Account id → signing secret."""


# DBOS workflows are module-level functions, found again by name after a crash; so is what they need.
_workshop: Workshop | None = None


def equip(workshop: Workshop | None) -> None:
    global _workshop  # noqa: PLW0603
    _workshop = workshop


def _equipped() -> Workshop:
    if _workshop is None:
        raise RuntimeError("Webhooks are not running in this process.")
    return _workshop


async def start_head(lane: str) -> None:
    """Start the delivery that a lane waits for, unless it runs already."""
    async with _equipped().database.read() as session:
        event_id = await deliveries.head(session, lane)
    if event_id is not None:
        await _start(event_id, lane)


async def start_waiting() -> None:
    """Start the heads of all lanes, as a process does when it begins."""
    async with _equipped().database.read() as session:
        heads = [(lane, await deliveries.head(session, lane)) for lane in await deliveries.waiting_lanes(session)]
    for lane, event_id in heads:
        if event_id is None:
            continue
        await _start(event_id, lane)
        status = await DBOS.get_workflow_status_async(event_id)
        if status is not None and status.status in ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
            log.warning("webhook.restarted", event=event_id, was=status.status)
            await DBOS.resume_workflow_async(event_id)


async def forget_old() -> None:
    """Remove what is known of deliveries that were over weeks ago, so that the tables do not grow for ever."""
    before = now() - KEPT
    async with _equipped().database.write() as session:
        await deliveries.forget(session, before)
    finished = await DBOS.list_workflows_async(
        name="deliver_webhook", status=["SUCCESS"], end_time=before.isoformat(), limit=FORGOTTEN_AT_ONCE
    )
    if finished:
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in finished])


async def _start(event_id: str, lane: str) -> None:
    with SetWorkflowID(event_id):
        await DBOS.start_workflow_async(deliver, event_id, lane)


@DBOS.workflow(name="deliver_webhook")
async def deliver(event_id: str, lane: str) -> None:
    """Try until delivered, refused for good, or out of attempts; then hand over to the next of the lane."""
    attempts = _equipped().attempts
    for attempt in range(attempts):
        if await attempt_delivery(event_id, attempt == attempts - 1):
            break
        await DBOS.sleep_async(pause_after(attempt))
    following = await next_of_lane(lane)
    if following is not None:
        await _start(following, lane)


@DBOS.step(name="attempt_delivery")
async def attempt_delivery(event_id: str, last: bool) -> bool:
    """One attempt, and its record; True when the delivery is over, one way or the other."""
    workshop = _equipped()
    async with workshop.database.read() as session:
        delivery = await deliveries.get(session, event_id)
    if delivery is None or delivery.status != deliveries.PENDING:
        return True
    outcome = await workshop.sender.send(
        event_id=event_id, url=delivery.url, payload=delivery.payload, secret=workshop.secret_of(delivery.account_id)
    )
    over = outcome.ok or outcome.final or last
    async with workshop.database.write() as session:
        delivery = await deliveries.get(session, event_id)
        if delivery is None:
            return True
        deliveries.attempted(delivery, status=outcome.status, error=outcome.error)
        if over:
            await deliveries.finish(session, delivery, deliveries.DELIVERED if outcome.ok else deliveries.FAILED)
        facts = {"event_id": event_id, "conversation": delivery.lane, "attempt": delivery.attempts}
    if outcome.ok:
        log.info("webhook.delivered", status=outcome.status, **facts)
    else:
        log.warning("webhook.failed", status=outcome.status, reason=outcome.error, over=over, **facts)
    return over


@DBOS.step(name="next_of_lane")
async def next_of_lane(lane: str) -> str | None:
    async with _equipped().database.read() as session:
        return await deliveries.head(session, lane)
