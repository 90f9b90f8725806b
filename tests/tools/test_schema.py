"""Schemas, and the checker that agrees with them."""

import base64
import json
import math
from collections import deque
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import perf_counter as time_now
from typing import Annotated, Any, Literal

import jsonschema
import pydantic_core
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, RootModel
from pydantic.dataclasses import dataclass as pydantic_dataclass

from lumos_tools import FunctionSchema, InvalidArgumentsError, SchemaError
from lumos_tools.decoding import MAX_DEPTH, MAX_SIZE, decode
from lumos_tools.faults import MAX_FAULT
from lumos_tools.schema import MAX_DOUBLED, Arguments, arguments_of
from lumos_tools.signature import EMPTY, Parameter
from lumos_tools.tool import as_tool
from tests.tools.oracle import oracle
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


def written(value: Any) -> Any:
    """*value* as JSON, with bytes as RFC 4648, section 4 has them; pydantic has - and _ in them."""
    return json.loads(pydantic_core.to_json(plain(value)))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, RootModel):
        return plain(value.root)
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset | list | tuple | deque):
        return [plain(one) for one in value]
    return value


def known(value: Any) -> Any:
    """*value* with the type of everything in it, to be compared with `==`."""
    kind: Any = type(value)
    if isinstance(value, RootModel):
        return kind, known(value.root)
    if isinstance(value, BaseModel):
        return kind, {name: known(getattr(value, name)) for name in kind.model_fields}
    if is_dataclass(value):
        return kind, {one.name: known(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return kind, {known(key): known(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return kind, frozenset(map(known, value))
    if isinstance(value, list | tuple | deque):
        return kind, [*map(known, value)]
    return kind, value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


types = settings(max_examples=max(150, settings.default.max_examples))


@types
@given(typed, st.data())
def test_values_arrive(one: Typed, data: st.DataObject):
    """A value of any type, written as JSON, passes the schema and arrives as it was."""
    arrives(one, data)


def arrives(one: Typed, data: st.DataObject) -> None:
    annotation, values = one
    value = data.draw(values)
    sent = written({"it": value})
    arguments = taking(annotation)

    oracle(arguments.schema).validate(sent)

    assert known(value) == known(arguments.check(sent)["it"])


@types
@given(typed, st.data())
def test_taken_or_refused_by_the_schema(one: Typed, data: st.DataObject):
    """The gate says of every value what an independent validator says, and what it admits is taken."""
    agrees(one, data)


def agrees(one: Typed, data: st.DataObject) -> None:
    annotation, values = one
    arguments = taking(annotation)
    legal = values.map(lambda value: written({"it": value})["it"])
    given = {"it": data.draw(json_values | legal.flatmap(altered))}
    admits = oracle(arguments.schema).is_valid(given)

    assert admits == arguments._gate.is_valid(decode(json.dumps(given)))
    if admits:
        arguments.check(given)
    else:
        assert faults(arguments, given)


def altered(value: Any) -> st.SearchStrategy[Any]:
    """*value* with something inside it that is another, is missing or is there once more."""
    other = st.just(value) | json_values
    if isinstance(value, dict) and value:
        key = st.sampled_from(sorted(value))
        return (
            key.flatmap(lambda key: altered(value[key]).map(lambda inner: {**value, key: inner}))
            | key.map(lambda key: {name: value[name] for name in value if name != key})
            | key.map(lambda key: {**value, f"{key}x": value[key]})
            | other
        )
    if isinstance(value, list) and value:
        at = st.integers(0, len(value) - 1)
        return (
            at.flatmap(lambda at: altered(value[at]).map(lambda one: _with(value, at, [one])))
            | at.map(lambda at: _with(value, at, []))
            | at.map(lambda at: [*value, value[at]])
            | json_values.map(lambda one: [*value, one])
            | other
        )
    if isinstance(value, str) and value:
        at, letter = (
            st.integers(0, len(value) - 1),
            st.sampled_from("0139-:.TZPx\n") | st.text(max_size=1),
        )
        return st.builds(lambda at, letter: _with(value, at, letter), at, letter) | other
    if type(value) in (int, float):
        return st.sampled_from([value + 1, -value, value / 2, value + 0.5]) | other
    return other


def _with(value: Any, at: int, part: Any) -> Any:
    return value[:at] + part + value[at + 1 :]


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
        ('{"it": 1e999}', "too large for a float: 1e999"),
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
    """Of many faults the first ten are told, and that there are more."""
    told = faults(taking(list[int]), {"it": ["x"] * 15})

    assert 11 == len(told)
    assert "and more" == told[-1]


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
    for mark in (object(), Color, Wrapped, Ellipsis):
        assert "default" not in taking(Any, mark).schema["properties"]["it"]


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


@pytest.mark.parametrize(
    ("annotation", "value", "fault"),
    [
        (list[int], ["x"] * 200_000, 'it[0]: expected an integer, got "x"'),
        (list[int] | None, ["x"] * 200_000, 'it[0]: expected an integer, got "x"'),
        (list[int] | None, [1] * 50 + ["x"] * 150_000, 'it[50]: expected an integer, got "x"'),
        (list[list[int] | None], [["x"] * 500] * 400, 'it[0][0]: expected an integer, got "x"'),
        (dict[str, int] | None, {f"{n}": "x" for n in range(70_000)}, "too many"),
        (list[int], [1] * 300_000 + ["x"], "too many"),
        (
            Annotated[list[int], Field(min_length=2_000)],
            ["x"] * 150_000,
            "it[0]: expected an integer",
        ),
        (set[int], [*range(100_000), 0], "too many"),
    ],
    ids=[
        "list",
        "list or null",
        "after 50",
        "lists",
        "keys",
        "after 300 000",
        "at least 2 000",
        "set",
    ],
)
def test_many_values(annotation: Any, value: Any, fault: str):
    """Of a document with very many values the faults among the first are told, and at once."""
    arguments = taking(annotation)
    with pytest.raises(InvalidArgumentsError):
        arguments.check("{}")  # all is built
    text = json.dumps({"it": value}, separators=(",", ":"))
    began = time_now()

    told = faults(arguments, text)

    assert time_now() - began < 5  # of a busy machine; it took 17 s
    assert fault in told[0]


def test_first_items():
    """Where only the first items were looked at, that is told."""
    told = faults(taking(list[int]), {"it": [1, 2, "x", *[1] * 5_000]})

    assert (
        'it[2]: expected an integer, got "x"',
        "of each list only the first 10 items were looked at",
    ) == told


def test_many_unknown_keys():
    """Unknown keys by the thousand are answered at once."""
    arguments = taking(int)
    began = time_now()

    told = faults(arguments, {f"key{n}": 1 for n in range(1_900)})

    assert time_now() - began < 5
    assert ("key0: there is no such key; known: it", "and more") == (told[0], told[-1])


class Left(BaseModel):
    inner: "Left | Right | None" = None
    a: int = 0


class Right(BaseModel):
    inner: "Left | Right | None" = None
    a: int = 0


def test_unions_that_hold_themselves():
    """Errors that double with every level are not looked for in deep documents; in others they are."""
    given: dict[str, Any] = {"a": "x"}
    for _ in range(40):
        given = {"inner": given}
    arguments = taking(Left)
    began = time_now()

    assert (
        "they do not fit the schema, and are too many, or too deep, to say where; send less at once",
    ) == (faults(arguments, {"it": given}))
    assert time_now() - began < 5
    assert ('it.a: expected an integer, got "x"',) == faults(arguments, {"it": {"a": "x"}})


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("no"), RecursionError("deep")], ids=repr
)
def test_a_validator_that_fails(error: Exception, caplog: pytest.LogCaptureFixture):
    """A validator that raises anything is a fault for the model, and the traceback is in the log."""

    def fail(value: int) -> int:
        raise error

    told = faults(taking(Annotated[int, AfterValidator(fail)]), {"it": 1})

    assert (f"{type(error).__name__}: {error}",) == told
    assert "in fail" in caplog.text


class Node(FunctionSchema):
    """A node."""

    value: int
    children: list["Node"] = []

    def run(self) -> int:
        return self.value + sum(one.value for one in self.children)


async def test_a_schema_that_holds_itself():
    """A `FunctionSchema` that holds itself is an object at the root, and refers to itself inside."""
    tool = as_tool(Node)
    schema = tool.parameters

    assert ("object", False) == (schema["type"], schema["additionalProperties"])
    assert {"$ref": "#/$defs/Node"} == schema["properties"]["children"]["items"]
    assert "$ref" not in schema
    assert "3" == await tool.call({"value": 1, "children": [{"value": 2}]})
    with pytest.raises(InvalidArgumentsError, match=r"children\[0\].valeu: there is no such key"):
        tool.check({"value": 1, "children": [{"valeu": 2}]})


class Kind(BaseModel):
    kind: Literal["kind"] = "kind"


class Other(BaseModel):
    kind: Literal["other"] = "other"
    n: int = 0


def test_what_tells_kinds_apart():
    """The key that tells kinds apart has to be there, whatever its default, as pydantic has it."""
    arguments = taking(Annotated[Kind | Other, Field(discriminator="kind")])

    assert ('it: expected an object with "kind", got {"n": 1}',) == faults(
        arguments, {"it": {"n": 1}}
    )
    assert Other(n=1) == arguments.check({"it": {"kind": "other", "n": 1}})["it"]


class Settings(BaseModel):
    model_config = {"val_json_bytes": "base64", "ser_json_bytes": "base64"}
    key: bytes = b"\xff\xfe"
    limit: float = math.inf
    colors: frozenset[Color] = frozenset(Color)


@dataclass
class Wrapped:
    inner: Settings


@pydantic_dataclass
class Renamed:
    size: int = Field(alias="the size")


@pytest.mark.parametrize(
    ("annotation", "default", "shown"),
    [
        (bytes, b"\xff\xfe", "//4="),
        (set[str], {"c", "a", "b"}, ["a", "b", "c"]),
        (list[frozenset[int]], [frozenset({3, 1, 2})], [[1, 2, 3]]),
        (dict[Color, tuple[bytes, ...]], {Color.RED: (b"\xff",)}, {"red": ["/w=="]}),
        (date, date(2026, 1, 2), "2026-01-02"),
        (Kind, Kind(), {"kind": "kind"}),
        (Renamed, Renamed(**{"the size": 1}), {"the size": 1}),
        (
            Wrapped,
            Wrapped(Settings(limit=1.5)),
            {"inner": {"key": "//4=", "limit": 1.5, "colors": ["blue", "red"]}},
        ),
    ],
    ids=str,
)
def test_defaults(annotation: Any, default: Any, shown: Any):
    """A default is shown as the tool reads it, and the same in every process."""
    arguments = taking(annotation, default)

    assert shown == arguments.schema["properties"]["it"]["default"]
    assert default == arguments.check({"it": shown})["it"]


def test_no_infinity_in_schemas():
    """A default that JSON cannot say is not said: the text is RFC 8259."""
    fields = taking(Settings).schema["$defs"]["Settings"]["properties"]

    assert "default" not in fields["limit"]
    assert ("//4=", ["blue", "red"]) == (fields["key"]["default"], fields["colors"]["default"])
    assert "default" not in taking(float, math.inf).schema["properties"]["it"]
    assert "default" not in taking(Any, [math.nan]).schema["properties"]["it"]
    assert "Infinity" not in taking(Settings).text
    with pytest.raises(SchemaError, match="not JSON compliant"):
        taking(Annotated[float, Field(json_schema_extra={"x": math.inf})]).schema  # noqa: B018


def test_days_of_the_calendar():
    """A day that no calendar has is refused by the gate, in a date and in a date-time."""
    for annotation, text in (
        (date, "2026-02-30"),
        (datetime, "2026-02-30T00:00"),
        (date, "0000-01-01"),
    ):
        assert not taking(annotation)._gate.is_valid({"it": text})


def test_no_number_is_too_large():
    """A number that the gate admits for a float is one."""
    assert faults(taking(float), f'{{"it": {"9" * 400}}}')


def test_doubling():
    """Classes that hold themselves in a union without a discriminator may be so deep and no deeper."""
    arguments = taking(Left | Right)

    def nested(levels: int) -> Any:
        value: Any = {}
        for _ in range(levels):
            value = {"inner": value}
        return {"it": value}

    began = time_now()
    arguments.check(nested(MAX_DOUBLED - 2))
    assert ("more than 12 levels deep; send less at once",) == faults(
        arguments, nested(MAX_DOUBLED - 1)
    )
    assert faults(arguments, nested(MAX_DEPTH - 3))
    assert time_now() - began < 5


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(timedelta | int, 1), (bool | int | str, 1), (Literal[1, True], 1), (float, 1.0), (Any, 1)],
    ids=str,
)
def test_one_is_an_integer(annotation: Any, expected: Any):
    """1.0 is an integer to JSON Schema, and no truth and no time."""
    got = taking(annotation).check('{"it": 1.0}')["it"]

    assert (expected, type(expected)) == (got, type(got))
