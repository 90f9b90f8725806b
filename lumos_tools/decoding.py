"""The JSON of a call's arguments, read strictly: RFC 8259, and limits on top."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from json.scanner import make_scanner
from typing import Any, cast

import pydantic_core

from lumos_tools.errors import InvalidArgumentsError
from lumos_tools.faults import bound

MAX_SIZE = 1_000_000
"""Characters, or bytes, of a call's arguments."""
MAX_DEPTH = 64
"""Lists and objects inside each other."""
BLANKS = " \t\r\n"
DIGITS = 308
"""A float holds every integer of as many."""
MAX_EFFORT = 2_000
"""Values of arguments whose faults are looked for, one by one."""
TOO_DEEP = f"more than {MAX_DEPTH} levels deep"


def decode(text: str | bytes) -> dict[str, Any]:
    """Decode the JSON object *text* strictly, as RFC 8259 has it.

    NaN, infinity, numbers too large for a float, keys given twice and halves of surrogate pairs are
    refused with `InvalidArgumentsError`; empty text is an empty object, as models send it; 1.0 is 1.
    """
    said = text.strip(BLANKS) if isinstance(text, str) else text.strip(BLANKS.encode())
    value: Any = decode_any(text) if said else {}
    if not isinstance(value, dict):
        raise InvalidArgumentsError([bound(f"expected a JSON object, got {text!r}")])
    return cast("dict[str, Any]", value)


def decode_any(text: str | bytes) -> Any:
    """The JSON value *text*, as strictly. Raises `InvalidArgumentsError`."""
    if len(text) > MAX_SIZE:
        raise InvalidArgumentsError([f"too long: {len(text)} characters, at most {MAX_SIZE}"])
    try:
        plain = text if isinstance(text, str) else text.decode()
        value = _read(plain.strip(BLANKS))
        if "\\u" in plain or not plain.isascii():
            pydantic_core.to_json(value)  # fails on half a surrogate pair
        if plain.count("[") + plain.count("{") > MAX_DEPTH and is_deep(value):
            raise ValueError(TOO_DEEP)
    except RecursionError:
        raise InvalidArgumentsError([bound(f"not JSON: {TOO_DEEP}, in {text!r}")]) from None
    except ValueError as error:
        raise InvalidArgumentsError([bound(f"not JSON: {error}, in {text!r}")]) from None
    return value


def _read(text: str) -> Any:
    try:
        value, end = _scan(text, 0) if len(text) <= DIGITS else (None, -1)
    except StopIteration:
        value, end = None, -1
    return value if end == len(text) else _strict.decode(text)  # raises, and says where


def encode(arguments: Mapping[str, Any]) -> str:
    """*arguments* as JSON text, for `decode`. Raises `InvalidArgumentsError` for what no JSON holds."""
    try:
        return json.dumps(arguments, ensure_ascii=False, default=_object)
    except RecursionError:
        raise InvalidArgumentsError([f"not JSON: {TOO_DEEP}"]) from None
    except (TypeError, ValueError) as error:
        raise InvalidArgumentsError([bound(f"not JSON: {error}, in {arguments!r}")]) from None


def _object(value: Any) -> dict[Any, Any]:
    """A mapping that is no dict, as one."""
    if isinstance(value, Mapping):
        return {**cast("Mapping[str, Any]", value)}
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


def is_deep(value: Any, most: int = MAX_DEPTH) -> bool:
    """Whether *value* has more than *most* levels."""
    level = [value]
    for _ in range(most):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def is_heavy(value: Any, growth: int = 1) -> bool:
    """Whether *value* holds more than `MAX_EFFORT`, a level weighing *growth* times the one above."""
    level, effort, weight = [value], 0, 1
    while level:
        effort, weight = effort + weight * len(level), weight * growth
        if effort > MAX_EFFORT:
            return True
        level = [inner for one in level for inner in _inside(one)]
    return False


def cut(value: Any, most: int) -> Any:
    """*value* with the first *most* items of each of its lists."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {key: cut(inner, most) for key, inner in pairs}
    if isinstance(value, list):
        return [cut(inner, most) for inner in cast("Sequence[Any]", value)[:most]]
    return value


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("Iterable[Any]", value) if isinstance(value, list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"key {name!r} given twice")
    return value


def _integer(text: str) -> int:
    if len(text) > DIGITS:
        _finite(text)
    return int(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON has")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"too large for a float: {text}")
    return int(value) if value.is_integer() else value  # 1.0 is one to JSON Schema, and to us


_hooks: Any = {
    "object_pairs_hook": _unique,
    "parse_float": _finite,
    "parse_constant": _no_number,
}
_strict = json.JSONDecoder(parse_int=_integer, **_hooks)
_scan: Any = cast("Any", make_scanner)(json.JSONDecoder(**_hooks))
"""What decode calls, without its way there, for texts too short for an integer that is too large."""
