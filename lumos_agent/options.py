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
        if self.max_steps < 1:
            raise ConfigError(f"max_steps must be 1 or more, not {self.max_steps!r}")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ConfigError(f"max_tokens must be 1 or more, not {self.max_tokens!r}")
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
