"""What the rules of both providers read in a schema."""

from typing import Any

import pytest

from tests.servers.schemas import (
    BACK_REFERENCE,
    BOUNDARY,
    LOOK_AROUND,
    features,
    kinds,
    parts,
    target,
)


def test_parts():
    """Each part comes with the keys that lead to it; what only looks like a schema is none."""
    schema = {
        "properties": {"a": {"items": {"enum": [{"type": "b"}]}}, "$ref": True},
        "anyOf": [{}, {"not": {"default": {"type": "c"}}}],
        "$defs": {"D": {"additionalProperties": {"title": "E"}}},
        "additionalProperties": False,
    }

    assert [
        (),
        ("properties", "a"),
        ("properties", "a", "items"),
        ("properties", "$ref"),
        ("anyOf", "0"),
        ("anyOf", "1"),
        ("anyOf", "1", "not"),
        ("$defs", "D"),
        ("$defs", "D", "additionalProperties"),
    ] == [place for place, _ in parts(schema)]
    assert [schema["properties"]["$ref"]] == [part for _, part in parts(schema) if part is True]


@pytest.mark.parametrize(
    ("part", "expected"),
    [({}, []), ({"type": "object"}, ["object"]), ({"type": ["array", "null"]}, ["array", "null"])],
)
def test_kinds(part: dict[str, Any], expected: list[str]):
    """A schema names no type, one, or several."""
    assert expected == kinds(part)


SCHEMA: dict[str, Any] = {
    "properties": {"a": {}},
    "$defs": {"A": {"title": "A"}, "a/b~c": {"title": "B"}},
    "definitions": {"A": {"title": "C"}},
}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("#", SCHEMA),
        ("#/$defs/A", {"title": "A"}),
        ("#/$defs/a~1b~0c", {"title": "B"}),
        ("#/definitions/A", {"title": "C"}),
        ("#/$defs/Z", None),
        ("#/$defs/A/title", None),
        ("#/properties/a", None),
        ("#A", None),
        ("https://example.com/a.json", None),
    ],
)
def test_target(reference: str, expected: Any):
    """A reference leads to the whole schema or to a definition of its own, and nowhere else."""
    assert expected == target(SCHEMA, reference)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^[A-Z]{2}\d+$", set()),
        (r"^(?:a|b)(c)\.$", set()),
        (r"[(?=]\(?=\\b[\b]", set()),
        (r"a(?=b)", {LOOK_AROUND}),
        (r"a(?!b)", {LOOK_AROUND}),
        (r"(?<=a)b", {LOOK_AROUND}),
        (r"(?<!a)b", {LOOK_AROUND}),
        (r"(?<name>a)", set()),
        (r"(a)\1", {BACK_REFERENCE}),
        (r"(?<n>a)\k<n>", {BACK_REFERENCE}),
        (r"(?P<n>a)(?P=n)", {BACK_REFERENCE}),
        (r"\bword", {BOUNDARY}),
        (r"(\B)(?=\1)", {LOOK_AROUND, BACK_REFERENCE, BOUNDARY}),
    ],
)
def test_features(pattern: str, expected: set[str]):
    """Look-around, back-references and word boundaries are found, escapes and classes are not."""
    assert expected == features(pattern)
