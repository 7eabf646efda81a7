import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio
from tests.engines.llm.model_server import ModelServer, Wire, model_server

from visavis.engines.llm.openai_compatible import ENGINE
from visavis.engines.llm.openai_compatible.assembly import ThoughtFilter
from visavis.engines.llm.openai_compatible.client import OpenAICompatible, warm
from visavis.engines.llm.openai_compatible.probe import PROBE_TIME, list_models, probe
from visavis.engines.ports import ChatDelta, ChatRequest, LanguageModelError, Message, ToolCall
from visavis.outbound import guarded_client


def client():
    return guarded_client(timeout=5.0, allow_private=False, allow_loopback=True, max_redirects=0)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest_asyncio.fixture
async def model(server: ModelServer) -> AsyncIterator[OpenAICompatible]:
    engine = ENGINE.create(
        base_url=server.base_url, api_key="sk-very-secret-key", http_client=client(), stall_timeout=5.0
    )
    yield engine
    await engine.close()


def request(**more) -> ChatRequest:
    return ChatRequest(messages=[Message("user", "Hi")], model="stub-model", **more)


async def collect(model: OpenAICompatible, asked: ChatRequest | None = None) -> list[ChatDelta]:
    return [delta async for delta in model.stream(asked or request())]


def text(deltas: list[ChatDelta]) -> str:
    return "".join(delta.text for delta in deltas)


async def failure(model: OpenAICompatible, asked: ChatRequest | None = None) -> str:
    with pytest.raises(LanguageModelError) as caught:
        await collect(model, asked)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith((".", "?"))
    return str(caught.value)


def always(status: int, body: object, **headers: str):
    async def script(wire: Wire) -> None:
        await wire.json(status, body, **headers)

    return script


async def test_the_answer_arrives_token_by_token(model):
    assert [delta.text for delta in await collect(model)] == ["Hello", " there."]


async def test_the_request_is_what_the_contract_says(server, model):
    asked = ChatRequest(
        messages=[
            Message("system", "Be kind."),
            Message("user", "Hi"),
            Message("assistant", "", tool_calls=(ToolCall("c1", "look", "{}"),)),
            Message("tool", "seen", tool_call_id="c1"),
        ],
        model="my-model",
        tools=[{"type": "function", "function": {"name": "look", "parameters": {}}}],
        extra_body={"temperature": 0.3, "custom": {"a": 1}, "stream": False, "messages": []},
        headers={"X-Tenant": "t1"},
        default_query={"api-version": "2"},
    )
    await collect(model, asked)
    seen = server.requests[0]
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.query == {"api-version": ["2"]}
    assert seen.headers["authorization"] == "Bearer sk-very-secret-key"
    assert seen.headers["x-api-key"] == "sk-very-secret-key"
    assert seen.headers["x-tenant"] == "t1"
    assert seen.body["model"] == "my-model"
    assert seen.body["stream"] is True
    assert seen.body["temperature"] == 0.3
    assert seen.body["custom"] == {"a": 1}
    assert [message["role"] for message in seen.body["messages"]] == ["system", "user", "assistant", "tool"]
    assert seen.body["messages"][2]["tool_calls"][0]["function"] == {"name": "look", "arguments": "{}"}
    assert seen.body["messages"][3]["tool_call_id"] == "c1"
    assert seen.body["tools"][0]["function"]["name"] == "look"


@pytest.mark.parametrize("suffix", ["", "/", "/chat/completions", "/?api-version=7"])
async def test_a_base_url_may_be_written_in_several_ways(server, suffix):
    model = OpenAICompatible(base_url=server.base_url + suffix, http_client=client())
    await collect(model)
    await model.close()
    assert server.requests[0].path == "/v1/chat/completions"
    assert server.requests[0].query == ({"api-version": ["7"]} if "?" in suffix else {})


async def test_a_personas_server_learns_nothing_of_the_operators_own_account(server, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "operators-own")
    model = OpenAICompatible(base_url=server.base_url, http_client=client())
    await collect(model)
    await model.close()
    assert "operators-own" not in json.dumps(server.requests[0].headers)
    assert server.requests[0].headers["authorization"] == "Bearer none"


async def test_fragments_become_complete_tool_calls(server, model):
    async def script(wire: Wire) -> None:
        await wire.say("One moment.")
        for fragment in (
            {"index": 0, "id": "a", "type": "function", "function": {"name": "weather", "arguments": ""}},
            {"index": 0, "function": {"arguments": '{"city":'}},
            {"index": 0, "function": {"arguments": ' "Rome"}'}},
            {"index": 1, "id": "b", "type": "function", "function": {"name": "time", "arguments": "{}"}},
        ):
            await wire.chunk({"tool_calls": [fragment]})
        await wire.done("tool_calls")

    server.script = script
    deltas = await collect(model)
    assert text(deltas) == "One moment."
    calls = [delta.tool_call for delta in deltas if delta.tool_call]
    assert calls == [ToolCall("a", "weather", '{"city": "Rome"}'), ToolCall("b", "time", "{}")]


async def test_whole_calls_with_one_index_and_without_ids_stay_apart(server, model):
    async def script(wire: Wire) -> None:
        await wire.chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "one", "arguments": "{}"}}]})
        await wire.chunk({"tool_calls": [{"index": 0, "id": "b", "function": {"name": "two", "arguments": {"n": 1}}}]})
        await wire.chunk({"tool_calls": [{"index": 1, "function": {"name": "three"}}]})
        await wire.done("tool_calls")

    server.script = script
    calls = [delta.tool_call for delta in await collect(model) if delta.tool_call]
    assert [(call.name, call.arguments) for call in calls] == [("one", "{}"), ("two", '{"n": 1}'), ("three", "{}")]
    assert len({call.id for call in calls}) == 3


async def test_a_reasoning_models_thoughts_are_not_part_of_the_answer(server, model):
    async def script(wire: Wire) -> None:
        await wire.say("<th", "ink>Should I", " greet?</thi", "nk>\n\nHello", " you.")
        await wire.done()

    server.script = script
    assert text(await collect(model)) == "Hello you."


def test_text_that_only_looks_like_a_thought_is_kept():
    kept = ThoughtFilter()
    assert kept.push("<") + kept.push("3 that") + kept.flush() == "<3 that"
    short = ThoughtFilter()
    assert short.push("<thi") + short.flush() == "<thi"


async def test_a_stalled_model_is_given_up_with_a_sentence(server):
    async def script(wire: Wire) -> None:
        await wire.say("Well")
        await wire.seen.hung_up.wait()

    server.script = script
    model = OpenAICompatible(base_url=server.base_url, http_client=client(), stall_timeout=0.4)
    assert await failure(model) == f"The language model at 127.0.0.1:{server.port} sent nothing for 0.4 seconds."
    await model.close()
    await asyncio.wait_for(server.requests[0].hung_up.wait(), 2)


async def test_a_slow_listener_is_not_a_stalled_model(server):
    await asyncio.to_thread(warm)
    model = OpenAICompatible(base_url=server.base_url, http_client=client(), stall_timeout=0.4)
    deltas = []
    async for delta in model.stream(request()):
        await asyncio.sleep(0.5)
        deltas.append(delta)
    await model.close()
    assert text(deltas) == "Hello there."


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": {"message": "Incorrect API key provided: sk-very-secret-key"}}, "refused the API key (401)"),
        (404, {"error": {"message": "no such model"}}, "knows no model 'stub-model'"),
        (429, {"error": {"message": "Slow down"}}, "rate limit or quota (429): Slow down."),
        (400, {"error": {"message": "bad key=sk-very-secret-key here"}}, "did not accept the request (400): bad key="),
        (422, {"detail": [{"loc": "x"}]}, "did not accept the request (422)."),
        (500, "<html>boom</html>", "failed (500)."),
        (307, "", "redirects elsewhere (307)"),
    ],
)
async def test_http_errors_become_sentences(server, model, status, body, said):
    server.script = always(status, body, location="http://169.254.169.254/latest", retry_after="60")
    assert said in await failure(model)
    assert len(server.requests) == 1


async def test_a_server_that_is_just_restarting_is_asked_once_more(server, model):
    async def script(wire: Wire) -> None:
        if len(server.requests) == 1:
            await wire.json(503, {"error": "loading model"})
        else:
            await wire.say("Here.")
            await wire.done()

    server.script = script
    assert text(await collect(model)) == "Here."


async def test_secrets_in_headers_and_query_stay_out_of_sentences(server, model):
    server.script = always(400, {"error": {"message": "header tok-secret-1 and query secret-2 are wrong"}})
    asked = request(headers={"X-Auth": "tok-secret-1"}, default_query={"k": "secret-2"})
    assert "header … and query … are wrong" in await failure(model, asked)


async def test_garbage_instead_of_a_stream_is_named(server, model):
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.raw("data: {not json\n\n")
        await wire.seen.hung_up.wait()

    server.script = script
    assert "not a chat stream" in await failure(model)


async def test_an_answer_without_a_stream_is_named(server, model):
    server.script = always(200, {"choices": [{"message": {"content": "Hi"}}]})
    assert "did not answer with a chat stream" in await failure(model)


async def test_an_error_inside_the_stream_is_passed_on_without_secrets(server, model):
    async def script(wire: Wire) -> None:
        await wire.say("I")
        await wire.raw('data: {"error": {"message": "out of memory, key sk-very-secret-key"}}\n\n')
        await wire.seen.hung_up.wait()

    server.script = script
    assert "reported an error: out of memory, key …" in await failure(model)


async def test_a_connection_that_breaks_in_mid_answer_is_named(server, model):
    async def script(wire: Wire) -> None:
        await wire.say("I was about")
        raise ConnectionError

    server.script = script
    assert "broke off the connection" in await failure(model)


async def test_an_answer_withheld_by_a_filter_is_named(server, model):
    async def script(wire: Wire) -> None:
        await wire.done("content_filter")

    server.script = script
    assert "content filter" in await failure(model)


async def test_a_server_that_is_not_running_is_named(unused_tcp_port):
    model = OpenAICompatible(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1", http_client=client())
    assert "cannot be reached. Is it running?" in await failure(model)
    await model.close()


async def test_an_address_that_may_not_be_called_is_refused():
    model = OpenAICompatible(base_url="http://169.254.169.254/v1", http_client=client())
    assert "may not be reached: 169.254.169.254 may not be called" in await failure(model)
    await model.close()


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_cancelling_hangs_up_at_once(server, model, way):
    async def script(wire: Wire) -> None:
        await wire.say("Once upon a time")
        await wire.seen.hung_up.wait()

    server.script = script
    first = asyncio.Event()

    async def read() -> None:
        async with aclosing(model.stream(request())) as stream:
            async for _ in stream:
                first.set()
                if way == "close":
                    return

    task = asyncio.create_task(read())
    await asyncio.wait_for(first.wait(), 2)
    if way == "cancel":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(server.requests[0].hung_up.wait(), 1)


async def test_two_answers_stream_at_the_same_time(server, model):
    both = asyncio.Barrier(2)

    async def script(wire: Wire) -> None:
        mine = wire.seen.body["messages"][0]["content"]
        await wire.say(f"{mine} one")
        await both.wait()
        await wire.say(f" {mine} two")
        await wire.done()

    server.script = script
    asked = [ChatRequest(messages=[Message("user", name)], model="m") for name in ("a", "b")]
    answers = await asyncio.wait_for(asyncio.gather(*(collect(model, one) for one in asked)), 3)
    assert [text(answer) for answer in answers] == ["a one a two", "b one b two"]


async def test_a_local_server_is_found_by_its_list_of_models(server):
    server.models = {"data": [{"id": "nomic-embed-text"}, {"id": "llama3.2:1b"}, {"id": "qwen"}]}
    async with client() as http:
        found = await probe(http, ports={1: "Nobody", server.port: "Ollama"})
    assert found is not None
    assert (found.name, found.model, found.base_url) == ("Ollama", "llama3.2:1b", server.base_url)
    assert server.requests[0].path == "/v1/models"


async def test_our_own_port_is_never_asked(server):
    async with client() as http:
        assert await probe(http, ports={server.port: "Ollama"}, skip=frozenset({server.port})) is None
    assert server.requests == []


@pytest.mark.parametrize("models", [[], {"data": []}, {"data": "x"}, {"data": [{"id": 3}]}, "not json"])
async def test_something_else_on_a_known_port_is_not_a_model_server(server, models):
    server.models = models
    async with client() as http:
        assert await list_models(http, server.base_url) == ()


async def test_a_port_that_never_answers_does_not_hold_up_the_search(server):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    mute = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = mute.sockets[0].getsockname()[1]
    started = asyncio.get_running_loop().time()
    async with client() as http:
        found = await probe(http, ports={port: "Mute", server.port: "Ollama"})
    took = asyncio.get_running_loop().time() - started
    mute.close()
    assert found is not None
    assert found.name == "Ollama"
    assert took < PROBE_TIME + 0.5


def test_warming_up_needs_no_network():
    warm()
