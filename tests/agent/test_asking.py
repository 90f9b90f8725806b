"""The model's reply: asked for again, and then of the next model."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentEvent,
    BadRequestError,
    BasicAgent,
    Candidate,
    GenerateOptions,
    Notice,
    Pace,
    Part,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    ReasoningPart,
    Reply,
    Request,
    Run,
    StepComplete,
    StepStart,
    TextPart,
    ToolCall,
    ToolCallStart,
    ToolResult,
    Usage,
)
from lumos_agent.messages import AssistantMessage
from lumos_agent.providers.base import CallPart
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_tools import function_tool
from tests.agent.test_loop import check_rules

DOWN = ProviderUnavailableError("down")
QUOTA = RateLimitError("no money", kind="quota")


@function_tool
def look() -> str:
    """Look around."""
    return "nothing"


@function_tool
def echo(place: int) -> int:
    """Say it again."""
    return place


class Other(ScriptedProvider):
    """Another model."""

    name = "other"


class Breaking(ScriptedProvider):
    """A script whose first streams give *parts*, and then break off."""

    def __init__(self, parts: list[Part], *replies: Any, times: int = 1) -> None:
        super().__init__(*replies)
        self.parts = parts
        self.times = times

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        if self.times:
            self.times -= 1
            for part in self.parts:
                yield part
            raise ProviderUnavailableError("broke off", kind="connection")
        async for item in super().stream(request):
            yield item


class Told:
    """A run's events, and what it waited."""

    def __init__(self, provider: Any, **settings: Any) -> None:
        self.waits: list[float] = []
        self.events: list[AgentEvent] = []
        self.agent = Agent(provider, tools=[look, echo], **settings)
        self.agent.pace = Pace(sleep=self._sleep, random=lambda: 0.0)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self, *, streaming: bool = True, **options: Any) -> "Told":
        async with self.agent.stream("?", **options) as self.stream:
            self.stream.run.streaming = streaming
            async for event in self.stream:
                self.events.append(event)
        check_rules(self.events)
        return self

    def of(self, kind: type[AgentEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.mark.parametrize("streaming", [False, True])
async def test_again(streaming: bool):
    """A failure that passes is tried again after a wait, which is told; nothing shown is void."""
    told = await Told(ScriptedProvider(DOWN, DOWN, says("Yes"))).run(streaming=streaming)

    assert "Yes" == told.stream.text
    assert [0.5, 1.0] == told.waits
    assert [
        ("retry", {"step": 1, "try": n, "kind": "server", "delay": wait})
        for n, wait in ((1, 0.5), (2, 1.0))
    ] == [(notice.code, notice.data) for notice in told.of(Notice)]
    assert "down; asking again in 0.5 s" == told.of(Notice)[0].message
    assert [1] == [one.attempt for one in told.of(StepStart)]


async def test_in_vain():
    """After the retries the failure is raised."""
    told = Told(ScriptedProvider(DOWN, DOWN, DOWN), retries=1)
    with pytest.raises(ProviderUnavailableError, match="down"):
        await told.run()

    assert [0.5] == told.waits


async def test_next():
    """A failure of the right kind goes to the next model, which answers the rest of the run."""
    first, second = ScriptedProvider(QUOTA), Other(calls("look"), says("Yes"))
    told = await Told(first, fallback=[second]).run()

    (notice,) = told.of(Notice)
    data = {"step": 1, "kind": "quota", "from": "scripted/script", "to": "other/script"}
    assert ("fallback", data) == (notice.code, notice.data)
    assert "no money; asking other/script instead" == notice.message
    assert [0.0] == told.waits
    assert [(1, 1, "scripted/script"), (1, 2, "other/script"), (2, 1, "other/script")] == [
        (one.step, one.attempt, one.model) for one in told.of(StepStart)
    ]
    assert [("other", "other/script", 2), ("other", "other/script", 1)] == [
        (one.agent_step.provider, one.agent_step.model, one.agent_step.attempt)
        for one in told.of(StepComplete)
    ]
    assert (1, 2) == (len(first.requests), len(second.requests))


async def test_next_run_begins_with_the_first():
    """A fallback is for one run; the next one asks the first model again."""
    first = ScriptedProvider(QUOTA, says("I am back"))
    agent = BasicAgent(first, fallback=[Other(says("Yes"))])

    assert ["Yes", "I am back"] == [(await agent.generate("?")).text for _ in range(2)]


async def test_retried_first():
    """A failure that passes is tried again before the next model is asked; each has its own tries."""
    first, second = ScriptedProvider(DOWN, DOWN, DOWN), Other(DOWN, says("Yes"))
    told = await Told(first, fallback=[second]).run()

    assert ["retry", "retry", "fallback", "retry"] == [one.code for one in told.of(Notice)]
    assert [0.5, 1.0, 0.0, 0.5] == told.waits


@pytest.mark.parametrize("fallback_on", [["quota"], ["request"]])
async def test_by_kind(fallback_on: Any):
    """Only the kinds that were asked for go to the next model."""
    told = Told(
        ScriptedProvider(BadRequestError("no")),
        fallback=[Other(says("Yes"))],
        fallback_on=fallback_on,
    )
    if fallback_on == ["request"]:
        assert "Yes" == (await told.run()).stream.text
    else:
        with pytest.raises(BadRequestError):
            await told.run()


async def test_none_is_left():
    """Where the last model fails, its failure is raised."""
    told = Told(ScriptedProvider(QUOTA), fallback=[Other(RateLimitError("me too", kind="quota"))])
    with pytest.raises(RateLimitError, match="me too"):
        await told.run()


async def test_too_long_a_wait():
    """A provider that asks to wait for minutes is left for the next one."""
    slow = RateLimitError("later", retry_after=120)
    told = await Told(ScriptedProvider(slow), fallback=[Other(says("Yes"))]).run()

    assert [0.0] == told.waits
    assert "Yes" == told.stream.text


async def test_text_was_shown():
    """After text was shown a failure is raised; what was shown stands."""
    told = Told(Breaking([TextPart("It is fo")], says("Yes")), fallback=[Other(says("Yes"))])
    with pytest.raises(ProviderUnavailableError, match="broke off"):
        await told.run()

    assert "It is fo" == told.stream.text
    assert [] == told.waits


@pytest.mark.parametrize("parts", [[TextPart("It is fo")], [ReasoningPart("Hm")]])
async def test_begun_anew(parts: list[Part]):
    """Where it is allowed, or where only thoughts were shown, a reply begins anew: what came is void."""
    restart = isinstance(parts[0], TextPart)
    told = await Told(Breaking(parts, says("It is 5.")), restart=restart).run()

    assert "It is 5." == told.stream.text
    assert [1, 2] == [one.attempt for one in told.of(StepStart)]
    assert ["retry"] == [one.code for one in told.of(Notice)]


async def test_next_in_the_middle():
    """A fallback in mid-stream, where it is allowed, begins the text anew."""
    broken = Breaking([TextPart("It is fo")], times=9)
    told = await Told(broken, fallback=[Other(says("It is 5."))], restart=True, retries=0).run()

    assert "It is 5." == told.stream.text
    assert [("scripted/script", 1), ("other/script", 2)] == [
        (one.model, one.attempt) for one in told.of(StepStart)
    ]


@pytest.mark.parametrize("shown", [False, True])
async def test_arguments_were_shown(shown: bool):
    """The pieces of a call count as shown only where somebody asked for them."""
    broken = Breaking([CallPart("c", "look", "{")], says("Yes"))
    told = Told(broken, tool_call_deltas=shown)
    if shown:
        with pytest.raises(ProviderUnavailableError):
            await told.run()
    else:
        assert "Yes" == (await told.run()).stream.text
        assert [1] == [one.attempt for one in told.of(StepStart)]


@pytest.mark.parametrize("streaming", [False, True])
async def test_nothing_answered(streaming: bool):
    """A reply of nothing is asked for once more, and what it used is counted; then it is a failure."""
    nothing = says(" ", usage=Usage(5, 1))
    told = await Told(ScriptedProvider(nothing, says("Yes", usage=Usage(5, 2)))).run(
        streaming=streaming
    )

    assert ("Yes", Usage(10, 3)) == (told.stream.text.strip(), told.stream.result.usage)
    in_vain = Told(ScriptedProvider(nothing, nothing))
    with pytest.raises(
        ProviderUnavailableError, match="scripted/script answered with nothing"
    ) as caught:
        await in_vain.run(streaming=streaming)
    assert "empty" == caught.value.kind
    assert ["AssistantMessage"] * 0 == [
        type(one).__name__
        for one in in_vain.stream.run.messages
        if isinstance(one, AssistantMessage)
    ]


async def test_cut_off_before_a_word():
    """A reply that the limit of tokens cut off before its first word is no empty one: it is truncated."""
    cut = Reply(message=AssistantMessage("", truncated=True), finish_reason="length")
    told = await Told(ScriptedProvider(cut)).run()

    assert ("", "truncated") == (told.stream.result.text, told.stream.result.status)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("ids", [["a", "a"], ["", ""], ["a", ""], ["", "b", "b"]])
async def test_ids_of_calls(ids: list[str], streaming: bool):
    """Calls without an id, or with one that another of the reply has, get one: each has its answer."""

    class Careless(ScriptedProvider):
        def _named(self, call: ToolCall) -> ToolCall:
            return call

    asked = tuple(ToolCall(one, "echo", {"place": place}) for place, one in enumerate(ids))
    script = Careless(Reply(message=AssistantMessage("", asked)), says("done"))
    told = await Told(script).run(streaming=streaming)
    _, reply, *results, _ = told.stream.run.messages

    assert isinstance(reply, AssistantMessage)
    given = [call.id for call in reply.calls]
    assert len(ids) == len({*given} - {""})
    assert [one for one in dict.fromkeys(ids) if one] == [one for one in given if one in ids]
    assert [(call.id, str(place)) for place, call in enumerate(reply.calls)] == [
        (one.call_id, one.text) for one in results if isinstance(one, ToolResult)
    ]
    (step, _) = told.of(StepComplete)
    assert (reply.calls, given) == (
        step.agent_step.calls,
        [one.call.id for one in told.of(ToolCallStart)],
    )


async def test_ids_that_are_right():
    """Ids that tell the calls of a reply apart stay, whatever they look like."""
    both = (ToolCall("1", "look", {}), ToolCall(" ", "look", {}))
    script = ScriptedProvider(Reply(message=AssistantMessage("", both)), says("done"))
    told = await Told(script).run()

    assert both == told.of(StepComplete)[0].agent_step.calls


async def test_no_reply():
    """A stream without a reply at its end is a failure like others, and is tried again."""

    class Silent(ScriptedProvider):
        async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
            return
            yield

    told = Told(Silent())
    with pytest.raises(ProviderUnavailableError, match="the stream ended without its reply"):
        await told.run()

    assert [0.5, 1.0] == told.waits


async def test_what_is_no_piece_of_the_reply():
    """What an ability tells before the reply does not count as shown."""

    class Noting(BasicAgent):
        async def answer(self, run: Run) -> AsyncGenerator[AgentEvent]:
            yield Notice(code="asked", message="now")
            async for event in super().answer(run):
                yield event

    agent = Noting(ScriptedProvider(DOWN, says("Yes")))
    agent.pace = Pace(sleep=no_sleep)
    async with agent.stream("?") as stream:
        attempts = [one.attempt async for one in stream if isinstance(one, StepStart)]

    assert ("Yes", [1]) == (stream.text, attempts)


async def no_sleep(seconds: float) -> None:
    """Nobody waits."""


async def test_options_of_a_fallback():
    """A fallback is asked with options of its own; what was said of the run holds for it, too."""
    second = Other(says("Yes"))
    own = Candidate(second, GenerateOptions(temperature=0.7, max_tokens=9))
    agent = BasicAgent(ScriptedProvider(QUOTA), fallback=[own], temperature=0.1, seed=3)
    await agent.generate("?", max_tokens=5)

    (asked,) = second.requests
    assert (0.7, 5, None) == (
        asked.options.temperature,
        asked.options.max_tokens,
        asked.options.seed,
    )


async def test_providers_say_what_is_worth_knowing():
    """What a provider notices is told as a `Notice`."""

    class Noticing(ScriptedProvider):
        async def generate(self, request: Request) -> Reply:
            request.notice("text_mode", "It takes no tools.", {"model": "x"})
            return await super().generate(request)

    told = await Told(Noticing(says("Yes"))).run(streaming=False)

    assert [("text_mode", "It takes no tools.", {"model": "x"})] == [
        (one.code, one.message, one.data) for one in told.of(Notice)
    ]


async def test_cancelled_while_it_waits():
    """A run that waits to ask again can be cancelled."""
    waiting = asyncio.Event()

    async def wait(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    provider = ScriptedProvider(DOWN, says("Yes"))
    agent = BasicAgent(provider)
    agent.pace = Pace(sleep=wait)
    task = asyncio.create_task(agent.generate("?"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert 1 == len(provider.requests)


async def test_what_is_no_failure_of_a_provider():
    """A mistake in a provider of one's own is raised as it is, at once."""
    provider = ScriptedProvider(ValueError("oops"))
    with pytest.raises(ValueError, match="oops"):
        await BasicAgent(provider).generate("?")
    with pytest.raises(ProviderError, match="the script has 0 replies"):
        await BasicAgent(ScriptedProvider()).generate("?")
