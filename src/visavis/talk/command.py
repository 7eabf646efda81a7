"""`visavis talk`: options in, a conversation, an exit code out. Imports nothing heavy until it runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .console import Console
    from .dialogue import Outcome, Plan
    from .prompts import Prompt

DEFAULT_SENTENCES = ("Hello! Can you hear me?",)


def talk(
    url: Annotated[str, typer.Option(help="Address of the server.")] = "http://127.0.0.1:8420",
    api_key: Annotated[str | None, typer.Option(envvar="VISAVIS_API_KEY", help="Key of the API.")] = None,
    conversation: Annotated[
        str | None, typer.Option(help="Join this conversation instead of creating one; it is not ended.")
    ] = None,
    persona: Annotated[str | None, typer.Option(help="Persona of the conversation to create.")] = None,
    token: Annotated[str | None, typer.Option(help="Meeting token of a private conversation.")] = None,
    say: Annotated[list[str] | None, typer.Option(help="Say this; repeat it for more turns.")] = None,
    wav: Annotated[list[Path] | None, typer.Option(help="Play this sound file; repeat it for more turns.")] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Speak with this machine's microphone.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Send the words of --say as text, without sound.")] = False,
    out: Annotated[Path | None, typer.Option(help="Record what the replica shows and says (MP4).")] = None,
    wait: Annotated[float, typer.Option(min=0.5, help="Seconds an answer may take to begin.")] = 15.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the conversation running.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")] = False,
) -> None:
    """Talk to a replica from the terminal, as a browser would, and measure how fast it answers.

    Succeeds only if every turn got an answer that could be heard.
    """
    from .console import Console
    from .dialogue import Outcome, Plan
    from .errors import TalkError

    quiet_logs()
    console = Console(sys.stdout, quiet=as_json)
    plan = Plan(
        url,
        api_key=api_key,
        conversation_id=conversation,
        persona_id=persona,
        token=token,
        live=mic,
        recording=out,
        wait=wait,
        keep=keep,
    )
    try:
        outcome = asyncio.run(_run(plan, console, say or [], wav or [], text))
    except TalkError as error:
        outcome = Outcome(url, error=str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if as_json:
        print(json.dumps(outcome.document(), indent=2, ensure_ascii=False))
    else:
        _summarise(outcome, console)
    raise typer.Exit(0 if outcome.good else 1)


def quiet_logs() -> None:
    """Words are for stdout; what goes wrong inside belongs to stderr, and only if it is serious."""
    import logging

    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def _run(plan: Plan, console: Console, say: Sequence[str], wav: Sequence[Path], text: bool) -> Outcome:
    from .dialogue import Dialogue

    plan.prompts = await _prompts(say, wav, text, plan.live)
    dialogue = Dialogue(plan, console)
    try:
        return await dialogue.run()
    except asyncio.CancelledError:
        # Ctrl-C: the connection is closed by now; a live call has simply been ended by its person.
        if plan.live:
            return dialogue.outcome
        raise


async def _prompts(say: Sequence[str], wav: Sequence[Path], text: bool, mic: bool) -> list[Prompt]:
    """What will be said: prepared before the call, so that preparing it takes nothing from the call."""
    from .errors import TalkError
    from .prompts import Prompt, recorded, spoken

    if text and wav:
        raise TalkError("--text sends words, so it goes with --say and not with --wav.")
    if mic and (say or wav or text):
        raise TalkError("--mic speaks for itself: leave out --say, --wav and --text.")
    if mic:
        return []
    sounds = [await asyncio.to_thread(recorded, path) for path in wav]
    sentences = list(say) or ([] if wav else list(DEFAULT_SENTENCES))
    if text:
        return [Prompt(sentence) for sentence in sentences]
    return [*(await spoken(sentences) if sentences else []), *sounds]


def _summarise(outcome: Outcome, console: Console) -> None:
    answered = sum(1 for turn in outcome.turns if turn.error is None)
    if outcome.turns:
        median = outcome.median_latency
        latency = f", latency {median * 1000:.0f} ms (median)" if median is not None else ""
        console.line(f"{answered} of {len(outcome.turns)} turns answered{latency}")
    figures = outcome.statistics
    if figures:
        console.line(
            f"connected in {figures['connected_in'] or 0:.2f} s, {figures['pictures']} pictures "
            f"({figures['width']}x{figures['height']}, {figures['pictures_per_second']:g} per second), "
            f"{figures['packets_lost']} packets lost"
        )
    if outcome.error:
        typer.echo(outcome.error, err=True)
