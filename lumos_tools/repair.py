"""Arguments that are nearly right, made right: off by default, and every change is told.

What comes of it passes the gate like any other arguments, or the faults of the original are told.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lumos_tools.decoding import decode, decode_any
from lumos_tools.errors import InvalidArgumentsError
from lumos_tools.faults import got

FENCE = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)
LITERALS = {"true": True, "false": False, "null": None}
ROUNDS = 8
"""How many times text in text is read."""


def repaired_text(text: str | bytes) -> tuple[dict[str, Any], list[str]]:
    """The object in *text*, and what had to be taken off. Raises `InvalidArgumentsError`."""
    plain = text if isinstance(text, str) else text.decode()
    changes: list[str] = []
    if fenced := FENCE.fullmatch(plain):
        plain = fenced[1]
        changes.append("took a code fence off")
    if plain.lstrip().startswith('"'):  # JSON in JSON
        plain = decode_any(plain)
        changes.append("decoded the arguments twice")
    return decode(plain), changes


def retyped(arguments: dict[str, Any], errors: Callable[[Any], Sequence[Any]]) -> list[str]:
    """Read values of *arguments* of the wrong type as the right one, as far as *errors* says.

    Returns what was changed, in place.
    """
    changes: list[str] = []
    for _ in range(ROUNDS):
        fits = [
            (error.instance_path, value) for error in errors(arguments) for value in _meant(error)
        ]
        if not fits:
            break
        for path, value in fits:
            *way, last = path
            holder: Any = arguments
            for step in way:
                holder = holder[step]
            changes.append(f"read {'.'.join(map(str, path))} as {got(value)}")
            holder[last] = value
    return changes


def _meant(error: Any) -> Iterator[Any]:
    """The value of the right type that a text of the wrong one says, if it says one."""
    if not isinstance(error.instance, str):
        return
    types, text = _types(error), error.instance.strip()
    if text in LITERALS:
        if {"boolean", "null"} & types:
            yield LITERALS[text]
        return
    try:
        value = decode_any(text)
    except InvalidArgumentsError:
        return
    if any(isinstance(value, KINDS[one]) for one in types & {*KINDS}):
        yield value


KINDS: dict[str, Any] = {"integer": int, "number": (int, float), "array": list, "object": dict}


def _types(error: Any) -> set[str]:
    """The types that would be right at the place of *error*."""
    if error.kind.name == "type":
        value = error.kind.value
        return {*value} if isinstance(value, list) else {value}
    if error.kind.name in ("anyOf", "oneOf"):
        inner = [one for branch in error.kind.value for one in branch]
        here = [one for one in inner if one.instance_path == error.instance_path]
        return {kind for one in here for kind in _types(one)}
    return set()
