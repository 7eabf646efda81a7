import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from tests.engines.llm.model_server import ModelServer, Wire, model_server

from visavis.conversation.brain import Brain, Choice, Context, choose
from visavis.engines.ports import ChatDelta, ChatRequest, LanguageModelError, Message, ToolCall
from visavis.settings import Settings


class ScriptedModel:
    """Says what it is told, keeps the requests, and counts streams that were given up."""

    def __init__(self, *answers: Sequence[str | ToolCall | Exception]) -> None:
        self.answers = list(answers)
        self.requests: list[ChatRequest] = []
        self.given_up = 0
        self.closed = False

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else ["Fine."]
        finished = False
        try:
            for part in answer:
                await asyncio.sleep(0)
                if isinstance(part, Exception):
                    raise part
                yield ChatDelta(tool_call=part) if isinstance(part, ToolCall) else ChatDelta(text=part)
            finished = True
        finally:
            self.given_up += not finished

    async def close(self) -> None:
        self.closed = True


def brain(model: ScriptedModel, **layer) -> tuple[Brain, list[str]]:
    problems: list[str] = []
    persona = {"system_prompt": "You are Mia.", "layers": {"llm": layer}}
    choice = Choice(model, "m", "scripted", "For a test.", "persona")
    return Brain(choice, Context(persona=persona), persona=persona, on_problem=problems.append), problems


async def answer(thinking: Brain, text: str | None, inference_id: str = "i") -> list[str | ToolCall]:
    parts = [part async for part in thinking.reply(text, inference_id)]
    for part in parts:
        if isinstance(part, str):
            thinking.spoken(part, inference_id)
    thinking.finish(interrupted=False)
    return parts


async def test_a_turn_becomes_clauses_and_the_talk_goes_on_from_what_was_heard():
    model = ScriptedModel(["Hello **there**, my", " friend. How", " are you?"], ["Good."])
    thinking, _ = brain(model)
    assert await answer(thinking, "Hi") == ["Hello there,", " my friend.", " How are you?"]
    await answer(thinking, "Fine")
    assert [(m.role, m.content) for m in model.requests[1].messages[1:]] == [
        ("user", "Hi"),
        ("assistant", "Hello there, my friend. How are you?"),
        ("user", "Fine"),
    ]
    assert model.requests[0].messages[0].content.startswith("You are Mia.")


async def test_an_interrupted_answer_is_cancelled_and_remembered_as_far_as_it_was_heard():
    model = ScriptedModel(["One thing first. ", "Two things next. ", "Three things last."])
    thinking, _ = brain(model)
    reply = thinking.reply("Count", "i")
    thinking.spoken(str(await anext(reply)), "i")
    await reply.aclose()
    thinking.finish(interrupted=True, inference_id="i")
    assert model.given_up == 1
    assert thinking.history.messages()[-1] == Message("assistant", "One thing first.")


async def test_a_failing_model_is_owned_up_to_and_reported():
    failure = LanguageModelError("The language model at x refused the API key (401).")
    thinking, problems = brain(ScriptedModel([failure], [failure], ["Back again."]))
    first = await answer(thinking, "Hi")
    second = await answer(thinking, "Hello?")
    assert len(first) == len(second) == 1
    assert "language model" in str(first[0])
    assert first != second
    assert problems == [str(failure)] * 2
    assert await answer(thinking, "And now?") == ["Back again."]


async def test_what_was_already_written_is_said_before_the_apology():
    thinking, problems = brain(ScriptedModel(["The capital is", LanguageModelError("It broke off.")]))
    said = await answer(thinking, "Which?")
    assert said[0] == "The capital is"
    assert "lost my train of thought" in str(said[1])
    assert problems == ["It broke off."]


async def test_tools_of_the_persona_are_offered_and_their_calls_are_handed_on():
    tool = {"type": "function", "function": {"name": "book", "parameters": {}}}
    call = ToolCall("c1", "book", '{"day": "Monday"}')
    model = ScriptedModel(["One moment, please. ", call], ["Booked."])
    thinking, _ = brain(model, tools=[tool], extra_body={"temperature": 0}, headers={"X": 1}, default_query={"v": "2"})
    assert await answer(thinking, "Book it") == ["One moment, please.", call]
    request = model.requests[0]
    assert (list(request.tools), request.extra_body, request.headers) == ([tool], {"temperature": 0}, {"X": "1"})
    assert request.default_query == {"v": "2"}
    thinking.history.tool_result("c1", "done")
    assert await answer(thinking, None) == ["Booked."]
    assert [message.role for message in model.requests[1].messages] == ["system", "user", "assistant", "tool"]


async def test_headers_of_the_persona_never_go_to_another_server():
    model = ScriptedModel()
    persona = {"layers": {"llm": {"headers": {"Authorization": "secret"}, "default_query": {"key": "secret"}}}}
    choice = Choice(model, "m", "l", "r", "settings")
    thinking = Brain(choice, Context(persona=persona), persona=persona, on_problem=lambda _: None)
    await answer(thinking, "Hi")
    assert (model.requests[0].headers, model.requests[0].default_query) == ({}, {})


async def test_a_prepared_answer_is_used_when_the_turn_ends_with_the_same_words():
    model = ScriptedModel(["Sure thing."])
    thinking, _ = brain(model)
    await thinking.prepare("can you help me")
    await asyncio.sleep(0.01)
    assert await answer(thinking, "Can you help me?") == ["Sure thing."]
    assert len(model.requests) == 1
    assert thinking.history.messages()[0] == Message("user", "Can you help me?")


async def test_a_prepared_answer_is_dropped_when_the_person_goes_on():
    model = ScriptedModel(["Wrong. ", "Very wrong. "] * 400, ["Right."])
    thinking, _ = brain(model)
    await thinking.prepare("I would like")
    await asyncio.sleep(0.01)
    assert await answer(thinking, "I would like to leave.") == ["Right."]
    assert model.given_up == 1


async def test_the_same_partial_is_prepared_once_and_a_new_one_replaces_it():
    model = ScriptedModel(["A"] * 1000, ["B."])
    thinking, _ = brain(model)
    await thinking.prepare("hello there")
    await thinking.prepare("Hello, there.")
    await asyncio.sleep(0.01)
    assert len(model.requests) == 1
    await thinking.prepare("hello there my friend")
    await asyncio.sleep(0.01)
    assert len(model.requests) == 2
    assert model.given_up == 1
    await thinking.close()
    assert model.closed


async def test_preparing_twice_at_a_time_loses_no_request():
    model = ScriptedModel(*[["A"] * 1000] * 4)
    thinking, _ = brain(model)
    await thinking.prepare("one")
    await asyncio.sleep(0.01)
    await asyncio.gather(*(thinking.prepare(text) for text in ("two", "three", "four")))
    await asyncio.sleep(0.01)
    await thinking.discard()
    assert model.given_up == len(model.requests) >= 2


async def test_a_prepared_answer_is_stale_once_the_context_has_changed():
    model = ScriptedModel(["Old."], ["New."])
    thinking, _ = brain(model)
    await thinking.prepare("What now?")
    await asyncio.sleep(0.01)
    thinking.context.append("Everything is different.")
    assert await answer(thinking, "What now?") == ["New."]


async def test_nothing_is_prepared_where_the_persona_forbids_it():
    model = ScriptedModel()
    thinking, _ = brain(model, speculative_inference=False)
    await thinking.prepare("Hello")
    await asyncio.sleep(0.01)
    assert model.requests == []


async def test_a_failure_while_preparing_is_reported_only_if_the_answer_is_wanted():
    thinking, problems = brain(ScriptedModel([LanguageModelError("Down.")], [LanguageModelError("Down.")]))
    await thinking.prepare("one")
    await asyncio.sleep(0.01)
    await thinking.discard()
    assert problems == []
    await thinking.prepare("two")
    await asyncio.sleep(0.01)
    assert "language model" in str((await answer(thinking, "Two."))[0])
    assert problems == ["Down."]


async def test_a_false_end_of_turn_is_merged_into_one_question():
    model = ScriptedModel(["You would like what?"], ["A pizza, then."])
    thinking, _ = brain(model)
    reply = thinking.reply("I would like", "i1")
    await anext(reply)
    await reply.aclose()
    thinking.finish(interrupted=True, inference_id="i1")
    earlier = thinking.history.retract_user()
    assert earlier == "I would like"
    assert await answer(thinking, f"{earlier} a pizza.", "i2") == ["A pizza, then."]
    assert [m.content for m in model.requests[1].messages[1:]] == ["I would like a pizza."]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.fixture
def operator(server: ModelServer) -> Settings:
    return Settings(_env_file=None, llm_base_url=server.base_url, llm_model="m", llm_timeout=5.0, llm_probe=False)


async def live(operator: Settings) -> tuple[Brain, list[str]]:
    problems: list[str] = []
    choice = await choose({}, operator)
    return Brain(choice, Context(persona={}), persona={}, on_problem=problems.append), problems


async def test_an_interruption_hangs_up_on_the_model_server(server, operator):
    async def script(wire: Wire) -> None:
        await wire.say("Once upon a time, ", "there was ")
        await wire.seen.hung_up.wait()

    server.script = script
    thinking, _ = await live(operator)
    reply = thinking.reply("A story", "i")
    assert await anext(reply) == "Once upon a time,"
    await reply.aclose()
    await asyncio.wait_for(server.requests[-1].hung_up.wait(), 1)
    await thinking.close()


async def test_a_dropped_preparation_hangs_up_on_the_model_server(server, operator):
    async def script(wire: Wire) -> None:
        await wire.say("Well")
        await wire.seen.hung_up.wait()

    server.script = script
    thinking, _ = await live(operator)
    await thinking.prepare("I think")
    while not any(seen.method == "POST" for seen in server.requests):
        await asyncio.sleep(0.01)
    await thinking.discard()
    await asyncio.wait_for(server.requests[-1].hung_up.wait(), 1)
    await thinking.close()


async def test_a_stalled_server_ends_in_an_apology(server, operator):
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.seen.hung_up.wait()

    server.script = script
    thinking, problems = await live(operator.model_copy(update={"llm_timeout": 0.3}))
    assert "language model" in str((await answer(thinking, "Hi"))[0])
    assert "sent nothing for 0.3 seconds" in problems[0]
    await thinking.close()
