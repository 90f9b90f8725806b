"""Bodies get what they declare: every parameter, by place, by name, in `*rest` and `**others`."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Annotated, Any, Literal, NewType, NotRequired, TypeVar

import pytest
from pydantic import AfterValidator, Field, PastDate
from typing_extensions import TypeAliasType, TypedDict, Unpack

from lumos_tools import BoundCall, FunctionTool, Tool, ToolContext, function_tool
from lumos_tools.check import examine
from lumos_tools.check.evidence import Evidence
from lumos_tools.check.subject import Subject
from lumos_tools.check.values import is_a, shows_values
from lumos_tools.schema import arguments_of
from lumos_tools.signature import Parameter
from tests.tools.check.tools import Foreign, Order, Raw, accepts, of
from tests.tools.corpus import Color, Place, Point, Size

Id = NewType("Id", int)
Numbers = TypeAliasType("Numbers", list[int])
N = TypeVar("N", int, str)
B = TypeVar("B", bound=int)
Free = TypeVar("Free")


@pytest.mark.parametrize(
    ("hint", "right", "wrong"),
    [
        (int, [1], [True, 1.0, "1"]),
        (float, [1.0], [1, True]),
        (bool, [True], [1]),
        (None, [None], [0]),
        (Any, [object()], []),
        (date, [date(2026, 1, 2)], ["2026-01-02"]),
        (Color, [Color.RED], ["red"]),
        (Literal[1, "a"], [1, "a"], [True, 1.0]),
        (int | None, [1, None], ["1"]),
        (Annotated[int, Field(ge=1)], [0], ["1"]),
        (Id, [1], ["1"]),
        (N, [1, "1"], [None]),
        (B, [1], ["1"]),
        (Free, [object()], []),
        (Numbers, [[1]], [["1"]]),
        (list[int], [[], [1]], [[True], (1,)]),
        (Iterator[int], [[1]], [iter([1])]),
        (tuple[int, str], [(1, "a")], [(1,), ("a", 1), [1, "a"]]),
        (tuple[int, ...], [(), (1, 2)], [("a",)]),
        (set[int], [{1}], [[1], {"a"}]),
        (AbstractSet[int], [{1}, frozenset([1])], [[1]]),
        (deque[int], [deque([1])], [[1]]),
        (dict[str, int], [{"a": 1}], [{"a": "1"}, {1: 1}, []]),
        (Mapping[Color, int], [{Color.RED: 1}], [{"red": 1}]),
        (Counter[str], [Counter("aa")], [Counter([1])]),
        (Size, [{"width": 1}, {"width": 1, "height": 1.0}], [{}, {"width": "1"}, []]),
        (Point, [Point(1)], [(1, 0)]),
        (Place, [Place("a")], [{"name": "a"}]),
        (str, ["a"], [b"a"]),
        (PastDate, [date(2020, 1, 1)], []),  # it decides by itself
        (type[int], [int], []),
        ("unknown", [1], []),
    ],
    ids=str,
)
def test_is_a(hint: Any, right: list[Any], wrong: list[Any]):
    """A value is of a type with all that is in it; JSON's types are told apart, limits do not count."""
    assert [] == [one for one in right if not is_a(one, hint)]
    assert [] == [one for one in wrong if is_a(one, hint)]


class More(TypedDict):
    limit: NotRequired[int]


@function_tool
def rest(day: date, /, *days: date, context: ToolContext, **others: date) -> str:
    return ""


@function_tool
def unpacked(day: date, **more: Unpack[More]) -> str:
    return ""


class Undone(FunctionTool):
    """A tool whose check loses what the function cannot do without."""

    def check(self, arguments: Any) -> BoundCall:
        call = super().check(arguments)
        call.values.pop("day")
        return call


def of_day(day: date) -> str:
    return str(day)


@pytest.mark.parametrize("tool", [rest, unpacked, Order])
def test_arrive(tool: Any):
    """All that is declared arrives as such, and the context is none of it."""
    report = examine(tool, dialects=())

    assert report.examples["values"] > 20
    assert [] == [one for one in report.findings if one.kind == "values"]


@pytest.mark.parametrize("function", [rest.function, unpacked.function])
def test_raw(function: Any):
    """What is not made of what came is found, wherever it stands, with the names of the parameters."""
    found = [one for one in examine(Raw(function), dialects=()).faults if one.kind == "values"]

    assert {"day", "days", "others", "more"} >= {one.path for one in found} >= {"day"}


def test_cannot_be_called():
    """A function that cannot be called with what the check gives it is a fault."""
    (found,) = examine(Undone(of_day), dialects=()).faults

    assert "the function cannot be called with this: missing a required" in found.message


def test_noted():
    """Where a note tells of a check of its own, what it makes of a value is advice."""

    @function_tool
    def it(number: Annotated[int, AfterValidator(str)]) -> str:
        return ""

    (advice,) = [one for one in examine(it, dialects=()).findings if one.kind == "values"]
    assert ("advice", "number gets '0', a str, and declares int") == (
        advice.severity,
        advice.message.replace("typing.Annotated[int, AfterValidator(func=<class 'str'>)]", "int"),
    )


def test_nobody_knows():
    """Of a tool of another framework nobody knows what its body gets."""
    evidence = Evidence(Subject(Foreign(of({}), accepts)), examples=5, seed=0)

    assert (0, []) == shows_values(evidence)


def test_plain_tool():
    """Nor of a tool that is made of neither a function nor a model; it is examined all the same."""

    async def body(values: Any, context: Any) -> str:
        return ""

    tool = Tool(arguments_of([Parameter("number", int)], owner="it()"), body, name="it")
    report = examine(tool, dialects=(), allow="texts")

    assert () == report.findings
    assert report.examples["refused"] > 20
