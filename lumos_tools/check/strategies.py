"""Arguments out of a JSON Schema, as Hypothesis strategies: legal ones, and illegal ones."""

import base64
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from lumos_tools.check.mutations import places, replaced
from lumos_tools.check.oracle import Oracle, ecma
from lumos_tools.check.pointers import merged, recursive, resolved
from lumos_tools.check.scalars import (
    FORMATS,
    Values,
    anything,
    canonical,
    integers,
    matching,
    numbers,
    texts,
)
from lumos_tools.check.subject import Examined, Subject
from lumos_tools.schema import Schema


def arguments_for(tool: Examined) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that the schema of *tool* admits."""
    return legal(Subject(tool).schema)


def invalid_arguments_for(tool: Examined) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that the schema of *tool* refuses: legal ones with one thing changed."""
    return illegal(Subject(tool).schema)


def legal(schema: Schema) -> Values:
    """Values that *schema* admits."""
    return from_schema(schema).filter(Oracle(schema).admits)


def illegal(schema: Schema) -> Values:
    """Objects that *schema* refuses, each of them one change away from one that it admits."""
    arguments, oracle = legal(schema), Oracle(schema)

    @st.composite
    def changed(draw: st.DrawFn) -> Any:
        value = draw(arguments)
        place = draw(st.sampled_from(places(value, schema)))
        return replaced(value, place.path, draw(st.sampled_from(place.others)))

    return changed().filter(lambda value: not oracle.admits(value))


def from_schema(schema: Schema) -> Values:
    """Values that are made as *schema* says; it admits them, but for rare entangled keywords."""
    return _Maker(schema).of(schema)


SILENT = frozenset(
    "title description default examples deprecated readOnly writeOnly discriminator contentMediaType "
    "$schema $id $defs definitions $comment".split()
)
"""Keywords that refuse nothing."""
ENTANGLED = frozenset(
    "allOf oneOf not if then else dependentSchemas dependentRequired contains minContains maxContains "
    "unevaluatedProperties unevaluatedItems minProperties maxProperties patternProperties".split()
)
"""Keywords that go with others: what is made is asked about."""
MANY = 1_000
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


class _Maker:
    """Makes strategies of the parts of the schema *whole*."""

    def __init__(self, whole: Schema) -> None:
        self._whole = whole
        self._oracle = Oracle(whole)
        self._met: dict[str, Values] = {}
        self._recursive = recursive(whole)
        self._depth = 0  # inside of definitions that refer to themselves
        self._level = 0  # inside of lists and objects

    def of(self, schema: Any) -> Values:
        if isinstance(schema, bool):
            return anything if schema else st.nothing()
        told = {key: value for key, value in schema.items() if key not in SILENT}
        made = self._of_one(told)
        return made.filter(self._oracle.part(told).admits) if ENTANGLED & told.keys() else made

    def _of_one(self, schema: Schema) -> Values:
        rest: Schema
        match schema:
            case {"$ref": ref, **rest}:
                target = resolved(ref, self._whole)
                return self.of(merged(target, rest)) if rest else self._reference(ref)
            case {"allOf": parts, **rest}:
                for part in parts:
                    rest = merged(rest, self._plain(part))
                return self.of(rest)
            case {"const": value}:
                return self._one_of([value], schema)
            case {"enum": values}:
                return self._one_of(values, schema)
            case {"anyOf": branches, **rest} | {"oneOf": branches, **rest}:
                parts = [merged(rest, self._plain(one)) for one in branches] if rest else branches
                return st.one_of(*map(self.of, parts))
            case {"type": str(type_)}:
                return self._of_type(type_, schema)
            case _ if schema.keys() - ENTANGLED:
                types = schema.get("type", TYPES)
                return st.one_of(*(self._of_type(one, schema) for one in types))
            case _:
                return anything

    def _plain(self, schema: Any) -> Schema:
        """*schema* without a reference, if it is one."""
        if isinstance(schema, bool):
            return {} if schema else {"enum": []}
        ref, rest = schema.get("$ref"), {key: schema[key] for key in schema if key != "$ref"}
        return merged(resolved(ref, self._whole), rest) if ref else rest

    def _reference(self, ref: str) -> Values:
        if ref not in self._met:
            self._met[ref] = st.deferred(lambda: self._target(ref))
        return self._met[ref]

    def _target(self, ref: str) -> Values:
        self._depth += ref in self._recursive
        made = self.of(resolved(ref, self._whole))
        self._depth -= ref in self._recursive
        return made

    def _one_of(self, values: Sequence[Any], schema: Schema) -> Values:
        fitting = [one for one in values if self._oracle.part(schema).admits(one)]
        return st.sampled_from(fitting) if fitting else st.nothing()

    def _of_type(self, type_: str, schema: Schema) -> Values:
        match type_:
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case "integer":
                return integers(schema)
            case "number":
                return numbers(schema)
            case "string":
                return self._strings(schema)
            case _:
                self._level += 1
                made = self._lists(schema) if type_ == "array" else self._objects(schema)
                self._level -= 1
                return made

    def _strings(self, schema: Schema) -> Values:
        if schema.get("contentEncoding") == "base64":
            made: Values = st.binary(max_size=24).map(base64.b64encode).map(bytes.decode)
        elif "pattern" in schema:
            made = matching(schema["pattern"], schema.get("maxLength"))
        elif schema.get("format") in FORMATS:
            made = FORMATS[schema["format"]]
        else:
            low = schema.get("minLength", 0)
            return texts(low, schema.get("maxLength", low + 500))
        return made.filter(self._oracle.part({**schema, "type": "string"}).admits)

    def _lists(self, schema: Schema) -> Values:
        first = [self.of(one) for one in schema.get("prefixItems", ())]
        items = schema.get("items", True)
        rest = self.of(items)
        low = schema.get("minItems", 0)
        high = min(schema.get("maxItems", math.inf), max(low, len(first)) + self._more())
        high = int(min(high, len(first)) if items is False else high)
        unique = canonical if schema.get("uniqueItems") else None
        if not first:
            some = st.lists(rest, min_size=low, max_size=high, unique_by=unique)
            return st.just([]) | some if self._depth and not low else some
        made = st.integers(low, high).flatmap(
            lambda size: st.tuples(*first[:size], *[rest] * (size - len(first))).map(list)
        )
        return made.filter(self._oracle.part(schema).admits) if unique else made

    def _more(self) -> int:
        """How many there may be of what need not be: fewer where they are many anyway."""
        return 2 if self._depth or self._level > 2 else 3

    def _objects(self, schema: Schema) -> Values:
        required = schema.get("required", ())
        parts = {**schema.get("properties", {}), **{one: _part(one, schema) for one in required}}
        known = st.fixed_dictionaries(
            {name: self.of(parts[name]) for name in required},
            optional={
                name: self.of(part)
                for name, part in parts.items()
                if name not in required and part is not False
            },
        )
        if not (others := [*self._others(schema, {*parts})]):
            return known
        low = max(0, schema.get("minProperties", 0) - len(required))
        high = max(low, min(low + (1 if parts else self._more()), self._most(schema)))
        more: st.SearchStrategy[list[tuple[str, Any]]] = st.lists(
            st.one_of(*others), min_size=low, max_size=high, unique_by=lambda entry: entry[0]
        )
        if not low and (self._depth or parts):
            more = st.just(list[tuple[str, Any]]()) | more
        return st.tuples(known, more).map(lambda made: {**dict(made[1]), **made[0]})

    def _most(self, schema: Schema) -> int:
        """How many keys there may be besides those that must be."""
        most: int = schema.get("maxProperties", MANY) - len(schema.get("required", ()))
        names = self._plain(schema.get("propertyNames", True)).get("enum", range(MANY))
        return max(0, min(most, len(names)))

    def _others(self, schema: Schema, known: set[str]) -> Iterator[Values]:
        """Entries whose keys are none of *known*."""
        patterns = schema.get("patternProperties", {})
        names = schema.get("propertyNames", True)
        fits = self._oracle.part(names).admits
        for pattern, part in patterns.items():
            keys = matching(pattern).filter(lambda one: one not in known and fits(one))
            yield st.tuples(keys, self.of(part))
        rest = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        if rest is not False:
            text = {"type": "string"}
            keys = self.of(text if names is True else merged(text, self._plain(names))).filter(
                lambda one: (
                    one not in known and not any(re.search(ecma(key), one) for key in patterns)
                )
            )
            yield st.tuples(keys, self.of(rest))


def _part(name: str, schema: Schema) -> Any:
    """The schema of what stands under *name*."""
    if name in schema.get("properties", {}):
        return schema["properties"][name]
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(ecma(pattern), name):
            return part
    return schema.get("additionalProperties", True)
