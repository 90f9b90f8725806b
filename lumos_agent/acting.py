"""The calls of a step, carried out at the same time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pydantic_core

from lumos_agent.errors import BudgetError
from lumos_agent.events import (
    AgentEvent,
    Notice,
    ToolCallComplete,
    ToolCallStart,
    ToolProgress,
)
from lumos_agent.limits import remaining, within
from lumos_agent.messages import AssistantMessage, Message, ToolCall, ToolResult, UserMessage
from lumos_agent.run import Run, nobody_waits
from lumos_tools import ToolContext, ToolError, ToolRegistry, UnknownToolError
from lumos_tools.tool import PASSING, failure

GRACE = 5.0
"""Seconds that cancelled tools get to clean up."""
CUT_OFF = (
    "not run: the reply was cut off by its limit of tokens, so this call may not be whole; "
    "make it again, shorter, or in smaller parts"
)
LATE = "for the time of the run was over"
REPEATED = 3
"""How often in a row the same call is made before the model is told."""


class _Pending(msgspec.Struct):
    """A call without an answer, and when it began."""

    call: ToolCall
    began: float | None = None


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
        self._limited = False
        """Whether a call was not carried out since the run may make no more."""

    def events(self, calls: Sequence[ToolCall]) -> AsyncGenerator[AgentEvent]:
        """Carry out *calls*, telling of it, up to the completed step."""
        alone = len(calls) == 1 and not self._may_emit(calls[0]) and self._run.deadline is None
        return self._alone(calls[0]) if alone else self._together(calls)

    async def _alone(self, call: ToolCall) -> AsyncGenerator[AgentEvent]:
        """One call that tells of no progress needs no task of its own: nothing runs beside it."""
        one, result = _Pending(call), None
        asked = _cancellations()  # before the start is told: whoever reads of it may cancel the run
        try:
            yield ToolCallStart(step=self._run.step, call=call)
            one.began = time.perf_counter()
            result = await self._answer(call, asked)
        finally:  # also of a run that is left or cancelled
            complete = await self._complete(one, result or self._unanswered(one))
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
        shown = asyncio.Event()
        pending = self._begin(calls, shown, inbox.put_nowait)
        try:
            for call in calls:
                yield ToolCallStart(step=run.step, call=call)
            shown.set()
            while pending:
                ended = await within(run, inbox.get())
                for told in run.told():
                    yield told
                if ended is not None:
                    one = pending.pop(ended)  # first: what is kept is kept once
                    yield await self._complete(one, self._result(one, ended))
                    _pass_on(ended)
        finally:
            run.on_tell = nobody_waits
            await self._cancel(pending)
        yield run.complete_step()
        self._refuse_more()

    def _begin(
        self,
        calls: Sequence[ToolCall],
        shown: asyncio.Event,
        when_done: Callable[[asyncio.Task[ToolResult]], object],
    ) -> dict[asyncio.Task[ToolResult], _Pending]:
        """A task for each of *calls*, which goes to work once they are *shown*."""
        pending: dict[asyncio.Task[ToolResult], _Pending] = {}
        barrier: list[asyncio.Task[ToolResult]] = []
        for call in calls:
            sequential = call.name in self._tools and self._tools[call.name].sequential
            one, before = _Pending(call), [*pending] if sequential else barrier
            task = asyncio.create_task(self._answer_after(shown, before, one))
            task.add_done_callback(when_done)
            pending[task] = one
            if sequential:
                barrier = [task]
        return pending

    async def _answer_after(
        self, shown: asyncio.Event, before: Sequence[asyncio.Task[ToolResult]], one: _Pending
    ) -> ToolResult:
        await shown.wait()
        if before:
            await asyncio.wait(before)
        one.began = time.perf_counter()
        return await self._answer(one.call, 0)

    async def _answer(self, call: ToolCall, asked: int) -> ToolResult:
        """What comes of *call*, in a task that somebody *asked* so often to end before it began."""
        if refusal := self._refusal(call):
            return ToolResult(call.id, call.name, refusal, is_error=True)
        self._run.calls += 1
        try:
            text = await self._carry_out(call)
        except (ToolError, UnknownToolError) as error:
            return self._failed(call, error)
        except asyncio.CancelledError:
            if _cancellations() > asked:
                raise
            return _cancelled(call)  # by the tool itself
        except PASSING:
            raise
        except BaseException as error:  # noqa: BLE001  # of a tool whose check is its own
            return self._failed(call, failure(call.name, error))
        return ToolResult(call.id, call.name, text + self._hint(call))

    async def _carry_out(self, call: ToolCall) -> str:
        tool = self._tools[call.name]
        context = self._context(call) if tool.wants_context else None
        bound = tool.check(call.arguments)
        if bound.repairs:
            self._tell_repairs(call, bound.repairs)
        return await bound.run(context)

    def _failed(self, call: ToolCall, error: Exception) -> ToolResult:
        return ToolResult(call.id, call.name, str(error) + self._hint(call), is_error=True)

    def _refusal(self, call: ToolCall) -> str | None:
        """Why *call* is not carried out, if it is not."""
        reply = last_reply(self._run.messages)
        if reply and reply.truncated and reply.calls[-1].id == call.id:
            return CUT_OFF
        limit = self._run.options.max_calls
        if limit is not None and self._run.calls >= limit:
            self._limited = True
            return f"not run: this run may make {limit} calls, and has made them"
        return None

    def _refuse_more(self) -> None:
        """Raise `BudgetError` where the model called tools beyond the limit of the run."""
        if self._limited:
            limit = self._run.options.max_calls
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
            if task and not task.done():  # no progress of a call that has ended
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

    async def _complete(self, one: _Pending, result: ToolResult) -> ToolCallComplete:
        """Keep *result*, and tell of it."""
        await self._keep(self._run, result)
        return ToolCallComplete(
            step=self._run.step,
            call_id=result.call_id,
            name=result.name,
            result=result.text,
            is_error=result.is_error,
            duration=0.0 if one.began is None else time.perf_counter() - one.began,
        )

    async def _cancel(self, pending: dict[asyncio.Task[ToolResult], _Pending]) -> None:
        """End the tools of a run that is over, and keep an answer for each."""
        if not pending:
            return
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=GRACE)
        finally:  # also of a run that is cancelled once more
            for task, one in pending.items():
                await self._complete(one, self._result(one, task))

    def _result(self, one: _Pending, task: asyncio.Task[ToolResult]) -> ToolResult:
        """What came of *task*; it may still be at work, or have been interrupted."""
        failed = not task.done() or task.cancelled() or task.exception()
        return self._unanswered(one) if failed else task.result()

    def _unanswered(self, one: _Pending) -> ToolResult:
        """The answer to a call that the end of the run leaves without one."""
        late = remaining(self._run) == 0
        if one.began is None:
            return _ended(one.call, f"not begun, {LATE if late else 'for the run was over'}")
        return _cancelled(one.call, f", {LATE}" if late else " before it ended")


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


def _cancellations() -> int:
    """How often somebody asked the present task to end."""
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def _pass_on(task: asyncio.Task[ToolResult]) -> None:
    """Raise what interrupted *task*, where the loop goes on all the same: under `generate_sync`."""
    if not task.cancelled() and (error := task.exception()):
        raise error


def _cancelled(call: ToolCall, why: str = " before it ended") -> ToolResult:
    return _ended(call, f"cancelled{why}; what it did so far is unknown")


def _ended(call: ToolCall, how: str) -> ToolResult:
    return ToolResult(call.id, call.name, f"{call.name!r} was {how}", is_error=True)
