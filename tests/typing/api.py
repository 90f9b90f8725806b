"""The public API, written out for the type checkers; never run."""

from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from lumos_agent import (
    Agent,
    AgentEvent,
    BasicAgent,
    GenerateResult,
    InMemoryStorage,
    MemoryMixin,
    MemoryStorage,
    Observer,
    Provider,
    StreamingAgent,
    TextDelta,
    ToolChoiceMixin,
)
from lumos_agent.memory.dict import InMemoryStorage as Store
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.providers.offline import OfflineProvider
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import FunctionSchema, ToolContext, ToolRegistry, function_tool


@function_tool
def add(a: int, b: int = 0) -> int:
    """A sync tool."""
    return a + b


@function_tool(name="later", timeout=5.0, sequential=True)
async def wait(it: str, context: ToolContext[str]) -> str:
    """An async tool with options."""
    assert_type(context.deps, str)
    return it


class Refund(FunctionSchema, name="refund", timeout=None, sequential=True):
    """A tool as a model."""

    order: str

    async def run(self) -> str:
        """Pay."""
        return self.order


class Quiet(MemoryMixin, ToolChoiceMixin, BasicAgent):
    """An agent of one's own."""


assert_type(add(1, b=2), int)
later: Coroutine[Any, Any, str] = wait("x", ToolContext())
assert_type(add.parameters, dict[str, Any])
providers: list[Provider] = [ScriptedProvider(), OfflineProvider(), DirectProvider("x")]
stores: list[MemoryStorage] = [InMemoryStorage(), Store()]
observers: list[Observer] = [print, lambda event: None]
registry = ToolRegistry(add, wait, Refund)
kinds: list[Callable[..., BasicAgent]] = [Agent, BasicAgent, StreamingAgent, Quiet]


async def use() -> None:
    """What people write."""
    agent = Agent(
        ScriptedProvider(calls("add", a=1), says("2")),
        tools=[add, wait, Refund],
        memory=InMemoryStorage(),
        observers=[print],
        max_steps=3,
    )
    result = await agent.generate("1+1?", thread="ada", tool_choice="add")
    assert_type(result, GenerateResult)
    assert_type(result.text, str)
    assert_type(agent.generate_sync("1+1?").usage.input_tokens, int)
    async with agent, agent.stream("1+1?", deps=3) as stream:
        async for event in stream:
            assert_type(event, AgentEvent)
            match event:
                case TextDelta(delta=text):
                    assert_type(text, str)
                case _:
                    pass
