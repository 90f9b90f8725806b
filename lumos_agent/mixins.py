"""What an agent can do beyond the bare loop, an ability each."""

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Literal, assert_never

from lumos_agent.errors import RunCancelledError, ThreadConflictError
from lumos_agent.events import (
    LAST,
    AgentEvent,
    MemoryUpdate,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from lumos_agent.limits import hurried
from lumos_agent.loop import BasicAgent
from lumos_agent.memory.base import GetMessagesParams, MemoryStorage
from lumos_agent.messages import Message, ToolResult
from lumos_agent.options import ToolChoice
from lumos_agent.providers.base import CallPart, ReasoningPart, Reply, TextPart
from lumos_agent.run import Run, in_call_order

logger = logging.getLogger("lumos_agent")


class ToolChoiceMixin(BasicAgent):
    """Let the caller force, forbid or name a tool."""

    def choose(self, run: Run) -> ToolChoice:
        """The run's choice; forced in its first step only, for else it could never end."""
        choice = run.options.tool_choice
        return choice if choice == "none" or run.step == 1 else super().choose(run)


class StreamingMixin(BasicAgent):
    """Tell the model's words as they come, where somebody reads them."""

    def answer(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Ask the model once; the pieces of its reply are told."""
        return self._in_pieces(run) if run.streaming else super().answer(run)

    async def _in_pieces(self, run: Run) -> AsyncGenerator[AgentEvent]:
        provider = self.models[run.place].provider
        async with aclosing(provider.stream(self.request(run))) as stream:
            parts = aiter(stream) if run.deadline is None else hurried(run, stream)
            async for part in parts:
                if not run.begun:
                    run.first_token()
                match part:
                    case TextPart(text=text):
                        yield TextDelta(step=run.step, delta=text)
                    case ReasoningPart(text=text):
                        yield ReasoningDelta(step=run.step, delta=text)
                    case CallPart():
                        if run.options.tool_call_deltas:
                            yield _call_delta(run, part)
                    case Reply():
                        run.reply = part
                    case _:
                        assert_never(part)


def _call_delta(run: Run, part: CallPart) -> ToolCallDelta:
    return ToolCallDelta(step=run.step, call_id=part.call_id, name=part.name, delta=part.text)


class MemoryMixin(BasicAgent):
    """Remember what is said, in a thread that later runs go on with."""

    async def open(self, run: Run) -> None:
        """Load the thread before what is said now, and answer what a crash left open."""
        if self.memory and run.options.thread:
            run.messages = await self._load(run, self.memory, run.options.thread)
            for call in run.open_calls:
                if run.resumed and call.name in self.tools and self.tools[call.name].idempotent:
                    continue  # the loop carries it out again
                await self.keep(run, ToolResult(call.id, call.name, INTERRUPTED, is_error=True))
        await super().open(run)

    async def keep(self, run: Run, message: Message) -> None:
        """Add *message* to the thread, too."""
        await super().keep(run, message)
        if run.options.thread and self.memory:
            began = time.perf_counter()
            await self.memory.append(run.options.thread, [message], resource=run.options.resource)
            _tell(run, "append", 1, began)

    async def _load(self, run: Run, memory: MemoryStorage, thread: str) -> list[Message]:
        began = time.perf_counter()
        if not run.resumed:
            with suppress(ThreadConflictError):  # it is there; whose it is shows when it is read
                await memory.create_thread(id=thread, resource=run.options.resource)
        page = await memory.get_messages(thread, EVERYTHING, resource=run.options.resource)
        if page.items:
            _tell(run, "read", len(page.items), began)
        return in_call_order([stored.message for stored in page.items])


EVERYTHING = GetMessagesParams(limit=None)
INTERRUPTED = "interrupted: the run ended before the tool did; it may or may not have happened"


def _tell(run: Run, operation: Literal["read", "append"], messages: int, began: float) -> None:
    run.tell(
        MemoryUpdate,
        operation=operation,
        thread=run.options.thread,
        messages=messages,
        duration=time.perf_counter() - began,
    )


class ObserverMixin(BasicAgent):
    """Let others read every run. One that fails is logged, and the run goes on."""

    def events(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """The run's events, each shown to the observers before it is told."""
        events = super().events(run)
        return self._observed(run, events) if self.observers else events

    async def _observed(
        self, run: Run, events: AsyncGenerator[AgentEvent]
    ) -> AsyncGenerator[AgentEvent]:
        event: AgentEvent | None = None
        try:
            async with aclosing(events):
                async for event in events:
                    self._show(event)
                    yield event
        finally:
            # Whoever leaves a run early ends it, and hears no more of it; the observers do.
            if not isinstance(event, LAST):
                left = RunCancelledError("the run was left before its end")
                self._show(run.stamp(run.failed(left)))

    def _show(self, event: AgentEvent) -> None:
        for observer in self.observers:
            try:
                observer(event)
            except Exception:
                logger.exception("observer %r failed", observer)
