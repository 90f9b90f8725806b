"""Faults are planted one by one, and the kit finds each: what it claims to find, it finds."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import lumos_tools.check.lowering
from lumos_tools import InvalidArgumentsError, function_tool
from lumos_tools.check import Report, ToolCheckError, check_tool, examine
from lumos_tools.dialects import Loss, Lowered, lower
from tests.tools.check.tools import (
    Broken,
    Careless,
    Foreign,
    Picky,
    Raw,
    Ticking,
    Trusting,
    accepts,
    day_of,
    halves,
    liar,
    number_of,
    of,
    send,
    typed,
)


def refuses(arguments: Any) -> object:
    raise ValueError("no")


def strange() -> Any:
    """A function whose docstring describes what it does not take."""

    def strange(number: int) -> str:
        """Tell a number.

        Args:
            number: Which one.
            colour: Of which colour.
        """
        return str(number)

    with warnings.catch_warnings(action="ignore"):
        return function_tool(strange)


PLANTED: dict[str, tuple[Callable[[], Any], dict[str, Any], str, str]] = {
    "a type that there is not": (
        lambda: Foreign({"type": "objekt"}, accepts),
        {},
        "schema",
        "it is no JSON Schema 2020-12: $.type: 'objekt' is not valid",
    ),
    "a reference to nothing": (
        lambda: Foreign(of({"$ref": "#/$defs/Gone"}), accepts),
        {},
        "schema",
        "it refers to '#/$defs/Gone', which is not in it",
    ),
    "a reference to the outside": (
        lambda: Foreign(of({"$ref": "https://example.com/schema"}), accepts),
        {},
        "schema",
        "it refers to 'https://example.com/schema', which is not in it",
    ),
    "a pattern that is none": (
        lambda: Foreign(of({"type": "string", "pattern": "^(a$"}), accepts),
        {},
        "schema",
        "it is no JSON Schema 2020-12: $.properties.it.pattern: '^(a$' is not a 'regex'",
    ),
    "a schema of a list": (
        lambda: Foreign({"type": "array"}, accepts),
        {},
        "schema",
        "it describes no object",
    ),
    "an object that is open by chance": (
        lambda: Foreign({"type": "object", "properties": {"it": {"const": 1}}}, accepts),
        {"allow": ["hostile", "taken"]},
        "schema",
        "the object with the keys it does not say whether there may be others",
    ),
    "a schema that is never the same": (
        lambda: Ticking({}, accepts),
        {"allow": ["hostile", "taken"]},
        "schema",
        "two builds of it differ",
    ),
    "a check that no schema shows": (
        lambda: Picky(number_of),
        {},
        "refused",
        "the schema admits this, and the tool refuses it: number: too many",
    ),
    "nothing is taken": (
        lambda: Foreign(of({"type": "null"}), refuses),
        {"allow": "hostile"},
        "refused",
        "the schema admits this, and the tool refuses it: no",
    ),
    "a key too many is dropped": (
        lambda: Careless(number_of),
        {"allow": ["hostile"]},
        "taken",
        "the schema refuses this, and the tool takes it: Additional properties are not allowed",
    ),
    "a check that fails": (
        lambda: Broken(number_of),
        {"allow": ["hostile"]},
        "taken",
        "the check fails: KeyError: 'number'",
    ),
    "a check that fails with what is right": (
        lambda: Foreign(of({"type": "integer", "minimum": 0}), lambda given: 1 // given["it"]),
        {"allow": ["hostile", "taken"]},
        "refused",
        "the check fails: ZeroDivisionError: integer division or modulo by zero",
    ),
    "a body that gets what came": (
        lambda: Raw(day_of),
        {},
        "values",
        "day gets '2000-01-01', a str, and declares date",
    ),
    "a result that is no JSON": (
        lambda: typed,
        {},
        "results",
        "'typed' returned type, which is not JSON",
    ),
    "a body that fails": (
        lambda: halves,
        {"run": True},
        "results",
        "the body raises ZeroDivisionError: division by zero",
    ),
    "a return type that is not true": (
        lambda: liar,
        {"run": True},
        "results",
        "the return type does not say what comes: '' is not of type 'array'",
    ),
    "text that is read as Python reads it": (
        lambda: Trusting(number_of),
        {},
        "hostile",
        "a key that is given twice: taken",
    ),
    "a default that is none": (
        lambda: Foreign(
            of({"type": "integer", "default": "x", "minimum": 0, "maximum": 0}), of_zero
        ),
        {"allow": "hostile"},
        "defaults",
        "the default 'x' is none that the schema admits: 'x' is not of type 'integer'",
    ),
    "a text about nothing": (
        strange,
        {},
        "texts",
        "the docstring describes 'colour', which is no parameter",
    ),
    "a name that is none": (
        lambda: Foreign(of({"type": "null"}), of_null, name="get weather!"),
        {"allow": "hostile"},
        "names",
        "'get weather!' is no name that every provider takes",
    ),
}
"""What is planted: the tool, how it is examined, the claim that breaks, and the message."""


def of_zero(given: Any) -> None:
    if (
        not (isinstance(given, dict) and [*given] == ["it"])
        or type(given["it"]) not in (int, float)
        or given["it"]
    ):
        raise ValueError("it: no zero")


def of_null(given: Any) -> None:
    if given != {"it": None}:
        raise ValueError("it: not null")


@pytest.mark.parametrize("name", PLANTED)
def test_found(name: str):
    """The fault is found, as one of its claim, with a sentence that says it; and no other claim breaks."""
    make, options, kind, message = PLANTED[name]

    with pytest.raises(ToolCheckError) as caught:
        check_tool(make(), **options)

    found = caught.value.report.faults
    assert {kind} == {one.kind for one in found}
    assert any(one.message.startswith(message) for one in found)


def test_every_claim_can_break():
    """There is a fault for each claim; that of the dialects is planted below."""
    from lumos_tools.check import CLAIMS

    kinds = {kind for _, _, kind, _ in PLANTED.values()}
    assert {*CLAIMS} == kinds | {"dialects"}
    assert len(PLANTED) >= 12


class Forgetful(Lowered):
    """A dialect that loses a key on the way."""

    def lower_arguments(self, arguments: Any) -> dict[str, Any]:
        written = super().lower_arguments(arguments)
        written.pop("copies", None)
        return written


class Greedy(Lowered):
    """A dialect that writes a key too many, and does not read its own words."""

    def lower_arguments(self, arguments: Any) -> dict[str, Any]:
        return {**super().lower_arguments(arguments), "more": 1}


class Mute(Lowered):
    """A dialect that never comes back."""

    def raise_(self, arguments: Any) -> dict[str, Any]:
        raise InvalidArgumentsError(["no way back"])


class Lost(Lowered):
    """A dialect that fails on the way back."""

    def raise_(self, arguments: Any) -> dict[str, Any]:
        raise KeyError("to")


def planted(kind: type[Lowered], schema: Any = None, losses: Any = ()) -> Callable[..., Lowered]:
    def made(given: Any, dialect: Any) -> Lowered:
        right = lower(given, dialect)
        return kind(schema or right.schema, [*right.losses, *losses], right._mapping, right.dialect)

    return made


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (planted(Forgetful), 'openai: this comes back as {"to": {"street": ""}}'),
        (planted(Greedy), "openai: this is written"),
        (planted(Mute), "openai: this does not come back: no way back"),
        (planted(Lost), "openai: this does not come back: KeyError: 'to'"),
        (planted(Lowered, {"type": "objekt"}), "openai: its schema is no JSON Schema: $.type"),
    ],
)
def test_dialects(fault: Any, message: str, monkeypatch: pytest.MonkeyPatch):
    """A dialect that says something else, or does not lead back, is found, and the code shows it."""
    monkeypatch.setattr(lumos_tools.check.lowering, "lower", fault)
    report = examine(send, dialects=["openai"])

    (found,) = report.faults
    assert ("dialects", "openai") == (found.kind, found.path)
    assert found.message.startswith(message)


@pytest.mark.parametrize("kind", [Forgetful, Greedy, Mute])
def test_told(kind: type[Lowered], monkeypatch: pytest.MonkeyPatch):
    """A dialect that tells that it admits less is believed."""
    loss = Loss("#/properties/copies", "minimum", 1, "dropped", "admits less")
    monkeypatch.setattr(lumos_tools.check.lowering, "lower", planted(kind, losses=[loss]))

    assert examine(send, dialects=["openai"]).ok


def test_unknown_dialect():
    """A dialect that there is not is a fault of its own."""
    (found,) = examine(send, dialects=["klingon"]).faults

    assert found.message.startswith("klingon: there is no schema in this dialect: no dialect")


def test_nothing_planted():
    """The same tools, made as they should be, are clean, whatever is tried."""
    for function in (number_of, day_of):
        report: Report = check_tool(function_tool(function))
        assert () == report.findings
