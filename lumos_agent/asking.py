"""The model's reply: asked for again where that may help, and then of the next model."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from lumos_agent.errors import (
    ContextLengthError,
    Kind,
    ProviderError,
    ProviderUnavailableError,
)
from lumos_agent.events import AgentEvent, Notice, ReasoningDelta, TextDelta, ToolCallDelta
from lumos_agent.limits import out_of_time, remaining
from lumos_agent.messages import Message, ToolCall
from lumos_agent.providers.base import Candidate, Reply
from lumos_agent.providers.chat_replies import fresh_id
from lumos_agent.retries import Pace, wait
from lumos_agent.run import Run

DELTAS = TextDelta, ToolCallDelta, ReasoningDelta
"""What is void if the reply begins anew; thoughts may be, for they are no part of the answer."""
Answer = Callable[[Run], AsyncGenerator[AgentEvent]]
Keep = Callable[[Run, Message], Awaitable[None]]
Shorten = Callable[[Run], Awaitable[bool]]


class Asking:
    """Gets the reply of a step from one of *models*; this is the one owner of retries.

    A failure that passes is tried again; one of the kinds *fallback_on* goes to the next model, which
    then answers the rest of the run. After text was shown only the option `restart` allows either.
    What is too long for the model is asked once more if *shorten* can make it shorter.
    """

    def __init__(
        self,
        run: Run,
        models: Sequence[Candidate],
        fallback_on: Collection[Kind],
        pace: Pace,
        shorten: Shorten,
    ) -> None:
        self._run = run
        self._models = models
        self._fallback_on = fallback_on
        self._pace = pace
        self._shorten = shorten
        self._shortened = False
        self._tries = 0
        self._told = False
        self._shown = False

    async def events(self, answer: Answer, *, keep: Keep) -> AsyncGenerator[AgentEvent]:
        """Ask with *answer*, which tells of a reply and leaves it at the run, and *keep* what stands."""
        run = self._run
        yield run.begin_step()
        while True:
            self._tries += 1
            try:
                async with aclosing(answer(run)) as events:
                    async for event in events:
                        if not self._shown:
                            self._note(event)
                        yield event
                reply = run.reply = self._taken(run.reply)
                break
            except ProviderError as error:
                notice, delay = await self._shorter(error) or self._way_on(error)
            yield notice
            await self._pace.sleep(delay)
            if self._told or notice.code == "fallback":
                self._told = self._shown = False
                yield run.begin_attempt()
        await keep(run, reply.message)

    def _note(self, event: AgentEvent) -> None:
        """Remember that something was told which a new attempt makes void."""
        if isinstance(event, DELTAS):
            self._told = True
            self._shown = not isinstance(event, ReasoningDelta) and bool(event.delta.strip())

    def _taken(self, reply: Reply | None) -> Reply:
        if reply is None:
            raise ProviderUnavailableError(
                "the stream ended without its reply", model=self._run.model
            )
        message = reply.message
        if not (message.text.strip() or message.calls or message.truncated):
            self._run.spend(reply)
            self._run.reply = None
            raise ProviderUnavailableError(
                f"{self._run.model} answered with nothing", kind="empty", model=self._run.model
            )
        ids = {call.id for call in message.calls}
        if len(ids) == len(message.calls) and all(ids):
            return reply
        return replace(reply, message=replace(message, calls=_told_apart(message.calls)))

    async def _shorter(self, error: ProviderError) -> tuple[Notice, float] | None:
        """What is done about *error* if it says that the request is too long, the first time."""
        too_long = isinstance(error, ContextLengthError) and not self._shown
        if not too_long or self._shortened or not await self._shorten(self._run):
            return None
        self._shortened = True
        told = f"{error}; asking again with less of the thread"
        return Notice(code="window_cut", message=told, data={"step": self._run.step}), 0.0

    def _way_on(self, error: ProviderError) -> tuple[Notice, float]:
        """What is done about *error*, and after how many seconds; it is raised if nothing can be."""
        run, left = self._run, remaining(self._run)
        if left == 0:
            raise out_of_time(run) from error
        if self._shown and not run.options.restart:
            raise error
        options = run.options
        delay = wait(error, tries=self._tries, retries=options.retries, random=self._pace.random)
        if delay is not None and (left is None or delay < left):
            return self._again(error, delay), delay
        if error.kind not in self._fallback_on or run.place + 1 == len(self._models):
            raise error
        return self._next(error), 0.0

    def _again(self, error: ProviderError, delay: float) -> Notice:
        run = self._run
        data = {"step": run.step, "try": self._tries, "kind": error.kind, "delay": delay}
        told = f"{error}; asking again" + (f" in {delay:.1f} s" if delay else "")
        return Notice(code="retry", message=told, data=data)

    def _next(self, error: ProviderError) -> Notice:
        run, failed = self._run, self._run.model
        run.go_to(run.place + 1, self._models[run.place + 1].provider)
        self._tries = 0
        data = {"step": run.step, "kind": error.kind, "from": failed, "to": run.model}
        return Notice(code="fallback", message=f"{error}; asking {run.model} instead", data=data)


def _told_apart(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """*calls* with an id each: a provider of somebody's own may give none, or one twice."""
    found: dict[str, ToolCall] = {}
    for call in calls:
        call_id = fresh_id(call.id, found)
        found[call_id] = replace(call, id=call_id)
    return tuple(found.values())
