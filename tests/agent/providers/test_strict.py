"""Strict tools over the wire: servers that hold schemas to OpenAI's and Anthropic's rules."""

import json
import logging
from typing import Any

import pytest

from lumos_agent import Agent, BadRequestError, ToolResult, UserMessage
from lumos_agent.config import Quirks
from lumos_agent.providers.base import Request
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.endpoints import KNOWN, Endpoint, endpoint_for
from lumos_agent.providers.offered import KEPT, Offers
from lumos_tools import ToolContext, ToolRegistry, function_tool
from lumos_tools.dialects import lower
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer
from tests.tools.corpus import CASES

WIRES: dict[str, Any] = {"openai-strict": ChatServer, "anthropic-strict": MessagesServer}
each = pytest.mark.parametrize("dialect", WIRES)
streaming = pytest.mark.parametrize("stream", [False, True])


def provider_of(server: ChatServer, dialect: Any) -> DirectProvider:
    wire: Any = "anthropic" if "anthropic" in dialect else "openai"
    endpoint = Endpoint(base_url=server.base_url, wire=wire, quirks=Quirks(dialect=dialect))
    return DirectProvider("test-model", name=wire, api_key="test-key", endpoint=endpoint)


def corpus() -> list[tuple[Any, dict[str, Any], Any]]:
    """Each tool of the corpus that takes something, with arguments and what its body gets of them."""
    tools: list[tuple[Any, dict[str, Any], Any]] = []
    for number, case in enumerate(CASES):
        if case.takes:
            tool = function_tool(name=f"tool_{number}")(case.function)
            tools.append((tool, *case.takes[0]))
    return tools


async def run(agent: Agent, *, stream: bool) -> list[ToolResult]:
    if stream:
        async with agent.stream("?") as events:
            async for _ in events:
                pass
        result = events.result
    else:
        result = await agent.generate("?")
    assert result is not None
    return [one for one in result.messages if isinstance(one, ToolResult)]


@each
@streaming
async def test_whole_corpus(dialect: str, stream: bool):
    """All signatures in one request: nothing is refused, and every body gets what was meant."""
    tools = corpus()
    script: list[Answer] = [
        wants(
            *(
                Call(tool.name, json.dumps(said(dialect, tool, given)), id=f"call_{number}")
                for number, (tool, given, _) in enumerate(tools)
            )
        ),
        says("done"),
    ]
    async with WIRES[dialect](script) as server:
        offered = [tool for tool, *_ in tools]
        async with Agent(provider_of(server, dialect), tools=offered) as agent:
            results = await run(agent, stream=stream)
        assert [] == server.refusals
        entries = [entry.get("function", entry) for entry in server.requests[0]["tools"]]

    assert len(tools) == len(results)
    for (tool, given, _), result in zip(tools, results, strict=True):
        assert (result.name, False) == (tool.name, result.is_error), (given, result.text)
        assert await tool.call(given) == result.text
    strict = [entry["name"] for entry in entries if entry.get("strict")]
    assert {"openai-strict": 110, "anthropic-strict": 20}[dialect] <= len(strict)


def said(dialect: str, tool: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a model writes for *given*: by the schema that it was shown for *tool*, strict or not."""
    shown = STRICT[dialect].get(tool.name, dialect.removesuffix("-strict"))
    return lower(tool.parameters, shown).lower_arguments(given)


def _strict(dialect: str) -> dict[str, str]:
    from lumos_tools.dialects import offer

    offers = offer([tool for tool, *_ in corpus()], dialect)
    return {one.tool.name: dialect for one in offers if one.strict}


STRICT = {dialect: _strict(dialect) for dialect in WIRES}


@function_tool
async def look_up(names: dict[str, int], limit: int = 10) -> str:
    """Look names up."""
    return f"{names} up to {limit}"


PAIRS = {"names": [{"key": "a", "value": 1}], "limit": None}


@each
@streaming
async def test_back(dialect: str, stream: bool, caplog: pytest.LogCaptureFixture):
    """Pairs are a dict again, and null a default, before the transcript has them."""
    given = PAIRS if dialect == "openai-strict" else {"names": PAIRS["names"]}
    async with WIRES[dialect]([wants(Call("look_up", json.dumps(given))), says("done")]) as server:
        async with Agent(provider_of(server, dialect), tools=[look_up]) as agent:
            (result,) = await run(agent, stream=stream)

    assert "{'a': 1} up to 10" == result.text
    history = json.dumps(server.requests[1]["messages"]).replace("\\", "")
    assert '"names": {"a": 1}' in history or '"names":{"a":1}' in history


@each
async def test_what_cannot_be_raised(dialect: str):
    """A key given twice is refused by the tool, and the model may try again."""
    twice = {"names": [{"key": "a", "value": 1}] * 2, "limit": None}
    async with WIRES[dialect]([wants(Call("look_up", json.dumps(twice))), says("done")]) as server:
        async with Agent(provider_of(server, dialect), tools=[look_up]) as agent:
            (result,) = await run(agent, stream=False)

    assert result.is_error
    assert "names: expected an object" in result.text


@streaming
async def test_refused_for_its_size(stream: bool, caplog: pytest.LogCaptureFixture):
    """Where a provider finds the grammar too large, tools are hints from then on, and a log says so."""
    large = Answer(
        status=400,
        error={"type": "invalid_request_error", "message": "The compiled grammar is too large"},
    )
    answers = [large, wants(Call("look_up", '{"names": {"a": 1}}')), says("done")]
    async with MessagesServer(answers) as server:
        provider = provider_of(server, "anthropic-strict")
        with caplog.at_level(logging.WARNING, "lumos_agent"):
            async with Agent(provider, tools=[look_up]) as agent:
                (result,) = await run(agent, stream=stream)

    assert "{'a': 1} up to 10" == result.text
    assert [True, None, None] == [body["tools"][0].get("strict") for body in server.requests]
    assert "refuses strict tools" in caplog.text


@streaming
async def test_refused_for_another_reason(stream: bool):
    """Any other refusal, and one of tools that are hints already, is an error as always."""
    for message in ("max_tokens is wrong", "strict is not known"):
        answer = Answer(status=400, error={"type": "invalid_request_error", "message": message})
        async with MessagesServer([answer]) as server:
            dialect = "anthropic-strict" if "max" in message else "anthropic"
            async with Agent(provider_of(server, dialect), tools=[look_up]) as agent:
                with pytest.raises(BadRequestError, match=message):
                    await run(agent, stream=stream)
        assert 1 == len(server.requests)


REFUSALS = {"strict": "strict is not known", "tool_choice": "tool_choice is not known"}


@streaming
async def test_mended_in_vain(stream: bool):
    """Each thing is mended once, and said once; then the refusal is raised."""
    answers = [Answer(status=400, error={"message": one}) for one in REFUSALS.values()]
    last = Answer(status=400, error={"message": " ".join(REFUSALS.values())})
    for script, expected in (([last] * 9, 3), ([*answers, last], 3), ([answers[0]] * 9, 2)):
        notices: list[str] = []
        async with ChatServer(script) as server:
            provider = provider_of(server, "openai-strict")
            asked = forced("required", notices)
            with pytest.raises(BadRequestError):
                await answered(provider, asked, stream)
            await provider.aclose()

        assert expected == len(server.requests)
        assert len({*notices}) == len(notices) == expected - 1


LATE = (
    b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    b'data: {"error":{"message":"tool_choice is not known","code":400}}\n\n'
)


async def test_not_mended_after_words():
    """What was said is not said again: a refusal that comes after words is raised."""
    async with ChatServer([Answer(raw=LATE), says("Hi")]) as server:
        provider = provider_of(server, "openai")
        with pytest.raises(BadRequestError, match="tool_choice is not known"):
            await answered(provider, forced("required", []), stream=True)
        await provider.aclose()

    assert 1 == len(server.requests)


def forced(choice: str, notices: list[str]) -> Request:
    return Request(
        messages=[UserMessage("?")],
        tools=ToolRegistry(look_up),
        tool_choice=choice,
        notice=lambda code, message, data: notices.append(code),
    )


async def answered(provider: DirectProvider, asked: Request, stream: bool) -> None:
    if stream:
        _ = [item async for item in provider.stream(asked)]
    else:
        await provider.generate(asked)


@streaming
async def test_one_way_to_force(stream: bool):
    """A server that cannot be told which tool is still told to call one; what it lacks is known then."""
    named = Answer(status=400, error={"message": "Invalid tool_choice type: 'object'"})
    notices: list[str] = []
    async with ChatServer([named, *[says("Hi")] * 3]) as server:
        provider = provider_of(server, "openai")
        for choice in ("look_up", "look_up", "required"):
            await answered(provider, forced(choice, notices), stream)
        await provider.aclose()

    kinds = [body.get("tool_choice") for body in server.requests]
    assert [None, None, "required"] == kinds[1:]
    assert "look_up" == kinds[0]["function"]["name"]
    assert ["tool_choice", "tool_choice"] == notices


@pytest.mark.parametrize(
    ("provider", "model", "dialect"),
    [
        ("openai", "gpt-5", "openai-strict"),
        ("openai", "gpt-4o", "openai-strict"),
        ("openai", "gpt-4o-2024-05-13", "openai"),
        ("openai", "gpt-4-turbo", "openai"),
        ("openai", "gpt-4.1-mini", "openai-strict"),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic-strict"),
        ("anthropic", "claude-sonnet-5", "anthropic-strict"),
        ("anthropic", "claude-sonnet-4-20250514", "anthropic"),
        ("anthropic", "claude-3-5-haiku-latest", "anthropic"),
        ("gemini", "gemini-3-pro", "gemini"),
        ("vllm", "qwen3", "vllm"),
        ("llamacpp", "any", "llamacpp"),
        ("together", "any", "openai"),
    ],
)
def test_dialect_of_a_model(provider: str, model: str, dialect: str):
    """The model of a run decides how tools are written."""
    assert dialect == KNOWN[provider].dialect(model)


def test_elsewhere():
    """At an address that nobody knows tools are hints, unless it is said otherwise."""
    there = endpoint_for("openai", base_url="http://127.0.0.1:1/v1")
    told = endpoint_for(
        "openai", base_url="http://127.0.0.1:1/v1", quirks={"dialect": "groq-strict"}
    )

    assert ("openai", "groq-strict") == (there.dialect("gpt-5"), told.dialect("gpt-5"))


async def test_context_is_not_shown():
    """What a tool gets from its run is in no dialect."""

    @function_tool
    async def ask(question: str, context: ToolContext[Any]) -> str:
        return question

    assert ["question"] == [*lower(ask.parameters, "openai-strict").schema["properties"]]


async def test_many_registries():
    """What is made of a registry is kept for the next request, and not for ever."""
    offers = Offers("openai-strict", lambda one: {"name": one.tool.name})
    registries = [ToolRegistry(look_up.renamed(f"tool_{number}")) for number in range(KEPT + 1)]
    first = offers.of(registries[0])

    assert first is offers.of(registries[0])
    assert [*map(offers.of, registries)][-1] is offers.of(registries[-1])
    assert first is not offers.of(registries[0])


def test_relaxed_once():
    """A request that was out when tools became hints is asked again, too."""
    offers = Offers("anthropic-strict", lambda one: {"name": one.tool.name})

    assert not offers.relax()
    assert offers.of(ToolRegistry(look_up)).strict
    assert [True, True] == [offers.relax(), offers.relax()]
    assert "anthropic" == offers.dialect
