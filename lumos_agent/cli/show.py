"""A run as it happens: for a program, or for a person."""

import os
from typing import Any, BinaryIO, TextIO, assert_never

import click

from lumos_agent.events import (
    AgentEvent,
    ApprovalRequest,
    GenerationComplete,
    MemoryUpdate,
    Notice,
    ReasoningDelta,
    RunFailed,
    RunPaused,
    RunResume,
    RunStart,
    StepComplete,
    StepStart,
    TextDelta,
    ToolCallComplete,
    ToolCallDelta,
    ToolCallStart,
    ToolProgress,
    encode_event,
)
from lumos_agent.messages import GenerateResult, ToolCall, Usage, encode

SHORT = 160
"""Characters of a call or a result that are shown."""
CONTROL = dict.fromkeys(code for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t")
"""What could play tricks on a terminal is left out of what a model or a tool says."""

TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Marks that have text run backwards, so that it is read as something else."""


def has_color(stream: TextIO) -> bool:
    """Whether *stream* is a terminal whose user wants colours; https://no-color.org."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class JsonLines:
    """Each event as one line of JSON, on *out*."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def __call__(self, event: AgentEvent) -> None:
        self._out.write(encode_event(event) + b"\n")
        self._out.flush()


class Screen:
    """The answer on *out*; calls, usage and what else is worth knowing on *err*.

    A terminal gets the words as they come. A file or a pipe gets the answer alone, when it is
    whole: what was said before a call, or in an attempt made again, cannot be taken back there.
    """

    def __init__(self, out: TextIO, err: TextIO, *, color: bool) -> None:
        self._out = out
        self._err = err
        self._color = color
        self._live = out.isatty()
        self._open: TextIO | None = None  # the stream that a line is not ended on
        self._start: RunStart | None = None
        self._model = ""
        self._said = False
        self._calls: dict[str, ToolCall] = {}

    def __call__(self, event: AgentEvent) -> None:
        match event:
            case RunStart():
                self._start = event
            case StepStart():
                self._begin(event)
            case TextDelta(delta=text):
                self._said = True
                self._write(self._out, text.translate(CONTROL) if self._live else "")
            case ReasoningDelta(delta=text):
                self._said = True
                self._write(self._err, text.translate(CONTROL), dim=True)
            case ToolCallStart(call=call):
                self._calls[call.id] = call
                self._line(f"→ {called(call)}", fg="cyan")
            case ToolProgress(data=data):
                self._line(f"… {_short(encode(data).decode())}", dim=True)
            case ToolCallComplete():
                self._result(event)
            case Notice(message=message):
                self._line(f"note: {_short(message)}", fg="yellow")
            case StepComplete(agent_step=step):
                if step.calls and step.text and not self._live:
                    self._line(step.text.translate(CONTROL))
            case GenerationComplete(result=result):
                self._finish(result, event.time)
            case RunFailed() | RunPaused():
                self._end_line()
            case RunResume() | ToolCallDelta() | ApprovalRequest() | MemoryUpdate():
                pass
            case _:
                assert_never(event)

    def _begin(self, event: StepStart) -> None:
        if event.attempt > 1 and self._said:
            self._line("note: what the model said last does not stand", fg="yellow")
        self._calls, self._model, self._said = {}, event.model, False

    def _result(self, event: ToolCallComplete) -> None:
        call = self._calls[event.call_id]
        same = [one for one in self._calls.values() if one.name == call.name]
        label = event.name if len(same) == 1 else called(call)
        text = f"{_short(event.result)} ({_time(event.duration)})"
        if event.is_error:
            self._line(f"✗ {label} failed: {text}", fg="red")
        else:
            self._line(f"✓ {label}: {text}", fg="green")

    def _finish(self, result: GenerateResult, time: float) -> None:
        if not self._live:
            self._write(self._out, result.text)
        elif not self._said:  # a thread that had its answer already
            self._write(self._out, result.text.translate(CONTROL))
        self._end_line()
        if result.status == "truncated":
            self._line("note: the answer is cut off by the model's token limit", fg="yellow")
        if self._start:
            steps = f"{result.steps} step{'s' if result.steps > 1 else ''}"
            cost = "" if result.cost is None else f" · ${result.cost:.4f}"
            spent = f"{steps} · {_tokens(result.usage)}{cost} · {_time(time - self._start.time)}"
            self._line(f"{self._model or self._start.model} · {spent}", dim=True)

    def _line(self, text: str, **style: Any) -> None:
        self._end_line()
        self._write(self._err, text, **style)
        self._end_line()

    def _end_line(self) -> None:
        if self._open:
            self._write(self._open, "\n")

    def _write(self, stream: TextIO, text: str, **style: Any) -> None:
        if not text:
            return
        if self._open not in (None, stream):
            self._end_line()
        self._open = None if text.endswith("\n") else stream
        styled = click.style(text, **style) if style and self._color else text
        click.echo(styled, stream, nl=False, color=True)


def called(call: ToolCall) -> str:
    """*call* as it would be written, in one line."""
    if isinstance(call.arguments, str):
        return _short(f"{call.name}({call.arguments})")
    given = ", ".join(f"{name}={encode(value).decode()}" for name, value in call.arguments.items())
    return _short(f"{call.name}({given})")


def spoken(text: str) -> str:
    """*text* as a terminal may have it: its lines and tabs, nothing that steers or turns it round."""
    return text.encode(errors="replace").decode().translate(CONTROL | TURNING)


def named(name: str) -> str:
    """*name*, a thread's id for example, so that no other name is shown the same."""
    return name if name.isprintable() else repr(name)


def in_line(text: str) -> str:
    """The beginning of *text*, in one line."""
    return _short(spoken(text))


def _short(text: str) -> str:
    line = " ".join(text.translate(CONTROL).split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 1]}…"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _tokens(usage: Usage) -> str:
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    reasoning = f" ({usage.reasoning_tokens} reasoning)" if usage.reasoning_tokens else ""
    return f"{usage.input_tokens} tokens in{cached}, {usage.output_tokens} out{reasoning}"
