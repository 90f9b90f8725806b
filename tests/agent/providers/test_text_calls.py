"""Calls that a model writes into its text."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lumos_agent
from lumos_agent import AssistantMessage, TextPart, ToolCall, ToolResult
from lumos_agent.providers.text_calls import (
    TextCallReader,
    answered,
    instruction,
    parse_tool_calls,
    written,
)
from lumos_agent.testing.provider_contract import add
from lumos_tools import ToolRegistry
from tests.agent.providers.text_examples import EXAMPLES, PROSE, SCHEMAS, Example
from tests.agent.providers.text_page import PAGE, page

Seen = tuple[str, tuple[tuple[str, Any], ...]]
NUMBERED = [pytest.param(one, id=f"{number}-{one.format}") for number, one in enumerate(EXAMPLES)]


def read(pieces: Iterable[str]) -> Seen:
    """What a reader makes of *pieces*."""
    reader = TextCallReader(SCHEMAS)
    items = [item for piece in pieces for item in reader.feed(piece)] + reader.finish()
    text = "".join(item.text for item in items if isinstance(item, TextPart))
    return text, tuple((one.name, one.arguments) for one in items if isinstance(one, ToolCall))


@pytest.mark.parametrize("example", NUMBERED)
def test_whole(example: Example):
    """Each format is read: the calls with their arguments, and the text around them."""
    left, found = parse_tool_calls(example.text, SCHEMAS)

    assert example.calls == tuple((one.name, one.arguments) for one in found)
    assert example.left == left
    assert len(found) == len({one.id for one in found})


@pytest.mark.parametrize("example", NUMBERED)
def test_every_cut(example: Example):
    """Cut in two at any place, or into single characters, it is the same."""
    whole = (example.left, example.calls)

    assert whole == read(example.text)
    for place in range(len(example.text)):
        assert whole == read([example.text[:place], example.text[place:]])


@pytest.mark.parametrize("text", PROSE)
def test_no_call(text: str):
    """What only looks like a call stays the text that it is, however it is cut."""
    assert (text, ()) == read([text])
    assert (text, ()) == read(text)
    for place in range(len(text)):
        assert (text, ()) == read([text[:place], text[place:]])


def prose() -> str:
    """More than a million characters of code and prose."""
    root = Path(lumos_agent.__file__).parents[1]
    files = sorted([*root.glob("lumos_*/**/*.py"), *root.glob("docs/**/*.md")])
    packages = sorted(Path(json.__file__).parent.parent.glob("*.py"))
    skipped = ("text_calls", "text_formats", "robustness")  # they quote calls
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in [*files, *packages]
        if path.stem not in skipped
    ]
    return "\n".join(texts)


def test_a_million_characters():
    """In a million characters of prose and code there is no call, and nothing is lost of them."""
    text = prose()
    tools = {name: {} for name in ("add", "search", "get_weather", "run", "main", "read", "print")}

    assert len(text) > 1_000_000
    assert (text, ()) == parse_tool_calls(text, {**SCHEMAS, **tools})
    reader = TextCallReader({**SCHEMAS, **tools})
    pieces = [text[place : place + 7] for place in range(0, 200_000, 7)]
    items = [item for piece in pieces for item in reader.feed(piece)] + reader.finish()
    assert "".join(pieces) == "".join(item.text for item in items if isinstance(item, TextPart))
    assert [] == [item for item in items if isinstance(item, ToolCall)]


def test_prose_is_passed_on_at_once():
    """Text that can be no call is not held back; the beginning of a mark is."""
    reader = TextCallReader(SCHEMAS)

    assert [TextPart("Hello, ")] == reader.feed("Hello, ")
    assert [TextPart("world ")] == reader.feed("world <tool")
    assert [TextPart("<tools> ")] == reader.feed("s> ")
    assert [] == reader.feed("<tool_call>{")
    assert [TextPart("<tool_call>{")] == reader.finish()


def test_a_long_call_is_not_read_again_and_again():
    """A call of a million characters that comes in small pieces is read in time that grows with it."""
    text = (
        '<tool_call>{"name": "weather", "arguments": {"city": "'
        + "x" * 1_000_000
        + '"}}</tool_call>'
    )
    began = time.process_time()
    left, ((name, arguments),) = read(text[place : place + 20] for place in range(0, len(text), 20))

    assert ("", "weather", 1_000_000) == (left, name, len(arguments["city"]))
    assert time.process_time() - began < 20  # read again with each piece it would take hours


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.text(max_size=5), values, max_size=4)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


WRITERS: dict[str, Any] = {
    "hermes": lambda name, given: f"<tool_call>{_dump({'name': name, 'arguments': given})}</tool_call>",
    "mistral": lambda name, given: f"[TOOL_CALLS]{_dump([{'name': name, 'arguments': given}])}",
    "mistral 11": lambda name, given: f"[TOOL_CALLS]{name}[ARGS]{_dump(given)}",
    "llama": lambda name, given: f"<|python_tag|>{_dump({'name': name, 'parameters': given})}",
    "bare": lambda name, given: _dump({"name": name, "parameters": given}),
    "fence": lambda name, given: f"```json\n{_dump({'tool': name, 'parameters': given})}\n```",
    "legacy": lambda name, given: f"Using the tool '{name}' with parameters: {_dump(given)}",
    "deepseek": lambda name, given: f"<｜tool▁call▁begin｜>{name}<｜tool▁sep｜>{_dump(given)}<｜tool▁call▁end｜>",
    "kimi": lambda name, given: f"<|tool_call_begin|>functions.{name}:0<|tool_call_argument_begin|>{_dump(given)}<|tool_call_end|>",
    "react": lambda name, given: f"Action: {name}\nAction Input: {_dump(given)}",
}  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@given(given=objects, data=st.data())
def test_any_arguments(writer: str, given: dict[str, Any], data: st.DataObject):
    """Any arguments, written in a format and cut into any pieces, are read back."""
    text = WRITERS[writer]("weather", given)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert ("", (("weather", given),)) == read(pieces)


def test_registry():
    """The tools may be a registry; values without a type are read by its schemas."""
    text = "<function=add><parameter=a>2</parameter><parameter=b>x</parameter></function>"
    _, (call,) = parse_tool_calls(text, ToolRegistry(add))

    assert ("add", {"a": 2, "b": "x"}) == (call.name, call.arguments)


def test_text_where_the_schema_takes_text():
    """A value is text where the schema takes text, in one of its options too; else it is JSON."""
    options = {
        "a": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "b": {"enum": ["1", "2"]},
        "c": {"type": ["integer", "string"]},
        "d": {"type": "integer"},
    }
    text = "".join(f"<parameter={key}>1</parameter>" for key in options)
    _, (call,) = parse_tool_calls(f"<function=f>{text}</function>", {"f": {"properties": options}})

    assert {"a": "1", "b": "1", "c": "1", "d": 1} == call.arguments


def test_taught():
    """What the instruction teaches and the transcript shows is what is read."""
    told = instruction([add], choice="add")
    call = ToolCall("c", "add", {"a": 1, "b": "ü"})
    message = written(AssistantMessage("I add.", (call, ToolCall("d", "add", "{broken"))))

    assert '{"name": "add", "description": "Add two numbers' in told
    assert told.endswith("In this reply you must call the tool add.")
    assert instruction([add], choice="required").endswith("you must call a tool.")
    assert "must" not in instruction([add])
    left, (first, second) = parse_tool_calls(message.text, ToolRegistry(add))
    assert "I add.\n\n" == left
    assert ({"a": 1, "b": "ü"}, "{broken") == (first.arguments, second.arguments)
    assert '<tool_response name="add" failed="true">\nno\n</tool_response>' == answered(
        ToolResult("c", "add", "no", is_error=True)
    )
    assert written(AssistantMessage("", (call,))).text.startswith("<tool_call>")


def test_page():
    """The reference has an example of each format, as the tests read it."""
    assert PAGE.read_text(encoding="utf-8") == page()
