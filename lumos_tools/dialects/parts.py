"""Questions about a schema, and small changes of one: what lowering it needs to know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from lumos_tools.dialects.words import described
from lumos_tools.errors import SchemaError
from lumos_tools.schema import Schema, objects_in

NULL: Schema = {"type": "null"}
OF_TYPE = {
    "string": "pattern format minLength maxLength contentEncoding contentMediaType".split(),
    "number": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(),
    "integer": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(),
    "array": "items prefixItems minItems maxItems uniqueItems contains".split(),
    "object": "properties required additionalProperties propertyNames patternProperties "
    "minProperties maxProperties".split(),
}
"""What binds values of one type only."""


class Fits:
    """Whether a value fits *schema*, whose references are in *defs*."""

    def __init__(self, schema: Any, defs: Mapping[str, Any]) -> None:
        self._schema = schema
        self._defs = defs

    def __call__(self, value: Any) -> bool:
        return bool(self._validator.is_valid(value))

    @cached_property
    def _validator(self) -> Any:
        import jsonschema_rs

        whole: Any = self._schema
        if isinstance(whole, dict):
            whole = {**cast("Schema", whole), "$defs": self._defs}
        return jsonschema_rs.validator_for(whole, validate_formats=False)


def rooted(schema: Mapping[str, Any]) -> Schema:
    """*schema* with an object at its root, and its types in `$defs`. Raises `SchemaError`."""
    whole = dict(schema)
    if "definitions" in whole:  # as before draft 2019-09
        text = json.dumps(whole).replace('"#/definitions/', '"#/$defs/')
        whole = cast("Schema", json.loads(text))
        whole["$defs"] = whole.pop("definitions") | whole.get("$defs", {})
    if "$ref" in whole and name_of(whole) in whole.get("$defs", {}):  # a model that holds itself
        whole = {**whole["$defs"][name_of(whole)], **without(whole, "$ref")}
    if whole.get("type") == ["object"] or ("type" not in whole and "properties" in whole):
        whole["type"] = "object"
    if whole.get("type") != "object":
        raise SchemaError("a tool takes an object; its schema must have 'type': 'object'")
    return whole


def names_in(schema: Any) -> Iterator[str]:
    """The names of all properties in *schema*."""
    for one in objects_in(schema):
        known: Any = one.get("properties")
        yield from cast("Schema", known) if isinstance(known, dict) else ()


def with_required(schema: Schema) -> Schema:
    """*schema*, with every key that must be there among its properties."""
    known: Schema = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    unknown = [key for key in schema.get("required", ()) if key not in known]
    if not unknown:
        return schema
    return {**schema, "properties": known | dict.fromkeys(unknown, others)}


def merged(parts: Sequence[Any]) -> Schema | None:
    """What fits all of *parts*, as one schema; None where two of them speak of the same."""
    made: Schema = {}
    for part in parts:
        known = cast("Schema", part) if isinstance(part, dict) else None
        if known is None or (known.get("additionalProperties") is False and len(parts) > 2):
            return None
        for key, value in known.items():
            if key not in made or made[key] == value:
                made[key] = value
            elif key == "description":
                made[key] = described(made[key], [value.rstrip(".")])
            elif key == "required":
                made[key] = [*dict.fromkeys([*made[key], *value])]
            elif key == "properties" and not (made[key].keys() & value.keys()):
                made[key] = made[key] | value
            else:
                return None
    return made


def fits_type(value: Any, types: Sequence[str]) -> bool:
    """Whether *value* is of one of *types*."""
    kind = type_of(value)
    return kind in types or (kind == "integer" and "number" in types)


def recursive(defs: Mapping[str, Any]) -> frozenset[str]:
    """The names in *defs* of the types that hold themselves."""
    holds = {name: {*references(schema)} for name, schema in defs.items()}
    for middle in holds:
        for one in holds:
            if middle in holds[one]:
                holds[one] |= holds[middle]
    return frozenset(name for name, inner in holds.items() if name in inner)


def references(schema: Any) -> Iterator[str]:
    """The names that `$ref`s in *schema* have in `$defs`."""
    return (name_of(one) for one in objects_in(schema) if isinstance(one.get("$ref"), str))


def name_of(schema: Schema) -> str:
    """The name that `$ref` has in `$defs`."""
    return str(schema["$ref"]).removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")


def escaped(key: str) -> str:
    """*key* as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def without(schema: Schema, *keys: str) -> Schema:
    """*schema* without *keys*."""
    return {key: value for key, value in schema.items() if key not in keys}


def typed(schema: Schema) -> Schema:
    """The type that *schema* says, if it says one."""
    return {"type": schema["type"]} if "type" in schema else {}


def by_type(schema: Schema) -> Schema:
    """*schema* with several types as one of several schemas."""
    others = {key for keys in OF_TYPE.values() for key in keys} | {"type"}
    shared = {key: value for key, value in schema.items() if key not in others}
    parts = [
        {"type": kind} | {key: schema[key] for key in OF_TYPE.get(kind, ()) if key in schema}
        for kind in schema["type"]
    ]
    return {"anyOf": parts, **shared}


def type_of(value: Any) -> str:
    """The JSON Schema type of *value*."""
    kinds: dict[Any, str] = {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        type(None): "null",
    }
    return kinds.get(type(cast("object", value)), "array" if isinstance(value, list) else "object")


def or_null(schema: Schema) -> Schema:
    """*schema*, or null; what describes it stays outside."""
    outside = ("description", "title", "default")
    told: Schema = {key: schema[key] for key in outside if key in schema}
    told["description"] = described(told.get("description", ""), ["null leaves it out"])
    rest = without(schema, *outside)
    parts = rest.pop("anyOf") if {*rest} == {"anyOf"} else [rest]
    return {"anyOf": [*parts, dict(NULL)], **told}


def disjoint(parts: Sequence[Schema]) -> bool:
    """Whether no value fits two of *parts*: by a tag that each must have, or by type."""
    kinds = [one.get("type") for one in parts]
    if None not in kinds and len({*kinds}) == len(kinds) and not {"integer", "number"} <= {*kinds}:
        return True
    tags = [_tags(one) for one in parts]
    return any(
        len({json.dumps(one[key]) for one in tags}) == len(tags)
        for key in tags[0]
        if all(key in one for one in tags)
    )


def _tags(schema: Schema) -> dict[str, Any]:
    """The keys that must be there, and have one value only."""
    properties: dict[str, Any] = schema.get("properties", {})
    needed = schema.get("required", ())
    return {
        key: part["const"]
        for key, part in properties.items()
        if isinstance(part, dict) and "const" in part and key in needed
    }


def free(name: str, taken: Any) -> str:
    """*name*, made longer until nothing *taken* has it."""
    while name in taken:
        name += "_"
    return name
