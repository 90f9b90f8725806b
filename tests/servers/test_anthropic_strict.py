"""The rules that the Anthropic test server holds the schemas of strict tools to."""

from typing import Any

import pytest

from tests.servers.anthropic_strict import excess, faults


def closed(*required: str, **properties: Any) -> dict[str, Any]:
    """A closed object with so much of it required."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*required],
        "additionalProperties": False,
    }


def one(**part: Any) -> dict[str, Any]:
    return closed("a", a=part)


def optional(number: int) -> dict[str, Any]:
    return closed(**{f"p{index}": {"type": "string"} for index in range(number)})


def unions(number: int, **part: Any) -> dict[str, Any]:
    names = [f"p{index}" for index in range(number)]
    return closed(*names, **dict.fromkeys(names, part))


@pytest.mark.parametrize(
    "good",
    [
        {"type": "object", "additionalProperties": False},
        closed(a={"type": "string"}, b={"type": "integer"}),
        *(one(type=kind) for kind in ("string", "number", "integer", "boolean", "null")),
        one(type=["string", "null"], title="A", description="An a.", default=None),
        *(
            one(type="string", format=name)
            for name in "date-time time date duration email hostname uri ipv4 ipv6 uuid".split()
        ),
        one(type="string", pattern=r"^[A-Z]{2}\d+$"),
        one(type="array", items={"type": "string"}, minItems=0),
        one(type="array", items=closed(), minItems=1),
        one(type=["array", "string"], minItems=1, format="date"),
        one(enum=["a", 1, 1.5, True, None]),
        one(type="string", const="a"),
        one(anyOf=[{"type": "string"}, closed(b={"type": "null"})]),
        one(allOf=[{"type": "string"}]),
        one(**{"$ref": "#/$defs/A", "description": "An A."}) | {"$defs": {"A": closed()}},
        one(**{"$ref": "#/definitions/A"}) | {"definitions": {"A": closed()}},
        closed(a={"$ref": "#/$defs/A"}, b={"$ref": "#/$defs/A"})
        | {"$defs": {"A": one(**{"$ref": "#/$defs/B"}), "B": closed()}},
    ],
)
def test_good(good: dict[str, Any]):
    """What Anthropic's page lists as supported is taken."""
    assert [] == [*faults(good)]


STRING, NUMBER = {"type": "string"}, {"type": "number"}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("integer", "minimum", 1),
        ("number", "maximum", 1),
        ("integer", "exclusiveMinimum", 1),
        ("number", "exclusiveMaximum", 1),
        ("integer", "multipleOf", 2),
        ("string", "minLength", 1),
        ("string", "maxLength", 1),
        ("string", "contentEncoding", "base64"),
        ("string", "examples", ["a"]),
        ("array", "maxItems", 1),
        ("array", "uniqueItems", True),
        ("array", "contains", STRING),
        ("array", "minContains", 1),
        ("array", "prefixItems", [STRING]),
        ("array", "unevaluatedItems", False),
        ("string", "if", STRING),
        ("string", "then", STRING),
        ("string", "else", STRING),
        ("string", "discriminator", {"propertyName": "a"}),
        ("string", "items", STRING),
        ("number", "format", "date"),
    ],
)
def test_not_supported(kind: str, key: str, value: Any):
    """A keyword that is not of the type, or of no type that Anthropic knows, is refused."""
    expected = f"For '{kind}' type, property '{key}' is not supported"

    assert [expected] == [*faults(one(**{"type": kind, key: value}))]
    assert [expected] == [*faults(one(type="array", items={"type": kind, key: value}))]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patternProperties", {"^a": STRING}),
        ("propertyNames", STRING),
        ("minProperties", 1),
        ("maxProperties", 1),
        ("dependentRequired", {"a": ["b"]}),
        ("dependentSchemas", {"a": closed()}),
        ("unevaluatedProperties", False),
    ],
)
def test_not_supported_of_objects(key: str, value: Any):
    """Of an object, its properties can be listed and required, and nothing more."""
    expected = f"For 'object' type, property '{key}' is not supported"

    assert [expected] == [*faults({**closed(), key: value})]


OPEN = (
    "For 'object' type, 'additionalProperties: object' is not supported. Please set "
    "'additionalProperties' to false"
)
UNTYPED = "Schema must have a 'type', 'enum', 'const', 'anyOf', 'allOf' or '$ref' field"
SCALARS = "Only strings, numbers, booleans and null are supported in 'enum' and 'const'"


def circle(names: str) -> str:
    return (
        f"Circular reference detected in schema definitions: {names}. Self-referencing or "
        "mutually-referencing definitions are not supported."
    )


def pattern(text: str) -> dict[str, Any]:
    return one(type="string", pattern=text)


def reference(to: str, **definitions: Any) -> dict[str, Any]:
    return closed(a={"$ref": to}) | {"$defs": definitions}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            {"type": "object", "properties": {}},
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            one(type=["object", "null"]),
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        ({**closed(), "additionalProperties": True}, OPEN),
        (one(type="object", additionalProperties={"type": "string"}), OPEN),
        (
            one(type="integer", minimum=1, maximum=9),
            "For 'integer' type, properties maximum, minimum are not supported",
        ),
        (
            one(anyOf=[STRING], minLength=1),
            "For 'any' type, property 'minLength' is not supported",
        ),
        (
            one(type="array", items=STRING, minItems=2),
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported (got: 2)",
        ),
        (one(oneOf=[STRING], type="string"), "Schema type 'oneOf' is not supported"),
        (one(type="string", **{"not": NUMBER}), "Schema keyword 'not' is not supported"),
        (closed(a=True), UNTYPED),
        (closed(a={}), UNTYPED),
        (one(type="array", items={}), UNTYPED),
        (one(enum=["a", ["b"]]), SCALARS),
        (one(const={"a": 1}), SCALARS),
        (one(type="string", format="iri"), "For 'string' type, format 'iri' is not supported"),
        (
            pattern("^(?=.*P).*$"),
            "Invalid regex in pattern field: Quantifier '?' without preceding element",
        ),
        (
            pattern(r"^(a)\1$"),
            "Unsupported regex feature in pattern field: Backreferences are not supported.",
        ),
        (
            pattern(r"\bParis\b"),
            r"Unsupported regex feature in pattern field: \b is not supported.",
        ),
        (
            reference("https://example.com/a.json"),
            "$ref 'https://example.com/a.json' is not supported: only definitions of the schema "
            "itself are",
        ),
        (
            reference("#/$defs/B", A=closed()),
            "$ref '#/$defs/B' is not supported: only definitions of the schema itself are",
        ),
        (
            one(allOf=[{"anyOf": [{"$ref": "#/$defs/A"}]}]) | {"$defs": {"A": closed()}},
            "'allOf' with '$ref' is not supported",
        ),
        (reference("#/$defs/A", A=closed(a={"$ref": "#/$defs/A"})), circle("A -> A")),
        (
            reference("#/$defs/A", A=closed(a={"$ref": "#/$defs/B"}), B={"$ref": "#/$defs/A"}),
            circle("A -> B -> A"),
        ),
        (reference("#"), circle("# -> #")),
    ],
)
def test_bad(bad: dict[str, Any], why: str):
    """What is open, untyped, recursive or foreign is refused, and what no grammar is made for."""
    assert [why] == [*faults(bad)]


@pytest.mark.parametrize(
    "good",
    [
        [],
        [closed()] * 20,
        [optional(24)],
        [optional(8), closed(a=optional(15))],
        [unions(16, type=["string", "null"])],
        [unions(8, anyOf=[STRING]), one(type="array", items=unions(8, anyOf=[STRING]))],
        [closed(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": optional(24)}}],
    ],
)
def test_within(good: list[dict[str, Any]]):
    """Twenty strict tools, 24 optional parameters and 16 unions in all are taken."""
    assert [] == [*excess(good)]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            [closed()] * 21,
            "Too many strict tools (21). The maximum number of strict tools supported is 20. Try "
            "reducing the number of tools marked as strict.",
        ),
        (
            [optional(12), one(anyOf=[STRING, optional(13)])],
            "Schemas contains too many optional parameters (25), which would make grammar "
            "compilation inefficient. Reduce the number of optional parameters in your tool "
            "schemas (limit: 24).",
        ),
        (
            [unions(8, anyOf=[STRING]), one(type="array", items=unions(9, type=["null"]))],
            "Schemas contains too many parameters with union types (17 parameters with type arrays "
            "or anyOf). This causes exponential compilation cost. Reduce the number of nullable or "
            "union-typed parameters (limit: 16 parameters with unions).",
        ),
    ],
)
def test_excess(bad: list[dict[str, Any]], why: str):
    """One more than that, over all the tools and at any depth, is refused."""
    assert [why] == [*excess(bad)]
