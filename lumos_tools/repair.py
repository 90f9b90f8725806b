"""Arguments that are nearly right, made right: off by default, and every change is told.

What comes of it passes the gate like any other arguments, or the faults of the original are told.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lumos_tools.decoding import decode
from lumos_tools.errors import InvalidArgumentsError

FENCE = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)
WORDS = {"true": True, "false": False, "null": None}


def repaired_text(text: str) -> tuple[dict[str, Any], list[str]]:
    """The object in *text*, and what had to be taken off. Raises `InvalidArgumentsError`."""
    changes: list[str] = []
    if fenced := FENCE.fullmatch(text):
        text = fenced[1]
        changes.append("took a code fence off")
    try:
        inner = json.loads(text)
    except ValueError:
        inner = None
    if isinstance(inner, str):  # JSON in JSON
        text = inner
        changes.append("decoded the arguments twice")
    return decode(text), changes


def repaired(
    arguments: dict[str, Any], errors: Callable[[Any], Sequence[Any]]
) -> tuple[dict[str, Any], list[str]]:
    """*arguments* with values of the wrong type read as the right one, as far as *errors* says."""
    changes: list[str] = []
    fixed = copy.deepcopy(arguments)
    while fits := [
        (error.instance_path, value) for error in errors(fixed) for value in _meant(error)
    ]:  # each round takes texts away, so it ends
        for path, value in fits:
            *way, last = path
            holder: Any = fixed
            for step in way:
                holder = holder[step]
            changes.append(f"read {'.'.join(map(str, path))} as {json.dumps(value)}")
            holder[last] = value
    return fixed, changes


def _meant(error: Any) -> Iterator[Any]:
    """The value of the right type that a text of the wrong one says, if it says one."""
    if not isinstance(error.instance, str):
        return
    types, text = _types(error), error.instance.strip()
    if text in WORDS:
        if {"boolean", "null"} & types:
            yield WORDS[text]
        return
    try:
        value = decode(f'{{"it": {text}}}')["it"]
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
