"""An oracle that says what a schema admits: `jsonschema`, with formats that share no code with ours.

Dates and times are RFC 3339's, but zone and seconds may be missing, and the year is one of Python's.
Durations are ISO 8601's, but may have a sign, and a fraction of seconds; units may be left out, and
weeks may stand beside others.
"""

import re
from collections.abc import Iterator
from datetime import time
from typing import Any
from uuid import UUID

import jsonschema

FORMATS = jsonschema.FormatChecker(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)


def oracle(schema: Any) -> Any:
    """A validator of *schema*, formats and all."""
    return _Validator(schema, format_checker=FORMATS)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[Any]:
    """As ECMA 262 has it: ASCII classes, and an end that is the end."""
    end = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(value, str) and not re.search(end, value, re.ASCII):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Validator: Any = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _pattern}
)


@FORMATS.checks("uuid", raises=ValueError)
def is_uuid(text: object) -> bool:
    return not isinstance(text, str) or str(UUID(text)) == text.lower()


@FORMATS.checks("time")
def is_time(text: object) -> bool:
    return not isinstance(text, str) or _is_time(text)


@FORMATS.checks("date-time")
def is_date_time(text: object) -> bool:
    if not isinstance(text, str):
        return True
    day, mark, rest = text[:10], text[10:11], text[11:]
    return FORMATS.conforms(day, "date") and mark in {"T", "t", " "} and _is_time(rest)


@FORMATS.checks("duration")
def is_duration(text: object) -> bool:
    if not isinstance(text, str):
        return True
    days, mark, seconds = text.removeprefix("-").partition("T")
    return (
        days[:1] == "P"
        and _are_units(days[1:], "YMWD")
        and _are_units(seconds, "HMS")
        and bool(seconds if mark else days[1:])
    )


def _is_time(text: str) -> bool:
    clock, zone = text, ""
    if text[-1:] in {"Z", "z"}:
        clock = text[:-1]
    elif "+" in text or "-" in text:
        at = max(text.find("+"), text.find("-"))
        clock, zone = text[:at], text[at + 1 :]
        if len(zone) not in (4, 5) or not _is_clock(f"{zone[:2]}:{zone[-2:]}", zone[2:-2] or ":"):
            return False
    clock, point, fraction = clock.partition(".")
    if point and not (_is_number(fraction) and clock.count(":") == 2):
        return False
    return _is_clock(clock)


def _is_clock(text: str, between: str = ":") -> bool:
    parts = text.split(":")
    if between != ":" or len(parts) not in (2, 3):
        return False
    if not all(len(part) == 2 and _is_number(part) for part in parts):
        return False
    try:
        time(*map(int, parts))
    except ValueError:
        return False
    return True


def _are_units(text: str, units: str) -> bool:
    """Whether *text* is numbers, each with a unit, in the order of *units*; a fraction only of seconds."""
    number = ""
    for one in text:
        if one in units:
            whole, point, fraction = number.partition(".")
            if not _is_number(whole) or (point and not (one == "S" and _is_number(fraction))):
                return False
            units, number = units.partition(one)[2], ""
        else:
            number += one
    return not number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
