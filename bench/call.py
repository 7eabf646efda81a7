"""What one call costs and how fast it answers: `python -m bench.call [--turns 6] [--size 512x512] [--json]`.

CPU is the server's (with its child processes), as a share of one core, for each thing a call can be doing. Latency is
the client's: from the last voiced sound it sent to the first sound it received; the hops are the server's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.machine import describe, facts
from bench.processes import Usage, usage
from bench.server import BenchServer, ServerFailed
from visavis.talk.client import TalkClient
from visavis.talk.command import quiet_logs
from visavis.talk.errors import NoAnswer, TalkError
from visavis.talk.prompts import Prompt, spoken
from visavis.talk.server import Server

QUESTIONS = (
    "Hello! What is your name?",
    "What can you do for me?",
    "Is it free to use?",
    "How do I make a persona of my own?",
    "Do I need a graphics card?",
    "Which language models can I connect?",
    "Can I interrupt you while you speak?",
    "What is the licence?",
    "Does anything leave this machine?",
    "Thank you, and goodbye!",
)
IDLE_SECONDS = 10.0
SETTLE_WINDOW = 3.0
SETTLE_AT_MOST = 45.0
SAMPLE_EVERY = 0.1
ANSWER_WITHIN = 15.0
LISTEN_AT_MOST = 6.0
"""Seconds of an answer that are heard; it is then interrupted, so that the measurement stays short."""
TIME_LIMIT = 170.0
BEFORE = "outside: until the server begins to count"
AFTER = "outside: from the first frame to audible sound"

Span = tuple[float, float]


@dataclass(slots=True)
class Samples:
    """The server's use of the machine over time."""

    at: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)

    def add(self, used: Usage) -> None:
        self.at.append(time.monotonic())
        self.cpu.append(used.cpu)
        self.rss.append(used.rss)

    def share(self, spans: Sequence[Span]) -> float | None:
        """CPU seconds per second during these spans; None when they are shorter than a second in all."""
        seconds = sum(end - start for start, end in spans)
        if seconds < 1.0:
            return None
        used = sum(float(np.diff(np.interp(span, self.at, self.cpu))[0]) for span in spans)
        return used / seconds

    def dearest(self, window: float) -> float:
        """Highest share of any stretch of `window` seconds."""
        starts = [at for at in self.at if at + window <= self.at[-1]]
        return max((self.share([(start, start + window)]) or 0.0 for start in starts), default=0.0)


@dataclass(slots=True)
class Measured:
    """One call."""

    size: str
    samples: Samples = field(default_factory=Samples)
    idle: list[Span] = field(default_factory=list)
    user: list[Span] = field(default_factory=list)
    replica: list[Span] = field(default_factory=list)
    call: Span = (0.0, 0.0)
    rss_before: int = 0
    latencies: list[float] = field(default_factory=list)
    hops: dict[str, list[float]] = field(default_factory=dict)
    unanswered: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)

    def spans(self) -> dict[str, list[Span]]:
        """When the call was doing what."""
        return {
            "nobody speaks": self.idle,
            "person speaks": self.user,
            "replica speaks": self.replica,
            "whole call": [self.call],
        }

    def document(self) -> dict[str, Any]:
        spans = self.spans()
        shares = {name: self.samples.share(value) for name, value in spans.items()}
        latency = {"heard by the client": self.latencies, **self.hops}
        return {
            "size": self.size,
            "turns": len(self.latencies) + self.unanswered,
            "unanswered": self.unanswered,
            "cpu_share_of_one_core": {name: None if v is None else round(v, 3) for name, v in shares.items()},
            "seconds": {name: round(sum(b - a for a, b in value), 1) for name, value in spans.items()},
            "rss_mib": {
                "before the call": round(self.rss_before / 2**20, 1),
                "highest": round(max(self.samples.rss) / 2**20, 1),
            },
            "pictures_per_second": self.rates,
            "longest_freeze_ms": round(self.figures["longest_freeze"] * 1000),
            "packets_lost": self.figures["packets_lost"],
            "connected_in_ms": round(self.figures["connected_in"] * 1000),
            "sound_behind_picture_ms": round(self.figures["sound_behind_picture"] * 1000),
            "latency_ms": {name: spread(values) for name, values in latency.items() if values},
        }


def spread(seconds: Sequence[float]) -> dict[str, int]:
    """Median and 90th percentile, in milliseconds."""
    return {
        "median": round(statistics.median(seconds) * 1000),
        "p90": round(float(np.percentile(seconds, 90)) * 1000),
    }


async def measure(size: str, prompts: Sequence[Prompt], settings: dict[str, str]) -> Measured:
    """Run one call against a server of its own."""
    result = Measured(size)
    async with BenchServer(video_size=size, **settings) as bench, Server(bench.url, bench.api_key) as server:
        persona = await server.full_persona()
        result.rss_before = usage(bench.pid).rss
        created = await server.create_conversation(persona["persona_id"])
        sampler = asyncio.create_task(_sample(bench.pid, result.samples))
        try:
            async with TalkClient(bench.url, created["conversation_id"]) as client:
                await _call(client, prompts, result)
        finally:
            sampler.cancel()
            await asyncio.gather(sampler, return_exceptions=True)
        await server.end_conversation(created["conversation_id"])
    return result


async def _sample(pid: int, samples: Samples) -> None:
    while True:
        samples.add(usage(pid))
        await asyncio.sleep(SAMPLE_EVERY)


async def _call(client: TalkClient, prompts: Sequence[Prompt], result: Measured) -> None:
    began = time.monotonic()
    with contextlib.suppress(NoAnswer):  # a persona need not greet
        await client.next_reply(5.0)
    await _settled(result.samples)
    idle_from = time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    result.idle.append((idle_from, time.monotonic()))
    for prompt in prompts:
        await _turn(client, prompt, result)
    result.call = (began, time.monotonic())
    figures = await client.statistics()
    result.figures = {
        "longest_freeze": figures.longest_freeze,
        "packets_lost": figures.packets_lost,
        "connected_in": figures.connected_in,
        "sound_behind_picture": figures.sound_behind_picture or 0.0,
    }
    for name, spans in result.spans().items():
        seconds = sum(end - start for start, end in spans)
        pictures = sum(figures.rate(*span) * (span[1] - span[0]) for span in spans)
        result.rates[name] = round(pictures / seconds, 1) if seconds else 0.0


async def _settled(samples: Samples) -> None:
    """Wait for the end of what the server prepares in the background when a replica's first call begins.

    It is over when two windows in a row cost less than half of the dearest one so far, which was the greeting's or
    the preparation's.
    """
    deadline = time.monotonic() + SETTLE_AT_MOST
    calm = 0
    while calm < 2 and time.monotonic() < deadline:
        began = time.monotonic()
        await asyncio.sleep(SETTLE_WINDOW)
        share = samples.share([(began, time.monotonic())]) or 0.0
        calm = calm + 1 if share < samples.dearest(SETTLE_WINDOW) / 2 else 0


async def _turn(client: TalkClient, prompt: Prompt, result: Measured) -> None:
    assert prompt.audio is not None
    client.drop_replies()
    speech = await client.speak(prompt.audio, prompt.rate)
    assert speech.started_at is not None
    assert speech.ended_at is not None
    result.user.append((speech.started_at, speech.ended_at))
    stop = asyncio.create_task(_cut_short(client, speech.ended_at))
    try:
        reply = await client.answer(ANSWER_WITHIN)
    except NoAnswer:
        result.unanswered += 1
        return
    finally:
        stop.cancel()
        await asyncio.gather(stop, return_exceptions=True)
    if reply.latency is None:
        result.unanswered += 1
        return
    result.latencies.append(reply.latency)
    for name, seconds in reply.hops.items():
        result.hops.setdefault(f"server: {name}", []).append(seconds)
    shown = reply.hops.get("first_frame")
    if shown is not None and reply.first_sound_at is not None:
        # The server counts from the last voiced sound that reached it, to the frame it sends first.
        result.hops.setdefault(BEFORE, []).append(reply.started_at - shown - speech.ended_at)
        result.hops.setdefault(AFTER, []).append(reply.first_sound_at - reply.started_at)
    assert reply.ended_at is not None
    result.replica.append((reply.started_at, reply.ended_at))


async def _cut_short(client: TalkClient, since: float) -> None:
    """Interrupt the answer once enough of it was heard."""
    await client.wait_event(
        "conversation.started_speaking",
        ANSWER_WITHIN,
        lambda event: event.at > since and event.properties.get("role") == "replica",
    )
    await asyncio.sleep(LISTEN_AT_MOST)
    client.send("conversation.interrupt")


def table(document: dict[str, Any]) -> str:
    """For people."""
    lines = [f"One call at {document['size']}, {document['turns']} turns ({document['unanswered']} without an answer)"]
    lines.append("  server CPU, share of one core")
    for name, share in document["cpu_share_of_one_core"].items():
        rate = document["pictures_per_second"].get(name)
        told = "–" if share is None else f"{share * 100:.0f} %"
        pictures = f"   {rate:g} pictures per second" if rate is not None else ""
        lines.append(f"    {name:<26}{told:>7}   over {document['seconds'][name]:g} s{pictures}")
    rss = document["rss_mib"]
    lines.append(f"  server memory (RSS): {rss['before the call']} MiB before, {rss['highest']} MiB at most")
    lines.append(
        f"  connected in {document['connected_in_ms']} ms; {document['packets_lost']} packets lost; "
        f"longest time between two pictures {document['longest_freeze_ms']} ms; "
        f"sound left {document['sound_behind_picture_ms']} ms behind the picture at the end"
    )
    lines.append("  latency after the person's last sound, ms               median     p90")
    for name, values in document["latency_ms"].items():
        lines.append(f"    {name:<50}{values['median']:>8}{values['p90']:>8}")
    return "\n".join(lines)


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    machine = facts()
    questions = [QUESTIONS[index % len(QUESTIONS)] for index in range(arguments.turns)]
    prompts = await spoken(questions)
    settings = dict(item.split("=", 1) for item in arguments.setting)
    calls = []
    for size in arguments.size or ["512x512"]:
        measured = await asyncio.wait_for(measure(size, prompts, settings), arguments.limit)
        calls.append(measured.document())
    return {"machine": machine, "calls": calls}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.call", description=__doc__)
    parser.add_argument("--turns", type=int, default=6, help="questions asked (default 6)")
    parser.add_argument("--size", action="append", help="picture, WxH; repeat it for more (default 512x512)")
    parser.add_argument("--setting", action="append", default=[], help="setting of the server, e.g. tts_engine=espeak")
    parser.add_argument("--limit", type=float, default=TIME_LIMIT, help="seconds one call may take (default 170)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    quiet_logs()
    try:
        document = asyncio.run(run(arguments))
    except TimeoutError:
        sys.stderr.write(f"The call did not end within {arguments.limit:g} s.\n")
        return 1
    except (TalkError, ServerFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(describe(document["machine"]))
        for call in document["calls"]:
            print(table(call))
    return 0 if all(call["unanswered"] == 0 for call in document["calls"]) else 1


if __name__ == "__main__":
    sys.exit(main())
