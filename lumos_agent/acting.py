"""The calls of a step, carried out at the same time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import pydantic_core

from lumos_agent.errors import BudgetError
from lumos_agent.events import (
    AgentEvent,
    Notice,
    ToolCallComplete,
    ToolCallStart,
    ToolProgress,
)
from lumos_agent.limits import within
from lumos_agent.messages import AssistantMessage, Message, ToolCall, ToolResult, UserMessage
from lumos_agent.run import Run, nobody_waits
from lumos_tools import ToolContext, ToolError, ToolRegistry, UnknownToolError

GRACE = 5.0
"""Seconds that cancelled tools get to clean up."""


CUT_OFF = (
    "not run: the reply was cut off by its limit of tokens, so this call may not be whole; "
    "make it again, shorter, or in smaller parts"
)
REPEATED = 3
"""How often in a row the same call is made before the model is told."""


class _Started(NamedTuple):
    call: ToolCall
    time: float


class Acting:
    """Answers calls with *tools* and keeps each result as it comes.

    What goes wrong in a tool is an answer for the model, not an exception. However this ends, each
    call has an answer.
    """

    def __init__(
        self, run: Run, tools: ToolRegistry, *, keep: Callable[[Run, Message], Awaitable[None]]
    ) -> None:
        self._run = run
        self._tools = tools
        self._keep = keep

    def events(self, calls: Sequence[ToolCall]) -> AsyncGenerator[AgentEvent]:
        """Carry out *calls*, telling of it, up to the completed step."""
        alone = len(calls) == 1 and not self._may_emit(calls[0]) and self._run.deadline is None
        return self._alone(calls[0]) if alone else self._together(calls)

    async def _alone(self, call: ToolCall) -> AsyncGenerator[AgentEvent]:
        """One call that tells of no progress needs no task of its own: nothing runs beside it."""
        began, result = time.perf_counter(), _cancelled(call)
        try:
            yield ToolCallStart(step=self._run.step, call=call)
            result = await self._answer(call)
        finally:  # also of a run that is left or cancelled
            complete = await self._complete(call, result, began)
        yield complete
        yield self._run.complete_step()
        self._refuse_more()

    async def _together(self, calls: Sequence[ToolCall]) -> AsyncGenerator[AgentEvent]:
        """Calls at the same time, a task each; a sequential one waits, and is waited for."""
        run = self._run
        inbox: asyncio.Queue[asyncio.Task[ToolResult] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        # A tool may emit from its thread; None in the inbox wakes the loop below.
        run.on_tell = lambda: loop.call_soon_threadsafe(inbox.put_nowait, None)
        started: dict[asyncio.Task[ToolResult], _Started] = {}
        shown = asyncio.Event()
        try:
            for call in calls:
                before = self._before(call, started)
                task = asyncio.create_task(self._answer_after(shown, before, call))
                task.add_done_callback(inbox.put_nowait)
                started[task] = _Started(call, time.perf_counter())
            for call in calls:
                yield ToolCallStart(step=run.step, call=call)
            shown.set()
            while started:
                ended = await within(run, inbox.get())
                for told in run.told():
                    yield told
                if ended is not None:
                    call, began = started[ended]
                    complete = await self._complete(call, _result(call, ended), began)
                    del started[ended]
                    yield complete
        finally:
            run.on_tell = nobody_waits
            await self._cancel(started)
        yield run.complete_step()
        self._refuse_more()

    def _before(
        self, call: ToolCall, started: dict[asyncio.Task[ToolResult], _Started]
    ) -> list[asyncio.Task[ToolResult]]:
        """Those of *started* that must have ended before *call* begins."""
        if self._is_sequential(call):
            return [*started]
        barriers = [task for task, one in started.items() if self._is_sequential(one.call)]
        return barriers[-1:]

    def _is_sequential(self, call: ToolCall) -> bool:
        return call.name in self._tools and self._tools[call.name].sequential

    async def _answer_after(
        self, shown: asyncio.Event, before: Sequence[asyncio.Task[ToolResult]], call: ToolCall
    ) -> ToolResult:
        await shown.wait()
        if before:
            await asyncio.wait(before)
        return await self._answer(call)

    async def _answer(self, call: ToolCall) -> ToolResult:
        if refusal := self._refusal(call):
            return ToolResult(call.id, call.name, refusal, is_error=True)
        self._run.calls += 1
        try:
            tool = self._tools[call.name]
            context = self._context(call) if tool.wants_context else None
            bound = tool.check(call.arguments)
            if bound.repairs:
                self._tell_repairs(call, bound.repairs)
            text = await bound.run(context)
        except (ToolError, UnknownToolError) as error:
            return ToolResult(call.id, call.name, str(error) + self._hint(call), is_error=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return _cancelled(call)  # by the tool itself
        return ToolResult(call.id, call.name, text + self._hint(call))

    def _refusal(self, call: ToolCall) -> str | None:
        """Why *call* is not carried out, if it is not."""
        limit = self._run.options.max_calls
        if limit is not None and self._run.calls >= limit:
            return f"not run: this run may make {limit} calls, and has made them"
        reply = last_reply(self._run.messages)
        if reply and reply.truncated and reply.calls[-1].id == call.id:
            return CUT_OFF
        return None

    def _refuse_more(self) -> None:
        """Raise `BudgetError` where the model called tools beyond the limit of the run."""
        limit, reply = self._run.options.max_calls, last_reply(self._run.messages)
        asked = sum(len(step.calls) for step in self._run.steps) if limit is not None else 0
        if limit is not None and reply and self._run.calls >= limit and asked > limit:
            told = f"the model makes more than {limit} calls; allow more max_calls"
            raise BudgetError(told, run=self._run)

    def _hint(self, call: ToolCall) -> str:
        """What the model reads, too, where it makes the same call again and again."""
        if self._run.step < REPEATED:
            return ""
        times = repeats(self._run.messages, call)
        if times < REPEATED:
            return ""
        self._run.notice(
            "repeat",
            f"{call.name!r} was called {times} times in a row with the same arguments",
            {"step": self._run.step, "call_id": call.id, "name": call.name, "times": times},
        )
        return (
            f"\n[This call was made {times} times in a row with the same arguments. "
            "Use the answers that it gave, or do something else.]"
        )

    def _tell_repairs(self, call: ToolCall, repairs: Sequence[str]) -> None:
        self._run.tell(
            Notice,
            code="repair",
            message=f"{call.name!r} was called with arguments that had to be mended",
            data={"step": self._run.step, "call_id": call.id, "repairs": list(repairs)},
        )

    def _may_emit(self, call: ToolCall) -> bool:
        return call.name in self._tools and self._tools[call.name].wants_context

    def _context(self, call: ToolCall) -> ToolContext[Any]:
        run, step, task = self._run, self._run.step, asyncio.current_task()

        def emit(data: Any) -> None:
            plain = pydantic_core.to_jsonable_python(data)
            run.tell(ToolProgress, step=step, call_id=call.id, data=plain)

        return ToolContext(
            thread=run.options.thread,
            resource=run.options.resource,
            run=run.id,
            call=call.id,
            deps=run.options.deps,
            on_emit=emit,
            is_cancelled=lambda: task is None or task.cancelling() > 0 or task.done(),
        )

    async def _complete(self, call: ToolCall, result: ToolResult, began: float) -> ToolCallComplete:
        """Keep *result*, and tell of it."""
        await self._keep(self._run, result)
        return ToolCallComplete(
            step=self._run.step,
            call_id=call.id,
            name=call.name,
            result=result.text,
            is_error=result.is_error,
            duration=time.perf_counter() - began,
        )

    async def _cancel(self, started: dict[asyncio.Task[ToolResult], _Started]) -> None:
        """End the tools of a run that is over, and keep an answer for each."""
        if not started:
            return
        for task in started:
            task.cancel()
        await asyncio.wait(started, timeout=GRACE)
        for task, (call, began) in started.items():
            await self._complete(call, _result(call, task), began)


def last_reply(messages: Sequence[Message]) -> AssistantMessage | None:
    """The last reply of the model."""
    return next((one for one in reversed(messages) if isinstance(one, AssistantMessage)), None)


def repeats(messages: Sequence[Message], call: ToolCall) -> int:
    """In how many replies in a row, up to the last one, *call* was made with the same arguments."""
    times = 0
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            break
        if isinstance(message, AssistantMessage):
            same = ((one.name, one.arguments) for one in message.calls)
            if (call.name, call.arguments) not in same:
                break
            times += 1
    return times


def _result(call: ToolCall, task: asyncio.Task[ToolResult]) -> ToolResult:
    return task.result() if task.done() and not task.cancelled() else _cancelled(call)


def _cancelled(call: ToolCall) -> ToolResult:
    text = f"{call.name!r} was cancelled before it ended; what it did so far is unknown"
    return ToolResult(call.id, call.name, text, is_error=True)
