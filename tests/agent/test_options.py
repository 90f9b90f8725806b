"""How one run differs from the agent's defaults."""

import typing

import msgspec
import pytest

from lumos_agent import (
    Agent,
    BasicAgent,
    ConfigError,
    GenerateOptions,
    InMemoryStorage,
    Memory,
    ToolChoiceMixin,
)
from lumos_agent.options import OptionKeywords
from lumos_agent.testing import ScriptedProvider, says
from lumos_tools import UnknownToolError


def test_keywords_are_the_options():
    """What type checkers see as keywords is what the options are."""
    fields = {field.name: field.type for field in msgspec.structs.fields(GenerateOptions)}

    assert fields == typing.get_type_hints(OptionKeywords)


def test_unknown_option():
    """An unknown keyword is a TypeError, in the constructor and in a run."""
    agent = Agent(ScriptedProvider())

    with pytest.raises(TypeError, match="temprature"):
        Agent(ScriptedProvider(), temprature=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="temprature"):
        agent.stream("x", temprature=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps(steps: int):
    """A run that may not ask at all is a mistake."""
    with pytest.raises(ConfigError, match="max_steps must be 1 or more"):
        GenerateOptions(max_steps=steps)


@pytest.mark.parametrize(
    ("option", "value", "mixin"),
    [
        ("tool_choice", "none", "ToolChoiceMixin"),
        ("tool_call_deltas", True, "StreamingMixin"),
        ("thread", "ada", "MemoryMixin"),
        ("resource", "ada", "MemoryMixin"),
        ("memory", Memory(InMemoryStorage()), "MemoryMixin"),
        ("observers", [print], "ObserverMixin"),
    ],
)
def test_missing_mixin(option: str, value: object, mixin: str):
    """An option whose mixin is missing is refused, not ignored; the message names both."""
    with pytest.raises(ConfigError) as caught:
        BasicAgent(ScriptedProvider(), **{option: value})  # type: ignore[arg-type]

    assert str(caught.value).startswith(
        f"{option}={value!r} needs {mixin}, which BasicAgent is without"
    )


def test_missing_mixin_in_a_run():
    """The same for an option of one run."""
    with pytest.raises(ConfigError, match="needs ToolChoiceMixin"):
        BasicAgent(ScriptedProvider()).stream("x", tool_choice="required")


def test_thread_without_memory():
    """A thread needs a place to be kept."""
    with pytest.raises(
        ConfigError, match="thread='ada' needs memory=, for example InMemoryStorage"
    ):
        Agent(ScriptedProvider()).stream("x", thread="ada")


def test_choice_of_no_tool():
    """A tool choice that names no tool is refused before the run."""

    class Choosing(ToolChoiceMixin): ...

    with pytest.raises(UnknownToolError, match="no tool named 'add'"):
        Choosing(ScriptedProvider()).stream("x", tool_choice="add")


def test_required_without_tools():
    """A model cannot be made to call a tool where there is none."""
    with pytest.raises(ConfigError, match="tool_choice='required', but the agent has no tools"):
        Agent(ScriptedProvider()).stream("x", tool_choice="required")


async def test_run_wins_over_agent():
    """An option of the run wins over the agent's own."""
    provider = ScriptedProvider(says("1"), says("2"))
    agent = Agent(provider, temperature=0.1, max_steps=3)

    await agent.generate("x")
    await agent.generate("x", temperature=0.9)

    assert [0.1, 0.9] == [request.options.temperature for request in provider.requests]
    assert [3, 3] == [request.options.max_steps for request in provider.requests]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"stop": "END"}, r"stop is a list of texts; say stop=\['END'\]"),
        ({"max_tokens": 0}, "max_tokens must be 1 or more, not 0"),
        ({"extra": {"stream": True}}, "extra cannot say 'stream'"),
        ({"extra": {"n": 2, "messages": []}}, "extra cannot say 'messages'"),
    ],
)
def test_options_that_would_do_harm(options: typing.Any, why: str):
    """What would be sent otherwise than it was meant is refused."""
    with pytest.raises(ConfigError, match=why):
        GenerateOptions(**options)
