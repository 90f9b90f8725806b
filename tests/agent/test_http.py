"""Whole agents against a real server: sockets, server-sent events, and OpenAI's rules."""

import asyncio
import itertools
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentEvent,
    BasicAgent,
    InMemoryStorage,
    MemoryMixin,
    ObserverMixin,
    StreamingMixin,
    TextDelta,
    ToolChoiceMixin,
    ToolResult,
    Usage,
)
from lumos_tools import function_tool
from tests.agent.test_loop import check_rules
from tests.servers.chat import Answer, Call, ChatServer, says, turns, wants

ADD = Call("add", '{"a": 2, "b": 3}')
THREE = (ADD, Call("add", '{"a": 1, "b": 1}'), Call("double", '{"it": 4}'))
MIXINS = (ObserverMixin, MemoryMixin, StreamingMixin, ToolChoiceMixin)


@function_tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@function_tool
def double(it: int) -> int:
    """Double a number, in a thread."""
    return 2 * it


def of(server: ChatServer, kind: type[BasicAgent] = Agent, **more: Any) -> BasicAgent:
    settings = {"base_url": server.base_url, "api_key": "test-key", "tools": [add, double]}
    return kind("openai/test-model", **{**settings, **more})


def by_history(*answers: Answer) -> Any:
    """A script by how many replies the history has, so that any part of a run can be served."""

    def answer(body: dict[str, Any]) -> Answer:
        return answers[sum(message["role"] == "assistant" for message in body["messages"])]

    return answer


SCRIPTS: dict[str, Any] = {
    "one": turns(1, ADD, "The sum is 5."),
    "three": by_history(wants(*THREE), says("5, 2 and 8.")),
    "ten": turns(10, ADD, "Always 5."),
}
ANSWERS = {"one": "The sum is 5.", "three": "5, 2 and 8.", "ten": "Always 5."}
RESULTS = {"one": ["5"], "three": ["5", "2", "8"], "ten": ["5"] * 10}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("streaming", [False, True])
async def test_runs(name: str, streaming: bool):
    """One tool, three tools at once, ten turns: whole and streaming, the server refuses nothing."""
    async with ChatServer(SCRIPTS[name]) as server, of(server, instructions="Be brief.") as agent:
        if streaming:
            async with agent.stream("2 + 3?") as stream:
                events = [event async for event in stream]
            check_rules(events)
            result = stream.result
            assert len([event for event in events if isinstance(event, TextDelta)]) > 1
            assert stream.text == ANSWERS[name]
        else:
            result = await agent.generate("2 + 3?")

    assert ANSWERS[name] == result.text
    assert RESULTS[name] == [
        one.text.partition("\n")[0] for one in result.messages if isinstance(one, ToolResult)
    ]
    assert Usage(10 * result.steps, 5 * result.steps) == result.usage
    assert [] == server.refusals
    assert result.steps == len(server.requests)


@pytest.mark.parametrize(
    "mixins",
    [some for size in range(5) for some in itertools.combinations(MIXINS, size)],
    ids=lambda some: "-".join(one.__name__ for one in some) or "bare",
)
async def test_every_subset(mixins: tuple[type[BasicAgent], ...]):
    """The same run with each of the 16 subsets of the mixins; each makes its difference."""
    observed: list[AgentEvent] = []
    storage = InMemoryStorage()
    kind: Any = type("Mine", (*mixins, BasicAgent), {})
    more: dict[str, Any] = {"observers": [observed.append]} if ObserverMixin in mixins else {}
    more |= {"memory": storage} if MemoryMixin in mixins else {}
    options: dict[str, Any] = {"thread": "t"} if MemoryMixin in mixins else {}
    options |= {"tool_choice": "add"} if ToolChoiceMixin in mixins else {}

    async with ChatServer(SCRIPTS["three"]) as server, of(server, kind, **more) as agent:
        async with agent.stream("2 + 3?", **options) as stream:
            events = [event async for event in stream]

    assert "5, 2 and 8." == stream.text
    check_rules(events)
    assert (events if ObserverMixin in mixins else []) == observed
    kept = (await storage.list_threads()).items
    assert ([6] if MemoryMixin in mixins else []) == [thread.last_seq for thread in kept]
    deltas = sum(isinstance(event, TextDelta) for event in events)
    assert deltas > 1 if StreamingMixin in mixins else deltas == 1
    assert (StreamingMixin in mixins) == server.requests[0].get("stream", False)
    choice = (
        {"type": "function", "function": {"name": "add"}} if ToolChoiceMixin in mixins else None
    )
    assert [choice, None] == [request.get("tool_choice") for request in server.requests]
    assert [] == server.refusals


@pytest.mark.parametrize("name", SCRIPTS)
async def test_resumed_after_every_message(name: str):
    """The same run stopped after every message and resumed from the transcript ends the same."""
    async with ChatServer(SCRIPTS[name]) as server, of(server) as agent:
        whole = await agent.generate("2 + 3?")
        for stop in range(1, len(whole.messages) + 1):
            resumed = await agent.resume(messages=whole.messages[:stop])

            assert whole.text == resumed.text
            assert RESULTS[name] == [
                one.text.partition("\n")[0]
                for one in resumed.messages
                if isinstance(one, ToolResult)
            ]
            assert whole.steps == resumed.steps

    assert [] == server.refusals


async def test_thread_over_http():
    """A thread goes on over runs, and over a run that was cancelled in its tool."""
    hanging = asyncio.Event()

    @function_tool
    async def hang() -> None:
        hanging.set()
        await asyncio.Event().wait()

    script = by_history(wants(Call("hang")), says("Never mind."), says("Fine."))
    storage = InMemoryStorage()
    async with ChatServer(script) as server, of(server, tools=[hang], memory=storage) as agent:
        task = asyncio.create_task(agent.generate("Go!", thread="t"))
        await hanging.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answers = [(await agent.generate("And?", thread="t")).text for _ in range(2)]

    assert ["Never mind.", "Fine."] == answers
    assert [] == server.refusals


async def test_many_at_once():
    """A hundred runs on one agent, each its own answer; no task is left."""
    async with ChatServer(SCRIPTS["ten"]) as server, of(server) as agent:
        before = len(asyncio.all_tasks())
        results = await asyncio.gather(*(agent.generate(f"{n}?") for n in range(100)))
        left = [task for task in asyncio.all_tasks() if "lumos" in repr(task.get_coro())]

    assert {"Always 5."} == {result.text for result in results}
    assert 1100 == len(server.requests)
    assert [] == server.refusals
    assert [] == left
    assert before >= 1
