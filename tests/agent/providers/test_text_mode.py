"""Tools for models that take none."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from lumos_agent import (
    Agent,
    AssistantMessage,
    BadRequestError,
    Notice,
    Provider,
    ReasoningDelta,
    Reply,
    SystemMessage,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolResult,
    UserMessage,
)
from lumos_agent.config import Config, ModelConfig
from lumos_agent.prices import Price
from lumos_agent.providers.base import AlwaysReady, Request
from lumos_agent.providers.text_mode import TextMode, as_text
from lumos_agent.testing import ScriptedProvider, says
from lumos_agent.testing.provider_contract import ProviderContract, add, request
from tests.agent.test_loop import check_rules
from tests.servers.chat import Answer, ChatServer
from tests.servers.chat import says as answers

CALL = '<tool_call>{"name": "add", "arguments": {"a": 2, "b": 3}}</tool_call>'
REFUSED = Answer(status=400, error={"message": "test-model does not support tools"})


def model(request: Request) -> Reply:
    """A model that writes its calls as it was taught."""
    last = request.messages[-1].text
    return says("It is 5.") if "<tool_response" in last else says(f"I add. {CALL}")


class TestTextMode(ProviderContract):
    """It does what every provider must."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return wrapped()


@asynccontextmanager
async def wrapped() -> AsyncGenerator[Provider]:
    yield TextMode(ScriptedProvider(model))


def config(tools: Any) -> Config:
    return Config(models={"main": ModelConfig(use="openai/test-model", tools=tools)})


@pytest.mark.parametrize("streaming", [False, True])
async def test_run(streaming: bool):
    """A whole run over HTTP: no tool is sent, the calls are carried out, no mark is ever shown."""
    script = [answers(f"I add. {CALL}", chunk=3), answers("It is 5.")]
    async with ChatServer(script) as server:
        agent = Agent.from_config(
            config("text"), model="main", tools=[add], base_url=server.base_url, api_key="test-key"
        )
        async with agent, agent.stream("2 + 3?", tool_call_deltas=True) as stream:
            stream.run.streaming = streaming
            events = [event async for event in stream]

    check_rules(events)
    assert "It is 5." == stream.result.text
    assert "I add. It is 5." == stream.text
    assert "<" not in "".join(one.delta for one in events if isinstance(one, TextDelta))
    assert streaming == any(isinstance(one, ToolCallDelta) for one in events)
    assert ["5"] == [one.text for one in stream.run.messages if isinstance(one, ToolResult)]
    first, second = server.requests
    assert "tools" not in first
    assert '"name": "add"' in first["messages"][0]["content"]
    assert (
        CALL.replace("<tool_call>", "").replace("</tool_call>", "")
        in second["messages"][-2]["content"]
    )
    assert '<tool_response name="add">\n5\n</tool_response>' == second["messages"][-1]["content"]
    assert [] == server.refusals


@pytest.mark.parametrize("streaming", [False, True])
async def test_switches(streaming: bool):
    """A model that refuses tools is asked in text, which is told once; later runs do so at once."""
    script = [REFUSED, answers(CALL), answers("It is 5."), answers("Hi.")]
    async with ChatServer(script) as server:
        agent = Agent.from_config(
            config("auto"), model="main", tools=[add], base_url=server.base_url, api_key="test-key"
        )
        told: list[str] = []
        async with agent:
            for _ in range(2):
                async with agent.stream("2 + 3?") as stream:
                    stream.run.streaming = streaming
                    told += [one.code async for one in stream if isinstance(one, Notice)]

    assert ["text_mode"] == told
    assert [True, False, False, False] == ["tools" in one for one in server.requests]


@pytest.mark.parametrize("streaming", [False, True])
async def test_native(streaming: bool):
    """One that takes tools is asked natively; other refusals, and those without tools, are raised."""
    bad = BadRequestError("no such model", status=404)
    none = BadRequestError("does not support tools", status=400)
    for error, tools in ((bad, [add]), (none, [])):
        agent = Agent(TextMode(ScriptedProvider(error), auto=True), tools=tools)
        with pytest.raises(BadRequestError):
            async with agent.stream("?") as stream:
                stream.run.streaming = streaming
                await stream.finish()
    native = Agent(TextMode(ScriptedProvider(says(CALL)), auto=True), tools=[add])

    assert CALL == (await native.generate("?")).text  # who takes tools may quote a call


async def test_reasoning():
    """What a model thinks passes as it is."""
    agent = Agent(TextMode(ScriptedProvider(says("So.", reasoning="Hm."))), tools=[add])
    async with agent.stream("?") as stream:
        thoughts = [one.delta async for one in stream if isinstance(one, ReasoningDelta)]

    assert ["Hm."] == thoughts


async def test_no_tools():
    """Without tools the text is the text."""
    assert CALL == (await Agent(TextMode(ScriptedProvider(says(CALL)))).generate("?")).text


def test_as_text():
    """What is asked: one system message, calls and results as text, the user's side in one."""
    first, second = ToolCall("x", "add", {"a": 1}), ToolCall("y", "add", {"a": 2})
    asked = as_text(
        request(
            SystemMessage("Be brief."),
            UserMessage("?"),
            AssistantMessage("", (first, second)),
            ToolResult("x", "add", "1"),
            ToolResult("y", "add", "no", is_error=True),
            AssistantMessage("So."),
            UserMessage("And?"),
        )
    )
    system, user, called, results, said, more = asked.messages

    assert system.text.startswith("Be brief.\n\nYou can call tools.")
    assert ("?", "So.", "And?") == (user.text, said.text, more.text)
    assert 2 == called.text.count("<tool_call>")
    assert (
        '<tool_response name="add">\n1\n</tool_response>\n<tool_response name="add" failed'
        in results.text
    )
    assert not asked.tools


def test_choice():
    """A forced call is a sentence; where none may be made, nothing is taught."""
    forced = as_text(replace(request(UserMessage("?")), tool_choice="add"))
    none = as_text(replace(request(UserMessage("?")), tool_choice="none"))

    assert forced.messages[0].text.endswith("you must call the tool add.")
    assert [UserMessage("?")] == none.messages


async def test_cut_off():
    """A call that the limit of tokens cut off is one, and is never carried out."""
    cut = says('<tool_call>{"name": "add", "arguments": {"a": 2, "b": 3}', finish_reason="length")
    agent = Agent(TextMode(ScriptedProvider(cut, says("Never mind."))), tools=[add])
    result = await agent.generate("?")

    (answer,) = [one for one in result.messages if isinstance(one, ToolResult)]
    assert "not run: the reply was cut off" in answer.text


async def test_it_stands_for_its_model():
    """Names, price, opening and closing are those of the provider inside."""

    class Inner(ScriptedProvider, AlwaysReady):
        price = Price(input=1, output=1)
        said: list[str] = []

        async def aopen(self) -> None:
            self.said.append("open")

        async def aclose(self) -> None:
            self.said.append("close")

    mode = TextMode(Inner())
    await mode.aopen()
    await mode.aclose()

    assert ("scripted", "script", Inner.price) == (mode.name, mode.model, mode.price)
    assert ["open", "close"] == Inner.said
    assert not hasattr(TextMode(ScriptedProvider()), "price")
