"""Asking again and asking another: over real sockets, two servers, and a clock that does not wait."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    Agent,
    AgentEvent,
    AuthenticationError,
    InMemoryStorage,
    Notice,
    Pace,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    StepStart,
    TextDelta,
    Timeouts,
    ToolResult,
)
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.retries import wait
from tests.agent.test_loop import check_rules
from tests.robustness.tools import SCENE, TOOLS, Scene
from tests.robustness.wires import BEGIN, data, delta, event, piece, raw, start
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

SERVERS = {"openai": ChatServer, "anthropic": MessagesServer}
WAYS = [("openai", "anthropic"), ("anthropic", "openai"), ("openai", "openai")]
ways = pytest.mark.parametrize(("one", "other"), WAYS)
whole_and_streaming = pytest.mark.parametrize("streaming", [False, True])
QUOTA = Answer(status=402, error={"message": "no money"})
SHORT = Timeouts(first_token=0.1, idle=0.1, total=0.2)

REPLIES = (
    wants(Call("add", '{"a": 2, "b": 3}'), Call("double", '{"it": 4}')),
    wants(Call("look")),
    says("It is 5."),
)
"""A run with two steps of tools."""
RAN = ["add", "double", "look"]


def begun(name: str, *more: bytes, **how: Any) -> Answer:
    """A stream that has said a few words, and then breaks off."""
    words = {
        "openai": [delta({"content": "It is fi"})],
        "anthropic": [
            BEGIN,
            start(0, {"type": "text", "text": ""}),
            piece(0, type="text_delta", text="It is fi"),
        ],
    }
    return raw(*words[name], *more, **how)


FAILURES: dict[str, Callable[[str], Answer]] = {
    "busy": lambda name: Answer(status=429, error={"message": "slow down"}),
    "quota": lambda name: QUOTA,
    "broken": lambda name: Answer(status=500, error={"message": "oops"}),
    "page": lambda name: Answer(status=502, raw=b"<html>"),
    "reset": lambda name: Answer(reset=True),
    "silent": lambda name: Answer(delay=9),
    "nothing": lambda name: says(""),
    "no answer": lambda name: Answer(raw=b"oops", headers={"Content-Type": "application/json"}),
}
"""How a request fails, whole or streaming."""
BREAKS: dict[str, Callable[[str], Answer]] = {
    "end": begun,
    "reset": lambda name: begun(name, reset=True),
    "silence": lambda name: begun(name, hang=True),
    "garbage": lambda name: begun(name, b"data: {oops\n\n"),
    "error": lambda name: begun(
        name,
        data({"error": {"message": "upstream", "code": 502}})
        if name == "openai"
        else event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
    ),
}
"""How a stream fails in its words."""
kinds = pytest.mark.parametrize("kind", FAILURES)
breaks = pytest.mark.parametrize("kind", BREAKS)
quick_kinds = pytest.mark.parametrize("kind", sorted(FAILURES.keys() - {"silent"}))
quick_breaks = pytest.mark.parametrize("kind", sorted(BREAKS.keys() - {"silence"}))


def by_history(body: dict[str, Any]) -> Answer:
    """The next reply of the run, by what was said in it so far."""
    turn = 0
    for message in reversed(body["messages"]):
        spoken = message["content"]
        results = isinstance(spoken, list) and any("tool_use_id" in part for part in spoken)
        if message["role"] == "user" and not results:
            break
        turn += message["role"] == "assistant"
    return REPLIES[turn]


class Failing:
    """A script that goes by the history, and fails before its replies at these *places*."""

    def __init__(self, failure: Answer, *places: int) -> None:
        self.failure = failure
        self.places = [*places]
        self.asked = -1

    def __call__(self, body: dict[str, Any]) -> Answer:
        self.asked += 1
        return self.failure if self.asked in self.places else by_history(body)


class Told:
    """A run, its events, what it waited, and which tools ran."""

    def __init__(self, agent: Agent, streaming: bool) -> None:
        self.agent = agent
        self.streaming = streaming
        self.waits: list[float] = []
        self.events: list[AgentEvent] = []
        self.scene = Scene()
        agent.pace = Pace(sleep=self._wait, random=lambda: 0.0)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self, prompt: str = "2 + 3?", **options: Any) -> str:
        """The answer; the rules of every run hold, and what the reader has is what was answered."""
        SCENE.set(self.scene)
        self.events = []
        self.stream = self.agent.stream(prompt, **options)
        self.stream.run.streaming = self.streaming
        async with self.stream as stream:
            async for one in stream:
                self.events.append(one)
        check_rules(self.events)
        text = stream.result.text
        assert text == stream.text == self.shown()
        return text

    def shown(self) -> str:
        """The words of all steps, without those that are void."""
        steps: dict[int, str] = {}
        for one in self.events:
            if isinstance(one, StepStart):
                steps[one.step] = ""
            elif isinstance(one, TextDelta):
                steps[one.step] += one.delta
        return "".join(steps.values())

    @property
    def notices(self) -> list[str]:
        return [one.code for one in self.events if isinstance(one, Notice)]

    @property
    def attempts(self) -> list[int]:
        return [one.attempt for one in self.events if isinstance(one, StepStart)]


def provider(name: str, server: ChatServer) -> DirectProvider:
    return DirectProvider("test-model", name=name, base_url=server.base_url, api_key="test-key")


@asynccontextmanager
async def models(
    *scripts: tuple[str, Any], streaming: bool = True, **settings: Any
) -> AsyncIterator[Told]:
    """An agent with a server for each of its models; no server has anything to complain of."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(SERVERS[name](one)) for name, one in scripts]
        names = [name for name, _ in scripts]
        first, *rest = map(provider, names, servers)
        tools = [TOOLS[name] for name in RAN]
        agent = Agent(first, fallback=rest, tools=tools, **{"timeout": SHORT, **settings})
        await stack.enter_async_context(agent)
        yield Told(agent, streaming)
    assert [] == [refusal for server in servers for refusal in server.refusals]


def always(answer: Answer) -> Callable[[Any], Answer]:
    return lambda body: answer


@whole_and_streaming
@kinds
@ways
async def test_next_model(one: str, other: str, kind: str, streaming: bool):
    """However the first model fails, the second answers, and the reader has its words and no others."""
    failing = (one, always(FAILURES[kind](one)))
    async with models(failing, (other, [says("It is 5.")]), streaming=streaming) as told:
        assert "It is 5." == await told.run(retries=0)

    assert ["fallback"] == told.notices
    assert 0 == sum(told.waits)


@whole_and_streaming
@kinds
@pytest.mark.parametrize("name", SERVERS)
async def test_again(name: str, kind: str, streaming: bool):
    """However a request fails that may do better, it is made again, and the reader has one answer."""
    async with models(
        (name, [FAILURES[kind](name), says("It is 5.")]), streaming=streaming
    ) as told:
        if kind == "quota":
            with pytest.raises(RateLimitError, match="no money"):
                await told.run()
        else:
            assert "It is 5." == await told.run()

    assert ([] if kind == "quota" else ["retry"]) == told.notices
    assert ([] if kind == "quota" else [0.0 if kind == "nothing" else 0.5]) == told.waits


@breaks
@pytest.mark.parametrize("name", SERVERS)
async def test_broken_in_its_words(name: str, kind: str):
    """A reply that breaks off in its words is raised; what the reader has stays what he read."""
    async with models((name, [BREAKS[kind](name)]), ("openai", [])) as told:
        with pytest.raises(ProviderUnavailableError):
            await told.run()

    assert "It is fi" == told.stream.text == told.shown()
    assert [] == told.notices


@breaks
@pytest.mark.parametrize("name", SERVERS)
async def test_begun_anew(name: str, kind: str):
    """Where words may be taken back, the reply begins anew as another attempt: the reader has one."""
    async with models((name, [BREAKS[kind](name), says("It is 5.")])) as told:
        assert "It is 5." == await told.run(restart=True)

    assert ["retry"] == told.notices
    assert [1, 2] == told.attempts


@breaks
@ways
async def test_begun_anew_by_the_next(one: str, other: str, kind: str):
    """The same by the next model."""
    async with models((one, always(BREAKS[kind](one))), (other, [says("It is 5.")])) as told:
        assert "It is 5." == await told.run(restart=True, retries=1)

    assert ["retry", "fallback"] == told.notices
    assert [1, 2, 3] == told.attempts


@whole_and_streaming
@quick_kinds
@pytest.mark.parametrize("place", [0, 1, 2])
@ways
async def test_no_tool_runs_twice(one: str, other: str, place: int, kind: str, streaming: bool):
    """Wherever a run goes to the next model, and for whatever failure, each call is carried out once."""
    failing = Failing(FAILURES[kind](one), *range(place, 9))
    async with models((one, failing), (other, by_history), streaming=streaming) as told:
        assert "It is 5." == await told.run(retries=0)

    assert RAN == sorted(told.scene.ran)
    assert ["fallback"] == told.notices
    results = [one for one in told.stream.result.messages if isinstance(one, ToolResult)]
    assert ["5", "8", "nothing"] == [one.text for one in results]


@whole_and_streaming
@quick_kinds
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", SERVERS)
async def test_no_tool_runs_twice_for_a_retry(name: str, place: int, kind: str, streaming: bool):
    """The same where the request is made again."""
    failing = Failing(FAILURES[kind](name), place)
    async with models((name, failing), streaming=streaming) as told:
        if kind == "quota":
            with pytest.raises(RateLimitError):
                await told.run()
        else:
            assert "It is 5." == await told.run()

    expected = ([], ["add", "double"], RAN)[place] if kind == "quota" else RAN
    assert expected == sorted(told.scene.ran)


@quick_breaks
@pytest.mark.parametrize("place", [0, 1, 2])
@ways
async def test_no_tool_runs_twice_after_words(one: str, other: str, place: int, kind: str):
    """The same where the stream breaks in its words, which may be taken back."""
    failing = Failing(BREAKS[kind](one), *range(place, 9))
    async with models((one, failing), (other, by_history)) as told:
        assert "It is 5." == await told.run(restart=True, retries=0)

    assert RAN == sorted(told.scene.ran)


async def test_half_a_call_never_runs():
    """A stream that breaks off in a call, or after it, runs nothing: the next model calls."""
    called = raw(
        delta({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "look"}}]}),
        delta({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
    )
    async with models(("openai", always(called)), ("anthropic", by_history)) as told:
        assert "It is 5." == await told.run(retries=0)

    assert RAN == sorted(told.scene.ran)


@whole_and_streaming
async def test_quota_goes_straight_on(streaming: bool):
    """A spent quota is asked once, nothing is waited for, and the next model answers."""
    asked: list[Any] = []

    def broke(body: dict[str, Any]) -> Answer:
        asked.append(body)
        return Answer(status=429, error={"message": "x", "code": "insufficient_quota"})

    async with models(("openai", broke), ("anthropic", by_history), streaming=streaming) as told:
        assert "It is 5." == await told.run()

    assert 1 == len(asked)
    assert 0 == sum(told.waits)
    assert ["fallback"] == told.notices


@pytest.mark.parametrize(
    ("header", "value", "seconds"),
    [
        ("Retry-After", "3", 3.0),
        ("Retry-After", "0.25", 0.25),
        ("Retry-After", "60", 60.0),
        ("Retry-After-Ms", "1500", 1.5),
        ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
@pytest.mark.parametrize("name", SERVERS)
async def test_waits_as_told(name: str, header: str, value: str, seconds: float):
    """What the server asks to wait is waited, up to a minute; a moment that is over, not at all."""
    busy = Answer(status=429, error={"message": "slow down"}, headers={header: value})
    async with models((name, [busy, says("It is 5.")])) as told:
        await told.run()

    assert [seconds] == told.waits


@whole_and_streaming
async def test_too_long_a_wait(streaming: bool):
    """Who asks to wait longer than a minute is left: for the next model, or with the error."""
    busy = Answer(status=429, error={"message": "later"}, headers={"Retry-After": "61"})
    async with models(
        ("openai", always(busy)), ("anthropic", by_history), streaming=streaming
    ) as told:
        assert "It is 5." == await told.run()
    assert 0 == sum(told.waits)

    async with models(("openai", always(busy)), streaming=streaming) as told:
        with pytest.raises(RateLimitError, match="later") as caught:
            await told.run()
    assert 61.0 == caught.value.retry_after
    assert [] == told.waits


async def test_own_tries():
    """Each model has its own tries; then the last failure is raised."""
    busy = always(Answer(status=503, error={"message": "busy"}))
    async with models(("openai", busy), ("anthropic", busy)) as told:
        with pytest.raises(ProviderUnavailableError, match="anthropic/test-model"):
            await told.run()

    assert [0.5, 1.0, 0.0, 0.5, 1.0] == told.waits


async def test_only_the_kinds_asked_for():
    """A wrong key is raised, unless that kind is among those that go to the next model."""
    locked = Answer(status=401, error={"message": "wrong key"})
    async with models(("openai", [locked]), ("anthropic", [])) as told:
        with pytest.raises(AuthenticationError):
            await told.run()

    async with models(
        ("openai", [locked]), ("anthropic", by_history), fallback_on=["auth"]
    ) as told:
        assert "It is 5." == await told.run()


@pytest.mark.parametrize(("one", "other"), WAYS[:2])
async def test_there_and_back(one: str, other: str):
    """A thread goes to the other wire with all that was said, and back again, calls and all."""
    down = Failing(Answer(status=500, error={"message": "oops"}), 3)
    async with models((one, down), (other, by_history), memory=InMemoryStorage()) as told:
        texts = [await told.run(f"{number}?", thread="t", retries=0) for number in range(3)]

    assert ["It is 5."] * 3 == texts
    assert sorted(3 * RAN) == sorted(told.scene.ran)
    answered = [one.model for one in told.events if isinstance(one, StepStart)]
    assert [f"{one}/test-model"] * 3 == answered  # the third run began with the first model again
    assert 3 * 7 == len(told.stream.result.messages)


@given(st.integers(1, 12), st.floats(0, 1))
def test_jitter(tries: int, chance: float):
    """The waits double from half a second up to eight, less up to a quarter by chance."""
    error = ProviderError("down", kind="server")
    waited = wait(error, tries=tries, retries=12, random=lambda: chance)
    most = min(0.5 * 2 ** (tries - 1), 8.0)

    assert waited is not None
    assert 0.75 * most <= waited <= most


async def test_milliseconds():
    """What would take seconds takes none here: the clock is given from outside."""
    began = time.perf_counter()
    busy = Answer(status=429, error={"message": "x"}, headers={"Retry-After": "50"})
    async with models(("openai", [busy, busy, says("It is 5.")])) as told:
        await told.run()

    assert 100.0 == sum(told.waits)
    assert time.perf_counter() - began < 5
