"""Does a server grow with the calls it has had? `python -m bench.memory [--cycles 20] [--json]`.

Each cycle creates a conversation, joins it, hears the greeting begin, and ends it. The memory after the fifth is
compared with the memory after the last: the first few calls fill caches.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from bench.machine import describe, facts
from bench.processes import usage
from bench.server import BenchServer, ServerFailed
from visavis.talk.client import TalkClient
from visavis.talk.command import quiet_logs
from visavis.talk.errors import TalkError
from visavis.talk.server import Server

FIRST = 5
REST = 1.0
"""Seconds after a call has ended before memory is read."""
CYCLE_LIMIT = 30.0


async def cycle(bench: BenchServer, server: Server, persona_id: str) -> None:
    created = await server.create_conversation(persona_id, custom_greeting="Hello, how are you?")
    async with TalkClient(bench.url, created["conversation_id"]) as client:
        await client.wait_picture(10.0)
        await client.wait_event("conversation.started_speaking", 10.0)
        await asyncio.sleep(0.5)
        await server.end_conversation(created["conversation_id"])


async def measure(cycles: int) -> dict[str, Any]:
    """Return the memory after every cycle, in MiB, and the ratio of the last to the fifth."""
    machine = facts()
    async with BenchServer() as bench, Server(bench.url, bench.api_key) as server:
        persona_id = (await server.full_persona())["persona_id"]
        before = usage(bench.pid).rss
        after = []
        for _ in range(cycles):
            await asyncio.wait_for(cycle(bench, server, persona_id), CYCLE_LIMIT)
            await asyncio.sleep(REST)
            after.append(usage(bench.pid).rss)
    return {
        "machine": machine,
        "cycles": cycles,
        "rss_mib_before": round(before / 2**20, 1),
        "rss_mib": [round(rss / 2**20, 1) for rss in after],
        "ratio": round(after[-1] / after[FIRST - 1], 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--cycles", type=int, default=20, help=f"calls, more than {FIRST} (default 20)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    if arguments.cycles <= FIRST:
        parser.error(f"--cycles must be more than {FIRST}")
    quiet_logs()
    try:
        document = asyncio.run(measure(arguments.cycles))
    except (TalkError, ServerFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except TimeoutError:
        sys.stderr.write("A call did not do what it should in time.\n")
        return 1
    if arguments.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print(describe(document["machine"]))
        memory = document["rss_mib"]
        print(
            f"RSS {document['rss_mib_before']} MiB before the first call, {memory[FIRST - 1]} after call {FIRST}, "
            f"{memory[-1]} after call {document['cycles']}: ratio {document['ratio']}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
