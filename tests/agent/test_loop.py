"""The loop: ask, act, finish."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentError,
    AgentEvent,
    AssistantMessage,
    BasicAgent,
    GenerationComplete,
    InMemoryStorage,
    MemoryMixin,
    Message,
    Notice,
    ObserverMixin,
    ProviderError,
    RunFailed,
    RunStart,
    StepComplete,
    StepLimitError,
    StepStart,
    StreamingMixin,
    SystemMessage,
    TextDelta,
    ToolCallComplete,
    ToolCallStart,
    ToolChoiceMixin,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.events import LAST
from lumos_agent.run import Run
from lumos_agent.testing import ScriptedProvider, calls, says, together
from lumos_tools import function_tool


@function_tool
async def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@function_tool
async def boom() -> None:
    """Fail."""
    raise ValueError("broken")


async def events_of(agent: BasicAgent, prompt: str = "?", **options: Any) -> list[AgentEvent]:
    async with agent.stream(prompt, **options) as stream:
        return [event async for event in stream]


def types(events: Sequence[AgentEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_story():
    """A run with one tool call tells its story in order, numbered without a hole."""
    provider = ScriptedProvider(calls("add", a=2, b=3), says("It is 5."))
    events = await events_of(BasicAgent(provider, tools=[add], instructions="Be brief."))

    assert [
        "RunStart",
        "StepStart",
        "ToolCallStart",
        "ToolCallComplete",
        "StepComplete",
        "StepStart",
        "TextDelta",
        "StepComplete",
        "GenerationComplete",
    ] == types(events)
    assert [*range(1, 10)] == [event.seq for event in events]


async def test_what_the_provider_reads():
    """The provider reads the instructions, and all that was said."""
    provider = ScriptedProvider(calls("add", a=2, b=3), says("It is 5."))
    await BasicAgent(provider, tools=[add], instructions="Be brief.").generate("2 + 3?")

    first, second = ([*request.messages] for request in provider.requests)
    assert [SystemMessage("Be brief."), UserMessage("2 + 3?")] == first
    assert ToolResult("call_1", "add", "5") == second[-1]
    assert first == second[:2]


async def test_result():
    """The result has the answer, the transcript and what it took."""
    provider = ScriptedProvider(
        together(calls("add", a=2, b=3), says("", usage=Usage(10, 2))),
        says("5", usage=Usage(20, 1, 8)),
    )
    result = await BasicAgent(provider, tools=[add]).generate("2 + 3?")

    assert ("5", None, "complete", Usage(30, 3, 8), 2, None) == (
        result.text,
        result.output,
        result.status,
        result.usage,
        result.steps,
        result.cost,
    )
    assert ["UserMessage", "AssistantMessage", "ToolResult", "AssistantMessage"] == [
        type(message).__name__ for message in result.messages
    ]


async def test_truncated():
    """An answer cut by its token limit says so."""
    result = await BasicAgent(ScriptedProvider(says("Once", finish_reason="length"))).generate("?")

    assert "truncated" == result.status


async def test_whatever_goes_wrong_in_tools():
    """Unknown tool, bad arguments, a tool that raises: each is an answer for the model."""
    provider = ScriptedProvider(
        together(calls("ad", a=1), calls("add", a="1", b=2), calls("boom"), calls("add", a=1, b=2)),
        says("Sorry."),
    )
    result = await BasicAgent(provider, tools=[add, boom]).generate("?")
    results = [message for message in result.messages if isinstance(message, ToolResult)]

    assert [True, True, True, False] == [one.is_error for one in results]
    assert [
        "no tool named 'ad'; did you mean 'add'? known: add, boom",
        'a: expected an integer, got "1"',
        "ValueError: broken",
        "3",
    ] == [one.text for one in results]


async def test_invalid_json():
    """Arguments that are no JSON are answered with where they break, and the run goes on."""
    broken = AssistantMessage("", calls("add").message.calls)
    call = type(broken.calls[0])("call_1", "add", '{"a": 1')
    script = says("")
    provider = ScriptedProvider(type(script)(message=AssistantMessage("", (call,))), says("Again?"))
    result = await BasicAgent(provider, tools=[add]).generate("?")

    assert "not JSON" in result.messages[2].text
    assert "Again?" == result.text


async def test_step_limit():
    """A model that calls tools for ever is stopped, and what was said is kept on the error."""
    provider = ScriptedProvider(lambda request: calls("add", a=1, b=1))
    agent = BasicAgent(provider, tools=[add], max_steps=3)

    with pytest.raises(StepLimitError, match="after 3 steps; allow more max_steps") as caught:
        await agent.generate("?")

    assert isinstance(caught.value.run, Run)
    assert 7 == len(caught.value.run.messages)
    assert 3 == len(provider.requests)


async def test_failure_is_the_last_event():
    """A failure is told as the last event, and raised after it."""
    agent = BasicAgent(ScriptedProvider(ProviderError("down", model="x")))
    seen: list[AgentEvent] = []
    with pytest.raises(ProviderError, match="down") as caught:
        async with agent.stream("?") as stream:
            async for event in stream:
                seen.append(event)

    assert ["RunStart", "StepStart", "RunFailed"] == types(seen)
    assert isinstance(seen[-1], RunFailed)
    assert caught.value.run is stream.run
    assert stream.run.messages == [UserMessage("?")]
    assert ("provider", "down", 1) == (seen[-1].code, seen[-1].message, seen[-1].step)
    with pytest.raises(AgentError, match="no result yet"):
        stream.result  # noqa: B018


async def test_seams_can_tell():
    """What a seam tells comes before the next event, and before a failure."""

    class Telling(BasicAgent):
        async def keep(self, run: Run, message: Message) -> None:
            await super().keep(run, message)
            run.tell(Notice, code="kept", message=message.text)

    told = await events_of(Telling(ScriptedProvider(says("Hi"))))
    failing = Telling(ScriptedProvider())
    seen: list[AgentEvent] = []
    with pytest.raises(ProviderError):
        async with failing.stream("?") as stream:
            async for event in stream:
                seen.append(event)

    assert ["RunStart", "Notice", "StepStart", "TextDelta", "Notice", "StepComplete"] == types(
        told
    )[:6]
    assert ["RunStart", "Notice", "StepStart", "RunFailed"] == types(seen)


async def test_reasoning():
    """Reasoning is told before the text, and kept on the message."""
    result_events = await events_of(BasicAgent(ScriptedProvider(says("Yes", reasoning="It is so"))))

    assert ["StepStart", "ReasoningDelta", "TextDelta"] == types(result_events)[1:4]


MIXINS = (ObserverMixin, MemoryMixin, StreamingMixin, ToolChoiceMixin)
SUBSETS = [
    order
    for size in range(len(MIXINS) + 1)
    for chosen in itertools.combinations(MIXINS, size)
    for order in itertools.permutations(chosen)
]


def script() -> ScriptedProvider:
    return ScriptedProvider(
        together(calls("add", a=2, b=3), calls("nope"), calls("boom")), says("The sum is 5.")
    )


@pytest.mark.parametrize(
    "mixins", SUBSETS, ids=lambda mixins: "-".join(one.__name__ for one in mixins)
)
async def test_every_subset(mixins: tuple[type[BasicAgent], ...]):
    """Every subset of the mixins, in every order, gives the same answer; each makes its difference."""
    provider, storage, observed = script(), InMemoryStorage(), []
    kind: Any = type("Mine", (*mixins, BasicAgent), {})
    more: dict[str, Any] = {}
    options: dict[str, Any] = {}
    if ObserverMixin in mixins:
        more["observers"] = [observed.append]
    if MemoryMixin in mixins:
        more["memory"] = storage
        options["thread"] = "ada"
    if ToolChoiceMixin in mixins:
        options["tool_choice"] = "required"
    agent = kind(provider, tools=[add, boom], **more)

    events = await events_of(agent, "2 + 3?", **options)

    last = events[-1]
    assert isinstance(last, GenerationComplete)
    assert "The sum is 5." == last.result.text
    deltas = [event for event in events if isinstance(event, TextDelta)]
    assert (4 if StreamingMixin in mixins else 1) == len(deltas)
    assert (events if ObserverMixin in mixins else []) == observed
    assert (["ada"] if MemoryMixin in mixins else []) == [*storage._kept]
    choices = [request.tool_choice for request in provider.requests]
    assert (["required", "auto"] if ToolChoiceMixin in mixins else ["auto", "auto"]) == choices
    check_rules(events)


def check_rules(events: Sequence[AgentEvent]) -> None:
    """The rules of the events' table, which hold for every run that is not cancelled."""
    assert isinstance(events[0], RunStart)
    assert [events[-1]] == [event for event in events if isinstance(event, LAST)]
    assert [*range(1, len(events) + 1)] == [event.seq for event in events]
    started = [event.call.id for event in events if isinstance(event, ToolCallStart)]
    completed = [event.call_id for event in events if isinstance(event, ToolCallComplete)]
    assert sorted(started) == sorted(completed)
    for step in (event.agent_step for event in events if isinstance(event, StepComplete)):
        deltas: list[str] = []
        for event in events:
            if isinstance(event, StepStart):
                deltas = [] if event.step == step.step else deltas  # what came before is void
            elif isinstance(event, TextDelta) and event.step == step.step:
                deltas.append(event.delta)
        assert step.text == "".join(deltas)
        assert [call.id for call in step.calls] == [result.call_id for result in step.results]


@pytest.mark.parametrize("stop", range(1, 7))
async def test_resumed_anywhere(stop: int):
    """A run stopped after any message goes on from its transcript to the same answer."""
    whole = await Agent(
        ScriptedProvider(
            together(calls("add", a=2, b=3), calls("add", a=1, b=1)),
            calls("add", a=5, b=2),
            says("7"),
        ),
        tools=[add],
    ).generate("?")
    transcript = whole.messages[:stop]
    replies = [
        together(calls("add", a=2, b=3), calls("add", a=1, b=1)),
        calls("add", a=5, b=2),
        says("7"),
    ]
    said = sum(isinstance(message, AssistantMessage) for message in transcript)

    provider = ScriptedProvider(*replies[said:])
    resumed = await Agent(provider, tools=[add]).resume(messages=transcript)

    assert "7" == resumed.text
    assert 3 == resumed.steps
    assert 7 == len(resumed.messages)
    assert [type(message) for message in whole.messages] == [
        type(message) for message in resumed.messages
    ]
