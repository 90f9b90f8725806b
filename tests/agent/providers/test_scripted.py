"""The scripted provider."""

from contextlib import AbstractAsyncContextManager

import pytest

from lumos_agent import Provider, ProviderError, Reply, Request, ToolResult, Usage, UserMessage
from lumos_agent.providers.base import CallPart, ReasoningPart, TextPart
from lumos_agent.testing import ScriptedProvider, calls, says, together
from lumos_agent.testing.provider_contract import ProviderContract, add, opened, request


def adds(asked: Request) -> Reply:
    done = any(isinstance(message, ToolResult) for message in asked.messages)
    return says("It is 5.", usage=Usage(10, 5)) if done else calls("add", a=2, b=3)


class TestScriptedProvider(ProviderContract):
    """It does what every provider must."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return opened(ScriptedProvider(adds))


async def test_in_order():
    """Replies come in their order, and one too many is an error that says so."""
    provider = ScriptedProvider(says("1"), says("2"))
    texts = [(await provider.generate(request(UserMessage("?")))).message.text for _ in range(2)]

    assert ["1", "2"] == texts
    with pytest.raises(ProviderError, match="the script has 2 replies, and this is one more"):
        await provider.generate(request(UserMessage("?")))
    with pytest.raises(ProviderError, match="the script has 0 replies"):
        await ScriptedProvider().generate(request(UserMessage("?")))


async def test_raises():
    """An exception in the script is raised, and the script goes on after it."""
    provider = ScriptedProvider(ProviderError("down"), says("up"))

    with pytest.raises(ProviderError, match="down"):
        await provider.generate(request(UserMessage("?")))
    assert "up" == (await provider.generate(request(UserMessage("?")))).message.text


async def test_pieces():
    """A stream gives reasoning, text and calls in pieces, and then the reply."""
    reply = together(says("Let me see. ", reasoning="A sum"), calls("add", a=1), calls("add", a=2))
    items = [item async for item in ScriptedProvider(reply).stream(request(UserMessage("?")))]

    assert ["Let", " me", " see. "] == [item.text for item in items if isinstance(item, TextPart)]
    assert ["call_1", "call_2"] == [item.call_id for item in items if isinstance(item, CallPart)]
    assert [] == [item for item in items if isinstance(item, ReasoningPart)]
    assert isinstance(items[-1], Reply)


async def test_reasoning():
    """Reasoning is told before the text."""
    items = [
        item
        async for item in ScriptedProvider(says("Yes", reasoning="It is so")).stream(
            request(UserMessage("?"))
        )
    ]

    assert [
        ReasoningPart("It"),
        ReasoningPart(" is"),
        ReasoningPart(" so"),
        TextPart("Yes"),
    ] == items[:4]


def test_contract_is_abstract():
    """The contract wants a provider."""
    with pytest.raises(NotImplementedError):
        ProviderContract().provider()
    assert 5 == add(2, 3)
