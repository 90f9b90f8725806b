"""Schemas, and the checker that agrees with them."""

import base64
import json
import math
from collections import deque
from dataclasses import fields, is_dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import jsonschema
import pydantic_core
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from lumos_tools import InvalidArgumentsError, SchemaError
from lumos_tools.decoding import MAX_DEPTH, MAX_SIZE, decode
from lumos_tools.faults import MAX_FAULT
from lumos_tools.schema import Arguments, arguments_of
from lumos_tools.signature import EMPTY, Parameter
from tests.tools.random_types import Color, Typed, typed


def taking(annotation: Any, default: Any = EMPTY, description: str = "") -> Arguments:
    return arguments_of(
        [Parameter("it", annotation, default, description, default is EMPTY)], owner="f()"
    )


def faults(arguments: Arguments, given: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidArgumentsError) as caught:
        arguments.check(given)
    return caught.value.faults


def schema_of(annotation: Any) -> Any:
    return taking(annotation).schema["properties"]["it"]


def dumped(value: Any) -> bytes:
    """*value* as JSON, with bytes as RFC 4648, section 4 has them; pydantic has - and _ in them."""
    return pydantic_core.to_json(plain(value))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, set):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, list | tuple | deque):
        return [plain(one) for one in value]
    return value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


types = settings(max_examples=max(150, settings.default.max_examples))
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
IGNORED = {"date-time", "time", "duration"} - {*FORMATS.checkers}
"""Formats that jsonschema checks only with packages of their own."""


@types
@given(typed, st.data())
def test_values_arrive(one: Typed, data: st.DataObject):
    """A value of any type, written as JSON, passes the schema and arrives as it was."""
    annotation, values = one
    value = data.draw(values)
    written = json.loads(dumped({"it": value}))
    arguments = taking(annotation)

    jsonschema.validate(written, arguments.schema)
    received = arguments.check(written)["it"]

    assert dumped(value) == dumped(received)
    assert type(value) is type(received) or isinstance(value, int | float)


@types
@given(typed, st.data())
def test_taken_or_refused_by_the_schema(one: Typed, data: st.DataObject):
    """What an independent validator admits by the schema is taken, what it refuses is refused."""
    annotation, values = one
    arguments = taking(annotation)
    legal = values.map(lambda value: json.loads(dumped({"it": value}))["it"])
    given = {"it": data.draw(json_values | legal.flatmap(altered))}
    oracle = jsonschema.Draft202012Validator(arguments.schema, format_checker=FORMATS)

    if not oracle.is_valid(given):
        assert faults(arguments, given)
    elif not any(f'"{name}"' in arguments.text for name in IGNORED):
        arguments.check(given)


def altered(value: Any) -> st.SearchStrategy[Any]:
    """*value* with something inside it that is another, or as it is."""
    if isinstance(value, dict) and value:
        return st.sampled_from(sorted(value)).flatmap(
            lambda key: altered(value[key]).map(lambda inner: {**value, key: inner})
        )
    if isinstance(value, list) and value:
        return altered(value[0]).map(lambda inner: [inner, *value[1:]])
    return st.just(value) | json_values


@given(typed)
def test_schema_is_valid(one: Typed):
    """Every schema is a valid JSON Schema, closed, and the same each time."""
    arguments = taking(one[0])

    jsonschema.Draft202012Validator.check_schema(arguments.schema)

    assert arguments.schema["additionalProperties"] is False
    assert arguments.text == taking(one[0]).text


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_hostile_text(text: str | bytes):
    """Any text is decoded to an object, or refused as invalid arguments."""
    try:
        value = decode(text)
    except InvalidArgumentsError:
        return

    assert isinstance(value, dict)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"it": NaN}', "NaN is not a number"),
        ('{"it": -Infinity}', "-Infinity is not a number"),
        ('{"it": 1e999}', "1e999 is not a number"),
        ('{"it": 1, "it": 2}', "key 'it' given twice"),
        ('{"it": {"x": 1, "x": 2}}', "key 'x' given twice"),
        ('{"it": "\\ud800"}', "surrogates not allowed"),
        ('{"it": 1', "line 1 column"),
        ('{"it": 1} {"it": 2}', "Extra data"),
        ("[1]", "expected a JSON object, got '[1]'"),
        ("[" * 100_000, "levels deep"),
        (b"\xff", "not JSON"),
        ('{"it": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "more than 64 levels deep"),
        ('{"it": "' + "x" * MAX_SIZE + '"}', "too long: 1000010 characters, at most 1000000"),
    ],
)
def test_strict_text(text: str | bytes, why: str):
    """JSON is read as RFC 8259 has it, and a refusal says why."""
    with pytest.raises(InvalidArgumentsError, match=why.replace("[", r"\[")) as caught:
        decode(text)

    assert len(str(caught.value)) <= MAX_FAULT


def test_many_brackets():
    """Many lists side by side are not deep."""
    assert 100 == len(decode('{"it": [' + ", ".join(["[1]"] * 100) + "]}")["it"])


def test_empty_text():
    """Models send nothing for no arguments."""
    assert {} == decode("")


@pytest.mark.parametrize(
    ("annotation", "value", "fault"),
    [
        (int, "1", 'it: expected an integer, got "1"'),
        (int, True, "it: expected an integer, got true"),
        (Literal["c", "f"], "k", 'it: expected one of "c", "f", got "k"'),
        (Annotated[int, Field(ge=1)], 0, "it: expected at least 1, got 0"),
        (list[int], [1, "x"], 'it[1]: expected an integer, got "x"'),
        (
            int | None,
            "x",
            'it: expected an integer or null, got "x"',
        ),
        (Annotated[int, Field(ge=1)] | None, 0, "it: expected at least 1, got 0"),
        (
            datetime,
            "soon",
            'it: expected a date-time such as 2026-01-31T12:30:00Z, got "soon"',
        ),
        (
            Decimal,
            "1_0",
            'it: expected text that matches ^-?[0-9]+(\\.[0-9]+)?$, got "1_0"',
        ),
    ],
    ids=str,
)
def test_faults_read_well(annotation: Any, value: Any, fault: str):
    """A fault is one line: the path, what was expected, what came."""
    assert (fault,) == faults(taking(annotation), {"it": value})


def test_missing_and_unknown():
    """What is missing and what is not asked for are faults of the whole."""
    assert {
        "other: there is no such key; known: it",
        "it: it is missing",
    } == {*faults(taking(int), {"other": 1})}


def test_closed_inside():
    """A misspelt key inside a model is a fault, not a lost value; a model may ask to be open."""

    class Closed(BaseModel):
        title: int = 1

    class Open(Closed):
        model_config = {"extra": "allow"}

    assert faults(taking(Closed), {"it": {"titel": 1}})
    assert {"titel": 1} == taking(Open).check({"it": {"titel": 1}})["it"].model_extra
    assert ["title"] == list(taking(Closed).schema["$defs"]["Closed"]["properties"])


def test_pydantic_has_the_last_word():
    """A check of the model's own, which no schema shows, is a fault with its path."""

    class Even(BaseModel):
        it: Annotated[int, Field(multiple_of=1)]

        def model_post_init(self, context: Any) -> None:
            if self.it % 2:
                raise ValueError("odd")

    assert ('it: Value error, odd, got {"it": 3}',) == faults(taking(Even), {"it": {"it": 3}})


def test_many_faults():
    """Of many faults the first ten are told, and how many more there are."""
    told = faults(taking(list[int]), {"it": ["x"] * 15})

    assert 11 == len(told)
    assert "and 5 more" == told[-1]


def test_long_fault():
    """A fault is cut before it fills the model's window."""
    (fault,) = faults(taking(Literal[*(f"{letter}" * 50 for letter in "abcdefgh")]), {"it": "z"})

    assert MAX_FAULT == len(fault)
    assert fault.endswith("...")


def test_zone_may_be_missing():
    """A naive datetime or time is a value, as it is in Python."""
    assert datetime(2026, 1, 2, 3, 4) == taking(datetime).check({"it": "2026-01-02T03:04"})["it"]
    assert time(10, 30) == taking(time).check({"it": "10:30"})["it"]


def test_extras():
    """Docstring text and default stand in the schema, beside the type."""
    assert {"type": "integer", "description": "How many.", "default": 3} == (
        taking(int, 3, "How many.").schema["properties"]["it"]
    )
    assert "red" == taking(Color, Color.RED).schema["properties"]["it"]["default"]
    assert "default" not in taking(Any, object()).schema["properties"]["it"]


def test_default_is_the_functions():
    """A missing argument stays missing, so that the function's own default holds."""
    assert {} == taking(int, 3).check("{}")


def test_copies():
    """Changing a returned schema changes nothing."""
    arguments = taking(int)
    arguments.schema.clear()

    assert "it" in arguments.schema["properties"]


@pytest.mark.parametrize(
    "name", ["json", "schema", "self", "model_config", "_id", "größe", "class"]
)
def test_any_name(name: str):
    """A parameter may have any name."""
    arguments = arguments_of([Parameter(name, int, EMPTY, "")], owner="f()")

    assert {name: 1} == arguments.check({name: 1})


def test_impossible_constraint():
    """A constraint that does not go with its type is an error that names the tool."""
    with pytest.raises(SchemaError, match=r"f\(\): its types do not make a schema"):
        taking(Annotated[str, Field(pattern="(")]).schema  # noqa: B018


def test_numbers_are_finite():
    """No float that reaches a tool is infinite or not a number."""
    arguments = taking(float)

    assert 1e300 == arguments.check('{"it": 1e300}')["it"]
    assert faults(arguments, {"it": math.inf})
    assert faults(arguments, {"it": math.nan})


def test_schema_of_decimal():
    """A Decimal is a number, or text that is one."""
    assert Decimal("1.10") == taking(Decimal).check({"it": "1.10"})["it"]
    assert ["number", "string"] == [one["type"] for one in schema_of(Decimal)["anyOf"]]
