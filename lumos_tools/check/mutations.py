"""What may be wrong with arguments: for each place in legal ones, what could stand there instead."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from lumos_tools.check.pointers import inside, told
from lumos_tools.schema import Schema

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 10**30),
    *("", "1", "true", "null", "zzz", "1577836800", "2026-02-30"),
    *([], {}, [None], ["zzz"], {"zzz": 1}),
)
UNKNOWN = "zzz"
"""A key that nobody asks for."""
Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A place in arguments, and what to put there."""

    path: Path
    others: Sequence[Any]


def places(arguments: Schema, schema: Schema) -> list[Place]:
    """Every place in *arguments*, which *schema* admits, with what may be wrong there."""
    return [
        Place(path, [*_near(value, parts), *JUNK] if path else _objects(value))
        for path, value, parts in _walk((), arguments, [schema], schema)
    ]


def replaced(value: Any, path: Path, other: Any) -> Any:
    """A copy of *value* with *other* at *path*."""
    if not path:
        return other
    key: Any = path[0]
    inner = replaced(value[key], path[1:], other)
    if isinstance(value, dict):
        return {**cast("Schema", value), key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


Met = tuple[Path, Any, list[Schema]]


def _walk(path: Path, value: Any, schemas: list[Any], whole: Schema) -> Iterator[Met]:
    """Every value inside of *value*, with the parts of the schema that speak of it."""
    parts = [*told(schemas, whole)]
    yield path, value, parts
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = [*cast("Schema", value).items()]
    elif isinstance(value, list):
        inner = [*enumerate(cast("Iterable[Any]", value))]
    for key, one in inner:
        yield from _walk((*path, key), one, [*inside(parts, key)], whole)


def _near(value: Any, parts: Sequence[Schema]) -> Iterator[Any]:
    """What is nearly *value*: what models get wrong, and what is just beyond a limit."""
    match value:
        case bool():
            yield from (int(value), str(value).lower())
        case int() | float():
            yield from (str(value), value + 0.5)
        case str():
            yield from (f"{value}\n", f" {value}", f"{value}=", value.swapcase(), value[:-1])
            yield from ([value], value.replace("-", ""))
        case list():
            yield from _lists(cast("Sequence[Any]", value))
        case dict():
            yield from _objects(cast("Schema", value))
            yield json.dumps(value)
        case _:
            yield "None"
    for part in parts:
        yield from _beyond(part)


def _lists(value: Sequence[Any]) -> Iterator[Any]:
    yield from ([*value, *value], [*value, None], [*value, UNKNOWN], value[:-1])
    yield from (json.dumps(value), {str(number): one for number, one in enumerate(value)})
    yield from value[:1]


def _objects(value: Schema) -> list[Any]:
    """*value* with a key too many, and with each key missing."""
    fewer = [{name: value[name] for name in value if name != key} for key in value]
    misspelt = [
        {f"{name}_" if name == key else name: value[name] for name in value} for key in value
    ]
    return [{**value, UNKNOWN: 1}, *fewer, *misspelt]


def _beyond(part: Schema) -> Iterator[Any]:
    """What is just beyond the limits of *part*."""
    for word in (*part.get("enum", ()), *([part["const"]] if "const" in part else ())):
        yield from _near(word, ()) if isinstance(word, str | int | float) else ()
    for key, by in BEYOND.items():
        if key in part:
            yield part[key] + by
    if "multipleOf" in part:
        yield part["multipleOf"] / 2
    if part.get("minLength"):
        yield "a" * (part["minLength"] - 1)
    if "maxLength" in part:
        yield "é" * (part["maxLength"] + 1)


BEYOND = {"minimum": -1, "maximum": 1, "exclusiveMinimum": 0, "exclusiveMaximum": 0}
