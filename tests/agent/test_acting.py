"""The calls of a step, carried out at the same time."""

import asyncio
import threading
from typing import Any

import pytest
from msgspec.structs import replace

import lumos_agent.acting
from lumos_agent import (
    Agent,
    AgentEvent,
    AssistantMessage,
    BudgetError,
    InMemoryStorage,
    Notice,
    Reply,
    ToolCall,
    ToolCallComplete,
    ToolCallStart,
    ToolProgress,
    ToolResult,
    UserMessage,
)
from lumos_agent.testing import ScriptedProvider, calls, says, together
from lumos_tools import ToolContext, function_tool


def agent_of(*tools: Any, reply: Any = None, **more: Any) -> Agent:
    reply = reply or together(*(calls(tool.name) for tool in tools))
    return Agent(ScriptedProvider(reply, says("done")), tools=tools, **more)


async def test_at_the_same_time():
    """The calls of one step run concurrently: two that wait for each other both end."""
    barrier = asyncio.Barrier(2)

    @function_tool
    async def one() -> str:
        await barrier.wait()
        return "1"

    @function_tool
    async def two() -> str:
        await barrier.wait()
        return "2"

    result = await asyncio.wait_for(agent_of(one, two).generate("?"), 5)

    assert ["1", "2"] == [
        message.text for message in result.messages if isinstance(message, ToolResult)
    ]


async def test_order():
    """Results are kept and shown as they come; the model reads them in the order of its calls."""
    first_may_end = asyncio.Event()

    @function_tool
    async def slow() -> str:
        await first_may_end.wait()
        return "slow"

    @function_tool
    async def quick() -> str:
        first_may_end.set()
        return "quick"

    storage = InMemoryStorage()
    agent = agent_of(slow, quick, memory=storage)
    async with agent.stream("?", thread="t") as stream:
        shown = [event.name async for event in stream if isinstance(event, ToolCallComplete)]
    stored = (await storage.get_messages("t")).items
    provider: Any = agent.provider

    assert ["quick", "slow"] == shown
    assert ["quick", "slow"] == [
        row.message.text for row in stored if isinstance(row.message, ToolResult)
    ]
    assert ["slow", "quick"] == [message.text for message in provider.requests[1].messages[-2:]]


async def test_context():
    """A tool knows its run, its call, its thread and what the caller handed in."""

    @function_tool
    def whose(context: ToolContext[str]) -> str:
        return (
            f"{context.thread} {context.resource} {context.call} {context.deps} {bool(context.run)}"
        )

    agent = agent_of(whose, memory=InMemoryStorage())
    result = await agent.generate("?", thread="t", resource="ada", deps="db")

    assert "t ada call_1 db True" == result.messages[2].text


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_progress_is_live(kind: str):
    """What a tool emits, on the loop or in its thread, is told while the tool still runs."""
    seen = threading.Event()

    @function_tool(name="work")
    def work_sync(context: ToolContext) -> str:
        context.emit({"percent": (50,)})
        return "ok" if seen.wait(5) else "nobody saw it"

    @function_tool(name="work")
    async def work_async(context: ToolContext) -> str:
        context.emit({"percent": (50,)})
        while not seen.is_set():
            await asyncio.sleep(0.001)
        return "ok"

    events: list[AgentEvent] = []
    async with agent_of(work_sync if kind == "sync" else work_async).stream("?") as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, ToolProgress):
                assert {"percent": [50]} == event.data
                assert "call_1" == event.call_id
                seen.set()

    assert ["ok"] == [event.result for event in events if isinstance(event, ToolCallComplete)]


async def test_emit_no_json():
    """What is no JSON cannot be emitted; the tool is told, not the reader."""

    @function_tool
    def work(context: ToolContext) -> None:
        context.emit(object())

    result = await agent_of(work).generate("?")

    assert "PydanticSerializationError" in result.messages[2].text


async def test_tool_cancels_itself():
    """A tool that ends as cancelled, though nobody cancelled it, is an answer like any other."""

    @function_tool
    async def odd() -> None:
        raise asyncio.CancelledError

    result = await agent_of(odd).generate("?")

    assert (
        "'odd' was cancelled before it ended; what it did so far is unknown"
        == result.messages[2].text
    )
    assert "done" == result.text


async def test_tool_cancels_its_own_task():
    """A tool that cancels the task it runs in ends its call, not the run's other calls."""

    @function_tool
    async def odd() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    @function_tool
    async def fine() -> str:
        return "fine"

    result = await agent_of(odd, fine).generate("?")
    answers = [message.text for message in result.messages if isinstance(message, ToolResult)]

    assert ["'odd' was cancelled before it ended; what it did so far is unknown", "fine"] == answers


async def test_progress_after_start():
    """No progress of a call is told before the call, however slow the reader."""

    @function_tool
    async def work(context: ToolContext) -> None:
        context.emit(1)

    names = []
    async with agent_of(work, reply=together(calls("work"), calls("work"))).stream("?") as stream:
        async for event in stream:
            names.append(type(event).__name__)
            await asyncio.sleep(0.001)

    assert names.index("ToolProgress") > max(
        i for i, one in enumerate(names) if one == "ToolCallStart"
    )


@pytest.mark.parametrize("leave", ["break", "cancel"])
async def test_cancelled_run(leave: str):
    """When a run is left or cancelled its tools are cancelled, and every call has an answer kept."""
    ended: list[str] = []
    running = asyncio.Event()

    @function_tool
    async def hang(context: ToolContext) -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(str(context.cancelled))

    @function_tool
    async def quick() -> str:
        return "quick"

    storage = InMemoryStorage()
    agent = agent_of(hang, quick, memory=storage)
    if leave == "cancel":
        task = asyncio.create_task(agent.generate("?", thread="t"))
        await running.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        async with agent.stream("?", thread="t") as stream:
            async for event in stream:
                if isinstance(event, ToolCallComplete):
                    break
    rows = (await storage.get_messages("t")).items
    answers = {
        row.message.name: row.message.text for row in rows if isinstance(row.message, ToolResult)
    }

    assert ["True"] == ended
    assert {"hang", "quick"} == {*answers}
    assert "'hang' was cancelled before it ended; what it did so far is unknown" == answers["hang"]


async def test_left_before_tools_began():
    """A stream left as soon as a call is shown keeps an answer for it, too."""
    storage, ran = InMemoryStorage(), []

    @function_tool
    async def work() -> None:
        ran.append(1)

    async with agent_of(work, memory=storage).stream("?", thread="t") as stream:
        async for event in stream:
            if isinstance(event, ToolCallStart):
                break
    rows = (await storage.get_messages("t")).items

    assert ["user", "assistant", "tool"] == [row.message.__struct_config__.tag for row in rows]
    assert [] == ran


async def test_stubborn_tool(monkeypatch: pytest.MonkeyPatch):
    """A tool that will not be cancelled, and runs in a task of its own, does not hold up the end."""
    monkeypatch.setattr(lumos_agent.acting, "GRACE", 0.01)
    release, running = asyncio.Event(), asyncio.Event()

    @function_tool
    async def stubborn(context: ToolContext) -> None:
        while not release.is_set():
            running.set()
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    storage = InMemoryStorage()
    task = asyncio.create_task(agent_of(stubborn, memory=storage).generate("?", thread="t"))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    rows = (await storage.get_messages("t")).items
    release.set()

    assert isinstance(rows[-1].message, ToolResult)


async def test_sync_tool_sees_the_end():
    """A long sync tool can see that its run is over."""
    running, over = threading.Event(), threading.Event()

    @function_tool
    def work(context: ToolContext) -> None:
        running.set()
        while not context.cancelled:
            over.wait(0.001)
        over.set()

    task = asyncio.create_task(agent_of(work).generate("?"))
    while not running.is_set():
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await asyncio.to_thread(over.wait, 5)


async def test_repairs_are_told():
    """Whoever reads the events learns that a tool's arguments had to be mended, and how."""

    @function_tool(repair=True)
    async def double(number: int) -> int:
        return 2 * number

    agent = agent_of(double, reply=calls("double", number="4"))
    async with agent.stream("?") as stream:
        events = [event async for event in stream]

    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert ("repair", ["read number as 4"]) == (notice.code, notice.data["repairs"])
    assert ["8"] == [event.result for event in events if isinstance(event, ToolCallComplete)]


def answers(result: Any) -> list[str]:
    return [one.text for one in result.messages if isinstance(one, ToolResult)]


async def test_sequential():
    """A sequential tool runs beside no other: it waits for those before it, and those after wait."""
    running: set[str] = set()
    beside: dict[str, set[str]] = {}

    async def work(name: str) -> str:
        running.add(name)
        beside[name] = {*running} - {name}
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        beside[name] |= running - {name}
        running.discard(name)
        return name

    def made(name: str, *, sequential: bool) -> Any:
        async def tool() -> str:
            return await work(name)

        return function_tool(name=name, sequential=sequential)(tool)

    tools = [made(name, sequential=name in "cd") for name in "abcdef"]
    result = await agent_of(*tools).generate("?")

    assert [*"abcdef"] == answers(result)
    assert {"a": {"b"}, "b": {"a"}, "c": set(), "d": set(), "e": {"f"}, "f": {"e"}} == beside


async def test_left_before_it_began():
    """A sequential call that never began has its answer when the run is left."""
    waiting = asyncio.Event()

    @function_tool
    async def wait() -> None:
        waiting.set()
        await asyncio.Event().wait()

    @function_tool(sequential=True)
    async def never() -> None:
        raise AssertionError

    agent = agent_of(wait, never)
    async with agent.stream("?") as stream:
        async for event in stream:
            if isinstance(event, ToolCallStart) and event.call.name == "never":
                break

    assert 2 == len([one for one in stream.run.messages if isinstance(one, ToolResult)])


@function_tool
async def echo(text: str = "") -> str:
    """Say it again."""
    return text or "nothing"


def cut(*texts: str) -> Reply:
    """A reply that the limit of tokens cut off in the last of its calls."""
    reply = together(*(calls("echo", text=text) for text in texts))
    return replace(reply, message=replace(reply.message, truncated=True), finish_reason="length")


@pytest.mark.parametrize("texts", [("a",), ("a", "b")])
async def test_cut_off(texts: tuple[str, ...]):
    """The last call of a reply that was cut off is not run, whatever it looks like; the model reads why."""
    result = await agent_of(echo, reply=cut(*texts)).generate("?")
    *ran, last = answers(result)

    assert [*texts[:-1]] == ran
    assert last.startswith("not run: the reply was cut off by its limit of tokens")


async def test_max_calls():
    """So many calls are carried out; those beyond are answered, and then the run ends."""
    three = together(*(calls("echo", text=text) for text in "abc"))
    agent = agent_of(echo, reply=three)
    with pytest.raises(
        BudgetError, match="makes more than 2 calls; allow more max_calls"
    ) as caught:
        await agent.generate("?", max_calls=2)
    enough = await agent_of(echo, reply=three).generate("?", max_calls=3)

    assert caught.value.run
    assert ["a", "b", "not run: this run may make 2 calls, and has made them"] == answers(
        caught.value.run
    )
    assert ["a", "b", "c"] == answers(enough)


async def test_the_same_call_again_and_again():
    """From the third time in a row on the model reads that it repeats itself; the tool runs all the same."""
    script = [calls("echo", text="a")] * 4 + [calls("echo", text="b"), says("done")]
    agent = Agent(ScriptedProvider(*script), tools=[echo])
    async with agent.stream("?") as stream:
        notices = [event async for event in stream if isinstance(event, Notice)]
    texts = answers(stream.run)

    assert ["a", "a", "a", "a", "b"] == [text.partition("\n")[0] for text in texts]
    assert [False, False, True, True, False] == ["[This call was made" in text for text in texts]
    assert [("repeat", 3), ("repeat", 4)] == [(one.code, one.data["times"]) for one in notices]


async def test_a_failing_call_again_and_again():
    """So it is with one that fails; a question of the user's begins the count anew."""
    script = [calls("echo", text=1)] * 3 + [says("done")]
    agent = Agent(ScriptedProvider(*script), tools=[echo])
    first = await agent.generate("?")

    assert [False, False, True] == ["3 times in a row" in text for text in answers(first)]
    again = Agent(ScriptedProvider(*script), tools=[echo])
    resumed = await again.resume(messages=[*first.messages, UserMessage("?")])
    assert [False, False, True] == ["times in a row" in text for text in answers(resumed)[3:]]


@pytest.mark.parametrize("number", [1, 2])
async def test_time_is_over(number: int):
    """When the run's time is over its tools are ended, and each call has an answer."""

    @function_tool
    async def hang() -> None:
        await asyncio.Event().wait()

    agent = agent_of(hang, reply=together(*[calls("hang")] * number))
    with pytest.raises(BudgetError, match=r"the run took 0\.05 s") as caught:
        await agent.generate("?", max_seconds=0.05)

    assert caught.value.run
    assert number == len(answers(caught.value.run))
    assert all("was cancelled" in text for text in answers(caught.value.run))


def test_no_reply():
    """A transcript without a reply has no last one; one without a question has repeats all the same."""
    call = ToolCall("c", "echo", {})
    assert 2 == lumos_agent.acting.repeats([AssistantMessage("", (call,))] * 2, call)
    assert lumos_agent.acting.last_reply([UserMessage("?")]) is None
