"""The dialogue: order of events, interruption, turns taken back, interactions, and what stays in the record."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from tests.conversation.fakes import FakeFace, FakeTts
from visavis.conversation.brain import Brain, Choice, Context
from visavis.conversation.ears import UserTurn
from visavis.conversation.ports import CallSpec, EndReason, TranscriptEntry, TurnTiming
from visavis.conversation.protocol import Wire, parse
from visavis.conversation.recorder import Recorder
from visavis.conversation.session import Session
from visavis.conversation.turns.policy import policy_for
from visavis.conversation.voice import Voice
from visavis.engines.ports import ChatDelta, ChatRequest, ToolCall, TtsOptions

SPOKEN = {"conversation.utterance", "conversation.started_speaking", "conversation.stopped_speaking"}


class Model:
    """Answers what the test says; remembers what it was asked."""

    def __init__(self, answer: Callable[[str], list[ChatDelta]]) -> None:
        self.answer = answer
        self.asked: list[ChatRequest] = []
        self.pause = 0.0

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.asked.append(request)
        for delta in self.answer(request.messages[-1].content):
            await asyncio.sleep(self.pause)
            yield delta

    async def close(self) -> None: ...


class Record:
    def __init__(self) -> None:
        self.lines: dict[str, TranscriptEntry] = {}
        self.timings: list[TurnTiming] = []

    async def replica_joined(self) -> None: ...

    async def transcript(self, entry: TranscriptEntry) -> None:
        self.lines[entry.key] = entry

    async def turn(self, timing: TurnTiming) -> None:
        self.timings.append(timing)

    async def ended(self, reason: EndReason) -> None: ...

    @property
    def talk(self) -> list[tuple[str, str]]:
        return [(entry.role, entry.content) for entry in self.lines.values()]


class Dialogue:
    """A session with a face that plays ten times faster than life would."""

    def __init__(self, *, echo: bool = False, answer: Callable[[str], list[ChatDelta]] | None = None) -> None:
        persona = {"system_prompt": "You are Ada.", "pipeline_mode": "echo" if echo else "full"}
        self.spec = CallSpec(
            "c1", "a", "n", "p1", "Ada", persona, "r1", "Anna", Path(), None, time.time(), greeting="Welcome."
        )
        self.events: list[dict] = []
        self.record = Record()
        self.recorder = Recorder(self.record)
        self.model = Model(answer or (lambda text: [ChatDelta(f"You said: {text} That is all there is to say.")]))
        choice = Choice(self.model, "m", "test model", "The test chose it.", "settings")
        self.problems: list[str] = []
        brain = Brain(choice, Context(persona=persona), persona=persona, on_problem=self.problems.append)
        self.brain = None if echo else brain
        self.face = FakeFace()
        self.tts = FakeTts()
        wire = Wire("c1", lambda text: self.events.append(json.loads(text)))
        self.session = Session(
            self.spec, wire=wire, recorder=self.recorder, brain=self.brain, policy=policy_for(persona)
        )
        self.voice = Voice(self.face, self.tts, TtsOptions(), self.session)
        self.session.attach(self.voice)

    def person_said(self, text: str) -> None:
        """A whole spoken turn, as the ears tell it."""
        self.session.on_speech_started()
        self.session.on_partial(text.split(maxsplit=1)[0])
        self.session.on_candidate(text)
        now = asyncio.get_running_loop().time()
        self.session.on_turn(UserTurn(text, now - 1.0, now, {"turn_decided": 0.2}))

    async def plays(self, seconds: float) -> None:
        for _ in range(round(seconds * self.face.fps)):
            self.session.on_frame(self.face.next())
            await asyncio.sleep(0.004)

    async def plays_out(self) -> None:
        await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            while self.voice.current:
                await self.plays(0.2)

    def send(self, event: str, **properties: object) -> None:
        interaction = parse(json.dumps({"event_type": event, "properties": properties}), "c1")
        assert interaction is not None
        self.session.interact(interaction)

    def named(self, *kinds: str) -> list[dict]:
        return [event for event in self.events if event["event_type"] in kinds]

    def order(self) -> list[tuple[str, str]]:
        return [(event["event_type"].split(".")[-1], event["properties"]["role"]) for event in self.named(*SPOKEN)]


@asynccontextmanager
async def a_dialogue(**options: object) -> AsyncIterator[Dialogue]:
    dialogue = Dialogue(**options)  # type: ignore[arg-type]
    try:
        yield dialogue
    finally:
        await dialogue.session.close()
        await dialogue.recorder.close()


async def test_one_spoken_turn_tells_its_events_in_the_contracts_order() -> None:
    async with a_dialogue() as talk:
        talk.person_said("Hello there.")
        await talk.plays_out()
        assert talk.order() == [
            ("started_speaking", "user"),
            ("stopped_speaking", "user"),
            ("utterance", "user"),
            ("started_speaking", "replica"),
            ("utterance", "replica"),
            ("stopped_speaking", "replica"),
        ]
        seqs = [event["seq"] for event in talk.events if "seq" in event]
        assert seqs == sorted(set(seqs))
        turn = {event.get("turn_idx") for event in talk.named(*SPOKEN)}
        assert turn == {1}
        streaming = talk.named("conversation.utterance.streaming")
        mine = [event["properties"] for event in streaming if event["properties"]["role"] == "replica"]
        assert [event["content_index"] for event in mine] == list(range(len(mine)))
        assert mine[-1]["final"] and mine[-1]["speech"] == "You said: Hello there. That is all there is to say."
        replica = talk.named("conversation.utterance")[-1]
        assert len({e["inference_id"] for e in talk.named("conversation.replica.started_speaking")}) == 1
        assert replica["inference_id"] == talk.named("conversation.replica.started_speaking")[0]["inference_id"]


async def test_both_sides_are_recorded_with_times_and_the_turns_hops() -> None:
    async with a_dialogue() as talk:
        talk.person_said("Hello there.")
        await talk.plays_out()
        await talk.recorder.close()
        assert talk.record.talk == [
            ("user", "Hello there."),
            ("assistant", "You said: Hello there. That is all there is to say."),
        ]
        answer = list(talk.record.lines.values())[1]
        assert answer.duration and answer.duration > 0.1 and answer.inference_id
        hops = talk.record.timings[0].hops
        assert list(hops) == ["turn_decided", "first_clause", "first_sound", "first_frame"]


async def test_an_interruption_stops_the_reply_and_the_model_hears_only_what_was_said() -> None:
    async with a_dialogue() as talk:
        talk.person_said("Tell me everything.")
        await asyncio.sleep(0.05)
        await talk.plays(1.0)
        talk.session.on_speech_started()
        talk.session.on_speech(0.3, 0)
        assert talk.voice.current is None and talk.face.queued == 0
        stopped = talk.named("conversation.replica.stopped_speaking")[0]["properties"]
        assert stopped["interrupted"] is True
        utterance = talk.named("conversation.utterance")[-1]["properties"]
        assert utterance["interrupted"] is True and utterance["speech"].endswith("say.")
        talk.session.on_turn(UserTurn("Stop.", 0, 0))
        await talk.plays_out()
        assert talk.brain
        heard = [message.content for message in talk.model.asked[-1].messages if message.role == "assistant"]
        assert len(heard) == 1 and heard[0] and not heard[0].endswith("say.")
        assert heard[0] == talk.record.talk[1][1]


async def test_a_cough_over_the_replica_is_no_interruption() -> None:
    async with a_dialogue() as talk:
        talk.person_said("Hello.")
        await asyncio.sleep(0.05)
        await talk.plays(1.0)
        talk.session.on_speech_started()
        talk.session.on_speech(0.064, 0)
        talk.session.on_turn(UserTurn("", 0, 0))
        assert talk.voice.current is not None


async def test_the_greeting_cannot_be_interrupted_and_is_remembered() -> None:
    async with a_dialogue() as talk:
        talk.session.greet("Welcome to the show.")
        await asyncio.sleep(0.05)
        await talk.plays(0.4)
        talk.session.on_speech_started()
        talk.session.on_speech(0.5, 3)
        assert talk.voice.current is not None
        talk.send("conversation.interrupt")
        assert talk.voice.current is not None
        await talk.plays_out()
        talk.session.on_turn(UserTurn("Thanks.", 0, 0))
        await talk.plays_out()
        assert "Welcome to the show." in [message.content for message in talk.model.asked[-1].messages]


async def test_going_on_before_the_answer_is_heard_makes_one_turn_of_both_halves() -> None:
    async with a_dialogue() as talk:
        talk.person_said("I would like a table")
        await asyncio.sleep(0.02)
        talk.person_said("for two, please.")
        await talk.plays_out()
        await talk.recorder.close()
        assert talk.record.talk[0] == ("user", "I would like a table for two, please.")
        assert [role for role, _ in talk.record.talk] == ["user", "assistant"]
        users = [message.content for message in talk.model.asked[-1].messages if message.role == "user"]
        assert users == ["I would like a table for two, please."]


async def test_a_turn_that_waits_behind_the_greeting_is_not_forgotten_when_cut() -> None:
    async with a_dialogue() as talk:
        talk.session.greet("Welcome to the show.")
        await asyncio.sleep(0.02)
        talk.person_said("My name is Tom.")
        await talk.plays_out()
        talk.person_said("What is my name?")
        await talk.plays_out()
        asked = " ".join(message.content for message in talk.model.asked[-1].messages)
        assert "My name is Tom." in asked and "What is my name?" in asked


async def test_respond_is_a_turn_without_sound_and_interrupts() -> None:
    async with a_dialogue() as talk:
        talk.person_said("Tell me a story.")
        await asyncio.sleep(0.05)
        await talk.plays(0.5)
        talk.send("conversation.respond", text="Actually, tell me a joke.")
        await talk.plays_out()
        kinds = [
            (e["properties"]["role"], e["properties"].get("interrupted")) for e in talk.named("conversation.utterance")
        ]
        assert kinds == [("user", None), ("replica", True), ("user", None), ("replica", None)]
        assert [e["turn_idx"] for e in talk.named("conversation.utterance")] == [1, 1, 2, 2]


async def test_text_echo_is_spoken_exactly_under_its_own_id_and_enters_the_context() -> None:
    async with a_dialogue() as talk:
        talk.send("conversation.echo", text="This exact sentence.", inference_id="mine")
        await talk.plays_out()
        utterance = talk.named("conversation.utterance")[0]
        assert utterance["properties"] == {"role": "replica", "speech": "This exact sentence."}
        talk.send("conversation.respond", text="And now?")
        await talk.plays_out()
        assert "This exact sentence." in [message.content for message in talk.model.asked[-1].messages]


async def test_audio_echo_plays_its_chunks_as_one_utterance_and_interrupt_drops_the_rest() -> None:
    async with a_dialogue(echo=True) as talk:
        tone = (6000 * np.sin(np.arange(2400) * 0.2)).astype("<i2").tobytes()
        chunk = base64.b64encode(tone).decode()
        for number in range(10):
            talk.send(
                "conversation.echo",
                modality="audio",
                audio=chunk,
                sample_rate=24_000,
                inference_id="x",
                done=number == 9,
            )
        await asyncio.sleep(0.05)
        await talk.plays(0.6)
        assert len(talk.named("conversation.replica.started_speaking")) == 1
        talk.send("conversation.interrupt")
        assert talk.voice.current is None and talk.face.queued == 0
        assert talk.named("conversation.replica.stopped_speaking")[0]["properties"]["interrupted"] is True


async def test_an_echo_persona_answers_nobody() -> None:
    async with a_dialogue(echo=True) as talk:
        talk.send("conversation.respond", text="Hello?")
        await asyncio.sleep(0.05)
        assert talk.voice.current is None
        assert [e["properties"]["role"] for e in talk.named("conversation.utterance")] == ["user"]


async def test_context_can_be_appended_and_overwritten_during_the_call() -> None:
    async with a_dialogue() as talk:
        talk.send("conversation.append_llm_context", context="The user is called Ida.")
        talk.send("conversation.respond", text="One.")
        await talk.plays_out()
        assert "Ida" in talk.model.asked[-1].messages[0].content
        talk.send("conversation.overwrite_llm_context", context="Only this remains.")
        talk.send("conversation.respond", text="Two.")
        await talk.plays_out()
        system = talk.model.asked[-1].messages[0].content
        assert "Only this remains." in system and "Ida" not in system and "You are Ada." in system


async def test_sensitivity_changes_how_easily_speech_interrupts() -> None:
    async with a_dialogue() as talk:
        before = talk.session.policy
        talk.send("conversation.sensitivity", participant_interrupt_sensitivity="high")
        assert talk.session.policy != before
        talk.person_said("Hello.")
        await asyncio.sleep(0.05)
        await talk.plays(1.0)
        talk.session.on_speech_started()
        talk.session.on_speech(0.3, 0)
        assert talk.voice.current is not None
        talk.session.on_speech(0.5, 2)
        assert talk.voice.current is None


async def test_a_tool_call_is_told_to_the_room_with_its_arguments_as_text() -> None:
    call = ToolCall("call_1", "get_weather", '{"location": "Oslo"}')
    answer = [ChatDelta("Let me look. "), ChatDelta(tool_call=call)]
    async with a_dialogue(answer=lambda _: answer) as talk:
        talk.person_said("What is the weather?")
        await talk.plays_out()
        event = talk.named("conversation.tool_call")[0]
        assert event["properties"] == {
            "name": "get_weather",
            "arguments": '{"location": "Oslo"}',
            "tool_call_id": "call_1",
        }
        assert event["turn_idx"] == 1 and event["inference_id"]


async def test_the_face_listens_thinks_and_speaks() -> None:
    async with a_dialogue() as talk:
        talk.model.pause = 0.6
        talk.session.on_speech_started()
        assert talk.face.state == "listening"
        talk.session.on_turn(UserTurn("Think hard.", 0, 0))
        await asyncio.sleep(0.45)
        assert talk.face.state == "thinking"
        await talk.plays_out()
        assert talk.face.state == "listening"
        states = [event["properties"]["state"] for event in talk.named("room.state")]
        assert states == ["listening", "thinking", "speaking", "listening"]


async def test_typing_while_a_turn_goes_on_keeps_what_was_said() -> None:
    async with a_dialogue() as talk:
        talk.person_said("I would like to order")
        await asyncio.sleep(0.02)
        talk.session.on_speech_started()
        talk.send("conversation.respond", text="two coffees")
        await talk.plays_out()
        await talk.recorder.close()
        assert talk.record.talk[0] == ("user", "I would like to order two coffees")


async def test_a_flood_of_messages_is_answered_with_a_notice_not_with_work() -> None:
    async with a_dialogue() as talk:
        for number in range(200):
            talk.send("conversation.respond", text=f"Message {number}")
            talk.send("conversation.echo", text=f"Echo {number}")
        assert len(talk.voice.replies) <= 32
        assert len(talk.named("conversation.utterance")) < 60
        assert talk.named("room.notice")


async def test_an_echo_that_was_interrupted_before_its_turn_can_be_sent_again() -> None:
    async with a_dialogue(echo=True) as talk:
        sound = base64.b64encode(np.full(4800, 4000, "<i2").tobytes()).decode()

        def echo(identity: str, *, done: bool) -> None:
            talk.send("conversation.echo", modality="audio", audio=sound, inference_id=identity, done=done)

        echo("a", done=False)
        echo("b", done=False)
        talk.send("conversation.interrupt")
        await asyncio.sleep(0.05)
        echo("b", done=True)
        await asyncio.sleep(0.05)
        await talk.plays(0.6)
        assert len(talk.named("conversation.replica.started_speaking")) == 1
        assert talk.voice.current is None


async def test_nothing_starts_after_the_end() -> None:
    async with a_dialogue() as talk:
        await talk.session.close()
        talk.session.on_turn(UserTurn("Too late.", 0, 0))
        talk.send("conversation.respond", text="Too late.")
        assert talk.voice.current is None and not talk.named("conversation.utterance")
