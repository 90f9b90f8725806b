"""Plays a row of the table: a whole agent, a real server, and a look at all that came of it."""

import asyncio
import dataclasses
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from lumos_agent import (
    Agent,
    AgentEvent,
    AssistantMessage,
    GetMessagesParams,
    InMemoryStorage,
    Memory,
    Notice,
    Pace,
    StepStart,
    TextDelta,
    ToolResult,
    Usage,
)
from lumos_agent.run import Run
from tests.agent.test_loop import check_rules
from tests.robustness.tools import SCENE, TOOLS, Scene
from tests.robustness.wires import (
    CHAT,
    CHAT_STREAM,
    DIRECT,
    LITELLM,
    MESSAGES,
    MESSAGES_STREAM,
    Json,
    Step,
)
from tests.servers.chat import Answer, ChatServer, says
from tests.servers.messages import MessagesServer

AFTER = "Fine."
"""The answer to the next prompt in the thread, which always works."""


MODELS = {
    CHAT: "openai/test-model",
    CHAT_STREAM: "openai/test-model",
    MESSAGES: "anthropic/test-model",
    MESSAGES_STREAM: "anthropic/test-model",
    LITELLM: "litellm/openai/test-model",
}


@dataclass(frozen=True, kw_only=True)
class Fails:
    """The error that a run ends with."""

    error: str
    kind: str | None = None
    says: str = ""
    """A pattern that its message has."""
    text: str = ""
    """What was said before."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a model or a server does, and what comes of it."""

    id: str
    does: str
    steps: tuple[Step | Callable[[dict[str, Any]], Answer], ...]
    reads: tuple[str, ...] = ()
    """Patterns of the results that the model reads, in their order."""
    ran: tuple[str, ...] = ()
    """The tools whose bodies ran."""
    text: str = "It is 5."
    status: str = "complete"
    fails: Fails | None = None
    notices: tuple[str, ...] = ()
    waits: tuple[Any, ...] = ()
    """Seconds that were waited before the model was asked again."""
    requests: int | None = None
    """How often the server was asked; once for each step if nothing is said."""
    shown: str | None = None
    """What the reader of a streamed run has before him when it fails."""
    attempts: int | None = None
    """How often a step began anew where it is streamed, so that what was shown of it is void."""
    usage: Usage | None = None
    reasoning: str | None = None
    sent: Callable[[list[dict[str, Any]]], bool] | None = None
    """What is true of the requests."""
    tools: tuple[str, ...] = ("add", "look", "double")
    options: Mapping[str, Any] = field(default_factory=dict)
    own: tuple[Json, ...] = ()
    """Odd blocks that a server takes back as it gave them, and no other way."""
    dead: bool = False
    """Whether there is no server at all."""
    leaves: str = ""
    """When the run is cancelled: in a `tool`, or as the `text` comes."""

    @property
    def wires(self) -> tuple[str, ...]:
        """Where it can happen."""
        found = [{*step} for step in self.steps if isinstance(step, Mapping)]
        return tuple(wire for wire in DIRECT if all(wire in one for one in found))

    def script(self, wire: str) -> list[Any]:
        """The answers over *wire*."""
        return [step[wire] if isinstance(step, Mapping) else step for step in self.steps]


@dataclass(kw_only=True)
class Outcome:
    """What came of it."""

    wire: str
    text: str = ""
    status: str = ""
    usage: Usage | None = None
    error: BaseException | None = None
    shown: str = ""
    reads: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    events: list[AgentEvent] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    reasoning: str = ""
    after: str = AFTER

    @property
    def attempts(self) -> int:
        """How often a step began anew."""
        return sum(isinstance(one, StepStart) and one.attempt > 1 for one in self.events)


_played: dict[tuple[str, str], Outcome] = {}


async def played(row: Row, wire: str) -> Outcome:
    """What came of *row* over *wire*; it is played once."""
    key = row.id, wire
    if key not in _played:
        _played[key] = await play(row, wire)
    return _played[key]


async def play(row: Row, wire: str) -> Outcome:
    """Play *row* over *wire*, and then go on in its thread."""
    scene = Scene()
    SCENE.set(scene)
    outcome = Outcome(wire=wire, ran=scene.ran)
    script = _Script(row.script(_through(row, wire)))
    storage = InMemoryStorage()
    async with _server(row, wire)(script) as server:
        base_url = f"http://127.0.0.1:{_free_port()}{server.root}" if row.dead else server.base_url
        async with _agent(row, wire, base_url, storage, outcome) as agent:
            await _run(agent, row, wire, scene, outcome)
            outcome.requests = list(server.requests)
            if not row.dead:
                script.after = True
                outcome.after = await _go_on(agent)
                if outcome.after == AFTER:
                    _check_read(server.requests[-1], outcome.reads)
        outcome.refusals = server.refusals
    if wire == LITELLM:
        await _close_litellm()
    await _check_thread(storage)
    return outcome


async def _close_litellm() -> None:
    """Close the connections that LiteLLM keeps: it drops them open when it has too many."""
    import litellm
    from litellm.llms.custom_httpx.async_client_cleanup import close_litellm_async_clients

    await close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()


async def _go_on(agent: Agent) -> str:
    """What the next prompt in the thread is answered with, or how that fails."""
    try:
        return (await agent.generate("And?", thread="t", tool_choice="auto")).text
    except Exception as error:
        return repr(error)


def check(row: Row, outcome: Outcome) -> None:
    """Hold *outcome* against what *row* promises, and against the rules of every run."""
    assert {} == differences(row, outcome)
    if not row.leaves:
        check_rules(outcome.events)


def differences(row: Row, outcome: Outcome) -> dict[str, tuple[Any, Any]]:
    """What *row* promises, and what happened instead."""
    promised, happened = _promised(row), _happened(row, outcome)
    names = promised | happened
    both = {name: (promised.get(name), happened.get(name)) for name in names}
    return {name: (one, other) for name, (one, other) in both.items() if one != other}


def _promised(row: Row) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "reads": [*row.reads],
        "ran": sorted(row.ran),
        "notices": [*row.notices],
        "waits": [*row.waits],
        "requests": len(row.steps) if row.requests is None else row.requests,
        "sent": True,
        "refusals": [],
        "after": AFTER,
    }
    if row.fails:
        failed = row.fails
        wanted["error"] = (failed.error, failed.kind, failed.says, failed.text)
    else:
        wanted["result"] = (row.text, row.status)
    for name in ("usage", "reasoning", "attempts", "shown"):
        if getattr(row, name) is not None:
            wanted[name] = getattr(row, name)
    return wanted


def _happened(row: Row, outcome: Outcome) -> dict[str, Any]:
    streams = _streams(row, outcome.wire)
    found: dict[str, Any] = {
        "reads": _matched(row.reads, outcome.reads),
        "ran": sorted(outcome.ran),
        "notices": outcome.notices,
        "waits": outcome.waits,
        "requests": len(outcome.requests),
        "sent": row.sent is None or row.sent(outcome.requests),
        "refusals": outcome.refusals,
        "after": outcome.after,
        "attempts": outcome.attempts if streams else row.attempts,
        "shown": outcome.shown if streams else row.shown,
        "usage": outcome.usage,
        "reasoning": outcome.reasoning,
    }
    if outcome.error is not None:
        said = re.search(row.fails.says if row.fails else "(?!)", str(outcome.error))
        text = getattr(outcome.error, "text", "")
        kind = getattr(outcome.error, "kind", None)
        told = row.fails.says if row.fails and said else str(outcome.error)
        found["error"] = (type(outcome.error).__name__, kind, told, text)
    else:
        found["result"] = (outcome.text, outcome.status)
        assert outcome.shown.endswith(outcome.text)
    given = ("usage", "reasoning", "attempts", "shown")
    return {
        name: value
        for name, value in found.items()
        if name not in given or getattr(row, name) is not None
    }


def _matched(patterns: Sequence[str], texts: list[str]) -> list[str]:
    """*patterns* for those *texts* that have them, and the texts that do not."""
    pairs = zip_longest(patterns, texts[: len(patterns)], fillvalue="")
    known = [p if t and re.search(p, t) else t for p, t in pairs]
    return known + texts[len(patterns) :]


def _streams(row: Row, wire: str) -> bool:
    return "stream" in _through(row, wire)


def _through(row: Row, wire: str) -> str:
    """The wire whose answers are given: LiteLLM is asked for streams where there are any."""
    if wire != LITELLM:
        return wire
    return CHAT_STREAM if CHAT_STREAM in row.wires else CHAT


def _server(row: Row, wire: str) -> Callable[..., ChatServer]:
    return partial(_Messages, row.own) if wire.startswith("messages") else ChatServer


class _Messages(MessagesServer):
    """Anthropic's server of a later day, which knows blocks that nobody else does."""

    def __init__(self, own: Sequence[Json], script: Any) -> None:
        super().__init__(script)
        self.own = own

    def _fault(self, body: Any) -> str | None:
        known = json.loads(json.dumps(body))
        for message in known["messages"]:
            if isinstance(message["content"], list):
                plain = {"type": "text", "text": "known"}
                message["content"] = [
                    plain if block in self.own else block for block in message["content"]
                ]
        return super()._fault(known)


class _Script:
    """The answers of a row one by one, the last one again and again; after the row, one that is right."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.after = False

    def __call__(self, body: dict[str, Any]) -> Answer:
        if self.after:
            return says(AFTER)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(body) if callable(answer) else answer


@asynccontextmanager
async def _agent(
    row: Row, wire: str, base_url: str, storage: InMemoryStorage, outcome: Outcome
) -> AsyncIterator[Agent]:
    async def wait(seconds: float) -> None:
        outcome.waits.append(seconds)

    agent = Agent(
        MODELS[wire],
        tools=[TOOLS[name] for name in row.tools],
        memory=Memory(storage, context=10**9),  # the table is about servers, not about windows
        observers=[outcome.events.append],
        base_url=base_url,
        api_key="test-key",
        **row.options,
    )
    agent.pace = Pace(sleep=wait, random=lambda: 0.0)
    async with agent:
        yield agent


async def _run(agent: Agent, row: Row, wire: str, scene: Scene, outcome: Outcome) -> None:
    stream = agent.stream("2 + 3?", thread="t")
    stream.run.streaming = _streams(row, wire)

    async def read() -> None:
        async with stream:
            async for event in stream:
                if row.leaves == "text" and isinstance(event, TextDelta):
                    break

    task = asyncio.create_task(read())
    if row.leaves == "tool":
        stuck = asyncio.create_task(scene.stuck.wait())
        await asyncio.wait([task, stuck], return_when=asyncio.FIRST_COMPLETED)
        stuck.cancel()
        task.cancel()
    await asyncio.wait([task])
    outcome.error = asyncio.CancelledError() if task.cancelled() else task.exception()
    outcome.shown = stream.text
    if stream.run.result is not None:
        outcome.text, outcome.status = stream.result.text, stream.result.status
    outcome.usage = stream.run.usage
    _sum_up(stream.run, outcome)


def _sum_up(run: Run, outcome: Outcome) -> None:
    said = run.messages
    outcome.reads = [one.text for one in said if isinstance(one, ToolResult)]
    outcome.reasoning = "".join(one.reasoning for one in said if isinstance(one, AssistantMessage))
    outcome.notices = [one.code for one in outcome.events if isinstance(one, Notice)]
    outcome.events = list(outcome.events)


def _check_read(request: dict[str, Any], texts: list[str]) -> None:
    """The results that are kept are those that the model reads, in their order."""
    found: list[str] = []
    for message in request["messages"]:
        if message["role"] == "tool":
            found.append(message["content"])
        elif isinstance(message.get("content"), list):
            results = (one for one in message["content"] if one["type"] == "tool_result")
            found += [one["content"] for one in results]
    if found or not any(text in json.dumps(request) for text in texts):
        assert texts == found


async def _check_thread(storage: InMemoryStorage) -> None:
    """Each call in the thread has one result, before anybody says anything else."""
    page = await storage.get_messages("t", GetMessagesParams(limit=None))
    open_calls: list[str] = []
    for stored in page.items:
        if isinstance(stored.message, ToolResult):
            open_calls.remove(stored.message.call_id)
            continue
        assert [] == open_calls
        if isinstance(stored.message, AssistantMessage):
            open_calls = [call.id for call in stored.message.calls]
    assert [] == open_calls


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def changed(row: Row, **more: Any) -> Row:
    return dataclasses.replace(row, **more)
