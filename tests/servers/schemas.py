"""What the rules of both providers read in a JSON Schema: its parts, its references, its patterns."""

import re
from collections.abc import Iterator
from typing import Any

Place = tuple[str, ...]

DEFINITIONS = ("$defs", "definitions")
MAPS = (*DEFINITIONS, "properties", "patternProperties", "dependentSchemas")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLES = ("items", "not", "if", "then", "else", "contains", "propertyNames", "contentSchema")
OPEN = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
"""Keywords whose value is most often a boolean, which is then no part of its own."""
LOCAL = re.compile(r"#/(\$defs|definitions)/([^/]+)")
TOKEN = re.compile(r"\\k<|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P=|\(\?<?[=!]|.", re.DOTALL)
"""One step of a pattern: an escape, a whole class, what opens a group, or a character."""
LOOK_AROUND, BACK_REFERENCE, BOUNDARY = "look-around", "back-reference", "word boundary"
FEATURES = {
    LOOK_AROUND: re.compile(r"\(\?<?[=!]"),
    BACK_REFERENCE: re.compile(r"\\[1-9]|\\k<|\(\?P="),
    BOUNDARY: re.compile(r"\\[bB]"),
}


def parts(schema: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every schema within a valid one, itself first, each with the keys that lead to it."""
    yield place, schema
    for key, value in schema.items() if isinstance(schema, dict) else ():
        if key in MAPS:
            for name, part in value.items():
                yield from parts(part, (*place, key, name))
        elif key in LISTS:
            for index, part in enumerate(value):
                yield from parts(part, (*place, key, str(index)))
        elif key in SINGLES or (key in OPEN and isinstance(value, dict)):
            yield from parts(value, (*place, key))


def kinds(part: dict[str, Any]) -> list[str]:
    """The types that a schema names."""
    named = part.get("type", [])
    return [named] if isinstance(named, str) else list(named)


def target(schema: dict[str, Any], reference: str) -> Any:
    """What is referred to: all of *schema*, or one of its own definitions. Anything else is None."""
    if reference == "#":
        return schema
    local = LOCAL.fullmatch(reference)
    if local is None:
        return None
    return schema.get(local[1], {}).get(local[2].replace("~1", "/").replace("~0", "~"))


def features(pattern: str) -> set[str]:
    """Which of the `FEATURES` that no automaton has are in *pattern*."""
    tokens = TOKEN.findall(pattern)
    return {name for name, one in FEATURES.items() if any(map(one.fullmatch, tokens))}
