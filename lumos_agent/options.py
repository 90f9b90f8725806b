"""How one run differs from the agent's defaults."""

from collections.abc import Sequence
from typing import Any

import msgspec
from typing_extensions import TypedDict

from lumos_agent.errors import ConfigError

ToolChoice = str
"""`"auto"`, `"none"`, `"required"`, or the name of the tool that must be called first."""
CHOICES = ("auto", "none", "required")

MIXINS = {
    "tool_choice": "ToolChoiceMixin",
    "tool_call_deltas": "StreamingMixin",
    "thread": "MemoryMixin",
    "resource": "MemoryMixin",
    "memory": "MemoryMixin",
    "observers": "ObserverMixin",
}
"""Who sees to an option. Without it the option is refused: it would be ignored in silence."""


OURS = {"messages", "model", "stream", "n"}
"""Keys of a request that `extra` may not have: they are said otherwise, or change what an answer is."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds that a provider gets; what runs out is a `ProviderUnavailableError`, kind `timeout`."""

    connect: float = 10.0
    first_token: float = 300.0
    """From asking to the first piece of a streamed reply; models may think in silence."""
    idle: float = 120.0
    """Between two pieces of it."""
    total: float = 900.0
    """For a whole reply, streamed or not."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ConfigError(f"timeout.{name} must be over 0 s, not {getattr(self, name)!r}")


class GenerateOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a run, given as keywords to an agent and to `generate`, `stream` and `resume`."""

    thread: str | None = None
    """Id of the memory thread to go on with; one that does not exist is created."""
    resource: str | None = None
    """Who the thread belongs to; another resource's thread is not found."""
    deps: Any = None
    """Anything for the tools: `ToolContext.deps`."""
    tool_choice: ToolChoice = "auto"
    """May the model call tools, must it, and which? Forced in the first step only, so a run ends."""
    max_steps: int = 30
    """How many times the model may be asked before `StepLimitError`."""
    max_calls: int | None = None
    """How many calls may be carried out before `BudgetError`."""
    max_total_tokens: int | None = None
    """Tokens of all replies together, read and written, after which the model is not asked again."""
    max_seconds: float | None = None
    """How long the run may take; then what runs is ended."""
    max_cost: float | None = None
    """US dollars after which the model is not asked again; an unknown price is refused."""
    retries: int = 2
    """How often a request is made again that failed in a way that passes: a limit, a broken line."""
    restart: bool = False
    """Whether a reply may begin anew after some of its text was shown. Its readers must know that a
    higher `StepStart.attempt` voids what came before, as `RunStream.text` does."""
    timeout: Timeouts = Timeouts()
    tool_call_deltas: bool = False
    """Whether the arguments of calls are told as they come, as `ToolCallDelta`."""
    temperature: float | None = None
    max_tokens: int | None = None
    """Of one reply of the model."""
    stop: Sequence[str] = ()
    seed: int | None = None
    extra: dict[str, Any] = {}
    """Keys added to the request as they are, for what only one provider knows."""

    def __post_init__(self) -> None:
        for name in ("max_steps", "max_tokens", "max_calls", "max_total_tokens"):
            value: int | None = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be 1 or more, not {value!r}")
        for name in ("max_seconds", "max_cost"):
            limit: float | None = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ConfigError(f"{name} must be over 0, not {limit!r}")
        if self.retries < 0:
            raise ConfigError(f"retries must be 0 or more, not {self.retries!r}")
        if isinstance(self.stop, str):
            raise ConfigError(f"stop is a list of texts; say stop=[{self.stop!r}]")
        if taken := OURS & self.extra.keys():
            raise ConfigError(f"extra cannot say {min(taken)!r}, which is for Lumos to say")


class OptionKeywords(TypedDict, total=False):
    """`GenerateOptions` as keywords, for type checkers; a test holds the two together."""

    thread: str | None
    resource: str | None
    deps: Any
    tool_choice: ToolChoice
    max_steps: int
    max_calls: int | None
    max_total_tokens: int | None
    max_seconds: float | None
    max_cost: float | None
    retries: int
    restart: bool
    timeout: Timeouts
    tool_call_deltas: bool
    temperature: float | None
    max_tokens: int | None
    stop: Sequence[str]
    seed: int | None
    extra: dict[str, Any]


def refuse_missing(agent: Any, options: GenerateOptions) -> None:
    """Raise `ConfigError` if *agent* was given an option and lacks the mixin that sees to it."""
    mixins = {one.__name__ for one in type(agent).__mro__}
    for name, mixin in MIXINS.items():
        given = getattr(options, name, None) if name in _DEFAULTS else getattr(agent, name)
        if mixin not in mixins and given != _DEFAULTS.get(name) and given not in (None, ()):
            raise ConfigError(
                f"{name}={given!r} needs {mixin}, which {type(agent).__name__} is without; "
                f"use Agent, or class Mine({mixin}, {type(agent).__name__})"
            )
    if options.thread and agent.memory is None:
        raise ConfigError(f"thread={options.thread!r} needs memory=, for example InMemoryStorage()")


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(GenerateOptions)}
