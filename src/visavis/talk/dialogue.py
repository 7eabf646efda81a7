"""One whole conversation: join, hear the greeting, take turns, leave, and say how it went."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .client import TalkClient
from .console import Console
from .errors import CallOver, NoAnswer, TalkError
from .prompts import Prompt
from .replies import Event, Reply
from .server import Server

GREETING_WITHIN = 4.0
"""Seconds after joining in which a greeting, if there is one, begins."""
PAUSE = 0.4
"""Seconds between the end of an answer and the next thing said."""


@dataclass(slots=True)
class Plan:
    """What to do. Without `conversation_id` a conversation is created and, unless `keep`, ended."""

    url: str
    api_key: str | None = None
    conversation_id: str | None = None
    persona_id: str | None = None
    token: str | None = None
    prompts: Sequence[Prompt] = ()
    live: bool = False
    """Speak with this machine's own microphone until the call ends or the person presses Ctrl-C."""
    recording: Path | None = None
    wait: float = 15.0
    keep: bool = False


@dataclass(slots=True)
class Turn:
    """One exchange. Times in seconds; `error` is a sentence when there was no audible answer."""

    said: str
    heard: str | None = None
    """The person's words as the server understood them."""
    answer: str = ""
    latency: float | None = None
    duration: float | None = None
    hops: dict[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(slots=True)
class Outcome:
    """How it went. Every turn answered and no `error`: everything works."""

    url: str
    conversation_id: str | None = None
    conversation_url: str | None = None
    engines: dict[str, Any] = field(default_factory=dict)
    greeting: str | None = None
    turns: list[Turn] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)
    recording: str | None = None
    error: str | None = None

    @property
    def good(self) -> bool:
        return self.error is None and bool(self.turns) and all(turn.error is None for turn in self.turns)

    @property
    def median_latency(self) -> float | None:
        known = [turn.latency for turn in self.turns if turn.latency is not None]
        return statistics.median(known) if known else None

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": self.good, "median_latency": self.median_latency, **asdict(self)}


class Dialogue:
    """Carries out a plan; `outcome` holds what is known at any time, also after a failure."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.outcome = Outcome(plan.url)
        self._plan = plan
        self._console = console

    async def run(self) -> Outcome:
        try:
            async with AsyncExitStack() as stack:
                await self._converse(stack)
        except TalkError as error:
            self.outcome.error = str(error)
        return self.outcome

    async def _converse(self, stack: AsyncExitStack) -> None:
        plan, outcome = self._plan, self.outcome
        server = await stack.enter_async_context(Server(plan.url, plan.api_key))
        token = plan.token
        if plan.conversation_id:
            outcome.conversation_id = plan.conversation_id
        else:
            token = await self._create(server, stack)
        client = TalkClient(
            plan.url,
            str(outcome.conversation_id),
            token=token,
            recording=plan.recording,
            on_event=self._on_event,
        )
        stack.push_async_callback(self._account, client)
        await stack.enter_async_context(client)
        stack.push_async_callback(self._measure, client)
        await self._take_turns(client)

    async def _create(self, server: Server, stack: AsyncExitStack) -> str | None:
        plan, outcome = self._plan, self.outcome
        persona = plan.persona_id or str((await server.full_persona())["persona_id"])
        created = await server.create_conversation(persona)
        outcome.conversation_id = str(created["conversation_id"])
        outcome.conversation_url = created.get("conversation_url")
        if not plan.keep:
            stack.push_async_callback(server.end_conversation, outcome.conversation_id)
        self._console.line(f"conversation: {outcome.conversation_url or outcome.conversation_id}")
        return created.get("meeting_token")

    async def _account(self, client: TalkClient) -> None:
        """The recording is complete only after the client has closed."""
        if client.recorded is not None:
            self.outcome.recording = str(self._plan.recording)
            self._console.line(f"recorded {client.recorded:.1f} s in {self._plan.recording}")

    async def _measure(self, client: TalkClient) -> None:
        figures = await client.statistics()
        self.outcome.statistics = {
            key: round(value, 4) if isinstance(value, float) else value
            for key in figures.__slots__
            if key != "picture_times"
            for value in (getattr(figures, key),)
        }

    def _on_event(self, event: Event) -> None:
        self._console.note(event)
        if event.type == "room.engines":
            self.outcome.engines = dict(event.properties)

    async def _take_turns(self, client: TalkClient) -> None:
        try:
            greeting = await client.next_reply(GREETING_WITHIN)
        except NoAnswer:
            self._console.line("(the replica does not greet)")
        else:
            self.outcome.greeting = greeting.text
        if self._plan.live:
            await self._live(client)
        for prompt in self._plan.prompts:
            await asyncio.sleep(PAUSE)
            turn = Turn(prompt.label)
            self.outcome.turns.append(turn)
            try:
                await self._turn(client, prompt, turn)
            except NoAnswer as error:
                turn.error = str(error)
            except CallOver as error:
                turn.error = str(error)
                raise
            finally:
                self._report(turn)

    async def _turn(self, client: TalkClient, prompt: Prompt, turn: Turn) -> None:
        client.drop_replies()
        began = time.monotonic()
        try:
            if prompt.audio is None:
                await client.respond(prompt.label)
            else:
                await client.speak(prompt.audio, prompt.rate)
            self._take(turn, await client.answer(self._plan.wait))
        finally:
            # What was understood is worth knowing also when no answer came.
            turn.heard = _understood(client, began)

    def _take(self, turn: Turn, reply: Reply) -> None:
        turn.answer = reply.text
        turn.hops = dict(reply.hops)
        turn.duration = round(len(reply.audio) / 48_000, 3)
        if reply.latency is not None:
            turn.latency = round(reply.latency, 4)
        if not reply.audible:
            turn.error = "The replica answered, but no sound of its answer arrived."

    def _report(self, turn: Turn) -> None:
        if turn.latency is not None:
            hops = "  ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in turn.hops.items())
            self._console.line(f"  latency {turn.latency * 1000:.0f} ms" + (f"  (server, ms: {hops})" if hops else ""))
        if turn.error:
            self._console.line(f"  {turn.error}")

    async def _live(self, client: TalkClient) -> None:
        from .live import SoundCard

        async with SoundCard(client):
            self._console.line("Speak; Ctrl-C ends the call. Use headphones, or the replica hears itself.")
            while True:
                began = time.monotonic()
                try:
                    reply = await client.next_reply(timeout=None)
                except CallOver as error:
                    self._console.line(str(error))
                    return
                turn = Turn("(microphone)")
                self._take(turn, reply)
                turn.heard = _understood(client, began)
                self.outcome.turns.append(turn)
                self._report(turn)


def _understood(client: TalkClient, since: float) -> str | None:
    """The person's words since then, as the server understood them."""
    said = [
        str(event.properties.get("speech") or "")
        for event in client.events
        if event.at >= since and event.type == "conversation.utterance" and event.properties.get("role") == "user"
    ]
    return " ".join(said) or None
