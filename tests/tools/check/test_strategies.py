"""Arguments made from schemas: what is legal is, by an independent validator, and what is not is not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumos_tools import function_tool
from lumos_tools.check import arguments_for, invalid_arguments_for
from lumos_tools.check.evidence import Evidence
from lumos_tools.check.oracle import Oracle
from lumos_tools.check.strategies import from_schema, illegal, legal
from lumos_tools.check.subject import Subject
from lumos_tools.schema import arguments_of
from lumos_tools.signature import Parameter
from tests.tools.check.tools import Foreign, Order, accepts, of, send
from tests.tools.corpus import CASES
from tests.tools.random_types import Typed, typed


def model(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


NODE = model(value={"type": "integer"})
NODE["properties"]["children"] = {"type": "array", "items": {"$ref": "#/$defs/Node"}}
JSON = {
    "anyOf": [
        {"type": "null"},
        {"type": "array", "items": {"$ref": "#/$defs/Json"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Json"}},
    ]
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "allOf": of({"allOf": [{"type": "integer", "minimum": 1}, {"maximum": 5}]}),
    "allOf of what is defined": of(
        {
            "allOf": [
                {"$ref": "#/$defs/A"},
                {**model(b={"type": "string"}), "additionalProperties": True},
                True,
            ]
        },
        **{"$defs": {"A": {"type": "object", "properties": {"a": {}}, "required": ["a"]}}},
    ),
    "allOf of nothing": of({"anyOf": [{"allOf": [False]}, {"type": "null"}]}),
    "oneOf that overlaps": of({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 0}]}),
    "oneOf by a tag": of(
        {"oneOf": [model(k={"const": "a"}), model(k={"const": "b"}, n={"type": "number"})]}
    ),
    "anyOf beside a limit": of(
        {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/S"}], "minimum": 3},
        **{"$defs": {"S": {"type": "string"}}},
    ),
    "not": of({"type": "string", "not": {"enum": ["a", ""]}}),
    "not alone": of({"not": {"type": "string"}}),
    "if": of(
        {
            **model(a={"type": "boolean"}),
            "additionalProperties": {"type": "integer"},
            "if": {"properties": {"a": {"const": True}}},
            "then": {"minProperties": 2},
        }
    ),
    "patternProperties": of(
        {
            "type": "object",
            "patternProperties": {"^a": {"type": "integer"}, "^b.$": {"type": "string"}},
            "additionalProperties": False,
        }
    ),
    "patternProperties and others": of(
        {
            "type": "object",
            "patternProperties": {"^a": {"type": "integer"}},
            "additionalProperties": {"type": "string"},
            "required": ["a1", "b"],
            "minProperties": 3,
        }
    ),
    "propertyNames": of(
        {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2}$"},
            "additionalProperties": {"type": "integer"},
            "minProperties": 1,
            "maxProperties": 2,
        }
    ),
    "propertyNames, not these": of(
        {
            "type": "object",
            "propertyNames": {"not": {"enum": ["a", "b"]}},
            "additionalProperties": {"type": "integer"},
        }
    ),
    "dependentRequired": of(
        {
            "type": "object",
            "properties": {"a": {}, "b": {}},
            "dependentRequired": {"a": ["b"]},
            "additionalProperties": False,
        }
    ),
    "contains": of(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 3},
            "contains": {"const": 2},
        }
    ),
    "prefixItems": of(
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 1,
            "maxItems": 4,
            "items": {"type": "boolean"},
        }
    ),
    "prefixItems, all different": of(
        {
            "type": "array",
            "prefixItems": [{"enum": [1, 2]}, {"enum": [1, 2]}],
            "minItems": 2,
            "items": False,
            "uniqueItems": True,
        }
    ),
    "uniqueItems": of({"type": "array", "items": True, "uniqueItems": True, "minItems": 2}),
    "const": of({"const": {"a": [1]}}),
    "enum of a type": of({"enum": ["a", 1, None], "type": ["string", "null"]}),
    "several types": of({"type": ["integer", "string"], "minimum": 3, "maxLength": 2}),
    "no type": of({"minimum": 3, "maxLength": 2}),
    "anything": of({}),
    "a key that may not be": {
        "type": "object",
        "properties": {"a": False, "b": {"type": "integer"}},
        "additionalProperties": False,
    },
    "recursion": of({"$ref": "#/$defs/Node"}, **{"$defs": {"Node": NODE}}),
    "JSON in itself": of({"$ref": "#/$defs/Json"}, **{"$defs": {"Json": JSON}}),
    "recursion from the root": {
        "$ref": "#/$defs/N",
        "$defs": {"N": model(n={"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]})},
    },
    "a reference with a limit": of(
        {"$ref": "#/$defs/I", "description": "x", "maximum": 3},
        **{"$defs": {"I": {"type": "integer", "minimum": 0}}},
    ),
    "multipleOf": of({"type": "number", "multipleOf": 0.1}),
    "multipleOf within limits": of(
        {"type": "number", "multipleOf": 0.5, "minimum": 1, "exclusiveMaximum": 2}
    ),
    "multipleOf below": of({"type": "number", "multipleOf": 0.5, "maximum": -20_000}),
    "integers by threes": of(
        {"type": "integer", "multipleOf": 3, "exclusiveMinimum": 3, "maximum": 12}
    ),
    "between": of({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    "integers between": of({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3}),
    "pattern and length": of({"type": "string", "pattern": "^[A-Z]{2}\\d+$", "maxLength": 4}),
    "pattern without anchors": of({"type": "string", "pattern": "ab|c$"}),
    "lengths": of({"type": "string", "minLength": 2, "maxLength": 3}),
    "long text": of({"type": "string", "minLength": 600}),
    "no text": of({"type": "string", "maxLength": 0}),
    "format": of({"type": "string", "format": "email"}),
    "unknown format": of({"type": "string", "format": "path"}),
    "format and pattern": of(
        {
            "type": "string",
            "format": "uuid",
            "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        }
    ),
    "base64": of({"type": "string", "contentEncoding": "base64"}),
    "open": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "minProperties": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "minProperties": 1,
        "additionalProperties": False,
    },
    "unevaluatedProperties": {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}}],
        "unevaluatedProperties": False,
    },
}
OF_TOOLS = {
    f"{one.group}: {one.text}": function_tool(name="it")(one.function).parameters for one in CASES
}


def drawn(strategy: st.SearchStrategy[Any], examples: int = 10) -> list[Any]:
    return Evidence(Subject(Foreign(of({}), accepts)), examples=examples, seed=1).drawn(strategy)


@pytest.mark.parametrize("name", [*SCHEMAS, *[*OF_TOOLS][::2]])
def test_legal(name: str):
    """What is made of a schema is admitted by it, without being looked at once more."""
    schema = (SCHEMAS | OF_TOOLS)[name]
    made = drawn(from_schema(schema))

    assert made
    assert [] == [one for one in made if not Oracle(schema).admits(one)]


@pytest.mark.parametrize("name", [*SCHEMAS][::3])
def test_illegal(name: str):
    """What is made to be refused is refused, and is an object all the same."""
    schema = SCHEMAS[name]
    made = drawn(illegal(schema))

    assert made
    assert [] == [one for one in made if Oracle(schema).admits(one) or not isinstance(one, dict)]


@settings(max_examples=max(150, settings.default.max_examples))
@given(typed, st.data())
def test_random_types(one: Typed, data: st.DataObject):
    """Of random types, too: the stream is legal as it is made, and illegal where it has to be."""
    schema = arguments_of([Parameter("it", one[0])], owner="it()").schema
    oracle = Oracle(schema)

    assert oracle.admits(data.draw(from_schema(schema)))
    assert not oracle.admits(data.draw(illegal(schema)))


def test_variety():
    """Recursion goes deep, texts are odd, integers are written 1.0 now and then."""
    nodes = drawn(legal(SCHEMAS["recursion"]), 60)
    texts = drawn(legal(of({"type": "string"})), 60)
    numbers = drawn(legal(of({"type": "integer"})), 60)

    assert any("children" in child for node in nodes for child in node["it"].get("children", ()))
    assert {"", "é"} <= {one["it"] for one in texts}
    assert {int, float} == {type(one["it"]) for one in numbers}


def test_nothing():
    """Of a schema that admits nothing, nothing is made."""
    assert [] == drawn(legal(of({"type": "integer", "minimum": 3, "maximum": 2})))
    assert [] == drawn(legal(of({"enum": []})))


@given(arguments_for(send), invalid_arguments_for(send))
def test_of_a_tool(right: dict[str, Any], wrong: dict[str, Any]):
    """For a test of one's own: legal arguments of a tool, and illegal ones."""
    assert send.check(right).arguments == right
    assert not Oracle(send.parameters).admits(wrong)


@given(arguments_for(Order))
def test_of_a_model(right: dict[str, Any]):
    """A model has them, too."""
    assert "pieces" in right
