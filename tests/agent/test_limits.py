"""Where a run ends although the model would go on."""

import asyncio
import time
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    BasicAgent,
    BudgetError,
    ConfigError,
    ProviderUnavailableError,
    Reply,
    Request,
    StepLimitError,
    ToolResult,
    Usage,
)
from lumos_agent.messages import AssistantMessage, ToolCall
from lumos_agent.prices import price_of
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import function_tool


@function_tool
def look() -> str:
    """Look around."""
    return "nothing"


class Priced(ScriptedProvider):
    """A script whose model has a price: 1.25 and 10 dollars for a million tokens."""

    price = price_of("openai", "gpt-5")


def looks(used: Usage) -> Any:
    def reply(request: Request) -> Reply:
        message = AssistantMessage("", (ToolCall("", "look", {}),))
        return Reply(message=message, usage=used, finish_reason="tool_calls")

    return reply


async def test_tokens():
    """Once the replies have used so many tokens, the model is not asked again."""
    provider = ScriptedProvider(looks(Usage(900, 100)))
    with pytest.raises(BudgetError, match="used 2000 tokens of 1500; allow more max_total_tokens"):
        await BasicAgent(provider, tools=[look], max_total_tokens=1500).generate("?")

    assert 2 == len(provider.requests)


async def test_the_answer_is_worth_having():
    """A run whose answer is there is not ended by what it used."""
    agent = BasicAgent(ScriptedProvider(says("Yes", usage=Usage(9, 9))), max_total_tokens=1)

    assert "Yes" == (await agent.generate("?")).text


async def test_cost():
    """What a run costs is summed up over its steps, and limits it."""
    provider = Priced(looks(Usage(1_000_000, 100_000)))
    with pytest.raises(BudgetError, match=r"cost \$4.5000 of \$4; allow more max_cost"):
        await BasicAgent(provider, tools=[look], max_cost=4.0).generate("?")
    told = await BasicAgent(Priced(says("Yes", usage=Usage(1_000_000, 100_000)))).generate("?")

    assert 2 == len(provider.requests)
    assert 2.25 == told.cost


async def test_cost_is_not_known():
    """Without a price or a usage the cost is None; with a limit of money neither is taken."""
    unpriced = await BasicAgent(ScriptedProvider(says("Yes", usage=Usage(1, 1)))).generate("?")
    unsaid = await BasicAgent(Priced(says("Yes"))).generate("?")

    assert (None, None) == (unpriced.cost, unsaid.cost)
    provider = ScriptedProvider(says("Yes"))
    with pytest.raises(ConfigError, match="the price of scripted/script is not known"):
        await BasicAgent(provider, max_cost=1.0).generate("?")
    assert [] == provider.requests
    with pytest.raises(ConfigError, match="the price of scripted/script is not known"):
        await BasicAgent(Priced(), fallback=[provider], max_cost=1.0).generate("?")
    with pytest.raises(BudgetError, match="scripted/script did not say what it used"):
        await BasicAgent(Priced(looks(Usage())), tools=[look], max_cost=1.0).generate("?")


class Slow(ScriptedProvider):
    """A script that never comes to its reply."""

    async def generate(self, request: Request) -> Reply:
        self.requests.append(request)
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def stream(self, request: Request) -> Any:
        yield await self.generate(request)


class Late(ScriptedProvider):
    """A script that takes so long to fail that the run's time is over."""

    async def generate(self, request: Request) -> Reply:
        await asyncio.sleep(0.03)
        return await super().generate(request)


@pytest.mark.parametrize("streaming", [False, True])
async def test_time(streaming: bool):
    """When the time is over, the reply that is awaited is given up."""
    agent = Agent(Slow(), max_seconds=0.02)
    with pytest.raises(BudgetError, match="the run took 0.02 s, which is all it may") as caught:
        async with agent.stream("?") as stream:
            stream.run.streaming = streaming
            await stream.finish()

    assert caught.value.run is stream.run


async def test_time_is_not_over():
    """With time enough, a limit of it changes nothing."""
    agent = Agent(ScriptedProvider(calls("look"), says("Nothing.")), tools=[look], max_seconds=60)
    async with agent.stream("?") as stream:
        await stream.finish()

    assert "Nothing." == stream.result.text


async def test_no_time_to_ask_again():
    """A failure after the end of the time is the end; and what would be waited for too long is not."""
    failing = ProviderUnavailableError("down")
    with pytest.raises(BudgetError) as caught:
        await BasicAgent(Late(failing), max_seconds=0.01).generate("?")
    with pytest.raises(ProviderUnavailableError):
        await BasicAgent(ScriptedProvider(failing), max_seconds=0.2).generate("?")

    assert caught.value.__cause__ is failing or caught.value.__cause__ is not None


class Blocking(ScriptedProvider):
    """A script that holds everything up until the run's time is over, and then fails."""

    async def generate(self, request: Request) -> Reply:
        time.sleep(0.03)  # noqa: ASYNC251
        return await super().generate(request)


async def test_failure_after_the_time():
    """A failure that comes after the end of the time is not tried again: the time is over."""
    failing = ProviderUnavailableError("down")
    with pytest.raises(BudgetError) as caught:
        await BasicAgent(Blocking(failing), max_seconds=0.01).generate("?")

    assert failing is caught.value.__cause__


async def test_nobody_asked():
    """A transcript may have no question of the user's; the limits hold in it, too."""
    call = ToolCall("c", "look", {})
    said = [AssistantMessage("", (call,)), ToolResult("c", "look", "nothing")]

    assert "So." == (await BasicAgent(ScriptedProvider(says("So."))).resume(messages=said)).text


async def test_no_time_to_begin():
    """A run whose time is over when a step begins asks nobody."""
    provider = ScriptedProvider(says("Yes"))
    agent = BasicAgent(provider)
    async with agent.stream("?", max_seconds=1) as stream:
        stream.run.deadline = 0.0
        with pytest.raises(BudgetError):
            await stream.finish()

    assert [] == provider.requests


async def test_unknown_tools():
    """Calls of nothing but unknown tools are answered in three replies; then the run ends."""
    provider = ScriptedProvider(lambda _: calls("lok"))
    with pytest.raises(
        StepLimitError, match="only tools that do not exist in 3 replies, 'lok'"
    ) as caught:
        await BasicAgent(provider, tools=[look]).generate("?")

    assert 3 == len(provider.requests)
    assert caught.value.run
    answers = [one for one in caught.value.run.messages if isinstance(one, ToolResult)]
    assert 3 == len(answers)
    assert "look" in answers[0].text


async def test_a_known_tool_between():
    """A call of a tool that there is begins the count anew."""
    script = [calls("lok"), calls("lok"), calls("look"), calls("lok"), calls("lok"), says("So.")]
    result = await BasicAgent(ScriptedProvider(*script), tools=[look]).generate("?")

    assert "So." == result.text


def cut(*names: str) -> Reply:
    made = tuple(ToolCall("", name, '{"a": ') for name in names)
    return Reply(message=AssistantMessage("", made, truncated=True), finish_reason="length")


async def test_cut_off_twice():
    """Two replies in a row whose calls were cut off by the limit of tokens end the run."""
    provider = ScriptedProvider(lambda _: cut("look"))
    with pytest.raises(
        BudgetError, match="cut the model's call off, twice; allow more max_tokens than 9"
    ):
        await BasicAgent(provider, tools=[look], max_tokens=9).generate("?")
    with pytest.raises(BudgetError, match="allow more max_tokens$"):
        await BasicAgent(ScriptedProvider(lambda _: cut("look")), tools=[look]).generate("?")

    assert 2 == len(provider.requests)


async def test_cut_off_once():
    """One is answered, and the run goes on."""
    agent = BasicAgent(ScriptedProvider(cut("look"), calls("look"), says("So.")), tools=[look])

    assert "So." == (await agent.generate("?")).text


def test_retries_are_not_negative():
    """Nor can a request be made again less than not at all."""
    with pytest.raises(ConfigError, match="retries must be 0 or more, not -1"):
        BasicAgent(ScriptedProvider(), retries=-1)


@pytest.mark.parametrize("name", ["max_calls", "max_total_tokens", "max_seconds", "max_cost"])
def test_limits_are_positive(name: str):
    """A limit of nothing is refused."""
    with pytest.raises(ConfigError, match=f"{name} must be "):
        BasicAgent(ScriptedProvider(), **{name: 0})
