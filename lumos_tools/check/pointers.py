"""The parts of a JSON Schema: what refers to what, and two parts as one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from lumos_tools.schema import Schema


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` inside of *schema*."""
    if isinstance(schema, dict):
        for key, value in cast("Schema", schema).items():
            if key == "$ref" and isinstance(value, str):
                yield value
            elif key not in ("const", "enum", "default", "examples"):
                yield from references(value)
    elif isinstance(schema, list):
        for one in cast("Iterable[Any]", schema):
            yield from references(one)


def resolved(reference: str, whole: Schema) -> Schema:
    """The part of *whole* that *reference* names. Raises `LookupError` if there is none."""
    if not reference.startswith("#"):
        raise LookupError(reference)
    here = cast("Any", whole)
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        here = _step(here, name)
    return cast("Schema", here)


def _step(part: Any, name: str) -> Any:
    return part[int(name) if isinstance(part, list) else name]


def parts(schema: Any, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema inside of *schema*, and itself, each with the path to it."""
    if not isinstance(schema, dict):
        return
    whole = cast("Schema", schema)
    yield path, whole
    for key, value in whole.items():
        place = f"{path}.{key}" if path else key
        if key in ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas"):
            for name, one in value.items():
                yield from parts(one, f"{place}.{name}")
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            for number, one in enumerate(value):
                yield from parts(one, f"{place}[{number}]")
        elif key in INNER:
            yield from parts(value, place)


INNER = frozenset(
    "items additionalProperties propertyNames not if then else contains unevaluatedItems "
    "unevaluatedProperties".split()
)


def told(schemas: Iterable[Any], whole: Schema) -> Iterator[Schema]:
    """*schemas* of one value, with what they refer to and combine."""
    for one in schemas:
        if not isinstance(one, dict):
            continue
        part = cast("Schema", one)
        yield part
        if "$ref" in part:
            yield from told([resolved(part["$ref"], whole)], whole)
        for key in ("anyOf", "oneOf", "allOf"):
            yield from told(part.get(key, ()), whole)


def inside(parts: Iterable[Schema], key: str | int) -> Iterator[Any]:
    """The schemas of what stands under *key*, in a value that *parts* speak of."""
    for part in parts:
        if isinstance(key, int):
            first = part.get("prefixItems", ())
            yield first[key] if key < len(first) else part.get("items")
        else:
            yield part.get("properties", {}).get(key, part.get("additionalProperties"))


def recursive(schema: Schema) -> set[str]:
    """The references in *schema* that lead back to themselves."""
    next_to = {ref: {*references(resolved(ref, schema))} for ref in {*references(schema)}}
    return {ref for ref in next_to if ref in _reached(ref, next_to)}


def _reached(start: str, next_to: dict[str, set[str]]) -> set[str]:
    met, open_ = set[str](), [start]
    while open_:
        more = next_to[open_.pop()] - met
        met |= more
        open_ += more
    return met


def merged(one: Schema, two: Schema) -> Schema:
    """A schema that refuses what *one* or *two* refuses, as far as keywords can be joined."""
    both = {**one, **two}
    for key in one.keys() & two.keys() & JOINED.keys():
        both[key] = JOINED[key](one[key], two[key])
    return both


def _properties(one: Schema, two: Schema) -> Schema:
    return {
        **one,
        **{
            name: merged(one[name], part) if isinstance(one.get(name), dict) else part
            for name, part in two.items()
        },
    }


def _types(one: Any, two: Any) -> Any:
    first, second = ({each} if isinstance(each, str) else {*each} for each in (one, two))
    both = first & second
    if "integer" in first | second and "number" in first | second:
        both |= {"integer"}
    return sorted(both)


JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "properties": _properties,
    "required": lambda one, two: [*dict.fromkeys([*one, *two])],
    "type": _types,
    "enum": lambda one, two: [each for each in one if each in two],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
