"""What is claimed of a schema as it stands."""

import functools
from typing import Any

import pytest
from pydantic import BaseModel, Field

from lumos_tools import FunctionSchema, function_tool
from lumos_tools.check import examine
from tests.tools.check.tools import Foreign, accepts, of, send


def findings(tool: Any, kind: str) -> list[tuple[str, str, str]]:
    found = [one for one in examine(tool, examples=5, dialects=()).findings if one.kind == kind]
    return [(one.severity, one.path, one.message) for one in found]


def test_open():
    """Each object says whether it is open; one that does is none of our business."""
    inner = {"type": "object", "properties": {}}
    tool = Foreign(of(inner | {"additionalProperties": True}), accepts)
    assert [] == findings(tool, "schema")
    ((severity, path, message),) = findings(Foreign(of(inner), accepts), "schema")
    assert ("fault", "properties.it") == (severity, path)
    assert message.startswith("the object with the keys none does not say")


def test_unusable():
    """Of a schema that is none, nothing else is claimed."""
    report = examine(Foreign({"type": "objekt"}, accepts))

    assert {"schema": 1} == report.examples


def test_defaults():
    """A default inside counts, too; null that is not taken is advice, since it is mostly not sent."""
    deep = {"type": "array", "items": {"type": "integer", "default": "x"}}

    assert [
        (
            "fault",
            "properties.it.items",
            "the default 'x' is none that the schema admits: 'x' is not of type 'integer'",
        )
    ] == findings(Foreign(of(deep), accepts), "defaults")
    null = {"type": "integer", "default": None}
    assert ["advice"] == [one[0] for one in findings(Foreign(of(null), accepts), "defaults")]
    assert [] == findings(Foreign(of({"type": "integer", "default": 1}), accepts), "defaults")


class Place(BaseModel):
    """Where something is."""

    row: int


class Move(FunctionSchema):
    """Move.

    Args:
        to: Where to.
    """

    to: Place
    kind: str = Field("x", alias="the kind")

    def run(self) -> str:
        return ""


@function_tool
def shift(first: int, second: Place, third: Place | None = None) -> str:
    """Shift.

    Args:
        first: How far.
    """
    return ""


def test_texts():
    """A text may stand beside a parameter, or in the class of its type; what has none is advice."""
    assert [("advice", "third", "the parameter 'third' has no description")] == findings(
        shift, "texts"
    )
    assert [("advice", "the kind", "the parameter 'the kind' has no description")] == findings(
        Move, "texts"
    )
    assert [] == findings(send, "texts")


def test_no_texts():
    """A tool without a description is advice; of another framework's nobody knows."""

    def it(number: int) -> str:
        return ""

    assert [
        ("advice", "", "the tool has no description; write a docstring"),
        ("advice", "number", "the parameter 'number' has no description"),
    ] == findings(function_tool(it), "texts")
    assert [("advice", "it", "the parameter 'it' has no description")] == findings(
        Foreign(of({}), accepts), "texts"
    )
    assert [] == findings(Foreign(of(True), accepts), "texts")


def test_texts_of_what_is_fixed():
    """The docstring of what a partial fixes, or of the context, is about a parameter that there is."""
    tool = function_tool(functools.partial(shift.function, first=1), name="shift_by_one")

    assert ["advice"] == [one[0] for one in findings(tool, "texts")]


def test_root_reference():
    """The parameters of a schema that refers to itself are those of the definition."""
    node = {
        "type": "object",
        "properties": {"the next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
        "additionalProperties": False,
    }
    tool = Foreign({"$ref": "#/$defs/N", "$defs": {"N": node}}, accepts)

    assert ["the next"] == [one[1] for one in findings(tool, "names")]


@pytest.mark.parametrize("name", ["auto", "get weather", "a" * 65, "1st"])
def test_names(name: str):
    """A tool's name that some provider refuses is a fault; a parameter's is advice."""
    tool = Foreign(of({}), accepts, name=name)

    assert [("fault", "", f"{name!r} is no name that every provider takes")] == findings(
        tool, "names"
    )
