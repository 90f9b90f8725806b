"""Who says what a schema admits: `jsonschema`, which shares no code with the gate of the tools."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from lumos_tools.patterns import TOKENS

jsonschema: Any = import_module("jsonschema")  # it says nothing of its types


class Oracle:
    """Judges values by *schema*, JSON Schema 2020-12.

    Three things are read as models and providers mean them, and not as `jsonschema` does by itself: a
    pattern is ECMA 262's, `multipleOf` is exact, and formats are asserted.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator: Any = _Validator(schema, format_checker=_formats())

    def admits(self, value: Any) -> bool:
        """Whether the schema admits *value*."""
        return bool(self._validator.is_valid(value))

    def why(self, value: Any) -> str:
        """What the schema has against *value*: the place, and why."""
        error = jsonschema.exceptions.best_match(self._validator.iter_errors(value))
        place = error.json_path.removeprefix("$").removeprefix(".")
        return f"{place}: {error.message}" if place else str(error.message)

    def part(self, schema: Any) -> "Oracle":
        """An oracle for *schema*, which is a part of the whole and may refer to its definitions."""
        made = Oracle.__new__(Oracle)
        made._validator = self._validator.evolve(schema=schema)
        return made


def schema_fault(schema: Mapping[str, Any]) -> str:
    """Why *schema* is no JSON Schema 2020-12; nothing, if it is one."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.exceptions.SchemaError as error:
        return f"{error.json_path}: {error.message}"
    return ""


def ecma(pattern: str) -> str:
    """*pattern* for Python's `re`, with `$` as ECMA 262 has it: the very end, not before a line feed."""
    tokens = re.findall(TOKENS, pattern, re.DOTALL)
    return "".join(r"\Z" if one == "$" else one for one in tokens)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Any:
    if isinstance(value, str) and not re.search(ecma(pattern), value, re.ASCII):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


def _multiple_of(validator: Any, step: Any, value: Any, schema: Any) -> Any:
    if validator.is_type(value, "number") and Fraction(str(value)) % Fraction(str(step)):
        yield jsonschema.ValidationError(f"{value!r} is not a multiple of {step}")


_Validator: Any = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _pattern, "multipleOf": _multiple_of}
)

# Formats: those of the RFCs, and what Python's own values need besides. A naive datetime has no zone, a
# time may have no seconds, a timedelta has a sign and a fraction.

_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)?"
_DURATION = r"-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _is_date(text: str) -> bool:
    return _is(r"\d{4}-\d\d-\d\d", text) and bool(date.fromisoformat(text))


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": lambda text: _is(_TIME, text),
    "date-time": lambda text: (
        text[10:11] in ("T", "t", " ") and _is_date(text[:10]) and _is(_TIME, text[11:])
    ),
    "duration": lambda text: _is(_DURATION, text),
    "uuid": lambda text: str(UUID(text)) == text.lower(),
    "ipv4": lambda text: bool(IPv4Address(text)),
    "ipv6": lambda text: "%" not in text and bool(IPv6Address(text)),
    "email": lambda text: _is(r"[^@\s]+@[^@\s]+", text),
}


def _formats() -> Any:
    checker = jsonschema.FormatChecker(())
    for name, admits in FORMATS.items():
        checker.checks(name, raises=ValueError)(_of_text(admits))
    return checker


def _of_text(admits: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or admits(value)
