from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.engines.llm.model_server import ModelServer, model_server

from visavis.conversation.brain.models import PROBE_LIFETIME, LocalServers, choose
from visavis.engines.llm.openai_compatible.client import OpenAICompatible
from visavis.engines.llm.responder.model import Responder
from visavis.engines.ports import ChatRequest, Message
from visavis.settings import Settings


def settings(**values) -> Settings:
    return Settings(_env_file=None, **{"llm_probe": False, **values})


def persona(**llm) -> dict:
    return {"layers": {"llm": llm}}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


async def ask(choice) -> str:
    request = ChatRequest(messages=[Message("user", "Hi")], model=choice.name)
    answer = "".join([delta.text async for delta in choice.model.stream(request)])
    await choice.model.close()
    return answer


async def test_the_personas_own_model_comes_first(server):
    mine = persona(base_url=server.base_url, api_key="persona-key", model="my-model")
    choice = await choose(mine, settings(llm_base_url="http://127.0.0.1:9/v1", llm_api_key="operator-key"))
    assert (choice.source, choice.name) == ("persona", "my-model")
    assert choice.label == f"my-model at 127.0.0.1:{server.port}"
    assert await ask(choice) == "Hello there."
    assert server.requests[0].headers["authorization"] == "Bearer persona-key"


async def test_then_the_operators_and_hosted_names_mean_what_the_operator_has(server):
    server.models = {"data": [{"id": "llama"}, {"id": "qwen"}]}
    operator = settings(llm_base_url=server.base_url, llm_api_key="operator-key")
    choice = await choose(persona(model="tavus-gpt-oss"), operator, local=LocalServers())
    assert (choice.source, choice.name) == ("settings", "llama")
    await ask(choice)
    assert [seen.headers["authorization"] for seen in server.requests] == ["Bearer operator-key"] * 2
    assert server.requests[1].body["model"] == "llama"


@pytest.mark.parametrize(
    ("wanted", "operator", "expected"),
    [
        ("qwen", "", "qwen"),
        ("qwen", "other", "qwen"),
        ("gpt-4o", "", "llama"),
        ("gpt-4o", "other", "other"),
        ("tavus-llama", "other", "other"),
        ("", "", "llama"),
    ],
)
async def test_a_named_model_is_taken_if_the_server_has_it(server, wanted, operator, expected):
    server.models = {"data": [{"id": "llama"}, {"id": "qwen"}]}
    chosen = await choose(
        persona(model=wanted), settings(llm_base_url=server.base_url, llm_model=operator), local=LocalServers()
    )
    assert chosen.name == expected
    await chosen.model.close()


async def test_then_a_server_on_this_machine(server):
    local = LocalServers(ports={server.port: "Ollama"})
    choice = await choose(persona(model="tavus-llama"), settings(llm_probe=True, host="0.0.0.0"), local=local)
    assert choice.source == "local"
    assert choice.label == "stub-model at Ollama on this machine"
    assert choice.reason == "Ollama was found on this machine."
    assert await ask(choice) == "Hello there."


async def test_the_probe_is_remembered_for_a_while_and_never_asks_ourselves(server):
    now = [0.0]
    local = LocalServers(ports={server.port: "Ollama"}, clock=lambda: now[0])
    for _ in range(3):
        await (await choose({}, settings(llm_probe=True), local=local)).model.close()
    assert len(server.requests) == 1
    now[0] += PROBE_LIFETIME + 1
    await (await choose({}, settings(llm_probe=True), local=local)).model.close()
    assert len(server.requests) == 2
    ours = LocalServers(ports={server.port: "Ollama"})
    assert (await choose({}, settings(llm_probe=True, port=server.port), local=ours)).source == "responder"
    assert len(server.requests) == 2


async def test_at_last_the_responder_which_says_why():
    looked = await choose({}, settings(llm_probe=True), local=LocalServers(ports={}))
    assert isinstance(looked.model, Responder)
    assert looked.reason.startswith("The built-in responder answers")
    assert looked.reason.endswith("no language model is configured, and no local model server was found.")
    assert "not a language model" in looked.label
    blind = await choose({}, settings())
    assert blind.reason.endswith("no language model is configured, and looking for a local one is switched off.")


@pytest.mark.parametrize("base_url", ["http://169.254.169.254/v1", "http://192.168.1.7:8000/v1", "not a url"])
async def test_a_forbidden_address_is_passed_over_and_named(base_url):
    choice = await choose(persona(base_url=base_url, api_key="hidden"), settings())
    assert choice.source == "responder"
    assert choice.reason.startswith("The persona's own model was passed over: ")
    assert "hidden" not in choice.reason


async def test_a_broken_setting_is_passed_over_and_named():
    choice = await choose({}, settings(llm_base_url="localhost:11434"))
    assert choice.source == "responder"
    assert "llm_base_url was passed over" in choice.reason


async def test_a_server_that_lists_nothing_is_used_all_the_same(server):
    server.models = {}
    choice = await choose({}, settings(llm_base_url=server.base_url), local=LocalServers())
    assert isinstance(choice.model, OpenAICompatible)
    assert choice.name == "default"
    assert choice.reason.endswith("It did not list its models.")
    await choice.model.close()


@pytest.mark.parametrize("layers", [None, [], {"llm": None}, {"llm": "x"}])
async def test_odd_personas_get_an_answer_too(layers):
    assert (await choose({"layers": layers}, settings())).source == "responder"
