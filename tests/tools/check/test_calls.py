"""Calls of tools: what is refused, what is taken, and hostile text."""

import json
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field, model_validator

from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.check import examine
from tests.tools.check.tools import Careless, Foreign, Naive, Order, Picky, number_of, odd, of


def findings(tool: Any, kind: str, **options: Any) -> list[Any]:
    return [one for one in examine(tool, dialects=(), **options).findings if one.kind == kind]


def test_smallest():
    """The counterexample is the smallest there is, as code to paste."""

    @function_tool
    def it(number: int, names: list[str] = []) -> str:  # noqa: B006
        return ""

    (found,) = findings(Picky(it.function), "refused")

    assert "it.check({'number': 101})\n# refused: number: too many" == found.example
    assert "number" == found.path


class Span(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self) -> "Span":
        if self.low > self.high:
            raise ValueError("low is more than high")
        return self


@function_tool
def noted(
    number: Annotated[int, AfterValidator(odd)], span: Span, plain: Annotated[int, Field(ge=1)] = 1
) -> str:
    """Tell."""
    return ""


class Worse(type(noted)):  # type: ignore[misc]
    """A tool with notes that refuses what no note tells of, too."""

    def check(self, arguments: Any) -> Any:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
        if isinstance(given, dict) and given.get("plain", 1) > 9:
            raise InvalidArgumentsError(["plain: too many"])
        return super().check(arguments)


def test_notes():
    """What a note tells of is advice; what no note tells of is a fault all the same."""
    found = findings(noted, "refused")

    assert {("number", "advice"), ("span", "advice")} == {(one.path, one.severity) for one in found}
    worse = findings(Worse(noted.function), "refused")
    assert ("plain", "fault") in {(one.path, one.severity) for one in worse}
    assert ["advice"] == [one.severity for one in findings(Order, "refused")]


def test_gate_is_never_noted():
    """What the gate itself refuses, and the oracle admits, is a fault, whatever the notes say."""
    tool = function_tool(noted.function)
    tool.arguments.admit = refusing  # type: ignore[method-assign]

    assert {"fault"} == {one.severity for one in findings(tool, "refused")}


def refusing(arguments: Any) -> Any:
    raise InvalidArgumentsError(["number: no"])


def test_taken():
    """What is dropped is told with what the schema says."""
    (found,) = findings(Careless(number_of), "taken")

    assert found.message.startswith("the schema refuses this, and the tool takes it: ")
    assert found.example.endswith("\n# taken")


def test_mended():
    """A tool that mends arguments, and says so, takes nothing that it should not."""
    tool = function_tool(repair=True)(number_of)

    assert [] == [one for one in examine(tool).findings if one.severity == "fault"]
    assert 10 == examine(tool).examples["hostile"]
    assert 12 == examine(function_tool(number_of)).examples["hostile"]


def test_no_arguments():
    """Where no arguments can be made, the report says that no call was tried."""
    tool = Foreign(of({"type": "integer", "minimum": 2, "maximum": 1}), refusing)
    (found,) = findings(tool, "refused")

    assert ("advice", "no arguments could be made that the schema admits") == (
        found.severity,
        found.message.partition(",")[0],
    )


def test_hostile():
    """Each text is sent; what is taken, or fails, is told with the expression that makes it."""
    found = findings(Naive(lambda_of_float, "half"), "hostile")

    assert {"NaN", "a number beyond all floats", "a key that is given twice"} == {
        one.path for one in found
    }
    (twice,) = [one for one in found if "twice" in one.path]
    assert 'half.check(\'{"it": 0.0, "it": 0.0}\')\n# taken' == twice.example


def lambda_of_float(it: float) -> str:
    return str(it)


def test_arguments_of_the_name_arguments():
    """A tool may take a parameter called arguments; then wrapped ones are no fault."""

    @function_tool
    def it(arguments: dict[str, Any]) -> str:
        return ""

    assert 11 == examine(it, dialects=()).examples["hostile"]
    assert [] == findings(it, "hostile")


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("y\nz")])
def test_fails(error: Exception):
    """A check that fails with arguments that it should refuse is told, on one line."""

    def check(arguments: Any) -> None:
        raise error

    found = findings(Foreign(of({"type": "null"}), check), "taken")

    told = str(error).split("\n")[0]
    assert [f"the check fails: {type(error).__name__}: {told}"] == [one.message for one in found]
