"""A run: one prompt up to its answer, and what was said on the way."""

import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from msgspec.structs import force_setattr

from lumos_agent.errors import AgentError, StepLimitError
from lumos_agent.events import (
    AgentEvent,
    GenerationComplete,
    Notice,
    RunFailed,
    RunResume,
    RunStart,
    StepComplete,
    StepStart,
)
from lumos_agent.messages import (
    AgentStep,
    AssistantMessage,
    GenerateResult,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.options import GenerateOptions, OptionKeywords
from lumos_agent.providers.base import Provider, Reply

if TYPE_CHECKING:
    from lumos_agent.remembering import Remembering


class Ask(msgspec.Struct, frozen=True):
    """Ask the model."""


class Act(msgspec.Struct, frozen=True):
    """Carry out the calls that are not answered."""

    calls: tuple[ToolCall, ...]


class Finish(msgspec.Struct, frozen=True):
    """The model has answered."""


Action = Ask | Act | Finish


def next_action(messages: Sequence[Message]) -> Action:
    """What comes next in a conversation; the transcript is all the state there is."""
    calls = open_calls(messages)
    if calls:
        return Act(calls)
    if not messages or isinstance(messages[-1], SystemMessage):
        raise AgentError(
            "there is nothing to answer; the messages must end with the user's or a result"
        )
    return Finish() if isinstance(messages[-1], AssistantMessage) else Ask()


def open_calls(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls of the last reply that have no result yet."""
    answered: set[str] = set()
    for message in reversed(messages):
        if isinstance(message, ToolResult):
            answered.add(message.call_id)
        elif isinstance(message, AssistantMessage):
            return tuple(call for call in message.calls if call.id not in answered)
        else:
            break
    return ()


def in_call_order(messages: Sequence[Message]) -> list[Message]:
    """*messages* with each step's results in the order of its calls, as providers want them.

    They were kept in the order in which the tools ended.
    """
    ordered: list[Message] = []
    results: list[ToolResult] = []
    order: dict[str, int] = {}
    for message in messages:
        if isinstance(message, ToolResult):
            results.append(message)
            results.sort(key=lambda result: order.get(result.call_id, 0))
            continue
        ordered += results
        ordered.append(message)
        results = []
        if isinstance(message, AssistantMessage):
            order = {call.id: place for place, call in enumerate(message.calls)}
    return ordered + results


def last_step(messages: Sequence[Message]) -> int:
    """The number of the step that *messages* end in: replies since the user spoke."""
    count = 0
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            break
        count += isinstance(message, AssistantMessage)
    return count


class Run:
    """One prompt up to its answer. The loop carries it out; everybody else reads it."""

    def __init__(
        self,
        options: GenerateOptions,
        *,
        agent: str,
        provider: Provider,
        given: OptionKeywords | None = None,
    ) -> None:
        self.id = uuid4().hex
        self.trace_id = secrets.token_hex(16)
        self.options = options
        self.given: OptionKeywords = given or {}
        """The options that were said of this run alone."""
        self.agent = agent
        self.go_to(0, provider)
        self.prompt: tuple[Message, ...] = ()
        """What is said now; `open` keeps it after what was said before."""
        self.messages: list[Message] = []
        """What was said, oldest first; grows by `keep` alone. Of a thread it is the end of it."""
        self.view: list[Message] | None = None
        """What the model reads of it; None for all."""
        self.remembering: Remembering | None = None
        """The thread of the run, where it has one."""
        self.resumed = False
        """Whether it goes on with what an earlier run began."""
        self.streaming = False
        """Whether somebody reads the words as they come."""
        self.step = 0
        self.attempt = 1
        self.calls = 0
        """How many calls were carried out."""
        self.deadline: float | None = None
        """When its time is over, by `time.perf_counter()`."""
        self.cost: float | None = 0.0
        """US dollars; None once a price or a usage is not known."""
        self.reply: Reply | None = None
        self.steps: list[AgentStep] = []
        self.usage = Usage()
        self.result: GenerateResult | None = None
        self.begun = False
        """Whether the first piece of a streamed reply came."""
        self.on_tell: Callable[[], object] = nobody_waits
        self._told: deque[AgentEvent] = deque()
        self._seq = 0
        self._began = time.perf_counter()
        self._first_token: float | None = None

    def go_to(self, place: int, provider: Provider) -> None:
        """From now on *provider* is asked, which is at that *place* among the agent's models."""
        self.place = place
        self.provider = provider.name
        self.model = f"{provider.name}/{provider.model}"
        self._priced: object = provider
        self.encoded: dict[int, tuple[Message, bytes]] = {}

    @property
    def finished(self) -> bool:
        """Whether the answer is there."""
        return self.result is not None

    @property
    def open_calls(self) -> tuple[ToolCall, ...]:
        """The calls that have no result yet."""
        return open_calls(self.messages)

    def next_action(self) -> Action:
        """What comes next."""
        return next_action(self.messages)

    def first(self) -> RunStart | RunResume:
        """The run's first event."""
        if self.resumed:
            return RunResume(reason="crash")
        return RunStart(
            agent=self.agent,
            model=self.model,
            thread=self.options.thread,
            resource=self.options.resource,
            trace_id=self.trace_id,
        )

    def failed(self, error: Exception) -> RunFailed:
        """The last event of a run that *error* ends."""
        return RunFailed(
            code=getattr(error, "code", "internal"),
            message=str(error) or type(error).__name__,
            retryable=getattr(error, "retryable", False),
            step=self.step,
        )

    def begin_step(self) -> StepStart:
        """Count a step. Raises `StepLimitError` where there may be no other."""
        limit = self.options.max_steps
        if self.step >= limit:
            steps = f"{limit} step{'s' * (limit > 1)}"
            raise StepLimitError(
                f"still calling tools after {steps}; allow more max_steps", run=self
            )
        self.step += 1
        self.attempt = 0
        self._began = time.perf_counter()
        return self.begin_attempt()

    def begin_attempt(self) -> StepStart:
        """Begin the step, or begin it anew: what came of the attempt before is void."""
        self.attempt += 1
        self.reply = None
        self.begun = False
        self._first_token = None
        return StepStart(step=self.step, attempt=self.attempt, model=self.model)

    def first_token(self) -> None:
        """Note when the first piece of a streamed reply came."""
        self.begun = True
        self._first_token = time.perf_counter() - self._began

    def complete_step(self) -> StepComplete:
        """Sum up the step that the transcript ends in."""
        message, results = self._last_exchange()
        reply = self.reply or Reply(message=message)  # of a step that an earlier run began
        self.spend(reply)
        self.steps.append(
            AgentStep(
                step=self.step,
                attempt=self.attempt,
                provider=self.provider,
                model=self.model,
                text=message.text,
                calls=message.calls,
                results=results,
                usage=reply.usage,
                finish_reason=reply.finish_reason,
                request_id=reply.request_id,
                first_token=self._first_token,
                duration=time.perf_counter() - self._began,
            )
        )
        return StepComplete(agent_step=self.steps[-1])

    def spend(self, reply: Reply, priced: object = None) -> None:
        """Count what *reply* used and cost; *priced* gave it, if it was not the run's provider."""
        self.usage += reply.usage
        price = getattr(priced or self._priced, "price", None)
        spent = price.cost(reply.usage) if price else None
        self.cost = None if spent is None or self.cost is None else self.cost + spent

    def _last_exchange(self) -> tuple[AssistantMessage, tuple[ToolResult, ...]]:
        """The last reply and its results, which are put in the order of its calls."""
        for place in reversed(range(len(self.messages))):
            message = self.messages[place]
            if isinstance(message, AssistantMessage):
                last = in_call_order(self.messages[place:])
                self.messages[place:] = last
                return message, tuple(one for one in last if isinstance(one, ToolResult))
        raise AgentError("no reply in the transcript", run=self)

    def complete(self) -> GenerationComplete:
        """Sum up the run, whose last step is complete."""
        last = self.steps[-1]
        self.result = GenerateResult(
            text=last.text,
            output=None,
            status="truncated" if self._last_exchange()[0].truncated else "complete",
            usage=self.usage,
            steps=self.step,
            cost=self.cost,
            trace_id=self.trace_id,
        )
        return GenerationComplete(result=self.result)

    def tell(self, event: type[AgentEvent], **fields: Any) -> None:
        """Tell of an event from a place that cannot yield one, a tool's thread for example."""
        self._told.append(event(**fields))
        self.on_tell()

    def notice(self, code: str, message: str, data: Any = None) -> None:
        """Tell of what is worth knowing and no failure."""
        self.tell(Notice, code=code, message=message, data=data)

    def told(self) -> Sequence[AgentEvent]:
        """The events told and not yet yielded, in their order."""
        if not self._told:
            return ()
        return [self._told.popleft() for _ in range(len(self._told))]

    def stamp(self, event: AgentEvent) -> AgentEvent:
        """Number and time *event*, which is about to be yielded."""
        self._seq += 1
        force_setattr(event, "run_id", self.id)
        force_setattr(event, "seq", self._seq)
        force_setattr(event, "time", time.time())
        return event


def nobody_waits() -> None:
    """Nobody waits for what is told: it is yielded before the next event."""
