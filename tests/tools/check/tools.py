"""Tools with one fault each, and what a tool of another framework looks like."""

import itertools
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from lumos_tools import (
    BoundCall,
    FunctionSchema,
    FunctionTool,
    InvalidArgumentsError,
    function_tool,
)

Given = str | dict[str, Any]


def of(part: Any, **more: Any) -> dict[str, Any]:
    """The schema of arguments with one parameter, `it`."""
    closed = {"type": "object", "required": ["it"], "additionalProperties": False}
    return {**closed, "properties": {"it": part}, **more}


class Foreign:
    """A tool of another framework, which checks by *check*."""

    def __init__(
        self, parameters: dict[str, Any], check: Callable[[Any], object], name: str = "it"
    ) -> None:
        self.name = name
        self.parameters = parameters
        self._check = check

    def check(self, arguments: Given) -> object:
        return self._check(json.loads(arguments) if isinstance(arguments, str) else arguments)


class Naive:
    """A function that `TypeAdapter` alone has made a tool of."""

    def __init__(self, function: Callable[..., Any], name: str = "it") -> None:
        self.name = name
        self._adapter = TypeAdapter(function)
        self.parameters = self._adapter.json_schema()

    def check(self, arguments: Given) -> object:
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        return self._adapter.validate_json(text)


class Ticking(Foreign):
    """A tool whose schema is another each time."""

    ticks = itertools.count()

    @property
    def parameters(self) -> dict[str, Any]:
        return of({"type": "integer", "title": f"it {next(self.ticks)}"})

    @parameters.setter
    def parameters(self, value: Any) -> None:
        pass


class Picky(FunctionTool):
    """A tool that refuses more than its schema says."""

    def check(self, arguments: Any) -> BoundCall:
        call = super().check(arguments)
        if call.arguments["number"] > 100:
            raise InvalidArgumentsError(["number: too many"])
        return call


class Careless(FunctionTool):
    """A tool that drops what it does not know."""

    def check(self, arguments: Any) -> BoundCall:
        if isinstance(arguments, Mapping):
            arguments = {key: arguments[key] for key in arguments if key in ("number", "day")}
        return super().check(arguments)


class Raw(FunctionTool):
    """A tool whose body gets what came."""

    def check(self, arguments: Any) -> BoundCall:
        call = super().check(arguments)
        call.values = call.arguments
        return call


class Broken(FunctionTool):
    """A tool whose check fails where it should refuse."""

    def check(self, arguments: Any) -> BoundCall:
        return super().check({**arguments, "number": arguments["number"]})


class Trusting(FunctionTool):
    """A tool that reads text as Python's `json` does."""

    def check(self, arguments: Any) -> BoundCall:
        if isinstance(arguments, str):
            given = json.loads(arguments)
            return BoundCall(self, given, given)
        return super().check(arguments)


def number_of(number: int) -> str:
    """Tell a number.

    Args:
        number: Which one.
    """
    return str(number)


def day_of(day: date) -> str:
    """Tell a day.

    Args:
        day: Which one.
    """
    return str(day)


@function_tool
def typed(number: int) -> type:
    """Tell a type.

    Args:
        number: Which one.
    """
    return [int, str][number % 2]


@function_tool
def halves(number: Annotated[int, Field(ge=0, le=5)]) -> float:
    """Divide by a number.

    Args:
        number: Which one.
    """
    return 1 / number


@function_tool
def liar(number: Annotated[int, Field(ge=0, le=5)]) -> list[int]:
    """Tell a list.

    Args:
        number: How many.
    """
    return "a" * number  # type: ignore[return-value]


def accepts(arguments: Any) -> object:
    return arguments


def odd(number: int) -> int:
    if number % 2 == 0:
        raise ValueError("even")
    return number


class Order(FunctionSchema, name="order"):
    """Order pieces.

    Args:
        pieces: How many.
    """

    pieces: Annotated[int, AfterValidator(odd)]
    kind: Literal["a", "b"] = "a"
    """Of which kind."""

    def run(self) -> dict[str, int]:
        return {self.kind: self.pieces}


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    number: int = 1


@function_tool
def send(to: Address, copies: Annotated[int, Field(ge=1, le=9)] = 1) -> list[str]:
    """Send a letter.

    Args:
        copies: How many.
    """
    return [to.street] * copies
