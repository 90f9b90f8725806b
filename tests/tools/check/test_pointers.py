"""The parts of schemas: what refers to what, and two as one."""

from typing import Any

import pytest

from lumos_tools.check.pointers import inside, merged, parts, recursive, references, resolved, told

SCHEMA: dict[str, Any] = {
    "properties": {
        "a": {"$ref": "#/$defs/A"},
        "b": {
            "type": "array",
            "prefixItems": [{"type": "integer"}],
            "items": {"$ref": "#/$defs/B"},
        },
        "$ref": {"const": {"$ref": "#/$defs/none"}},
        "c": True,
    },
    "$defs": {
        "A": {"anyOf": [{"type": "null"}, {"properties": {"a": {"$ref": "#/$defs/A"}}}]},
        "B": {"type": "string"},
        "a/b~c": {"type": "boolean"},
    },
}


def test_references():
    """Each is found, and what only looks like one is not."""
    assert ["#/$defs/A", "#/$defs/B", "#/$defs/A"] == [*references(SCHEMA)]
    assert {"#/$defs/A"} == recursive(SCHEMA)


def test_resolved():
    """A pointer leads to its part: through lists, and names with slashes."""
    assert {"type": "boolean"} == resolved("#/$defs/a~1b~0c", SCHEMA)
    assert {"type": "integer"} == resolved("#/properties/b/prefixItems/0", SCHEMA)
    assert SCHEMA is resolved("#", SCHEMA)


@pytest.mark.parametrize(
    "reference", ["#/$defs/none", "other.json", "#/properties/b/prefixItems/7"]
)
def test_dangling(reference: str):
    """A pointer to nothing is an error."""
    with pytest.raises(LookupError):
        resolved(reference, SCHEMA)


def test_parts():
    """Every schema is a part, with its path."""
    found = dict(parts(SCHEMA))

    assert {"type": "integer"} == found["properties.b.prefixItems[0]"]
    assert {"$ref": "#/$defs/A"} == found["$defs.A.anyOf[1].properties.a"]
    assert 12 == len(found)


def test_told_and_inside():
    """What speaks of a value: through references and unions, down to keys and items."""
    whole = [*told([SCHEMA], SCHEMA)]
    a = [*told(inside(whole, "a"), SCHEMA)]
    b = [*told(inside(whole, "b"), SCHEMA)]

    assert [{"$ref": "#/$defs/A"}, SCHEMA["$defs"]["A"], {"type": "null"}] == a[:3]
    assert [{"type": "integer"}] == [*inside(b, 0)]
    assert [{"$ref": "#/$defs/B"}] == [*inside(b, 1)]
    assert [] == [*told(inside(whole, "c"), SCHEMA)]


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        ({"type": "integer"}, {"type": "number"}, {"type": ["integer"]}),
        ({"type": ["string", "null"]}, {"type": "string"}, {"type": ["string"]}),
        ({"minimum": 1, "maximum": 9}, {"minimum": 3, "maximum": 5}, {"minimum": 3, "maximum": 5}),
        ({"enum": [1, 2]}, {"enum": [2, 3]}, {"enum": [2]}),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
        (
            {"properties": {"a": {"minimum": 1}, "b": {}}},
            {"properties": {"a": {"maximum": 2}, "c": {}}},
            {"properties": {"a": {"minimum": 1, "maximum": 2}, "b": {}, "c": {}}},
        ),
        ({"pattern": "^a$"}, {"pattern": "^b$"}, {"pattern": "^b$"}),
    ],
    ids=str,
)
def test_merged(one: Any, two: Any, both: Any):
    """Two schemas are joined keyword by keyword."""
    assert both == merged(one, two)
