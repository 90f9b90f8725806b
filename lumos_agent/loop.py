"""The loop: ask the model, carry out the calls it asks for, until it answers."""

import time
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import Unpack

from lumos_agent.acting import Acting
from lumos_agent.asking import Asking
from lumos_agent.errors import AgentError, ConfigError, Kind, ProviderError
from lumos_agent.events import AgentEvent, Observer, ReasoningDelta, TextDelta
from lumos_agent.limits import refuse_overrun, refuse_unpriced, within
from lumos_agent.memory.base import MemoryStorage
from lumos_agent.messages import Message, SystemMessage, ToolCall
from lumos_agent.options import CHOICES, GenerateOptions, OptionKeywords, ToolChoice, refuse_missing
from lumos_agent.providers import provider_for
from lumos_agent.providers.base import Candidate, Provider, Request
from lumos_agent.retries import FALLBACK_ON, Pace, known_kinds
from lumos_agent.run import Act, Ask, Finish, Run, in_call_order, last_step
from lumos_agent.runner import Runner
from lumos_tools.registry import Offered, ToolRegistry

if TYPE_CHECKING:
    from lumos_agent.memory.settings import Memory


class BasicAgent(Runner):
    """The bare loop. `Agent` is this loop with the abilities of `mixins` added.

    *model* is a name, `openai/gpt-5` for example, or a `Provider`. Where it fails in one of the ways
    *fallback_on*, those of *fallback* are asked, in their order. An option that needs a mixin which
    this class does not have is a `ConfigError`.
    """

    pace = Pace()
    """How it waits before it asks again."""

    def __init__(
        self,
        model: str | Provider,
        *,
        tools: Iterable[Offered] = (),
        instructions: str = "",
        name: str = "agent",
        fallback: Sequence[str | Provider | Candidate] = (),
        fallback_on: Collection[Kind] = FALLBACK_ON,
        memory: "MemoryStorage | Memory | None" = None,
        observers: Sequence[Observer] = (),
        base_url: str | None = None,
        api_key: str | None = None,
        **options: Unpack[OptionKeywords],
    ) -> None:
        self.provider = provider_for(model, base_url=base_url, api_key=api_key)
        self.tools = ToolRegistry(*tools)
        self.instructions = [SystemMessage(instructions)] if instructions else []
        self.name = name
        self.memory = None if memory is None else _with_settings(memory)
        self.observers = observers
        self.options = GenerateOptions(**options)
        self.fallback_on = known_kinds(fallback_on)
        first = Candidate(self.provider, self.options)
        self.models = (first, *(self._candidate(one) for one in fallback))
        refuse_missing(self, self.options)

    async def events(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Carry out *run* from where its messages stand, telling what happens as it happens."""
        try:
            yield run.stamp(run.first())
            await self.open(run)
            while not run.finished:
                match run.next_action():  # a pure function of the transcript
                    case Ask():
                        part = self.ask(run)
                    case Act(calls):
                        part = self.act(run, calls)
                    case Finish():
                        part = self.finish(run)
                async with aclosing(part):
                    async for event in part:
                        for told in run.told():
                            yield run.stamp(told)
                        yield run.stamp(event)
        except Exception as error:
            if isinstance(error, AgentError | ProviderError):
                error.run = run  # what was said so far
            for told in (*run.told(), run.failed(error)):
                yield run.stamp(told)
            raise

    # The seams. A mixin overrides one or two of them and calls super().

    async def open(self, run: Run) -> None:
        """Prepare *run*: what is said now follows what was said before."""
        await self.aopen()
        for message in run.prompt:
            await self.keep(run, message)
        run.step = last_step(run.messages)

    async def keep(self, run: Run, message: Message) -> None:
        """Add *message* to what was said."""
        run.messages.append(message)

    def choose(self, run: Run) -> ToolChoice:
        """May the model call a tool in this step, must it, and which?"""
        return "auto"

    def ask(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Get the model's reply, from the next model if need be, and keep it."""
        refuse_overrun(run, self.tools)
        asking = Asking(run, self.models, self.fallback_on, self.pace, self.shorten)
        return asking.events(self.answer, keep=self.keep)

    async def answer(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Ask the model once; `run.reply` is its reply, which is told."""
        provider = self.models[run.place].provider
        run.reply = await within(run, provider.generate(self.request(run)))
        message = run.reply.message
        if message.reasoning:
            yield ReasoningDelta(step=run.step, delta=message.reasoning)
        if message.text:
            yield TextDelta(step=run.step, delta=message.text)

    async def shorten(self, run: Run) -> bool:
        """Have the model read less, after it was too much; whether that can be."""
        return False

    def act(self, run: Run, calls: Sequence[ToolCall]) -> AsyncGenerator[AgentEvent]:
        """Carry out *calls* at the same time; each result is kept as it comes, and then shown."""
        return Acting(run, self.tools, keep=self.keep).events(calls)

    async def finish(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Sum up the last step and the run."""
        yield run.complete_step()
        yield run.complete()

    def request(self, run: Run) -> Request:
        """What the model whose turn it is is asked in this step."""
        options = run.options
        if run.place:  # a fallback has options of its own, but what was said of this run holds
            options = msgspec.structs.replace(self.models[run.place].options, **run.given)
        return Request(
            messages=[*self.instructions, *(run.messages if run.view is None else run.view)],
            tools=self.tools,
            tool_choice=self.choose(run),
            options=options,
            encoded=run.encoded,
            notice=run.notice,
        )

    def new_run(
        self,
        options: OptionKeywords,
        *,
        prompt: Sequence[Message] = (),
        messages: Sequence[Message] = (),
    ) -> Run:
        """A run of this agent that has not begun: *prompt* is said now, *messages* were before."""
        merged = self.options
        if options:
            merged = msgspec.structs.replace(merged, **options)
            refuse_missing(self, merged)
        if merged.tool_choice not in CHOICES:
            self.tools[merged.tool_choice]  # or it raises, with the nearest name
        if merged.tool_choice == "required" and not self.tools:
            raise ConfigError("tool_choice='required', but the agent has no tools")
        if merged.max_cost is not None:
            refuse_unpriced(self.models)
        run = Run(merged, agent=self.name, provider=self.provider, given=options)
        run.prompt, run.messages = tuple(prompt), in_call_order(messages)
        if merged.max_seconds is not None:
            run.deadline = time.perf_counter() + merged.max_seconds
        return run

    def _candidate(self, model: str | Provider | Candidate) -> Candidate:
        if isinstance(model, Candidate):
            return model
        return Candidate(provider_for(model), self.options)


def _with_settings(memory: "MemoryStorage | Memory") -> "Memory":
    from lumos_agent.memory.settings import Memory  # an agent without memory needs no windows

    return memory if isinstance(memory, Memory) else Memory(memory)
