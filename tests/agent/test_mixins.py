"""The abilities, each alone; every subset of them is in test_loop."""

import logging
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentEvent,
    AssistantMessage,
    BasicAgent,
    InMemoryStorage,
    MemoryUpdate,
    ObserverMixin,
    ProviderUnavailableError,
    RunFailed,
    RunResume,
    StreamingAgent,
    TextDelta,
    ThreadNotFoundError,
    ToolCall,
    ToolCallDelta,
    ToolChoiceMixin,
    ToolResult,
    UserMessage,
)
from lumos_agent.events import LAST
from lumos_agent.mixins import INTERRUPTED
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import function_tool


@function_tool
async def add(a: int = 1, b: int = 1) -> int:
    """Add."""
    return a + b


@function_tool(idempotent=True)
async def look() -> str:
    """Look."""
    return "seen"


async def events_of(agent: BasicAgent, **options: Any) -> list[AgentEvent]:
    async with agent.stream("?", **options) as stream:
        return [event async for event in stream]


class Choosing(ToolChoiceMixin):
    """The bare loop with tool choice."""


@pytest.mark.parametrize("choice", ["required", "add"])
async def test_forced_choice_ends(choice: str):
    """A forced tool is forced in the first step only, so that the run can end."""
    provider = ScriptedProvider(calls("add"), calls("add"), says("2"))
    await Choosing(provider, tools=[add]).generate("?", tool_choice=choice)

    assert [choice, "auto", "auto"] == [request.tool_choice for request in provider.requests]


async def test_forbidden_stays():
    """Forbidden tools stay forbidden, in every step."""
    provider = ScriptedProvider(calls("add"), says("2"))
    await Choosing(provider, tools=[add]).generate("?", tool_choice="none")

    assert ["none", "none"] == [request.tool_choice for request in provider.requests]


async def test_streams_words():
    """With streaming the words come one by one, and the first is timed."""
    events = await events_of(StreamingAgent(ScriptedProvider(says("one two three"))))
    step: Any = events[-2]

    assert ["one", " two", " three"] == [one.delta for one in events if isinstance(one, TextDelta)]
    assert 0 <= step.agent_step.first_token <= step.agent_step.duration


async def test_streams_reasoning():
    """Reasoning comes in pieces, too."""
    events = await events_of(StreamingAgent(ScriptedProvider(says("Yes", reasoning="It is"))))

    assert ["ReasoningDelta", "ReasoningDelta", "TextDelta"] == [
        type(event).__name__ for event in events[2:5]
    ]


async def test_call_deltas_if_asked_for():
    """A call's arguments are told as they come only if that is asked for."""
    deltas = []
    for asked in (False, True):
        agent = StreamingAgent(ScriptedProvider(calls("add", a=2), says("3")), tools=[add])
        events = await events_of(agent, tool_call_deltas=asked)
        deltas.append(
            [(one.call_id, one.name, one.delta) for one in events if isinstance(one, ToolCallDelta)]
        )

    assert [[], [("call_1", "add", '{"a":2}')]] == deltas


async def test_generate_does_not_stream():
    """Where nobody reads the words, the provider is asked for the whole."""

    class Whole(ScriptedProvider):
        async def stream(self, request: Any) -> Any:
            raise AssertionError("streamed")
            yield

    assert "x" == (await StreamingAgent(Whole(says("x"))).generate("?")).text


async def test_stream_without_reply():
    """A provider whose stream ends without its reply is at fault, and that is said."""

    class Half(ScriptedProvider):
        async def stream(self, request: Any) -> Any:
            return
            yield

    with pytest.raises(ProviderUnavailableError, match="the stream ended without its reply"):
        await events_of(StreamingAgent(Half()))


async def test_remembers():
    """A thread is loaded before a run and appended to while it runs."""
    provider = ScriptedProvider(says("Hello Ada."), says("Ada."))
    agent = Agent(provider, memory=InMemoryStorage())
    await agent.generate("I am Ada.", thread="t", resource="ada")
    events = await events_of(agent, thread="t", resource="ada")

    assert [UserMessage("I am Ada."), AssistantMessage("Hello Ada."), UserMessage("?")] == [
        *provider.requests[1].messages
    ]
    updates = [(one.operation, one.messages) for one in events if isinstance(one, MemoryUpdate)]
    assert [("read", 2), ("append", 1), ("append", 1)] == updates


async def test_without_a_thread():
    """An agent with memory and a run without a thread: nothing is kept."""
    storage = InMemoryStorage()
    await Agent(ScriptedProvider(says("Hi")), memory=storage).generate("?")

    assert () == (await storage.list_threads()).items


async def test_other_owner():
    """Another resource's thread is not found; that its id is taken is not told."""
    storage = InMemoryStorage()
    await storage.create_thread(id="t", resource="ada")

    with pytest.raises(ThreadNotFoundError, match="no thread 't' of 'bob'"):
        await Agent(ScriptedProvider(says("Hi")), memory=storage).generate(
            "?", thread="t", resource="bob"
        )


async def crashed(*tools: str) -> InMemoryStorage:
    storage = InMemoryStorage()
    await storage.create_thread(id="t")
    asked = tuple(ToolCall(str(place), name, {}) for place, name in enumerate(tools))
    await storage.append("t", [UserMessage("?"), AssistantMessage("", asked)])
    return storage


async def test_resumes_a_thread():
    """After a crash idempotent tools run again; any other is answered as interrupted."""
    storage = await crashed("look", "add", "gone")
    observed: list[AgentEvent] = []
    agent = Agent(
        ScriptedProvider(says("done")),
        tools=[add, look],
        memory=storage,
        observers=[observed.append],
    )
    result = await agent.resume(thread="t")
    results = {one.name: one.text for one in result.messages if isinstance(one, ToolResult)}

    assert {"look": "seen", "add": INTERRUPTED, "gone": INTERRUPTED} == results
    assert isinstance(observed[0], RunResume)
    assert 2 == result.steps
    assert 6 == (await storage.get_thread("t")).last_seq


async def test_new_prompt_after_a_crash():
    """A new prompt on a thread that a crash left open: each call is answered first."""
    provider = ScriptedProvider(says("done"))
    agent = Agent(provider, tools=[look], memory=await crashed("look"))
    await agent.generate("And now?", thread="t")

    assert [ToolResult("0", "look", INTERRUPTED, is_error=True), UserMessage("And now?")] == [
        *provider.requests[0].messages[-2:]
    ]


async def test_resume_unknown_thread():
    """A thread that does not exist cannot be gone on with."""
    agent = Agent(ScriptedProvider(), memory=InMemoryStorage())

    with pytest.raises(ThreadNotFoundError, match="no thread 't'"):
        await agent.resume(thread="t")


async def test_observer_fails(caplog: pytest.LogCaptureFixture):
    """An observer that fails is logged; the run and the other observers go on."""
    seen: list[AgentEvent] = []

    def broken(event: AgentEvent) -> None:
        raise RuntimeError("full disk")

    agent = Agent(ScriptedProvider(says("Hi")), observers=[broken, seen.append])
    with caplog.at_level(logging.ERROR, "lumos_agent"):
        result = await agent.generate("?")

    assert "Hi" == result.text
    assert isinstance(seen[-1], LAST)
    assert "full disk" in caplog.text


async def test_observers_hear_the_end():
    """When a stream is left, the observers hear of it as the last event; so they do of a failure."""
    seen: list[AgentEvent] = []
    agent = Agent(ScriptedProvider(says("one two")), observers=[seen.append])
    async with agent.stream("?") as stream:
        await anext(stream)
        await anext(stream)

    last = seen[-1]
    assert isinstance(last, RunFailed)
    assert ("cancelled", 3) == (last.code, last.seq)
    seen.clear()
    failing = Agent(ScriptedProvider(), observers=[seen.append])
    with pytest.raises(Exception, match="the script has 0"):
        await failing.generate("?")
    assert [True] == [isinstance(event, LAST) for event in seen if isinstance(event, LAST)]


def test_observers_cost_nothing_when_there_are_none():
    """Without observers the events are the loop's own."""
    run_events = Agent(ScriptedProvider(says("Hi"))).stream("?")._events

    assert "events" == run_events.__name__
    assert issubclass(Agent, ObserverMixin)
