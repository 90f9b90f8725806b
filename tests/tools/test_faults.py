"""Faults as a model reads them."""

import itertools
from typing import Any

import jsonschema_rs
import pytest

from lumos_tools import faults as module
from lumos_tools.faults import bounded, gate_faults, got, model_faults

CAT = {
    "type": "object",
    "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
    "required": ["kind"],
    "additionalProperties": False,
}
DOG = {
    "type": "object",
    "properties": {"kind": {"const": "dog"}, "name": {"type": "string"}},
    "required": ["kind", "name"],
    "additionalProperties": False,
}
REF = {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    whole = {
        "type": "object",
        "properties": {"it": schema},
        "required": ["it"],
        "additionalProperties": False,
        "$defs": {"Cat": CAT, "Dog": DOG},
    }
    gate = jsonschema_rs.validator_for(whole, validate_formats=True)
    return gate_faults(gate.iter_errors(value), whole)


@pytest.mark.parametrize(
    ("schema", "value", "fault"),
    [
        ({"type": "integer"}, "1", 'it: expected an integer, got "1"'),
        ({"type": ["null", "integer"]}, "1", 'it: expected an integer or null, got "1"'),
        (
            {"enum": ["up", "down"]},
            "Up",
            'it: expected one of "up", "down", got "Up"; did you mean "up"?',
        ),
        ({"enum": ["up"]}, 3, 'it: expected one of "up", got 3'),
        ({"enum": ["up"]}, "left", 'it: expected one of "up", got "left"'),
        ({"const": 1}, 2, "it: expected 1, got 2"),
        ({"minimum": 1}, 0, "it: expected at least 1, got 0"),
        ({"multipleOf": 5}, 3, "it: expected a multiple of 5, got 3"),
        ({"maxLength": 1}, "ab", 'it: expected at most 1 characters, got "ab"'),
        ({"pattern": "^a$"}, "b", 'it: expected text that matches ^a$, got "b"'),
        ({"format": "date"}, "x", 'it: expected a date such as 2026-01-31, got "x"'),
        ({"format": "hostname"}, "-", 'it: expected a hostname, got "-"'),
        ({"uniqueItems": True}, [1, 1], "it: expected items that are all different, got [1, 1]"),
        ({"not": {"type": "null"}}, None, "it: expected what 'not' of the schema says, got null"),
        (
            {"propertyNames": {"pattern": "^a$"}},
            {"b": 1},
            'it: expected text that matches ^a$, got "b" (a key)',
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "x",
            'it: expected an integer or null, got "x"',
        ),
        ({"anyOf": [{"minimum": 5}, {"type": "null"}]}, 3, "it: expected at least 5, got 3"),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, 3, "it: expected 1 or 2, got 3"),
        (REF, {"kind": "dog"}, "it.name: it is missing"),
        (REF, {"name": "Rex"}, 'it: expected an object with "kind", got {"name": "Rex"}'),
        (REF, {"kind": "cow"}, 'it.kind: expected "cat" or "dog", got "cow"'),
        (REF, {"kind": "cat", "life": 1}, 'it.life: there is no such key; did you mean "lives"?'),
        (REF, {"kind": "cat", "zzz": 1}, "it.zzz: there is no such key; known: kind, lives"),
        ({"additionalProperties": False}, {"a": 1}, "it: there is no such key"),
    ],
)
def test_sentences(schema: dict[str, Any], value: Any, fault: str):
    """A fault says where, what was expected, what came, and the nearest legal word."""
    assert [fault] == faults(schema, {"it": value})


def test_overlapping_union():
    """Where more than one branch of a oneOf fits, that is said, too."""
    told = faults({"oneOf": [{"type": "integer"}, {"minimum": 1}]}, {"it": 2})

    assert ["it: expected one of several shapes, got 2"] == told


def test_long_words():
    """No legal word is looked for that is like a long one: the time would be felt."""
    (near,) = faults({"enum": ["up" * 51]}, {"it": "up" * 50})
    (far,) = faults({"enum": ["up" * 50]}, {"it": "up" * 51})

    assert ("did you mean" in near, "did you mean" in far) == (True, False)


def test_bounded():
    """Faults are worded as far as they are told."""
    numbers = itertools.count(1)

    assert [*map(str, range(1, 11)), "and more"] == bounded(map(str, numbers))
    assert 12 == next(numbers)


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (("it", 0, "one", "n"), "it[0].n: no, got 3"),
        (("it", "function-after[f(), list[One]]", 0, "n"), "it[0].n: no, got 3"),
        (("keys", "1", "[key]"), "keys.1: no, got 3 (a key)"),
        (("it", 7, "n"), "it: no, got 3"),
        ((), "no, got 3"),
    ],
)
def test_places_of_a_model(place: tuple[str | int, ...], fault: str):
    """A place is one that the model wrote, without the branches and keys that pydantic names."""
    given = {"it": [{"kind": "one", "n": 3}], "keys": {"1": 3}}

    assert [fault] == model_faults([{"loc": place, "msg": "no", "input": 3}], given)


def test_long_values():
    """What came is cut before it fills the line."""
    assert 60 == len(got("x" * 100))
    assert '"x"' == got("x")


def test_every_word():
    """Every JSON type has a word."""
    assert {"string", "integer", "number", "boolean", "null", "array", "object"} == {*module.TYPES}
