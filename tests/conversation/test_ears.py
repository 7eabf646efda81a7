"""Listening: when a turn begins, when it is over, and what is told on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from tests.conversation.fakes import ScriptedEndOfTurn, ScriptedStream, ScriptedVad
from visavis.conversation.ears import Ears, UserTurn
from visavis.conversation.turns.policy import TurnPolicy

RATE = 16_000


class Heard:
    """Notes everything the ears tell."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.turns: list[UserTurn] = []
        self.voiced = 0.0

    def on_speech_started(self) -> None:
        self.log.append("started")

    def on_speech(self, seconds: float, words: int) -> None:
        self.voiced = seconds

    def on_partial(self, text: str) -> None:
        self.log.append(f"partial {text}")

    def on_candidate(self, text: str) -> None:
        self.log.append(f"candidate {text}")

    def on_turn(self, turn: UserTurn) -> None:
        self.turns.append(turn)


class Person:
    """Speaks and falls silent in 20 ms packets, as fast as the test likes: the ears count samples."""

    def __init__(self, ears: Ears, heard: Heard) -> None:
        self.ears = ears
        self.heard = heard

    async def makes(self, seconds: float, *, loud: bool) -> None:
        level = 5000 if loud else 0
        for _ in range(round(seconds / 0.02)):
            self.ears.feed(np.full(RATE // 50, level, np.int16))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def speaks(self, seconds: float) -> None:
        await self.makes(seconds, loud=True)

    async def is_silent(self, seconds: float) -> None:
        await self.makes(seconds, loud=False)


@asynccontextmanager
async def listening(
    words: Callable[[float], str] | str,
    *,
    audio_score: float | None = 0.9,
    policy: TurnPolicy | None = None,
    delay: float = 0.0,
) -> AsyncIterator[Person]:
    heard = Heard()
    stream = ScriptedStream(words if callable(words) else lambda _: words)
    stream.delay = delay
    ears = Ears(
        vad=ScriptedVad(),
        stream=stream,
        end_of_turn=None if audio_score is None else ScriptedEndOfTurn(audio_score),
        policy=lambda: policy or TurnPolicy(),
        events=heard,
    )
    try:
        yield Person(ears, heard)
    finally:
        await ears.close()


async def test_a_finished_question_ends_the_turn_after_the_short_silence() -> None:
    async with listening("What can you do?") as person:
        await person.is_silent(0.3)
        await person.speaks(1.2)
        await person.is_silent(0.19)
        assert not person.heard.turns
        await person.is_silent(0.1)
        assert [turn.text for turn in person.heard.turns] == ["What can you do?"]
        assert person.heard.log[0] == "started"
        assert "candidate What can you do?" in person.heard.log
        assert list(person.heard.turns[0].hops) == ["silence_noticed", "transcribed", "judged", "turn_decided"]


async def test_an_unfinished_sentence_gets_the_long_silence() -> None:
    async with listening("I would like to book a table for", audio_score=0.3) as person:
        await person.speaks(1.0)
        await person.is_silent(0.8)
        assert not person.heard.turns
        await person.is_silent(0.2)
        assert len(person.heard.turns) == 1


async def test_going_on_after_a_pause_stays_one_turn() -> None:
    async with listening(lambda s: "I would like" if s < 2 else "I would like some tea, please.") as person:
        await person.speaks(1.0)
        await person.is_silent(0.18)
        await person.speaks(1.0)
        await person.is_silent(0.5)
        assert [turn.text for turn in person.heard.turns] == ["I would like some tea, please."]
        assert person.heard.log.count("started") == 1


async def test_silence_alone_decides_when_the_persona_says_so() -> None:
    policy = replace(TurnPolicy(), judge=False, min_silence=0.5, max_silence=0.5)
    async with listening("and then I went to the", audio_score=0.0, policy=policy) as person:
        await person.speaks(0.6)
        await person.is_silent(0.45)
        assert not person.heard.turns
        await person.is_silent(0.15)
        assert len(person.heard.turns) == 1


async def test_words_decide_where_no_turn_model_is_installed() -> None:
    async with listening("Tell me a story.", audio_score=None) as person:
        await person.speaks(0.6)
        await person.is_silent(0.3)
        assert len(person.heard.turns) == 1


async def test_a_click_is_not_speech_and_noise_without_words_gives_an_empty_turn() -> None:
    async with listening("") as person:
        await person.speaks(0.02)
        await person.is_silent(1.0)
        assert not person.heard.log
        await person.speaks(0.4)
        await person.is_silent(1.5)
        assert [turn.text for turn in person.heard.turns] == [""]


async def test_partial_words_come_while_somebody_speaks() -> None:
    async with listening(lambda s: " ".join(["word"] * int(s * 2))) as person:
        await person.speaks(2.4)
        assert len([entry for entry in person.heard.log if entry.startswith("partial")]) >= 3
        assert person.heard.voiced == pytest.approx(2.4, abs=0.1)


async def test_a_microphone_that_stops_sending_ends_the_turn() -> None:
    async with listening("What can you do?") as person:
        await person.speaks(1.0)
        async with asyncio.timeout(3):
            while not person.heard.turns:
                await asyncio.sleep(0.02)
        assert person.heard.turns[0].text == "What can you do?"


async def test_a_slow_recogniser_delays_the_turn_but_loses_nothing() -> None:
    async with listening("What can you do?", delay=0.3) as person:
        await person.speaks(1.0)
        await person.is_silent(0.6)
        assert not person.heard.turns
        await asyncio.sleep(0.4)
        assert [turn.text for turn in person.heard.turns] == ["What can you do?"]


async def test_each_turn_starts_from_a_clean_page() -> None:
    async with listening(lambda s: f"I spoke for {round(s)} seconds.") as person:
        for _ in range(3):
            await person.speaks(1.0)
            await person.is_silent(0.6)
        assert len(person.heard.turns) == 3
        assert len({turn.text for turn in person.heard.turns}) == 1
