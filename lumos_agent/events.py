"""What happens in a run: its events, in the order they happen, and their JSON.

Version 1. `docs/reference/events.md` is the table; golden files in the tests hold it.
"""

import re
from typing import Any, Literal, Protocol

import msgspec

from lumos_agent.errors import ProtocolError
from lumos_agent.messages import AgentStep, GenerateResult, ToolCall, decode, encode

VERSION = 1


def _tag(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=_tag):
    """What every event has; the run fills it in as the event is told."""

    run_id: str = ""
    seq: int = 0
    """1, 2, 3 ... in its run, without a hole."""
    time: float = 0.0
    """Seconds since 1970, UTC."""


class Parent(msgspec.Struct, frozen=True):
    """The call of another agent's run that this run answers."""

    run_id: str
    call_id: str


class RunStart(Event, frozen=True, kw_only=True):
    """First, once a run."""

    agent: str
    model: str
    thread: str | None
    resource: str | None
    trace_id: str
    parent: Parent | None = None
    v: int = VERSION


class RunResume(Event, frozen=True, kw_only=True):
    """First, instead of `RunStart`, when a run goes on from what was said before."""

    reason: Literal["crash", "approval"]
    decisions: dict[str, Any] = {}


class StepStart(Event, frozen=True, kw_only=True):
    """Before the model is asked. A higher attempt voids what came of the step's attempt before."""

    step: int
    attempt: int
    model: str


class TextDelta(Event, frozen=True, kw_only=True):
    """A piece of the model's text; all of it at once where the reply is not streamed."""

    step: int
    delta: str


class ReasoningDelta(Event, frozen=True, kw_only=True):
    """The same for its reasoning."""

    step: int
    delta: str


class ToolCallDelta(Event, frozen=True, kw_only=True):
    """A piece of a call's arguments, as the model writes them; only if asked for."""

    step: int
    call_id: str
    name: str
    delta: str


class ToolCallStart(Event, frozen=True, kw_only=True):
    """The call is complete and will be answered."""

    step: int
    call: ToolCall


class ToolProgress(Event, frozen=True, kw_only=True):
    """What a tool sends with `context.emit(data)`."""

    step: int
    call_id: str
    data: Any


class ToolCallComplete(Event, frozen=True, kw_only=True):
    """The call is answered, and the answer is kept."""

    step: int
    call_id: str
    name: str
    result: str
    """The text that the model reads."""
    is_error: bool
    duration: float


class PendingCall(ToolCall, frozen=True, kw_only=True):
    """A call that waits for a decision, which holds for this name and these arguments alone."""

    digest: str


class ApprovalRequest(Event, frozen=True, kw_only=True):
    """The run waits for a decision about calls."""

    step: int
    calls: tuple[PendingCall, ...]


class MemoryUpdate(Event, frozen=True, kw_only=True):
    """A thread was read or written."""

    operation: Literal["read", "append", "summarize"]
    thread: str
    messages: int
    duration: float


class Notice(Event, frozen=True, kw_only=True):
    """Worth knowing; nothing failed."""

    code: str
    message: str
    data: Any = None


class StepComplete(Event, frozen=True, kw_only=True):
    """After every step, the last too."""

    agent_step: AgentStep


class GenerationComplete(Event, frozen=True, kw_only=True):
    """Last: the answer."""

    result: GenerateResult


class RunPaused(Event, frozen=True, kw_only=True):
    """Last, for now: `resume` goes on."""

    state: Any
    calls: tuple[PendingCall, ...]


class RunFailed(Event, frozen=True, kw_only=True, tag="run_error"):
    """Last: the exception is raised after it."""

    code: str
    message: str
    retryable: bool
    step: int


AgentEvent = (
    RunStart
    | RunResume
    | StepStart
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | ToolCallStart
    | ToolProgress
    | ToolCallComplete
    | ApprovalRequest
    | MemoryUpdate
    | Notice
    | StepComplete
    | GenerationComplete
    | RunPaused
    | RunFailed
)
LAST = (GenerationComplete, RunPaused, RunFailed)
"""Nothing follows these in a run."""
TAGS = frozenset(str(event.__struct_config__.tag) for event in AgentEvent.__args__)


class Observer(Protocol):
    """Reads the events of every run, for logs, metrics or traces: any callable that takes an event.

    It is called on the event loop, between events, and should return at once.
    """

    def __call__(self, event: AgentEvent, /) -> object: ...


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a later version, passed through as it came."""

    data: dict[str, Any]


def encode_event(event: AgentEvent | UnknownEvent) -> bytes:
    """The JSON of *event*, one object."""
    return encode(event.data if isinstance(event, UnknownEvent) else event)


def decode_event(data: bytes | str) -> AgentEvent | UnknownEvent:
    """The event whose JSON is *data*. Unknown keys are ignored. Raises `ProtocolError`."""
    try:
        event: AgentEvent = decode(data, AgentEvent)
    except msgspec.ValidationError as error:
        other = _unknown(data)
        if other is None:
            raise ProtocolError(f"no event: {error}") from error
        return other
    return event


def _unknown(data: bytes | str) -> UnknownEvent | None:
    try:
        value = decode(data, dict[str, Any])
    except msgspec.ValidationError:
        return None
    known = value.get("type") in TAGS or not isinstance(value.get("type"), str)
    return None if known else UnknownEvent(value)
