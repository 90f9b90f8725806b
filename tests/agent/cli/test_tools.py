"""`lumos tools` shows what a model would be offered."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lumos_agent.cli.tools import parameters_text
from tests.agent.cli.conftest import Command, Outcome


def test_table(lumos: Command) -> None:
    """A line a tool: name, the description's first line, parameters as Python has them."""
    assert lumos("tools", "--tools", "weather.py") == Outcome(
        0,
        "name         description                  parameters                      \n"
        "get_weather  Report the current weather.  city: str, unit: 'c' | 'f' = 'c'\n",
        "",
    )


def test_no_markup(lumos: Command) -> None:
    """Brackets and colons in a description are shown as they are."""
    text = "from lumos_tools import function_tool\n@function_tool\ndef f() -> None:\n"
    Path("odd.py").write_text(text + '    """Bold [b]no[/b] :smile: [red]."""\n')
    assert "Bold [b]no[/b] :smile: [red]." in lumos("tools", "--tools", "odd.py").out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variable", "styled"), [("OTHER", True), ("NO_COLOR", False)])
def test_terminal(
    lumos: Command, monkeypatch: pytest.MonkeyPatch, variable: str, styled: bool
) -> None:
    """A terminal gets a table of its own width, and colours unless NO_COLOR is set."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    lumos("tools", "--tools", "weather.py")
    assert ("\x1b[" in terminal.getvalue()) == styled
    assert styled or max(map(len, terminal.getvalue().splitlines())) == 50


def test_json(lumos: Command) -> None:
    """--json is the list that OpenAI's API takes as `tools`."""
    code, out, err = lumos("tools", "--tools", "weather.py", "--json")
    parameters = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
        },
        "required": ["city"],
        "additionalProperties": False,
    }
    function = {
        "name": "get_weather",
        "description": "Report the current weather.\n\nIt is always the same.",
        "parameters": parameters,
    }
    assert (code, json.loads(out), err) == (0, [{"type": "function", "function": function}], "")


def test_default(lumos: Command) -> None:
    """Without --tools they are the built-in ones."""
    code, out, err = lumos("tools", "--json")
    names = [one["function"]["name"] for one in json.loads(out)]
    assert (code, err) == (0, "")
    assert "calculator" in names


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "float"),
        ({"type": "boolean"}, "bool"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"type": "array"}, "list"),
        ({"type": "object"}, "dict"),
        ({"type": "object", "additionalProperties": True}, "dict"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "str | None"),
        ({"oneOf": [{"const": 1}, {"enum": ["a", None]}]}, "1 | 'a' | None"),
        ({"$ref": "#/$defs/Order"}, "Order"),
        ({}, "Any"),
    ],
)
def test_types(schema: dict[str, Any], text: str) -> None:
    """The type of a parameter is told in Python's words."""
    assert parameters_text({"properties": {"it": schema}, "required": ["it"]}) == f"it: {text}"


def test_optional() -> None:
    """A parameter that may be missing says its default, or that it has one."""
    properties = {"a": {"type": "integer", "default": None}, "b": {"type": "integer"}}
    assert parameters_text({"properties": properties}) == "a: int = None, b: int = ..."
    assert parameters_text({}) == ""
