"""Threads in the loop: what the model reads of them, when they are written, and who may."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from lumos_agent import (
    Agent,
    AgentEvent,
    Appended,
    AssistantMessage,
    ClearToolResults,
    ConfigError,
    ContextLengthError,
    GetMessagesParams,
    InMemoryStorage,
    LastMessages,
    Memory,
    MemoryStorageError,
    MemoryUpdate,
    Message,
    Notice,
    Page,
    RateLimitError,
    RunCancelledError,
    Stored,
    Summarize,
    SystemMessage,
    ThreadConflictError,
    ThreadNotFoundError,
    TokenWindow,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.memory.settled import settled
from lumos_agent.memory.window import estimate
from lumos_agent.mixins import INTERRUPTED
from lumos_agent.prices import context_of
from lumos_agent.providers.base import Reply, Request
from lumos_agent.remembering import _turns, size_of
from lumos_agent.testing import ScriptedProvider, calls, says
from lumos_agent.testing.scripted import together
from lumos_tools import ToolRegistry, function_tool


@function_tool
async def add(a: int = 1, b: int = 1) -> int:
    """Add."""
    return a + b


class Counting(InMemoryStorage):
    """A store that knows what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self.appends: list[int] = []
        self.keys: list[str] = []
        self.updates: list[Any] = []

    async def get_messages(
        self, id: str, params: GetMessagesParams = GetMessagesParams(), **more: Any
    ) -> Page[Stored]:
        page = await super().get_messages(id, params, **more)
        self.read += len(page.items)
        return page

    async def append(self, id: str, messages: Sequence[Message], **more: Any) -> Appended:
        self.appends.append(len(messages))
        self.keys.append(more.get("key", ""))
        return await super().append(id, messages, **more)

    async def update_thread(self, id: str, **more: Any) -> Any:
        self.updates.append(more.get("metadata"))
        return await super().update_thread(id, **more)


class Slow(Counting):
    """A store whose appends wait until they may, but do what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()
        self.may.set()
        self.waiting = asyncio.Event()

    async def append(self, id: str, messages: Sequence[Message], **more: Any) -> Appended:
        self.waiting.set()
        await self.may.wait()
        return await super().append(id, messages, **more)


async def filled(storage: InMemoryStorage, turns: int, size: int = 100) -> None:
    """A thread of so many turns, two messages of so many characters each."""
    await storage.create_thread(id="t")
    for number in range(turns):
        said = [UserMessage(f"{number:<{size}}"), AssistantMessage(f"{number:<{size}}")]
        await storage.append("t", said)


async def filled_more(storage: InMemoryStorage, turns: int) -> None:
    for number in range(turns):
        await storage.append("t", [UserMessage(f"{number:<100}"), AssistantMessage("x" * 100)])


def texts(request: Request) -> list[str]:
    return [message.text.strip() for message in request.messages]


async def events_of(agent: Agent, prompt: str = "?", **options: Any) -> list[AgentEvent]:
    async with agent.stream(prompt, thread="t", **options) as stream:
        return [event async for event in stream]


async def stored(storage: InMemoryStorage) -> list[Message]:
    page = await storage.get_messages("t", GetMessagesParams(limit=None))
    return [row.message for row in page.items]


# What the model reads


async def test_window():
    """The model reads what the window lets in; the thread has it all."""
    storage, provider = InMemoryStorage(), ScriptedProvider(says("ok"))
    await filled(storage, 5)
    agent = Agent(provider, memory=Memory(storage, window=LastMessages(3)))
    await agent.generate("And?", thread="t")

    assert ["4", "4", "And?"] == texts(provider.requests[0])
    assert 12 == (await storage.get_thread("t")).last_seq


async def test_reads_no_further_than_need_be():
    """Of a long thread only its end is read, however long it is."""
    storage = Counting()
    await filled(storage, 1_000)
    agent = Agent(ScriptedProvider(says("ok")), memory=Memory(storage, context=4_000))
    await agent.generate("?", thread="t")

    assert 0 < storage.read <= 4 * 64


async def test_reads_as_far_as_the_budget_goes():
    """What fits is read, in ever larger pages, and is in the run's transcript."""
    storage, provider = Counting(), ScriptedProvider(says("ok"))
    await filled(storage, 300)
    result = await Agent(provider, memory=storage).generate("?", thread="t")

    assert 601 == len(provider.requests[0].messages)
    assert 602 == len(result.messages)
    assert 600 == storage.read


async def test_cut_in_jumps():
    """From run to run what the model reads grows at its end, until it is cut anew; and it is told."""
    storage, notices, begins = Counting(), list[Notice](), list[str]()
    provider = ScriptedProvider(lambda request: says("x" * 400))
    for number in range(40):
        agent = Agent(provider, memory=Memory(storage, context=3_000))  # as in another process
        events = await events_of(agent, f"{number:<400}")
        notices += [one for one in events if isinstance(one, Notice)]
        begins.append(texts(provider.requests[-1])[0])

    jumps = [place for place in range(1, 40) if begins[place] != begins[place - 1]]
    assert 3 <= len(jumps) <= 6
    assert len(jumps) == len(notices) == len(storage.updates)
    assert {"window_cut"} == {one.code for one in notices}
    assert notices[0].data["dropped"] > 0
    assert f"from message {notices[0].data['start']} on" in notices[0].message
    assert (await storage.get_thread("t")).metadata["window"]["start"] > 1


async def test_cut_within_a_run():
    """A run that goes on for long is cut, too; calls and results stay together."""
    storage, provider = (
        InMemoryStorage(),
        ScriptedProvider(*[calls("long")] * 12, says("done")),
    )

    @function_tool
    def long() -> str:
        """Long."""
        return "x" * 1_000

    agent = Agent(provider, tools=[long], memory=Memory(storage, context=2_500))
    result = await agent.generate("Go on.", thread="t")

    assert "done" == result.text
    assert all("Go on." == texts(request)[0] for request in provider.requests)
    assert max(len(request.messages) for request in provider.requests) < 16
    for request in provider.requests:
        asked = [c.id for m in request.messages if isinstance(m, AssistantMessage) for c in m.calls]
        assert asked == [m.call_id for m in request.messages if isinstance(m, ToolResult)]
    assert 26 == len(result.messages) == len(await stored(storage))


async def test_results_in_the_order_of_calls():
    """Results are stored as tools end, and read in the order of the calls, in this run and the next."""
    storage = InMemoryStorage()
    ended = asyncio.Event()

    @function_tool
    async def first() -> str:
        """First."""
        await ended.wait()
        return "1"

    @function_tool
    async def second() -> str:
        """Second."""
        asyncio.get_running_loop().call_later(0.01, ended.set)
        return "2"

    provider = ScriptedProvider(together(calls("first"), calls("second")), says("a"), says("b"))
    agent = Agent(provider, tools=[first, second], memory=storage)
    await agent.generate("?", thread="t")
    await agent.generate("!", thread="t")

    assert ["2", "1"] == [m.text for m in await stored(storage) if isinstance(m, ToolResult)]
    for request in provider.requests[1:]:
        assert ["1", "2"] == [m.text for m in request.messages if isinstance(m, ToolResult)]


async def test_instructions_and_tools_take_room():
    """What is always sent is no room for the thread, nor is the answer."""
    sizes = []
    for instructions, tools, most in (("", [], None), ("x" * 4_000, [], None), ("", [add], 2_000)):
        storage, provider = InMemoryStorage(), ScriptedProvider(says("ok"))
        await filled(storage, 100)
        agent = Agent(
            provider,
            tools=tools,
            instructions=instructions,
            memory=Memory(storage, context=4_000),
        )
        await agent.generate("?", thread="t", max_tokens=most)
        read = [one for one in provider.requests[0].messages if not isinstance(one, SystemMessage)]
        sizes.append(sum(map(estimate, read)))

    assert sizes[0] > sizes[1] > 0
    assert sizes[0] > sizes[2] > 0
    assert size_of([], ToolRegistry(add)) == pytest.approx(
        estimate(UserMessage(str(add.parameters))), abs=25
    )


async def test_corrected_by_what_the_provider_counts():
    """A provider that counts twice as many tokens as estimated gets half as much text."""
    begins = []
    storage = Counting()
    for factor in (1, 2):
        storage = Counting()

        def answer(request: Request, factor: int = factor) -> Reply:
            counted = sum(map(estimate, request.messages)) * factor
            return says("x" * 400, usage=Usage(input_tokens=counted, output_tokens=1))

        provider = ScriptedProvider(answer)
        agent = Agent(provider, memory=Memory(storage, context=6_000))
        most = 0
        for number in range(40):
            await agent.generate(f"{number:<400}", thread="t")
            most = max(most, sum(map(estimate, provider.requests[-1].messages)))
        begins.append(most)

    # A run begins with what the last cut knew, so it is over the mark once, not longer.
    assert begins[0] <= 6_000 * 7 // 8
    assert begins[1] < begins[0]
    assert len(storage.updates) < 10
    assert 1.8 < (await storage.get_thread("t")).metadata["window"]["factor"] < 2.1


async def test_too_long_for_the_model():
    """Where the model takes less than was thought, it is asked once more with less of the thread."""
    storage, least = InMemoryStorage(), 10**9

    def small(request: Request) -> Reply:
        nonlocal least
        size = sum(map(estimate, request.messages))
        least = min(least, size)
        if size > 1_500:
            raise ContextLengthError("too long", model="m", status=400)
        return says("ok")

    await filled(storage, 20)
    agent = Agent(ScriptedProvider(small), memory=storage)
    events = await events_of(agent)

    assert ["the model reads thread", "too long; asking again"] == [
        one.message[:22] for one in events if isinstance(one, Notice)
    ]
    assert least <= 1_500
    await filled_more(storage, 60)
    with pytest.raises(ContextLengthError, match="too long"):
        await agent.generate("?", thread="t")


async def test_nothing_to_cut():
    """What is too long by itself is an error, for there is nothing to cut."""
    too_long = ContextLengthError("too long", model="m", status=400)
    for memory in (None, InMemoryStorage(), Memory(InMemoryStorage(), window=LastMessages(1))):
        provider = ScriptedProvider(too_long)
        with pytest.raises(ContextLengthError, match="too long"):
            await Agent(provider, memory=memory).generate("?", thread="t" if memory else None)
        assert 1 == len(provider.requests)


def test_context_of_a_model():
    """What a model takes is on LiteLLM's list; of others it is not known."""
    assert 100_000 < (context_of("openai", "gpt-4o") or 0) < 200_000
    assert context_of("openai", "gpt-4o") == context_of("litellm", "openai/gpt-4o")
    assert None is context_of("scripted", "script")


@pytest.mark.parametrize("nonsense", ["x", {"start": "one"}, [1], {"seen": None}])
async def test_nonsense_for_a_cut(nonsense: Any):
    """Where a thread says nonsense of where its window begins, it begins anew."""
    storage, provider = InMemoryStorage(), ScriptedProvider(says("ok"))
    await filled(storage, 2)
    await storage.update_thread("t", metadata={"window": nonsense})
    await Agent(provider, memory=storage).generate("?", thread="t")

    assert ["0", "0", "1", "1", "?"] == texts(provider.requests[0])


# Summaries


def summing(request: Request) -> Reply:
    """Sums up where that is asked for, and answers else."""
    told = request.messages[-1].text
    if isinstance(request.messages[0], SystemMessage):
        return says(f"<{told[:30]}...>", usage=Usage(input_tokens=5, output_tokens=1))
    return says("x" * 400, usage=Usage(output_tokens=1))


async def test_summarize():
    """What falls out of the window is summed up by the model, once, and stored; nothing is lost."""
    storage, provider = InMemoryStorage(), ScriptedProvider(summing)
    memory = Memory(storage, window=Summarize(), context=3_000)
    updates, usage = list[tuple[str, int]](), Usage()
    for number in range(30):
        agent = Agent(provider, memory=memory)
        events = await events_of(agent, f"{number:<400}")
        updates += [
            (one.operation, one.messages) for one in events if isinstance(one, MemoryUpdate)
        ]
        usage += events[-1].result.usage  # type: ignore[union-attr]

    asked = [one for one in provider.requests if isinstance(one.messages[0], SystemMessage)]
    rows = (await storage.get_messages("t", GetMessagesParams(limit=None))).items
    covers = [row.metadata["summary"]["covers"] for row in rows if row.metadata]
    assert len(asked) == len(covers) >= 2
    assert [1] * len(covers) == [first for first, _ in covers]
    assert 60 + len(covers) == len(rows)
    assert 5 * len(asked) == usage.input_tokens
    assert covers[0][1] == next(count for operation, count in updates if operation == "summarize")
    result = await Agent(provider, memory=memory).generate("?", thread="t")
    assert not [one for one in result.messages if one.text.startswith("[Summary")]
    assert texts(provider.requests[-1])[0].startswith("[Summary of what was said before]\n<")
    assert "user: [Summary of what was said before]" in asked[1].messages[1].text
    assert [(1_000, 0)] * len(asked) == [(one.options.max_tokens, len(one.tools)) for one in asked]


async def test_summary_by_another_model(monkeypatch: pytest.MonkeyPatch):
    """A window may name the model that sums up; its connections are closed after that."""
    closed = list[bool]()

    class Other(ScriptedProvider):
        async def aclose(self) -> None:
            closed.append(True)

    other = Other(says("in short"))
    monkeypatch.setattr(
        "lumos_agent.mixins.provider_for", lambda model: {"small/one": other}[model]
    )
    storage, provider = InMemoryStorage(), ScriptedProvider(says("ok"))
    await filled(storage, 20, 400)
    window = ClearToolResults(Summarize(model="small/one", keep_turns=1))
    await Agent(provider, memory=Memory(storage, window=window, context=3_000)).generate(
        "?", thread="t"
    )

    assert ([True], 1) == (closed, len(other.requests))
    assert "in short" in texts(provider.requests[0])[0]
    assert "assistant: 18" in other.requests[0].messages[1].text


@pytest.mark.parametrize("answer", [RateLimitError("too often", model="m", status=429), says("  ")])
async def test_summary_fails(answer: Any):
    """Where no summary can be had the run goes on without, and says so."""

    def provider_answers(request: Request) -> Reply:
        if not isinstance(request.messages[0], SystemMessage):
            return says("ok")
        if isinstance(answer, Exception):
            raise answer
        reply: Reply = answer
        return reply

    storage = InMemoryStorage()
    await filled(storage, 20, 400)
    agent = Agent(
        ScriptedProvider(provider_answers),
        memory=Memory(storage, window=Summarize(), context=3_000),
    )
    events = await events_of(agent)

    assert ["summary_failed", "window_cut"] == [e.code for e in events if isinstance(e, Notice)]
    assert 42 == len(await stored(storage))


async def test_tools_in_a_summary():
    """Whoever sums up reads calls and results."""
    storage, provider = InMemoryStorage(), ScriptedProvider(summing)
    await storage.create_thread(id="t")
    call = ToolCall("1", "add", {"a": 2})
    await storage.append(
        "t", [UserMessage("?"), AssistantMessage("Hm.", (call,)), ToolResult("1", "add", "3")]
    )
    for _ in range(6):
        await storage.append("t", [AssistantMessage("!"), UserMessage("x" * 780)])
    window = Summarize(keep_turns=1, max_tokens=20)
    await Agent(provider, memory=Memory(storage, window=window, context=1_500)).generate(
        "?", thread="t"
    )

    told = provider.requests[0].messages[1].text
    assert told.startswith('user: ?\n\nassistant: Hm.\ncalls add with {"a":2}\n\nresult of add: 3')


# When it is written


async def test_autosave_by_message():
    """Each message is an append of its own, each result, too."""
    storage = Counting()
    provider = ScriptedProvider(together(calls("add"), calls("add")), says("4"))
    await Agent(provider, tools=[add], memory=storage).generate("?", thread="t")

    assert [1, 1, 1, 1, 1] == storage.appends
    runs = {key.partition(":")[0] for key in storage.keys}
    assert [f"{run}:{number}" for run in runs for number in range(1, 6)] == storage.keys


async def test_autosave_by_step():
    """Calls and all their results are one append."""
    storage = Counting()
    provider = ScriptedProvider(together(calls("add"), calls("add")), says("4"))
    memory = Memory(storage, autosave="step")
    await Agent(provider, tools=[add], memory=memory).generate("?", thread="t")

    assert [1, 3, 1] == storage.appends


async def test_failure_surfaces():
    """A message that cannot be stored ends the run; the error says why."""

    class Full(InMemoryStorage):
        async def append(self, id: str, messages: Sequence[Message], **more: Any) -> Appended:
            if isinstance(messages[0], AssistantMessage):
                raise MemoryStorageError("the disk is full")
            return await super().append(id, messages, **more)

    storage = Full()
    with pytest.raises(MemoryStorageError, match="the disk is full"):
        await Agent(ScriptedProvider(says("x")), memory=storage).generate("?", thread="t")

    assert [UserMessage("?")] == await stored(storage)


async def test_cancelled_while_it_is_stored():
    """A run that is cancelled in the middle of an append knows what was stored: it is there once."""
    storage = Slow()
    agent = Agent(ScriptedProvider(calls("add"), says("2")), tools=[add], memory=storage)

    @function_tool
    async def stop() -> str:
        """Make the next append wait."""
        storage.may.clear()
        storage.waiting.clear()
        return "stopped"

    agent = Agent(ScriptedProvider(calls("stop"), says("no")), tools=[stop], memory=storage)
    task = asyncio.ensure_future(agent.generate("?", thread="t"))
    await storage.waiting.wait()
    while storage.may.is_set():
        await asyncio.sleep(0)
    await storage.waiting.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    storage.may.set()
    with pytest.raises((asyncio.CancelledError, RunCancelledError)):
        await task

    call = ToolCall("call_1", "stop", {})
    assert [
        UserMessage("?"),
        AssistantMessage("", (call,)),
        ToolResult("call_1", "stop", "stopped"),
    ] == await stored(storage)


async def test_settled():
    """Whoever waits for what must end learns of being cancelled when it has."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(settled(done))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    done.set_result(1)

    assert await waiting
    assert not await settled(done)


# Who may


class Meeting:
    """A tool that says when it was called, and waits until it may go on."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may = asyncio.Event()

    @property
    def tool(self) -> Any:
        @function_tool
        async def wait() -> str:
            """Wait."""
            self.asked.set()
            await self.may.wait()
            return "waited"

        return wait


async def test_busy():
    """A second run in a thread is refused, and does nothing to it; after the first one may."""
    storage, meeting = InMemoryStorage(), Meeting()

    agent = Agent(
        ScriptedProvider(calls("wait"), says("1"), says("2")), tools=[meeting.tool], memory=storage
    )
    first = asyncio.ensure_future(agent.generate("one", thread="t"))
    await meeting.asked.wait()
    with pytest.raises(ThreadConflictError, match="thread 't' is busy: another run goes on in it"):
        await agent.generate("two", thread="t")
    meeting.may.set()
    assert "1" == (await first).text
    assert "2" == (await agent.generate("three", thread="t")).text

    said = [one.text for one in await stored(storage) if isinstance(one, UserMessage)]
    assert ["one", "three"] == said


async def test_one_after_the_other():
    """If that is asked for, runs in one thread wait for each other, and read what the others said."""
    storage = InMemoryStorage()

    @function_tool
    async def slowly() -> str:
        """Take a while."""
        await asyncio.sleep(0.001)
        return "done"

    provider = ScriptedProvider(
        lambda request: (
            calls("slowly") if isinstance(request.messages[-1], UserMessage) else says("!")
        )
    )
    memory = Memory(storage, busy="wait")
    agents = [Agent(provider, tools=[slowly], memory=memory) for _ in range(5)]
    await asyncio.gather(
        *(agent.generate(f"{number}", thread="t") for number, agent in enumerate(agents))
    )

    kinds = [type(one).__name__ for one in await stored(storage)]
    assert ["UserMessage", "AssistantMessage", "ToolResult", "AssistantMessage"] * 5 == kinds
    assert 19 == max(len(request.messages) for request in provider.requests)


async def test_cancelled_while_it_waits():
    """A run that is cancelled while it waits for its turn takes nobody else's; in the end nothing is left."""
    storage, meeting = InMemoryStorage(), Meeting()

    provider = ScriptedProvider(calls("wait"), says("1"), says("3"))
    agent = Agent(provider, tools=[meeting.tool], memory=Memory(storage, busy="wait"))
    runs = [asyncio.ensure_future(agent.generate(f"{n}", thread="t")) for n in range(3)]
    await meeting.asked.wait()
    runs[1].cancel()
    await asyncio.wait([runs[1]])
    meeting.may.set()
    done = await asyncio.gather(runs[0], runs[2])

    assert ["1", "3"] == [result.text for result in done]
    assert {} == _turns[storage]


async def test_left_and_failed_runs_let_go():
    """A thread is free when its run has failed, or was left."""
    provider = ScriptedProvider(says("a b c"), RateLimitError("x", model="m", status=429))
    agent = Agent(provider, memory=InMemoryStorage(), retries=0)
    async with agent.stream("1", thread="t") as stream:
        await anext(stream)
        await anext(stream)
    with pytest.raises(RateLimitError):
        for number in range(3):
            await agent.generate(f"{number}", thread="t")
    with pytest.raises(RateLimitError):
        await agent.generate("again", thread="t")


async def test_another_process_writes():
    """A thread that another process has written to meanwhile is a conflict, and stays as that left it."""
    storage = InMemoryStorage()

    @function_tool
    async def meddle() -> str:
        """Write to the thread from elsewhere."""
        await storage.append("t", [UserMessage("from elsewhere")])
        return "meddled"

    agent = Agent(ScriptedProvider(calls("meddle"), says("no")), tools=[meddle], memory=storage)
    with pytest.raises(ThreadConflictError, match="thread 't' has gone on to 3, not 2"):
        await agent.generate("?", thread="t")

    assert "from elsewhere" == (await stored(storage))[-1].text


async def test_another_is_quicker_to_make_it():
    """Two that make the same new thread at once: both go on with the one there is."""

    class Late(InMemoryStorage):
        """It says that a thread is not there, once, and then it is."""

        asked = False

        async def get_thread(self, id: str, **more: Any) -> Any:
            if not self.asked:
                self.asked = True
                raise ThreadNotFoundError("no thread")
            return await super().get_thread(id, **more)

    storage = Late()
    await storage.create_thread(id="t")
    await Agent(ScriptedProvider(says("ok")), memory=storage).generate("?", thread="t")

    assert 2 == len(await stored(storage))


# After a crash


async def test_resume_reads_back_to_the_prompt():
    """A run of many steps is gone on with, however many there were."""
    storage = InMemoryStorage()
    await storage.create_thread(id="t")
    await storage.append("t", [UserMessage("?")])
    for number in range(150):
        call = ToolCall(f"{number}", "add", {})
        await storage.append(
            "t",
            [AssistantMessage("", (call,)), ToolResult(call.id, "add", "2")][: 2 - number // 149],
        )
    provider = ScriptedProvider(says("done"))
    result = await Agent(provider, tools=[add], memory=storage).resume(thread="t", max_steps=200)

    assert 151 == result.steps
    assert (UserMessage("?"), INTERRUPTED) == (result.messages[0], result.messages[-2].text)


# Settings


async def test_settings_of_a_thread():
    """A thread's own settings hold for every run in it."""
    storage, provider = Counting(), ScriptedProvider(calls("add"), says("ok"), says("ok"))
    await filled(storage, 5)
    settings = {"window": {"type": "last_messages", "n": 1}, "autosave": "step", "context": 9_000}
    await storage.update_thread("t", metadata={"memory": settings})
    storage.appends.clear()
    await Agent(provider, tools=[add], memory=storage).generate("?", thread="t")

    assert ["?"] == texts(provider.requests[0])
    assert [1, 2, 1] == storage.appends


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("x", "it is an object, not 'x'"),
        ({"size": 1}, "'size' is none of window, autosave, busy, context"),
        ({"autosave": "never"}, "autosave is 'message' or 'step', not 'never'"),
        ({"busy": 1}, "busy is 'error' or 'wait', not 1"),
        ({"context": 0}, "context is a number of tokens over 0, not 0"),
        ({"context": "9"}, "context is a number of tokens over 0, not '9'"),
        ({"window": {"type": "all"}}, "one of last_messages, token_window, summarize"),
        ({"window": "all"}, "'all' is no window: "),
        ({"window": {"type": "last_messages", "m": 1}}, "unknown field `m`"),
        ({"window": {"type": "last_messages", "n": 0}}, "must be 1 or more"),
        ({"window": {"type": "summarize", "inner": {"type": "x"}}}, "{'type': 'x'} is no window"),
    ],
)
async def test_bad_settings(settings: Any, says: str):
    """Settings that make no sense end the run before it says anything, and are named."""
    storage = InMemoryStorage()
    await storage.create_thread(id="t", metadata={"memory": settings})
    with pytest.raises(ConfigError, match=rf"metadata 'memory' of thread 't': .*{says}"):
        await Agent(ScriptedProvider(), memory=storage).generate("?", thread="t")

    assert [] == await stored(storage)


@pytest.mark.parametrize("storage", ["threads.db", InMemoryStorage, None])
def test_no_store(storage: Any):
    """A path, or a class, is no store; that is said when the agent is made, with the way out."""
    with pytest.raises(ConfigError, match=r"is no store of threads; open one, .*SQLiteStorage"):
        Memory(storage)
    if storage is not None:
        with pytest.raises(ConfigError, match="is no store of threads"):
            Agent(ScriptedProvider(), memory=storage)


def test_no_window():
    """What cannot select is no window."""
    with pytest.raises(ConfigError, match="window='all' is no window; give TokenWindow"):
        Memory(InMemoryStorage(), window="all")  # type: ignore[arg-type]


def test_memory_of_a_store():
    """A store is taken for memory with the usual settings."""
    storage = InMemoryStorage()

    assert Memory(storage) == Agent(ScriptedProvider(), memory=storage).memory
    assert TokenWindow() == Memory(storage).window
