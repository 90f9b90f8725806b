"""Lowers a schema to a provider's dialect, and reports what is lost."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from lumos_tools.dialects.mapping import (
    Branch,
    Branches,
    Items,
    Keys,
    Mapped,
    Member,
    Numbered,
    Pairs,
    Places,
    Reference,
    Text,
    changes_kind,
    lowered,
)
from lumos_tools.dialects.parts import (
    NULL,
    Fits,
    by_type,
    disjoint,
    escaped,
    fits_type,
    free,
    merged,
    name_of,
    names_in,
    or_null,
    recursive,
    references,
    rooted,
    type_of,
    typed,
    with_required,
    without,
)
from lumos_tools.dialects.report import Loss, Lowered
from lumos_tools.dialects.tables import DIALECTS, Dialect
from lumos_tools.dialects.words import SILENT, described, in_order, words
from lumos_tools.errors import SchemaError
from lumos_tools.schema import Schema

OF_OBJECTS = ("properties", "required", "additionalProperties")
MAX_PARTS = 1_000
"""Parts of a schema beyond which no type is written out in place of its name."""
UNROLL = 1
"""How often a type that holds itself is written out inside itself."""
SHAPES = frozenset(
    "type properties required additionalProperties items prefixItems anyOf oneOf allOf $ref $defs "
    "description".split()
)
"""Keywords that are read for what they hold."""
ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", *SILENT})
"""What binds no value."""


def lower(schema: Mapping[str, Any], dialect: str | Dialect) -> Lowered:
    """The *schema* of a tool in a *dialect*, by its name in `DIALECTS`.

    Raises `SchemaError` for a dialect that is not there, and for a schema that is no object's.
    """
    if isinstance(dialect, str):
        if dialect not in DIALECTS:
            raise SchemaError(f"no dialect {dialect!r}; there are {', '.join(DIALECTS)}")
        dialect = DIALECTS[dialect]
    whole = rooted(schema)
    if dialect.keywords is None and all(map(_legal(dialect), names_in(whole))):
        return Lowered(whole, (), None, dialect)
    try:
        return _Lowering(whole, dialect).lowered()
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SchemaError(
            f"this schema cannot be said in {dialect.title}: {type(error).__name__}: {error}; it must "
            "be valid, and refer to nothing but its own $defs"
        ) from error


def _legal(dialect: Dialect) -> Callable[[str], Any]:
    return re.compile(dialect.names or ".*", re.DOTALL).fullmatch


class _Made(NamedTuple):
    """What became of one part of a schema."""

    schema: Schema
    mapping: Mapped | None = None


class _Lowering:
    """Lowers one schema, part by part; a part is known by its *path*."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        self._root = schema
        self._dialect = dialect
        self._defs: dict[str, Any] = schema.get("$defs", {})
        self._made: dict[str, Schema] = {}
        self._table: dict[str, Mapped | None] = {}
        self._inside: list[str] = []
        self._losses: dict[str, Loss] = {}
        self._maps = False
        self._count = 0

    def lowered(self) -> Lowered:
        schema, mapping = self._object(without(self._root, "$defs"), "#", keep_open=True)
        used: dict[str, None] = {}
        while unseen := [
            name for name in references([schema, *map(self._made.get, used)]) if name not in used
        ]:
            if unseen[0] not in self._made:  # of a keyword kept as it is
                self._reference({"$ref": f"#/$defs/{unseen[0]}"}, "")
            used[unseen[0]] = None
        if used:
            schema["$defs"] = {name: self._made[name] for name in self._defs if name in used}
        return Lowered(
            schema, [*self._losses.values()], mapping if self._maps else None, self._dialect
        )

    # Parts, by what they hold.

    def _part(self, schema: Any, path: str) -> _Made:
        self._count += 1
        if schema is True or schema is False or not (schema.keys() - ANNOTATIONS):
            return self._anything(schema, path)
        if "enum" in schema or "const" in schema:
            return self._values(schema, path)
        if isinstance(schema.get("type"), list):
            schema = by_type(schema)
        match schema:
            case {"$ref": _}:
                return self._reference(schema, path)
            case {"type": "object"} | {"properties": _}:
                return self._object(schema, path)
            case {"type": "array"}:
                return self._array(schema, path)
            case {"type": kind}:
                return self._plain(schema, path, {"type": kind})
            case {"allOf": _}:
                return self._all_of(schema, path)
            case {"anyOf": _} | {"oneOf": _}:
                return self._union(schema, path)
            case _:
                return self._anything(schema, path)

    def _plain(
        self,
        schema: Schema,
        path: str,
        made: Schema,
        mapping: Mapped | None = None,
        *,
        told: Sequence[str] = (),
        done: Sequence[str] = (),
    ) -> _Made:
        """*made*, with the keywords of *schema* that it does not have yet, but for those *done*.

        What the dialect does not take is *told* in the description, and so is a second shape.
        """
        said: dict[str, str] = {}
        for key, value in schema.items():
            if key in made or key in done or key in ("description", "$defs"):
                continue
            as_it_is = not isinstance(mapping, Text) and key not in SHAPES
            if as_it_is and self._takes(key, value, schema):
                made[key] = lowered(mapping, value) if key == "default" else value
            elif key in SILENT:
                self._lose(path, key, value, "dropped", "same")
            else:
                said[key] = words(key, self._whole(value))
                effect = "same" if key in ANNOTATIONS else "admits more"
                self._lose(path, key, value, "described", effect)
        if text := described(schema.get("description", ""), [*told, *in_order(said)]):
            made["description"] = text
        self._maps = self._maps or (mapping is not None and not isinstance(mapping, Reference))
        return _Made(made, mapping)

    def _takes(self, key: str, value: Any, schema: Schema) -> bool:
        dialect = self._dialect
        if dialect.keywords is not None and key not in dialect.keywords:
            return False
        if key == "format" and dialect.formats is not None:
            return value in dialect.formats
        match dialect.partly.get(key):
            case "at most 1":
                return bool(value <= 1)
            case "integers":
                return isinstance(value, int)
            case "without pattern":
                return "pattern" not in schema
            case _:
                return True

    def _anything(self, schema: Any, path: str) -> _Made:
        if isinstance(schema, bool):
            schema = {} if schema else {"not": {}}
        if self._dialect.anything:
            return self._plain(schema, path, {})
        return self._text(schema, path, "any value, written as JSON text")

    def _text(self, schema: Schema, path: str, told: str) -> _Made:
        self._lose(path, "type", schema.get("type"), "text", "admits more")
        done = ("type",) if isinstance(schema.get("type"), str) else ()
        return self._plain(schema, path, {"type": "string"}, Text(), told=[told], done=done)

    def _reference(self, schema: Schema, path: str) -> _Made:
        name = name_of(schema)
        beside = without(schema, "$ref")
        target = f"#/$defs/{name}"
        holds_itself = name in self._recursive
        if self._dialect.references == "none" or (holds_itself and not self._dialect.recursion):
            deep = sum(one in self._recursive for one in self._inside)
            if deep > UNROLL or self._count > MAX_PARTS:
                return self._text(beside, target, f"a {name}, written as JSON text")
            self._inside.append(name)
            made, mapping = self._part({**self._defs[name], **beside}, target)
            self._inside.pop()
            return _Made(made, mapping)
        if beside.keys() - ANNOTATIONS and not (beside.keys() & self._defs[name].keys()):
            return self._part({**self._defs[name], **beside}, target)
        if name not in self._made:
            self._made[name] = {}
            self._table[name] = None
            made, self._table[name] = self._part(self._defs[name], target)
            self._made[name].update(made)
        made, mapping = self._plain(beside, path, {}, Reference(self._table, name))
        if made and self._dialect.references == "alone":
            return _Made({"anyOf": [{"$ref": target}], **made}, mapping)
        return _Made({"$ref": target, **made}, mapping)

    @cached_property
    def _recursive(self) -> frozenset[str]:
        """The names of types that hold themselves."""
        return recursive(self._defs)

    def _all_of(self, schema: Schema, path: str) -> _Made:
        parts = [
            self._whole(one) | without(one, "$ref") if self._whole(one) is not one else one
            for one in schema["allOf"]
        ]
        joined = merged([*parts, without(schema, "allOf")])
        if joined is None:
            return self._text(schema, path, "of several shapes at once, written as JSON text")
        return self._part(joined, path)

    def _union(self, schema: Schema, path: str) -> _Made:
        key = "anyOf" if "anyOf" in schema else "oneOf"
        kept = key if self._takes(key, schema[key], schema) else "anyOf"
        parts: list[Schema] = schema[key]
        lost = dict(self._losses)
        made = [self._part(one, f"{path}/{key}/{place}") for place, one in enumerate(parts)]
        if _mixes_text(made) or self._mixes_lists(made):
            self._losses = lost  # of what is not there
            return self._text(schema, path, "one of several, written as JSON text")
        if kept != key and not disjoint([self._whole(one) for one in parts]):
            self._lose(path, key, None, "any", "admits more")
        mapping = self._branches(parts, made) if any(one.mapping for one in made) else None
        return self._one_of(schema, path, [one.schema for one in made], kept, mapping, done=(key,))

    def _mixes_lists(self, made: Sequence[_Made]) -> bool:
        """Whether a list, or an object, may stand for two things that cannot be told apart by it."""
        kinds = [{*self._kinds(one.schema)} for one in made]
        return any(
            changes_kind(one.mapping) and kinds[place] & kinds[other]
            for place, one in enumerate(made)
            for other in range(len(made))
            if other != place
        )

    def _kinds(self, schema: Schema) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._made.get(name_of(schema), {})
        for part in schema.get("anyOf", ()):
            yield from self._kinds(part)
        yield str(schema.get("type"))

    def _one_of(
        self,
        schema: Schema,
        path: str,
        parts: list[Schema],
        key: str,
        mapping: Mapped | None = None,
        *,
        done: Sequence[str] = (),
    ) -> _Made:
        """One of *parts*; null among them may be a keyword."""
        if not (self._dialect.nullable and NULL in parts):
            return self._plain(schema, path, {key: parts}, mapping, done=done)
        rest = [one for one in parts if one != NULL]
        made: Schema = dict(rest[0]) if len(rest) == 1 else {key: rest}
        told = [made.pop("description").rstrip(".")] if "description" in made else []
        made["nullable"] = True
        return self._plain(schema, path, made, mapping, told=told, done=done)

    def _branches(self, parts: Sequence[Schema], made: Sequence[_Made]) -> Branches:
        return Branches(
            [
                Branch(
                    after.mapping,
                    Fits(after.schema, self._made),
                    Fits(before, self._defs),
                )
                for before, after in zip(parts, made, strict=True)
            ]
        )

    def _whole(self, schema: Any) -> Any:
        """*schema*, or what it refers to."""
        known = cast("Schema", schema) if isinstance(schema, dict) else {}
        return self._defs[name_of(known)] if "$ref" in known else cast("Any", schema)

    def _values(self, schema: Schema, path: str) -> _Made:
        key = "enum" if "enum" in schema else "const"
        values: list[Any] = schema["enum"] if key == "enum" else [schema["const"]]
        listed = schema["type"] if isinstance(schema.get("type"), list) else ()
        values = [one for one in values if not listed or fits_type(one, listed)]
        rest = without(schema, key, "type")
        if self._dialect.enums == "any":
            return self._plain(rest, path, {key: schema[key], **typed(schema)})
        groups: dict[str, list[Any]] = {}
        for value in values:
            groups.setdefault(type_of(value), []).append(value)
        if {"object", "array"} & {*groups}:
            return self._text(schema, path, "written as JSON text")
        made = [self._group(kind, group, path, key) for kind, group in groups.items()]
        if len(made) == 1:
            return self._plain(rest, path, made[0])
        return self._one_of(rest, path, made, "anyOf")

    def _group(self, kind: str, values: list[Any], path: str, key: str) -> Schema:
        """The schema of *values*, which are all of one type."""
        if kind == "null":
            return dict(NULL)
        if self._dialect.enums == "strings" and kind != "string":
            self._lose(path, key, values, "described", "admits more")
            return {"type": kind, "description": described("", [words("enum", values)])}
        if key == "const" and self._takes("const", values[0], {}):
            return {"const": values[0], "type": kind}
        return {"enum": values, "type": kind}

    def _object(self, schema: Schema, path: str, *, keep_open: bool = False) -> _Made:
        schema = with_required(schema)
        known = "properties" in schema
        others = schema.get("additionalProperties", not (known and self._only_closed))
        if "patternProperties" in schema and others is False:
            others = True  # a key that the patterns take must be writable
        closes = not self._dialect.open_objects and others is not False
        if closes and not schema.get("properties") and not keep_open:
            return self._pairs(schema, path, others)
        names = self._named(schema.get("properties", {}), path)
        inner, members = self._properties(schema, path, names)
        made: Schema = {"type": "object"} | ({"properties": inner} if known or closes else {})
        needed = [names.get(key, key) for key in schema.get("required", ())]
        rest, pairs = None, None
        if closes:
            pairs = free("more", inner)
            inner[pairs], rest = self._pairs({}, path, others)
            needed.append(pairs)
            made |= self._closed
        elif "additionalProperties" in schema:
            said, rest = self._others(others, path)
            made |= said
        if self._dialect.every_key:
            needed = [*inner]
        if needed or "required" in schema:
            made["required"] = needed
        plain = all(one == Member(name) for name, one in members.items())
        mapping = None if plain and rest is None and pairs is None else Keys(members, rest, pairs)
        return self._plain(schema, path, made, mapping, done=OF_OBJECTS)

    def _properties(
        self, schema: Schema, path: str, names: Mapping[str, str]
    ) -> tuple[dict[str, Schema], dict[str, Member]]:
        """What is known of the keys, by their names in the dialect."""
        inner: dict[str, Schema] = {}
        members: dict[str, Member] = {}
        for key, part in schema.get("properties", {}).items():
            place, name = f"{path}/properties/{escaped(key)}", names[key]
            needs = key in schema.get("required", ())
            inner[name], members[name] = self._member(
                key, part, self._part(part, place), place, required=needs
            )
        return inner, members

    @property
    def _only_closed(self) -> bool:
        """Whether no object says of others keys, since there are none."""
        return not self._takes("additionalProperties", False, {})

    @property
    def _closed(self) -> Schema:
        return {} if self._only_closed else {"additionalProperties": False}

    def _others(self, others: Any, path: str) -> tuple[Schema, Mapped | None]:
        """What is said of keys of any name."""
        if self._only_closed:
            self._lose(path, "additionalProperties", False, "dropped", "admits more")
            return {}, None
        if isinstance(others, bool):
            return {"additionalProperties": others}, None
        made, mapping = self._part(others, f"{path}/additionalProperties")
        return {"additionalProperties": made}, mapping

    def _member(
        self, key: str, part: Any, made: _Made, place: str, *, required: bool
    ) -> tuple[Schema, Member]:
        if required or not self._dialect.every_key:
            return made.schema, Member(key, made.mapping)
        given = cast("Schema", part) if isinstance(part, dict) else {}
        if isinstance(made.mapping, Text) or not self._takes_null(given):
            self._lose(place, "required", False, "null", "same")
            self._maps = True
            return or_null(made.schema), Member(key, made.mapping, fills=True, drops=True)
        same = "default" in given and given["default"] is None
        self._lose(place, "required", False, "null", "same" if same else "admits less")
        self._maps = True
        return made.schema, Member(key, made.mapping, fills=True)

    def _takes_null(self, schema: Schema) -> bool:
        return Fits(schema, self._defs)(None)

    def _named(self, properties: Mapping[str, Any], path: str) -> dict[str, str]:
        """Names that the dialect takes for those of *properties*."""
        legal = _legal(self._dialect)
        names = {key: key for key in properties if legal(key)}
        for key in properties:
            if key in names:
                continue
            plain = re.sub("[^A-Za-z0-9_]", "_", key)[:48]
            names[key] = free(plain if legal(plain) else f"_{plain}", names.values())
            self._lose(f"{path}/properties/{escaped(key)}", "name", key, "renamed", "same")
        return {key: names[key] for key in properties}

    def _pairs(self, schema: Schema, path: str, others: Any) -> _Made:
        """An object with keys of any name, as a list of pairs."""
        self._lose(path, "additionalProperties", None, "pairs", "admits more")
        key, _ = self._part(
            {"type": "string", **schema.get("propertyNames", {})}, f"{path}/propertyNames"
        )
        value, mapping = self._part(others, f"{path}/additionalProperties")
        pair = {
            "type": "object",
            "properties": {"key": key, "value": value},
            "required": ["key", "value"],
            **self._closed,
        }
        counts = {"minProperties": "minItems", "maxProperties": "maxItems"}
        as_list = {counts.get(name, name): one for name, one in schema.items()}
        made: Schema = {"type": "array", "items": pair}
        return self._plain(
            as_list,
            path,
            made,
            Pairs(mapping),
            told=["pairs of key and value, each key once"],
            done=["propertyNames", *OF_OBJECTS, "minProperties", "maxProperties"],
        )

    def _array(self, schema: Schema, path: str) -> _Made:
        if "prefixItems" in schema:
            return self._tuple(schema, path)
        made: Schema = {"type": "array"}
        mapping = None
        if "items" in schema or not self._dialect.anything:
            made["items"], mapping = self._part(schema.get("items", {}), f"{path}/items")
        return self._plain(schema, path, made, Items(mapping) if mapping else None)

    def _tuple(self, schema: Schema, path: str) -> _Made:
        parts: list[Any] = schema["prefixItems"]
        made = [self._part(one, f"{path}/prefixItems/{place}") for place, one in enumerate(parts)]
        if self._takes("prefixItems", parts, schema):
            return self._places(schema, path, made)
        if schema.get("items") is not False and schema.get("maxItems") != len(parts):
            return self._text(schema, path, "a list, written as JSON text")
        self._lose(path, "prefixItems", None, "places", "same")
        least = schema.get("minItems", 0)
        members: dict[str, Member] = {}
        inner: dict[str, Schema] = {}
        for place, (part, one) in enumerate(zip(parts, made, strict=True)):
            at = f"{path}/prefixItems/{place}"
            inner[f"item_{place}"], member = self._member("", part, one, at, required=place < least)
            members[f"item_{place}"] = member
        if least < len(parts):
            self._lose(path, "minItems", least, "places", "admits more")
        needed = [*inner][: None if self._dialect.every_key else least]
        whole = {"type": "object", "properties": inner, "required": needed, **self._closed}
        done = ("prefixItems", "items", "minItems", "maxItems")
        return self._plain(schema, path, whole, Numbered(members), done=done)

    def _places(self, schema: Schema, path: str, made: Sequence[_Made]) -> _Made:
        """A list of places, where the dialect has them."""
        whole: Schema = {"type": "array", "prefixItems": [one.schema for one in made]}
        rest: Mapped | None = None
        if isinstance(schema.get("items"), bool):
            whole["items"] = schema["items"]
        elif "items" in schema:
            whole["items"], rest = self._part(schema["items"], f"{path}/items")
        mappings = [one.mapping for one in made]
        mapped = Places(mappings, rest) if rest or any(mappings) else None
        return self._plain(schema, path, whole, mapped)

    def _lose(self, path: str, keyword: str, value: Any, action: Any, effect: Any) -> None:
        loss = Loss(path, keyword, value, action, effect)
        self._losses.setdefault(f"{path} {keyword} {action}", loss)


def _mixes_text(made: Sequence[_Made]) -> bool:
    """Whether a text may be one itself, or JSON text: the two cannot be told apart."""
    texts = [one for one in made if isinstance(one.mapping, Text)]
    others = [
        one for one in made if one not in texts and one.schema.get("type") in ("string", None)
    ]
    return bool(texts and (others or len(texts) > 1))
