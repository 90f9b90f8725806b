"""The oracle says what a schema admits, as models and providers mean it."""

from typing import Any

import pytest

from lumos_tools.check.oracle import FORMATS, Oracle, ecma, schema_fault
from lumos_tools.check.scalars import FORMATS as MADE


@pytest.mark.parametrize(
    ("schema", "admitted", "refused"),
    [
        ({"pattern": "^a$"}, ["a", 1], ["a\n", "b"]),
        ({"pattern": r"^\d[$]\$$"}, ["1$$"], ["\u0661$$", "1$$\n"]),
        ({"multipleOf": 0.1}, [0.3, 1, 1e300, "x"], [0.35]),
        ({"type": "integer"}, [1, 1.0], [True, 1.5, "1"]),
        ({"format": "date"}, ["2026-01-31", 1], ["2026-02-30", "20260131", "0000-01-01"]),
        (
            {"format": "time"},
            ["12:30", "12:30:00.5Z", "12:30:00+01:00"],
            ["24:00", "1", "12:30:61"],
        ),
        (
            {"format": "date-time"},
            ["2026-01-31T12:30:00Z", "2026-01-31 12:30"],
            ["2026-02-30T12:30:00Z", "2026-01-31", "1577836800", "2026-01-31x12:30"],
        ),
        ({"format": "duration"}, ["P1DT2H", "-PT0.5S", "P2W"], ["P", "PT", "1:00:00"]),
        (
            {"format": "uuid"},
            ["123E4567-e89b-12d3-a456-426614174000"],
            ["123e4567e89b12d3a456426614174000", "x"],
        ),
        ({"format": "ipv4"}, ["192.0.2.1"], ["192.0.2", "x"]),
        ({"format": "ipv6"}, ["2001:db8::1"], ["2001:db8::1%eth0", "x"]),
        ({"format": "email"}, ["ada@example.com"], ["ada", "@example.com", "a b@example.com"]),
        ({"format": "path"}, ["x"], []),
    ],
    ids=str,
)
def test_admits(schema: dict[str, Any], admitted: list[Any], refused: list[Any]):
    """Patterns are ECMA's, multiples exact, formats asserted."""
    oracle = Oracle(schema)

    assert [] == [one for one in admitted if not oracle.admits(one)]
    assert [] == [one for one in refused if oracle.admits(one)]


def test_why():
    """It says the place, and why."""
    oracle = Oracle(
        {"properties": {"a": {"items": {"type": "integer", "multipleOf": 2}}}, "minProperties": 1}
    )

    assert "a[0]: 'x' is not of type 'integer'" == oracle.why({"a": ["x"]})
    assert "a[0]: 3 is not a multiple of 2" == oracle.why({"a": [3]})
    assert "{} should be non-empty" == oracle.why({})


def test_part():
    """A part of a schema is judged with the definitions of the whole."""
    oracle = Oracle({"$defs": {"A": {"type": "integer"}}})

    assert oracle.part({"$ref": "#/$defs/A"}).admits(1)
    assert not oracle.part({"$ref": "#/$defs/A"}).admits("x")


def test_schema_fault():
    """A schema that is none is told with the place."""
    assert "" == schema_fault({"type": "object"})
    assert "$.type: 'x' is not valid under any of the given schemas" == schema_fault({"type": "x"})


def test_ecma():
    """A dollar is the very end, but not in a set or after a backslash."""
    assert r"^a[$]\$\Z" == ecma(r"^a[$]\$$")


def test_formats():
    """What is made for a format is checked by it, but for those that no check is known of."""
    assert {"uri"} == {*MADE} - {*FORMATS}
