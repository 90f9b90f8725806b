r"""What Anthropic refuses of the schemas of strict tools, as pure functions of the schemas.

From its page on structured outputs (`platform.claude.com/docs/en/build-with-claude/`
`structured-outputs`: JSON Schema limitations, schema complexity limits), from what its SDK moves
out of a schema before it is sent, and from the errors that it gives.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.servers.schemas import (
    BACK_REFERENCE,
    BOUNDARY,
    DEFINITIONS,
    LOOK_AROUND,
    features,
    kinds,
    parts,
    target,
)

KEYWORDS = frozenset(
    "type description title default enum const anyOf allOf $ref $defs definitions".split()
)
OF = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems"},
    "string": {"format", "pattern"},
}
"""The keywords of one type; the other types have none of their own."""
TYPED = frozenset("type enum const anyOf allOf $ref".split())
FORMATS = frozenset("date-time time date duration email hostname uri ipv4 ipv6 uuid".split())
PATTERNS = {
    LOOK_AROUND: "Invalid regex in pattern field: Quantifier '?' without preceding element",
    BACK_REFERENCE: "Unsupported regex feature in pattern field: Backreferences are not supported.",
    BOUNDARY: r"Unsupported regex feature in pattern field: \b is not supported.",
}

TOOLS = 20
OPTIONAL = 24
UNIONS = 16


def faults(schema: dict[str, Any]) -> Iterator[str]:
    """Every reason to refuse *schema*, which is valid and of an object."""
    for _, part in parts(schema):
        yield from _part(schema, part)
    yield from _circles(schema)


def _part(schema: dict[str, Any], part: Any) -> Iterator[str]:
    if not isinstance(part, dict) or not part.keys() & TYPED:
        yield "Schema must have a 'type', 'enum', 'const', 'anyOf', 'allOf' or '$ref' field"
    if not isinstance(part, dict):
        return
    yield from _keywords(part)
    if "object" in kinds(part):
        yield from _closed(part)
    if any(isinstance(value, dict | list) for value in _values(part)):
        yield "Only strings, numbers, booleans and null are supported in 'enum' and 'const'"
    if part.get("minItems", 0) not in (0, 1):
        yield (
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported "
            f"(got: {part['minItems']})"
        )
    if "format" in part and part["format"] not in FORMATS:
        yield f"For 'string' type, format '{part['format']}' is not supported"
    for feature in sorted(features(part.get("pattern", ""))):
        yield PATTERNS[feature]
    if "$ref" in part and target(schema, part["$ref"]) is None:
        yield f"$ref '{part['$ref']}' is not supported: only definitions of the schema itself are"
    if any("$ref" in inner for branch in part.get("allOf", ()) for inner in _within(branch)):
        yield "'allOf' with '$ref' is not supported"


def _keywords(part: dict[str, Any]) -> Iterator[str]:
    if "oneOf" in part:
        yield "Schema type 'oneOf' is not supported"
    if "not" in part:
        yield "Schema keyword 'not' is not supported"
    known = {"oneOf", "not", *KEYWORDS}.union(*(OF.get(kind, set()) for kind in kinds(part)))
    match sorted(part.keys() - known):
        case []:
            return
        case [key]:
            unknown = f"property '{key}' is"
        case keys:
            unknown = f"properties {', '.join(keys)} are"
    yield f"For '{'/'.join(kinds(part)) or 'any'}' type, {unknown} not supported"


def _closed(part: dict[str, Any]) -> Iterator[str]:
    if "additionalProperties" not in part:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    elif part["additionalProperties"] is not False:
        yield (
            "For 'object' type, 'additionalProperties: object' is not supported. "
            "Please set 'additionalProperties' to false"
        )


def _values(part: dict[str, Any]) -> list[Any]:
    return [*part.get("enum", ()), part.get("const")]


def _within(schema: Any) -> list[dict[str, Any]]:
    return [part for _, part in parts(schema) if isinstance(part, dict)]


def _circles(schema: dict[str, Any]) -> Iterator[str]:
    own = {key: value for key, value in schema.items() if key not in DEFINITIONS}
    links = {"#": _references(own)}
    for key in DEFINITIONS:
        for name, part in schema.get(key, {}).items():
            links[f"#/{key}/{name}"] = _references(part)
    for start in links:
        if circle := _circle(start, links, ()):
            names = " -> ".join(one.rpartition("/")[2] for one in circle)
            yield (
                f"Circular reference detected in schema definitions: {names}. Self-referencing or "
                "mutually-referencing definitions are not supported."
            )
            return


def _references(schema: Any) -> list[str]:
    return [part["$ref"] for part in _within(schema) if "$ref" in part]


def _circle(at: str, links: dict[str, list[str]], path: tuple[str, ...]) -> tuple[str, ...]:
    """The way from *at* back to a place that is on it already, if there is one."""
    if at in path:
        return (*path[path.index(at) :], at)
    ways = (_circle(other, links, (*path, at)) for other in links.get(at, ()))
    return next(filter(None, ways), ())


def excess(schemas: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Every limit that the schemas of the strict tools of one request exceed together.

    What is behind a reference is not counted: pydantic-ai found that the API does not, either
    (`pydantic_ai/models/_anthropic_schema_limits.py`, 2.68).
    """
    if len(schemas) > TOOLS:
        yield (
            f"Too many strict tools ({len(schemas)}). The maximum number of strict tools supported "
            f"is {TOOLS}. Try reducing the number of tools marked as strict."
        )
    objects = [part for schema in schemas for part in _inline(schema)]
    optional = sum(len(part["properties"].keys() - {*part.get("required", ())}) for part in objects)
    if optional > OPTIONAL:
        yield (
            f"Schemas contains too many optional parameters ({optional}), which would make grammar "
            "compilation inefficient. Reduce the number of optional parameters in your tool "
            f"schemas (limit: {OPTIONAL})."
        )
    unions = sum(_union(one) for part in objects for one in part["properties"].values())
    if unions > UNIONS:
        yield (
            f"Schemas contains too many parameters with union types ({unions} parameters with type "
            "arrays or anyOf). This causes exponential compilation cost. Reduce the number of "
            f"nullable or union-typed parameters (limit: {UNIONS} parameters with unions)."
        )


def _inline(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a schema that no reference leads to."""
    own = {key: value for key, value in schema.items() if key not in DEFINITIONS}
    return [part for part in _within(own) if "properties" in part]


def _union(part: dict[str, Any]) -> bool:
    return "anyOf" in part or isinstance(part.get("type"), list)
