"""What OpenAI refuses of the schema of a strict function, as a pure function of the schema.

From its guide to Structured Outputs (`developers.openai.com/api/docs/guides/structured-outputs`:
supported schemas, limits of nesting and size) and from the errors that it gives.
"""

from collections.abc import Iterator
from typing import Any

from tests.servers.schemas import DEFINITIONS, LOOK_AROUND, features, kinds, parts, target

KEYWORDS = frozenset(
    "type properties required additionalProperties items anyOf enum const $ref $defs definitions "
    "description title pattern format multipleOf minimum maximum exclusiveMinimum "
    "exclusiveMaximum minItems maxItems".split()
)
"""`title` is in no list of the guide; the models that its own SDK takes have one everywhere."""
TYPED = frozenset("type anyOf $ref".split())
"""A `const` alone was refused for want of a type; that an `enum` alone is, too, is inferred."""
FORMATS = frozenset("date-time time date duration email hostname ipv4 ipv6 uuid".split())

LEVELS = 10
PROPERTIES = 5000
CHARACTERS = 120_000
VALUES = 1000
LONG = 250
"""An enumeration of more strings than this may have so many characters:"""
LONG_CHARACTERS = 15_000


def faults(schema: dict[str, Any]) -> Iterator[str]:
    """Every reason to refuse *schema*, which is valid and of an object."""
    for place, part in parts(schema):
        for why in _part(schema, part):
            yield f"In context={place}, {why}"
    yield from _limits(schema)


def _part(schema: dict[str, Any], part: Any) -> Iterator[str]:
    if not isinstance(part, dict) or not part.keys() & TYPED:
        yield "schema must have a 'type' key."
    if not isinstance(part, dict):
        return
    if "$ref" in part:
        yield from _reference(schema, part)
        return
    for key in sorted(part.keys() - KEYWORDS):
        yield f"'{key}' is not permitted."
    if "object" in kinds(part):
        yield from _object(part)
    if "format" in part and part["format"] not in FORMATS:
        yield f"'{part['format']}' is not a valid format."
    if LOOK_AROUND in features(part.get("pattern", "")):
        yield "'pattern' is not valid: regex lookaround is not supported."


def _reference(schema: dict[str, Any], part: dict[str, Any]) -> Iterator[str]:
    if beside := ", ".join(map(repr, sorted(part.keys() - {"$ref"}))):
        yield f"$ref cannot have keywords {{{beside}}}."
    if target(schema, part["$ref"]) is None:
        yield "reference can only point to definitions defined at the top level of the schema."


def _object(part: dict[str, Any]) -> Iterator[str]:
    if "properties" not in part:
        yield "object schema missing properties."
    if part.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    names, required = part.get("properties", {}), part.get("required", [])
    every = "'required' is required to be supplied and to be an array including every key in properties."
    for name in names:
        if name not in required:
            yield f"{every} Missing '{name}'."
    for name in required:
        if name not in names:
            yield f"{every} Extra required key '{name}' supplied."


def _limits(schema: dict[str, Any]) -> Iterator[str]:
    every = [part for _, part in parts(schema) if isinstance(part, dict)]
    enums = [part["enum"] for part in every if "enum" in part]
    names = [name for part in every for name in part.get("properties", ())]
    defined = [name for part in every for key in DEFINITIONS for name in part.get(key, ())]
    values = [value for enum in enums for value in enum]
    consts = [part["const"] for part in every if "const" in part]
    yield from _limit(max(map(_levels, every)), LEVELS, "levels of nesting")
    yield from _limit(len(names), PROPERTIES, "parameters")
    yield from _limit(len(values), VALUES, "enum values")
    characters = _characters([*names, *defined, *values, *consts])
    yield from _limit(characters, CHARACTERS, "characters of names and values")
    for enum in enums:
        if sum(isinstance(value, str) for value in enum) > LONG:
            yield from _limit(_characters(enum), LONG_CHARACTERS, "characters of one enum")


def _limit(number: int, most: int, what: str) -> Iterator[str]:
    if number > most:
        yield f"{number} {what} exceeds limit of {most}."


def _characters(values: list[Any]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))


def _levels(part: Any) -> int:
    """How many objects are within one another; a reference is not followed."""
    if not isinstance(part, dict):
        return 0
    within = [*part.get("properties", {}).values(), *part.get("anyOf", ()), part.get("items")]
    return ("object" in kinds(part)) + max(map(_levels, within))
