"""The calls of a step, carried out at the same time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import pydantic_core

from lumos_agent.events import AgentEvent, ToolCallComplete, ToolCallStart, ToolProgress
from lumos_agent.messages import Message, ToolCall, ToolResult
from lumos_agent.run import Run, nobody_waits
from lumos_tools import ToolContext, ToolError, ToolRegistry, UnknownToolError

GRACE = 5.0
"""Seconds that cancelled tools get to clean up."""


_Inbox = asyncio.Queue[asyncio.Task[Any] | None]


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

    async def events(self, calls: Sequence[ToolCall]) -> AsyncGenerator[AgentEvent]:
        """Carry out *calls*, telling of it, up to the completed step."""
        run = self._run
        inbox: _Inbox = asyncio.Queue()
        loop = asyncio.get_running_loop()
        # A tool may emit from its thread; None in the inbox wakes the loop below.
        run.on_tell = lambda: loop.call_soon_threadsafe(inbox.put_nowait, None)
        started: dict[asyncio.Task[ToolResult], _Started] = {}
        try:
            for call in calls:
                task = asyncio.create_task(self._answer(call, inbox))
                started[task] = _Started(call, time.perf_counter())
            for call in calls:
                yield ToolCallStart(step=run.step, call=call)
            while started:
                ended = await inbox.get()
                for told in run.told():
                    yield told
                if ended is not None:
                    yield await self._complete(ended, started.pop(ended))
        finally:
            run.on_tell = nobody_waits
            await self._cancel(started)
        yield run.complete_step()

    async def _answer(self, call: ToolCall, inbox: _Inbox) -> ToolResult:
        try:
            text = await self._tools[call.name].call(call.arguments, self._context(call))
        except (ToolError, UnknownToolError) as error:
            return ToolResult(call.id, call.name, str(error), is_error=True)
        finally:
            inbox.put_nowait(asyncio.current_task())
        return ToolResult(call.id, call.name, text)

    def _context(self, call: ToolCall) -> ToolContext[Any]:
        run, task = self._run, asyncio.current_task()

        def emit(data: Any) -> None:
            plain = pydantic_core.to_jsonable_python(data)
            run.tell(ToolProgress, step=run.step, call_id=call.id, data=plain)

        return ToolContext(
            thread=run.options.thread,
            resource=run.options.resource,
            run=run.id,
            call=call.id,
            deps=run.options.deps,
            on_emit=emit,
            is_cancelled=lambda: task is None or task.cancelling() > 0 or task.done(),
        )

    async def _complete(
        self, task: asyncio.Task[ToolResult], started: _Started
    ) -> ToolCallComplete:
        """Keep the result of *task*, and tell of it."""
        call = started.call
        text = f"{call.name!r} was cancelled before it ended; what it did so far is unknown"
        cancelled = ToolResult(call.id, call.name, text, is_error=True)
        result = task.result() if task.done() and not task.cancelled() else cancelled
        await self._keep(self._run, result)
        return ToolCallComplete(
            step=self._run.step,
            call_id=call.id,
            name=call.name,
            result=result.text,
            is_error=result.is_error,
            duration=time.perf_counter() - started.time,
        )

    async def _cancel(self, started: dict[asyncio.Task[ToolResult], _Started]) -> None:
        """End the tools of a run that is over, and keep an answer for each."""
        if not started:
            return
        for task in started:
            task.cancel()
        await asyncio.wait(started, timeout=GRACE)
        for task, what in started.items():
            await self._complete(task, what)
