"""What an agent can do beyond the bare loop, an ability each."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from lumos_agent.errors import ProviderError, RunCancelledError
from lumos_agent.events import LAST, AgentEvent, ReasoningDelta, TextDelta, ToolCallDelta
from lumos_agent.limits import hurried, within
from lumos_agent.loop import BasicAgent
from lumos_agent.messages import Message, SystemMessage, ToolResult, UserMessage
from lumos_agent.options import ToolChoice
from lumos_agent.prices import context_of
from lumos_agent.providers import provider_for
from lumos_agent.providers.base import CallPart, ReasoningPart, Reply, Request, TextPart
from lumos_agent.run import Run
from lumos_tools.registry import ToolRegistry

if TYPE_CHECKING:  # a run without a thread needs none of it
    from lumos_agent.memory.condense import Summarize
    from lumos_agent.remembering import Remembering

logger = logging.getLogger("lumos_agent")
INTERRUPTED = "interrupted: the run ended before the tool did; it may or may not have happened"


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

    def events(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """The run's events; its thread is its own until the last."""
        events = super().events(run)
        if self.memory is None or not run.options.thread:
            return events
        from lumos_agent.remembering import Remembering, size_of

        fixed = size_of(self.instructions, self.tools)
        return self._remembered(run, events, Remembering(run, self.memory, fixed))

    async def _remembered(
        self, run: Run, events: AsyncGenerator[AgentEvent], remembering: "Remembering"
    ) -> AsyncGenerator[AgentEvent]:
        run.remembering = remembering
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        finally:
            remembering.release()

    async def open(self, run: Run) -> None:
        """Read the thread before what is said now, and answer what a crash left open."""
        if run.remembering:
            await run.remembering.open()
            for call in run.open_calls:
                if run.resumed and call.name in self.tools and self.tools[call.name].idempotent:
                    continue  # the loop carries it out again
                await self.keep(run, ToolResult(call.id, call.name, INTERRUPTED, is_error=True))
        await super().open(run)

    async def keep(self, run: Run, message: Message) -> None:
        """Add *message* to the thread, too."""
        await super().keep(run, message)
        if run.remembering:
            await run.remembering.keep(message)

    def ask(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Ask with as much of the thread as the window lets in."""
        asked = super().ask(run)
        return self._fitted(run, run.remembering, asked) if run.remembering else asked

    async def _fitted(
        self, run: Run, remembering: "Remembering", asked: AsyncGenerator[AgentEvent]
    ) -> AsyncGenerator[AgentEvent]:
        async with aclosing(asked):
            provider = self.models[run.place].provider
            context = context_of(provider.name, provider.model)
            await remembering.fit(context, lambda window, told: self._sum_up(run, window, told))
            async for event in asked:
                yield event
            await remembering.correct()

    async def shorten(self, run: Run) -> bool:
        """Cut the window anew."""
        shorter = run.remembering is not None and await run.remembering.shorten()
        return shorter or await super().shorten(run)

    async def _sum_up(self, run: Run, window: "Summarize", told: str) -> str:
        """What a model makes of what was *told*; it counts as used by the run."""
        own = self.models[run.place].provider
        provider = provider_for(window.model) if window.model else own
        options = replace(run.options, max_tokens=window.max_tokens, stop=())
        request = Request(
            messages=[SystemMessage(window.prompt), UserMessage(told)],
            tools=ToolRegistry(),
            options=options,
            notice=run.notice,
        )
        try:
            reply = await within(run, provider.generate(request))
        finally:
            if provider is not own:
                await provider.aclose()
        run.spend(reply, provider)
        if not reply.message.text.strip():
            raise ProviderError("the model that sums up said nothing")
        return reply.message.text


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
