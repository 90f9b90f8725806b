"""How a run is started: generate, stream, resume."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

import msgspec
from typing_extensions import Unpack

from lumos_agent.background import run_sync
from lumos_agent.errors import AgentError, ConfigError
from lumos_agent.events import AgentEvent, StepStart, TextDelta
from lumos_agent.messages import GenerateResult, Message, UserMessage
from lumos_agent.options import OptionKeywords
from lumos_agent.providers.base import Candidate
from lumos_agent.run import Run


class RunStream:
    """The events of a run, as they happen: `async with agent.stream(...) as stream`.

    Leaving it before the end cancels the run; each call gets its answer all the same.
    """

    def __init__(self, run: Run, events: AsyncGenerator[AgentEvent]) -> None:
        self.run = run
        self._events = events
        self._texts: dict[int, str] = {}

    @property
    def text(self) -> str:
        """The model's words so far, all steps; those of an attempt that was made again are out."""
        return "".join(self._texts.values())

    @property
    def result(self) -> GenerateResult:
        """What came of the run. Raises `AgentError` until it has finished."""
        if self.run.result is None:
            raise AgentError("the run has no result yet; read its events to the end", run=self.run)
        return msgspec.structs.replace(self.run.result, messages=tuple(self.run.messages))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AgentEvent:
        event = await anext(self._events)
        if isinstance(event, TextDelta):
            self._texts[event.step] += event.delta
        elif isinstance(event, StepStart):
            self._texts[event.step] = ""
        return event

    async def finish(self) -> None:
        """Read to the end, without looking at what comes."""
        async for _ in self._events:
            pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._events.aclose()


class Runner(ABC):
    """What is asked of an agent. Options are those of `GenerateOptions`, for one run."""

    models: Sequence[Candidate]

    @abstractmethod
    def new_run(
        self,
        options: OptionKeywords,
        *,
        prompt: Sequence[Message] = (),
        messages: Sequence[Message] = (),
    ) -> Run:
        """A run that has not begun. Raises `TypeError` and `ConfigError` for wrong options."""

    @abstractmethod
    def events(self, run: Run) -> AsyncGenerator[AgentEvent]:
        """Carry out *run*, telling what happens as it happens."""

    async def generate(self, prompt: str, **options: Unpack[OptionKeywords]) -> GenerateResult:
        """Answer *prompt*, calling tools on the way. Raises `AgentError` and `ProviderError`."""
        return await self._finish(self.new_run(options, prompt=_said(prompt)))

    def generate_sync(self, prompt: str, **options: Unpack[OptionKeywords]) -> GenerateResult:
        """`generate` for callers without an event loop; it works inside a notebook, too."""
        return run_sync(self.generate(prompt, **options))

    async def generate_with_memory(
        self, prompt: str, **options: Unpack[OptionKeywords]
    ) -> GenerateResult:
        """`generate` that insists on a thread."""
        run = self.new_run(options, prompt=_said(prompt))
        if not run.options.thread:
            raise ConfigError(
                "generate_with_memory needs thread=, the id of the thread to go on with"
            )
        return await self._finish(run)

    def stream(self, prompt: str, **options: Unpack[OptionKeywords]) -> RunStream:
        """Answer *prompt* and tell of it; the run begins when the first event is read."""
        run = self.new_run(options, prompt=_said(prompt))
        run.streaming = True
        return RunStream(run, self.events(run))

    async def resume(
        self, *, messages: Sequence[Message] = (), **options: Unpack[OptionKeywords]
    ) -> GenerateResult:
        """Go on with a run from its transcript: *messages*, or those of a `thread=`.

        Calls without a result are carried out. Those of a thread may have been carried out before the
        crash, so there only `idempotent` tools are called again; others are answered "interrupted".
        """
        run = self.new_run(options, messages=messages)
        if not messages and not run.options.thread:
            raise ConfigError("resume needs messages=, a transcript, or thread=, a stored one's id")
        if messages and run.options.thread:
            raise ConfigError("resume takes messages= or thread=, not both: which would be right?")
        run.resumed = True
        return await self._finish(run)

    async def aopen(self) -> None:
        """Get the providers ready, which the first run would do else: LiteLLM takes seconds to load."""
        for model in self.models:
            await model.provider.aopen()

    async def aclose(self) -> None:
        """Close the providers' connections; a later run opens new ones."""
        for model in self.models:
            await model.provider.aclose()

    async def __aenter__(self) -> Self:
        await self.aopen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _finish(self, run: Run) -> GenerateResult:
        async with RunStream(run, self.events(run)) as stream:
            await stream.finish()
        return stream.result


def _said(prompt: str) -> tuple[Message]:
    if not prompt.strip():
        raise AgentError("the prompt is empty; say what the agent should do")
    return (UserMessage(prompt),)
