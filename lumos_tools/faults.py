"""What is wrong with arguments, told to a model: a line a fault, with the path and the way to mend it."""

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, cast

MAX_FAULTS = 10
MAX_FAULT = 300
MAX_GOT = 60
"""Characters of what came that are shown."""
MAX_WORD = 100
"""Characters of a word that a legal one is looked for."""
EXAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:30:00Z",
    "time": "12:30:00",
    "duration": "P1DT2H30M",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "email": "ada@example.com",
    "uri": "https://example.com",
}
LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "pattern": "text that matches {}",
}
TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def gate_faults(errors: Iterable[Any], schema: Mapping[str, Any]) -> list[str]:
    """The faults that the gate's *errors* are; *schema* is what it checked by."""
    return bounded(line for error in errors for line in _lines(error, schema))


def model_faults(errors: Iterable[Mapping[str, Any]], given: Any) -> list[str]:
    """The faults that pydantic's *errors* with *given* are: checks that no schema shows."""
    return bounded(_of_a_model(one, given) for one in errors)


def _of_a_model(error: Mapping[str, Any], given: Any) -> str:
    """The line of one error; of its place, which names branches of unions too, what was written."""
    path: list[str | int] = []
    here: Any = given
    for step in error["loc"]:
        if step in _steps(here):
            path.append(step)
            here = here[step]
    of_key = " (a key)" if "[key]" in error["loc"][-1:] else ""
    return _at(path, f"{error['msg']}, got {got(error['input'])}{of_key}")


def _steps(value: Any) -> Collection[str | int]:
    """The keys of an object, the places of a list."""
    if isinstance(value, list):
        return range(len(cast("Sequence[Any]", value)))
    return cast("dict[str, Any]", value) if isinstance(value, dict) else ()


def bounded(faults: Iterable[str]) -> list[str]:
    """*faults*, at most `MAX_FAULTS` of them, each one line of at most `MAX_FAULT` characters."""
    lines = [bound(fault) for fault in islice(faults, MAX_FAULTS + 1)]
    return [*lines[:MAX_FAULTS], "and more"] if len(lines) > MAX_FAULTS else lines


def bound(line: str) -> str:
    """*line*, cut before it fills the model's window."""
    line = " ".join(line.split())
    return line if len(line) <= MAX_FAULT else f"{line[: MAX_FAULT - 3]}..."


def got(value: Any) -> str:
    """*value* as JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_GOT else f"{text[: MAX_GOT - 3]}..."


def _lines(error: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one error; of a union, those of the branch that was meant, if that can be told."""
    kind, path = error.kind.name, error.instance_path
    if kind == "required":
        yield _at([*path, error.kind.value], "it is missing")
    elif kind == "additionalProperties":
        known = _known(error.schema_path, schema)
        for name in error.kind.value:
            way_out = _nearest(name, known) or f"known: {', '.join(known) or 'none'}"
            yield _at([*path, name], f"there is no such key; {way_out}")
    elif kind == "falseSchema":
        yield _at(path, "there is no such key")
    elif kind == "propertyNames":
        yield from (f"{line} (a key)" for line in _lines(error.kind.value, schema))
    elif kind in ("anyOf", "oneOf"):
        yield from _of_a_union(error, schema)
    else:
        yield _at(
            path, f"expected {_expected(kind, error)}, got {got(error.instance)}{_hint(error)}"
        )


def _of_a_union(error: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    branches: list[list[Any]] = [one for one in error.kind.value if isinstance(one, list)]
    meant = [branch for branch in branches if not _other_type(branch, error)]
    if len(meant) == 1:
        for inner in meant[0]:
            yield from _lines(inner, schema)
        return
    tags = [one for branch in branches for one in branch if one.kind.name == "const"]
    firsts = (
        tags if len(tags) == len(branches) else [_first(branch) for branch in branches if branch]
    )
    words = dict.fromkeys(_expected(one.kind.name, one) for one in firsts)
    place = firsts[0] if firsts == tags and tags else error
    told = " or ".join(words) or "one of several shapes"
    yield _at(place.instance_path, f"expected {told}, got {got(place.instance)}")


def _first(branch: Sequence[Any]) -> Any:
    """What is told of *branch*: what is missing, or else its first error."""
    return next((one for one in branch if one.kind.name == "required"), branch[0])


def _other_type(branch: Sequence[Any], union: Any) -> bool:
    """Whether *branch* is of another type, or another kind in a discriminated union."""
    for one in branch:
        inside = one.instance_path[len(union.instance_path) :]
        if one.kind.name == "type" and not inside:
            return True
        if one.kind.name == "const" and len(inside) <= 1:
            return True
    return False


def _expected(kind: str, error: Any) -> str:
    value = error.kind.value
    if kind == "type":
        types = cast("list[str]", value) if isinstance(value, list) else [value]
        return " or ".join(TYPES[one] for one in sorted(types))
    if kind == "enum":
        return f"one of {', '.join(map(got, value))}"
    if kind == "const":
        return got(value)
    if kind == "format":
        example = EXAMPLES.get(value)
        return f"a {value}" + (f" such as {example}" if example else "")
    if kind == "required":
        return f"an object with {got(value)}"
    if kind == "uniqueItems":
        return "items that are all different"
    if kind in LIMITS:
        return LIMITS[kind].format(value)
    return f"what {kind!r} of the schema says"


def _hint(error: Any) -> str:
    """The nearest legal word, where there is one."""
    if error.kind.name != "enum" or not isinstance(error.instance, str):
        return ""
    near = _nearest(error.instance, [one for one in error.kind.value if isinstance(one, str)])
    return f"; {near}" if near else ""


def _nearest(word: str, known: Sequence[str]) -> str:
    if len(word) > MAX_WORD:
        return ""
    exact = [one for one in known if one.lower() == word.lower()]
    near = exact or difflib.get_close_matches(word, known, n=1)
    return f"did you mean {got(near[0])}?" if near else ""


def _known(path: Sequence[str | int], schema: Mapping[str, Any]) -> list[str]:
    """The keys of the object that the schema at *path* describes."""
    here: Any = schema
    for step in path[:-1]:
        name = here["$ref"].rpartition("/")[2] if step == "$ref" else ""
        here = schema["$defs"][name] if name else here[step]
    return [*here.get("properties", ())]


def _at(path: Iterable[str | int], message: str) -> str:
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
    return f"{place}: {message}" if place else message
