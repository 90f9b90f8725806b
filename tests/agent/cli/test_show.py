"""A run is shown as it happens: every event to a program, what matters to a person."""

import io
from collections.abc import Sequence

import pytest

from lumos_agent.cli.show import JsonLines, Screen, has_color
from lumos_agent.events import (
    AgentEvent,
    GenerationComplete,
    MemoryUpdate,
    Notice,
    ReasoningDelta,
    RunFailed,
    RunStart,
    StepComplete,
    StepStart,
    TextDelta,
    ToolCallComplete,
    ToolCallStart,
    ToolProgress,
    decode_event,
)
from lumos_agent.messages import AgentStep, GenerateResult, Status, ToolCall, Usage

START = RunStart(
    time=10.0, agent="a", model="openai/m", thread=None, resource=None, trace_id="t", seq=1
)
STEP = StepStart(step=1, attempt=1, model="openai/m")
OSLO = ToolCallStart(step=1, call=ToolCall("1", "get_weather", {"city": "Oslo", "days": [1, 2]}))
USED = Usage(5, 2)


class Tape(io.StringIO):
    """A terminal or a file, which notes what is written to it among the others."""

    def __init__(self, name: str, log: list[tuple[str, str]], *, terminal: bool) -> None:
        super().__init__()
        self.name = name
        self.log = log
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.log.append((self.name, text))
        return super().write(text)


def shown(events: Sequence[AgentEvent], *, terminal: bool = False, color: bool = False) -> str:
    """What is seen: as it is in the terminal; else each stream's text after its name."""
    log: list[tuple[str, str]] = []
    out, err = (Tape(name, log, terminal=terminal) for name in ("out", "err"))
    screen = Screen(out, err, color=color)
    for event in events:
        screen(event)
    if terminal:
        return "".join(text for _, text in log)
    return f"out:{out.getvalue()} err:{err.getvalue()}"


def done(
    text: str,
    *,
    status: Status = "complete",
    usage: Usage = USED,
    cost: float | None = None,
) -> AgentEvent:
    result = GenerateResult(
        text=text, output=None, status=status, usage=usage, steps=1, cost=cost, trace_id="t"
    )
    return GenerationComplete(result=result, time=11.5)


def answered(call: str, result: str, *, is_error: bool = False) -> AgentEvent:
    return ToolCallComplete(
        step=1, call_id=call, name="get_weather", result=result, is_error=is_error, duration=0.25
    )


def step(text: str, *calls: ToolCall) -> AgentEvent:
    agent_step = AgentStep(
        step=1,
        attempt=1,
        provider="openai",
        model="openai/m",
        text=text,
        calls=calls,
        results=(),
        usage=Usage(),
        finish_reason="stop",
        request_id=None,
        first_token=None,
        duration=1.0,
    )
    return StepComplete(agent_step=agent_step)


TALK = (
    START,
    STEP,
    TextDelta(step=1, delta="I look."),
    OSLO,
    answered("1", "12 °c\nsun"),
    step("I look.", OSLO.call),
    TextDelta(step=2, delta="12 "),
    TextDelta(step=2, delta="degrees"),
    step("12 degrees"),
    done("12 degrees"),
)
CALLS = '→ get_weather(city="Oslo", days=[1,2])\n✓ get_weather: 12 °c sun (250 ms)\n'
USAGE = "openai/m · 1 step · 5 tokens in, 2 out · 1.5 s\n"


def test_terminal() -> None:
    """A terminal shows words as they come, each call on lines of its own, and the usage."""
    assert shown(TALK, terminal=True) == f"I look.\n{CALLS}12 degrees\n{USAGE}"


def test_file() -> None:
    """A file gets the answer and nothing else; what the model said before a call is beside it."""
    assert shown(TALK) == f"out:12 degrees\n err:{CALLS}I look.\n{USAGE}"


def test_color() -> None:
    """Colours are for what stands beside the answer, never for the answer."""
    text = shown([*TALK[:4], done("x")], terminal=True, color=True)
    assert text.startswith('I look.\n\x1b[36m→ get_weather(city="Oslo", days=[1,2])\x1b[0m\n')
    assert "\x1b" not in shown(TALK, terminal=True)


def test_call_that_fails() -> None:
    """A call that failed is marked."""
    text = shown([START, STEP, OSLO, answered("1", "no such city", is_error=True)])
    assert text.endswith("✗ get_weather failed: no such city (250 ms)\n")


def test_calls_of_one_name() -> None:
    """Where a step calls a tool twice, a result says which call it answers."""
    rome = ToolCallStart(step=1, call=ToolCall("2", "get_weather", "Rome"))
    text = shown([START, STEP, OSLO, rome, answered("2", "20"), answered("1", "12")])
    assert text.splitlines()[2:] == [
        "✓ get_weather(Rome): 20 (250 ms)",
        '✓ get_weather(city="Oslo", days=[1,2]): 12 (250 ms)',
    ]


def test_long_result() -> None:
    """A long result is shortened to 160 characters."""
    line = shown([START, STEP, OSLO, answered("1", "x" * 1000)]).splitlines()[1]
    assert line == f"✓ get_weather: {'x' * 159}… (250 ms)"


def test_control_characters() -> None:
    """What a model or a tool says cannot play tricks on the terminal."""
    events: list[AgentEvent] = [START, STEP, TextDelta(step=1, delta="\x1b[2Ja\tb\r\x9b"), OSLO]
    text = shown([*events, answered("1", "\x1b]0;title\x07")], terminal=True)
    assert text.replace(CALLS.splitlines()[0], "") == (
        "[2Ja\tb\n\n✓ get_weather: ]0;title (250 ms)\n"
    )


def test_answer_is_exact() -> None:
    """A file gets the answer's very characters, and one line end."""
    assert shown([done("\x1b[1mbold\n")]) == "out:\x1b[1mbold\n err:"


def test_reasoning_and_progress() -> None:
    """Reasoning and what tools tell are beside the answer."""
    events: list[AgentEvent] = [
        START,
        STEP,
        ReasoningDelta(step=1, delta="Hm"),
        ReasoningDelta(step=1, delta="m."),
        OSLO,
        ToolProgress(step=1, call_id="1", data={"percent": 50}),
        MemoryUpdate(operation="read", thread="t", messages=1, duration=0.1),
        Notice(code="retry", message="asking again"),
    ]
    assert shown(events) == (
        'out: err:Hmm.\n→ get_weather(city="Oslo", days=[1,2])\n… {"percent":50}\n'
        "note: asking again\n"
    )


def test_reasoning_in_terminal() -> None:
    """Reasoning and answer each have lines of their own."""
    thought = ReasoningDelta(step=1, delta="Hm.")
    events: list[AgentEvent] = [
        START,
        STEP,
        thought,
        TextDelta(step=1, delta="12"),
        thought,
        done("12"),
    ]
    assert shown(events, terminal=True) == f"Hm.\n12\nHm.\n{USAGE}"


def test_attempt() -> None:
    """An attempt that is made again is told, and the file has the one that stands."""
    again = StepStart(step=1, attempt=2, model="openai/m")
    events: list[AgentEvent] = [
        START,
        STEP,
        TextDelta(step=1, delta="ol"),
        again,
        TextDelta(step=1, delta="new"),
    ]
    note = "note: what the model said last does not stand\n"
    assert shown([*events, done("new")], terminal=True) == f"ol\n{note}new\n{USAGE}"
    assert shown([*events, done("new")]) == f"out:new\n err:{note}{USAGE}"


def test_fallback() -> None:
    """Of a run that another model ended, that model is named; where nothing was said, nothing is void."""
    then = StepStart(step=1, attempt=2, model="groq/n")
    notice = Notice(code="fallback", message="no; asking groq/n instead")
    events: list[AgentEvent] = [
        START,
        STEP,
        notice,
        then,
        TextDelta(step=1, delta="new"),
        done("new"),
    ]
    spent = USAGE.replace("openai/m", "groq/n")
    assert shown(events, terminal=True) == f"note: no; asking groq/n instead\nnew\n{spent}"


def test_cost() -> None:
    """What a run cost is told where it is known."""
    line = shown([START, done("x", cost=0.01234)], terminal=True).splitlines()[-1]
    assert " · $0.0123 · 1.5 s" in line


def test_usage() -> None:
    """Cached and reasoning tokens are told where there are any."""
    usage = Usage(100, 20, cached_tokens=64, reasoning_tokens=8)
    line = shown([START, done("x", usage=usage)], terminal=True).splitlines()[-1]
    assert line == "openai/m · 1 step · 100 tokens in (64 cached), 20 out (8 reasoning) · 1.5 s"


def test_truncated() -> None:
    """An answer that was cut off says so."""
    text = shown([START, done("x", status="truncated")])
    assert "note: the answer is cut off by the model's token limit\n" in text


def test_failure() -> None:
    """A run that fails ends its line, so that the error has one of its own; a file gets nothing."""
    failed = RunFailed(code="provider", message="no", retryable=False, step=1)
    events: list[AgentEvent] = [START, STEP, TextDelta(step=1, delta="I thi"), failed]
    assert shown(events, terminal=True) == "I thi\n"
    assert shown(events) == "out: err:"


def test_json_lines() -> None:
    """A program reads every event back, a line each."""
    out = io.BytesIO()
    for event in TALK:
        JsonLines(out)(event)
    assert tuple(map(decode_event, out.getvalue().splitlines())) == TALK


@pytest.mark.parametrize(
    ("terminal", "variables", "colored"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_has_color(
    terminal: bool, variables: dict[str, str], colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colours are for terminals that can show them and users who want them."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert has_color(Tape("out", [], terminal=terminal)) == colored
