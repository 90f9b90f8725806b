"""The calls of a step, carried out at the same time."""

import asyncio
import threading
from types import SimpleNamespace
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
from lumos_agent.run import Run, in_call_order
from lumos_agent.testing import ScriptedProvider, calls, says, together
from lumos_tools import Tool, ToolContext, function_tool


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


@pytest.mark.parametrize("names", [["hang"], ["hang", "hang_too"]])
async def test_cancelled_by_who_reads_of_the_start(names: list[str]):
    """Whoever is told that a call starts and cancels the run ends it, though no tool is at work yet."""

    async def hang() -> str:
        await asyncio.sleep(60)
        return "hung"

    agent = agent_of(*(function_tool(hang, name=name) for name in names))

    async def read() -> None:
        async with agent.stream("go") as stream:
            async for event in stream:
                if isinstance(event, ToolCallStart):
                    task.cancel()

    task = asyncio.create_task(read())
    with pytest.raises(asyncio.CancelledError):
        await task


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
    return [one.text for one in in_call_order(result.messages) if isinstance(one, ToolResult)]


async def left_while_working(agent: Agent, working: asyncio.Event) -> Run:
    """The run of *agent*, which is cancelled when its tools are *working*."""
    stream = agent.stream("?")
    task = asyncio.create_task(stream.finish())
    await working.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return stream.run


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
    async with agent_of(echo, reply=cut(*texts)).stream("?") as stream:
        events = [event async for event in stream]
    *ran, last = answers(stream.run)

    assert [*texts[:-1]] == ran
    assert last.startswith("not run: the reply was cut off by its limit of tokens")
    assert len(texts) == sum(isinstance(event, ToolCallStart) for event in events)
    assert [*[(text, False) for text in texts[:-1]], (last, True)] == sorted(
        (event.result, event.is_error) for event in events if isinstance(event, ToolCallComplete)
    )


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


async def test_what_was_not_begun():
    """A call that never began is answered as such, in contrast to one that was at work."""
    working = asyncio.Event()

    @function_tool
    async def wait() -> None:
        working.set()
        await asyncio.Event().wait()

    @function_tool(sequential=True)
    async def never() -> None:
        raise AssertionError

    run = await left_while_working(agent_of(wait, never), working)

    assert [
        "'wait' was cancelled before it ended; what it did so far is unknown",
        "'never' was not begun, for the run was over",
    ] == answers(run)


@pytest.mark.parametrize("number", [1, 2])
async def test_left_before_any_began(number: int):
    """So is every call of a stream that is left when the first is shown."""
    async with agent_of(echo, reply=together(*[calls("echo")] * number)).stream("?") as stream:
        async for event in stream:
            if isinstance(event, ToolCallStart):
                break

    assert ["'echo' was not begun, for the run was over"] * number == answers(stream.run)


async def test_a_second_cancellation():
    """Whoever is cancelled again while the tools of the run clean up leaves an answer for each."""
    working, cleaning = asyncio.Event(), asyncio.Event()

    @function_tool
    async def tidy(context: ToolContext) -> None:
        try:
            working.set()
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            await asyncio.Event().wait()

    agent = agent_of(tidy, echo)
    stream = agent.stream("?")
    task = asyncio.create_task(stream.finish())
    await working.wait()
    task.cancel()
    await cleaning.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert {"tidy", "echo"} == {
        one.name for one in stream.run.messages if isinstance(one, ToolResult)
    }


class SlowStorage(InMemoryStorage):
    """A store that takes its time over results."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.free = asyncio.Event()

    async def append(self, id: str, messages: Any, **more: Any) -> Any:
        if isinstance(messages[0], ToolResult) and not self.asked.is_set():
            self.asked.set()
            await self.free.wait()
        return await super().append(id, messages, **more)


@pytest.mark.parametrize("number", [1, 2])
async def test_cancelled_while_a_result_is_kept(number: int):
    """A result that was being kept when the run was cancelled is not kept twice."""
    storage = SlowStorage()
    agent = agent_of(echo, reply=together(*[calls("echo")] * number), memory=storage)
    stream = agent.stream("?", thread="t")
    task = asyncio.create_task(stream.finish())
    await storage.asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    storage.free.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ["nothing"] * number == answers(stream.run)
    kept = [row.message for row in (await storage.get_messages("t")).items]
    assert stream.run.messages == kept


async def test_a_tool_that_will_not_be_cancelled():
    """A tool that catches everything, beside another, does not keep a cancelled run alive.

    What it answers is kept.
    """
    working = asyncio.Event()

    @function_tool
    async def deaf() -> str:
        try:
            working.set()
            await asyncio.Event().wait()
        except BaseException:  # as careless tools do
            return "done all the same"
        raise AssertionError

    agent = agent_of(deaf, reply=together(calls("deaf"), calls("deaf")))
    run = await left_while_working(agent, working)

    assert ["done all the same"] * 2 == answers(run)
    provider: Any = agent.provider
    assert 1 == len(provider.requests)


async def test_a_run_in_a_task_that_was_cancelled_before():
    """A task that took a cancellation, and asks an agent for its last words, gets them."""

    @function_tool
    async def odd() -> None:
        raise asyncio.CancelledError

    async def goodbye() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return (await agent_of(odd).generate("?")).text
        raise AssertionError

    task = asyncio.create_task(goodbye())
    await asyncio.sleep(0)
    task.cancel()

    assert "done" == await task


@pytest.mark.parametrize("number", [1, 2])
def test_an_interrupt_passes(number: int):
    """KeyboardInterrupt ends the program, not the call; each call has an answer all the same."""

    @function_tool
    async def interrupted() -> None:
        raise KeyboardInterrupt

    @function_tool
    async def hang() -> None:
        await asyncio.Event().wait()

    stream = agent_of(*[hang, interrupted][-number:]).stream("?")
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(stream.finish())

    assert [
        f"{name!r} was cancelled before it ended; what it did so far is unknown"
        for name in ["hang", "interrupted"][-number:]
    ] == answers(stream.run)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_an_interrupt_of_a_sync_call(kind: str, number: int):
    """Of generate_sync, too: its caller gets it, each call has an answer, and others are served."""

    @function_tool(name="interrupted")
    async def interrupted_async() -> None:
        raise KeyboardInterrupt

    @function_tool(name="interrupted")
    def interrupted_sync() -> None:
        raise KeyboardInterrupt

    @function_tool
    async def hang() -> None:
        await asyncio.Event().wait()

    tool = interrupted_async if kind == "async" else interrupted_sync
    asked = [calls(one) for one in ["interrupted", "hang", "interrupted"][-number:]]
    script = ScriptedProvider(together(*asked), says("done"))
    storage = InMemoryStorage()
    agent = Agent(script, tools=[tool, hang], memory=storage)
    with pytest.raises(KeyboardInterrupt):
        agent.generate_sync("?", thread="t", max_seconds=5)

    rows = asyncio.run(storage.get_messages("t")).items
    answered = [row.message.name for row in rows if isinstance(row.message, ToolResult)]
    assert sorted(reply.message.calls[0].name for reply in asked) == sorted(answered)
    assert "done" == agent.generate_sync("?").text


class Panic(BaseException):
    """What extensions written in Rust raise."""


class OddTool(Tool):
    """A tool whose check fails in a way of its own."""

    error: BaseException

    def check(self, arguments: Any) -> Any:
        raise self.error


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Panic("oh"), "Panic: oh"),
        (SystemExit(3), "SystemExit: 3"),
        (ConnectionError("no server"), "ConnectionError: no server"),
    ],
)
@pytest.mark.parametrize("where", ["body", "thread", "check"])
async def test_whatever_a_tool_raises(where: str, error: BaseException, text: str, number: int):
    """Whatever a tool raises, wherever, is an answer for the model, and the run goes on."""

    @function_tool(name="odd")
    async def body() -> None:
        raise error

    @function_tool(name="odd")
    def thread() -> None:
        raise error

    check = OddTool(body.arguments, body.body, name="odd")
    check.error = error
    tool = {"body": body, "thread": thread, "check": check}[where]
    result = await agent_of(tool, reply=together(*[calls("odd")] * number)).generate("?")

    assert [text] * number == answers(result)
    assert "done" == result.text


async def test_emits_after_its_end():
    """What a tool emits when its call has ended is told to nobody."""
    contexts: list[ToolContext] = []

    @function_tool
    async def work(context: ToolContext) -> str:
        context.emit("in time")
        contexts.append(context)
        return "ok"

    progress: list[Any] = []
    async with agent_of(work, reply=together(calls("work"), calls("echo"))).stream("?") as stream:
        async for event in stream:
            if isinstance(event, ToolCallComplete):
                contexts[0].emit("late")
            if isinstance(event, ToolProgress):
                progress.append(event.data)

    assert ["in time"] == progress


async def test_time_of_a_call(monkeypatch: pytest.MonkeyPatch):
    """A call lasts from when it begins, not from when those that it waits for do."""
    clock = SimpleNamespace(now=1.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr(lumos_agent.acting, "time", clock)

    def made(name: str, seconds: float) -> Any:
        async def tool() -> None:
            clock.now += seconds

        return function_tool(name=name, sequential=True)(tool)

    took: dict[str, float] = {}
    async with agent_of(made("first", 5), made("second", 2)).stream("?") as stream:
        async for event in stream:
            if isinstance(event, ToolCallStart):
                clock.now += 100  # a slow reader
            if isinstance(event, ToolCallComplete):
                took[event.name] = event.duration

    assert {"first": 5, "second": 2} == took


async def test_max_calls_just_enough():
    """A run that makes no more calls than it may is not ended, though one of its calls was cut off."""
    script = [cut("a", "b"), calls("echo", text="b"), says("done")]
    result = await Agent(ScriptedProvider(*script), tools=[echo]).generate("?", max_calls=2)

    assert "done" == result.text


@pytest.mark.parametrize("sequential", [False, True])
async def test_time_is_over_says_so(sequential: bool):
    """The model reads that it was the time; of what was not begun, that it was not."""

    @function_tool
    async def hang() -> None:
        await asyncio.Event().wait()

    after = function_tool(name="after", sequential=sequential)(hang.function)
    with pytest.raises(BudgetError) as caught:
        await agent_of(hang, after).generate("?", max_seconds=0.01)
    assert caught.value.run
    first, second = answers(caught.value.run)

    ended = "was cancelled, for the time of the run was over; what it did so far is unknown"
    assert f"'hang' {ended}" == first
    assert ("'after' was not begun, for the time of the run was over" == second) is sequential


async def test_no_timer_without_a_deadline(monkeypatch: pytest.MonkeyPatch):
    """A run that has all the time makes no timer for its tools."""
    loop, made = asyncio.get_running_loop(), list[float]()
    real = loop.call_at

    def call_at(when: float, *more: Any, **others: Any) -> Any:
        made.append(when)
        return real(when, *more, **others)

    monkeypatch.setattr(loop, "call_at", call_at)
    agent = agent_of(echo, reply=together(calls("echo"), calls("echo")))
    await agent.generate("?")
    without = len(made)
    again = agent_of(echo, reply=together(calls("echo"), calls("echo")))
    await again.generate("?", max_seconds=60)

    assert 0 == without
    assert made


def test_no_reply():
    """A transcript without a reply has no last one; one without a question has repeats all the same."""
    call = ToolCall("c", "echo", {})
    assert 2 == lumos_agent.acting.repeats([AssistantMessage("", (call,))] * 2, call)
    assert lumos_agent.acting.last_reply([UserMessage("?")]) is None
