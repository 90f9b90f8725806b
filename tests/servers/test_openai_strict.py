"""The rules that the test server holds the schemas of strict functions to."""

from typing import Any

import pytest

from tests.servers.openai_strict import faults


def closed(**properties: Any) -> dict[str, Any]:
    """A closed object, all of whose properties are required."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def one(**part: Any) -> dict[str, Any]:
    return closed(a=part)


def nested(levels: int) -> dict[str, Any]:
    return closed(a=nested(levels - 1)) if levels > 1 else closed()


def named(number: int) -> dict[str, Any]:
    return closed(**{f"p{index}": {"type": "string"} for index in range(number)})


def enums(*values: list[Any]) -> dict[str, Any]:
    parts = {f"p{index}": {"type": "string", "enum": each} for index, each in enumerate(values)}
    return closed(**parts)


def words(number: int, length: int) -> list[str]:
    return [f"{index:0{length}}" for index in range(number)]


NODE = closed(next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]})


@pytest.mark.parametrize(
    "good",
    [
        closed(),
        one(type="string", title="A", description="An a.", pattern=r"^[a-z]+$"),
        *(one(type=kind) for kind in ("string", "number", "integer", "boolean", "null")),
        one(type=["string", "null"]),
        *(
            one(type="string", format=name)
            for name in "date-time time date duration email hostname ipv4 ipv6 uuid".split()
        ),
        one(type="integer", minimum=0, maximum=9, multipleOf=3),
        one(type="number", exclusiveMinimum=0, exclusiveMaximum=9),
        one(type="array", items={"type": "string"}, minItems=2, maxItems=3),
        one(type="string", enum=["a", "b"]),
        one(type="string", const="a"),
        one(anyOf=[{"type": "string"}, closed(b={"type": "null"})], description="Either."),
        one(anyOf=[{"$ref": "#/$defs/A"}], description="An A.") | {"$defs": {"A": closed()}},
        one(**{"$ref": "#/definitions/A"}) | {"definitions": {"A": closed()}},
        one(anyOf=[{"$ref": "#"}, {"type": "null"}]),
        one(**{"$ref": "#/$defs/Node"}) | {"$defs": {"Node": NODE}},
        nested(10),
        named(5000),
        enums(words(500, 3), words(500, 3)),
        enums(words(250, 100)),
        enums(words(251, 59)),
        enums([*range(251)]),
        one(type="string", const="a" * 119_999),
    ],
)
def test_good(good: dict[str, Any]):
    """What OpenAI's guide lists as supported is taken."""
    assert [] == [*faults(good)]


PERMITTED = "In context=('properties', 'a'), '{}' is not permitted."
EVERY = (
    "'required' is required to be supplied and to be an array including every key in properties."
)
REFERENCE = (
    "In context=('properties', 'a'), reference can only point to definitions defined at the top "
    "level of the schema."
)
UNTYPED = "In context=('properties', 'a'), schema must have a 'type' key."


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("allOf", [{"type": "string"}]),
        ("oneOf", [{"type": "string"}]),
        ("not", {"type": "string"}),
        ("if", {"type": "string"}),
        ("then", {"type": "string"}),
        ("else", {"type": "string"}),
        ("dependentRequired", {"a": ["b"]}),
        ("dependentSchemas", {"a": closed()}),
        ("prefixItems", [{"type": "string"}]),
        ("contains", {"type": "string"}),
        ("minContains", 1),
        ("maxContains", 1),
        ("uniqueItems", True),
        ("unevaluatedItems", False),
        ("unevaluatedProperties", False),
        ("patternProperties", {"^a": {"type": "string"}}),
        ("propertyNames", {"type": "string"}),
        ("minProperties", 1),
        ("maxProperties", 1),
        ("minLength", 1),
        ("maxLength", 1),
        ("contentEncoding", "base64"),
        ("contentMediaType", "text/plain"),
        ("default", None),
        ("examples", ["a"]),
        ("deprecated", True),
        ("discriminator", {"propertyName": "a"}),
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("$comment", "?"),
        ("x-order", 1),
    ],
)
def test_not_permitted(key: str, value: Any):
    """A keyword that the guide does not list is refused, wherever it is."""
    part = {"type": "string", key: value}
    array = {"type": "array", "items": part}
    expected = f"In context=('properties', 'a', 'items'), '{key}' is not permitted."

    assert [PERMITTED.format(key)] == [*faults(one(**part))]
    assert [expected] == [*faults(one(**array))]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            {**closed(), "additionalProperties": True},
            "In context=(), 'additionalProperties' is required to be supplied and to be false.",
        ),
        (
            one(type="object", properties={}),
            "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and "
            "to be false.",
        ),
        (
            one(type=["object", "null"], properties={}, additionalProperties={"type": "string"}),
            "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and "
            "to be false.",
        ),
        (
            one(type="object", additionalProperties=False),
            "In context=('properties', 'a'), object schema missing properties.",
        ),
        (
            closed(a={"type": "null"}, b={"type": "null"}) | {"required": ["a"]},
            f"In context=(), {EVERY} Missing 'b'.",
        ),
        (
            closed() | {"required": ["a"]},
            f"In context=(), {EVERY} Extra required key 'a' supplied.",
        ),
        (
            closed() | {"$defs": {"A": {**closed(b={"type": "null"}), "required": []}}},
            f"In context=('$defs', 'A'), {EVERY} Missing 'b'.",
        ),
        (closed(a=True), UNTYPED),
        (closed(a={}), UNTYPED),
        (one(description="Anything."), UNTYPED),
        (one(const="a"), UNTYPED),
        (one(enum=["a", 1]), UNTYPED),
        (
            one(type="array", items=True),
            "In context=('properties', 'a', 'items'), schema must have a 'type' key.",
        ),
        (
            one(anyOf=[{"type": "null"}, {}]),
            "In context=('properties', 'a', 'anyOf', '1'), schema must have a 'type' key.",
        ),
        (
            one(type="string", format="uri"),
            "In context=('properties', 'a'), 'uri' is not a valid format.",
        ),
        (
            one(type="string", pattern="^a(?!b)"),
            "In context=('properties', 'a'), 'pattern' is not valid: regex lookaround is not "
            "supported.",
        ),
        (
            one(**{"$ref": "#/$defs/A", "title": "A", "description": "An A."})
            | {"$defs": {"A": closed()}},
            "In context=('properties', 'a'), $ref cannot have keywords {'description', 'title'}.",
        ),
        (one(**{"$ref": "#/$defs/A"}), REFERENCE),
        (one(**{"$ref": "#/properties/a"}), REFERENCE),
        (one(**{"$ref": "https://example.com/a.json"}), REFERENCE),
    ],
)
def test_bad(bad: dict[str, Any], why: str):
    """An open or a partly required object, a part without a type, and a stray reference are refused."""
    assert [why] == [*faults(bad)]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (nested(11), "11 levels of nesting exceeds limit of 10."),
        (
            closed() | {"$defs": {"A": one(type="array", items=nested(10))}},
            "11 levels of nesting exceeds limit of 10.",
        ),
        (one(anyOf=[nested(10)]), "11 levels of nesting exceeds limit of 10."),
        (named(5001), "5001 parameters exceeds limit of 5000."),
        (named(5000) | {"$defs": {"A": named(1)}}, "5001 parameters exceeds limit of 5000."),
        (enums(words(500, 3), words(501, 3)), "1001 enum values exceeds limit of 1000."),
        (enums(words(251, 60)), "15060 characters of one enum exceeds limit of 15000."),
        (
            one(type="string", const="a" * 120_000),
            "120001 characters of names and values exceeds limit of 120000.",
        ),
        (
            one(type="string", enum=["a" * 119_998]) | {"$defs": {"AB": closed()}},
            "120001 characters of names and values exceeds limit of 120000.",
        ),
    ],
)
def test_limits(bad: dict[str, Any], why: str):
    """One more level, property, value or character than the guide allows is refused."""
    assert [why] == [*faults(bad)]
