"""Type hints and models -> JSON Schema, and the checker that agrees with it."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NotRequired, Required, cast

import pydantic_core
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import TypedDict

from lumos_tools.errors import InvalidArgumentsError, SchemaError
from lumos_tools.signature import EMPTY, Parameter

Schema = dict[str, Any]
MAX_FAULTS = 10
MAX_FAULT = 300

# `format` is asserted as in RFC 3339, but for what Python's own values need: a naive datetime has no
# zone, and a timedelta has a fraction.
_TIME = r"\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?"
_FORMATS = {
    "time": _TIME,
    "date-time": rf"\d{{4}}-\d\d-\d\d[Tt ]{_TIME}",
    "duration": r"-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
}


class Arguments:
    """What a tool takes: its JSON Schema, and the check that a call's arguments pass.

    *type_* is what pydantic makes of checked arguments; *owner* names the tool in errors; *extras*
    adds keywords to the schema of a parameter. All is built when first asked for.
    """

    def __init__(
        self, type_: Any, *, owner: str, extras: Mapping[str, Schema] | None = None
    ) -> None:
        self._type = type_
        self._owner = owner
        self._extras = extras or {}

    @property
    def schema(self) -> Schema:
        """The JSON Schema, a fresh copy."""
        return json.loads(self.text)  # type: ignore[no-any-return]

    @cached_property
    def text(self) -> str:
        """The JSON Schema as JSON text, the same in every process."""
        try:
            schema = self._adapter.json_schema(schema_generator=_Generator)
        except (PydanticUserError, pydantic_core.SchemaError, TypeError) as error:
            why = getattr(error, "message", error)  # pydantic's text with no URL
            raise SchemaError(f"{self._owner}: its types do not make a schema: {why}") from error
        schema.pop("description", None)  # of a model; the tool has it
        for name, extra in self._extras.items():
            schema["properties"][name].update(extra)
        return json.dumps(_closed(schema), ensure_ascii=False, separators=(",", ":"))

    def check(self, arguments: str | bytes | Mapping[str, Any]) -> Any:
        """What *arguments*, raw JSON text or a mapping, mean to the tool.

        They pass the very schema that the model was shown before pydantic converts them, so pydantic
        only changes representations (text to datetime, list to set) and never guesses a type.
        Raises `InvalidArgumentsError`.
        """
        if isinstance(arguments, str | bytes):
            arguments = decode(arguments)
        if not self._gate.is_valid(arguments):
            raise InvalidArgumentsError(_bounded(_gate_faults(self._gate.iter_errors(arguments))))
        try:
            return self._adapter.validate_json(pydantic_core.to_json(arguments))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
            raise InvalidArgumentsError(_bounded(map(_pydantic_fault, faults))) from None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._type)

    @cached_property
    def _gate(self) -> Any:
        import jsonschema_rs

        formats: dict[str, Callable[[str], bool]] = {
            name: partial(_matches, pattern) for name, pattern in _FORMATS.items()
        }
        return jsonschema_rs.validator_for(self.schema, validate_formats=True, formats=formats)


def arguments_of(parameters: Sequence[Parameter], *, owner: str) -> Arguments:
    """The arguments of a function with *parameters*; one that has a default may be missing.

    A `TypedDict` takes any name (json, schema, model_config, self), and a missing parameter is
    missing in what comes of it, so that the function's own default holds.
    """
    fields = {
        one.name: (Required if one.default is EMPTY else NotRequired)[one.annotation]
        for one in parameters
    }
    make: Any = TypedDict  # with fields that only now are known
    type_ = make("Arguments", fields)
    type_.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)
    return Arguments(type_, owner=owner, extras={one.name: _extra(one) for one in parameters})


def _extra(parameter: Parameter) -> Schema:
    """What the type cannot tell: the docstring's text, and the default where JSON can say it."""
    extra: Schema = {"description": parameter.description} if parameter.description else {}
    if parameter.default is not EMPTY:
        try:
            extra["default"] = json.loads(pydantic_core.to_json(parameter.default))
        except pydantic_core.PydanticSerializationError:
            return extra
    return extra


def decode(text: str | bytes) -> Schema:
    """Decode the JSON object *text* strictly, as RFC 8259 has it.

    NaN, infinity, numbers too large for a float, keys given twice and halves of surrogate pairs are
    refused with `InvalidArgumentsError`; empty text is an empty object, as models send it.
    """
    try:
        plain = text if isinstance(text, str) else text.decode()
        value = _strict.decode(plain or "{}")
        if "\\u" in plain or not plain.isascii():
            pydantic_core.to_json(value)  # fails on half a surrogate pair
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentsError([_bound(f"not JSON: {error}, in {text!r}")]) from None
    if not isinstance(value, dict):
        raise InvalidArgumentsError([_bound(f"expected a JSON object, got {text!r}")])
    return cast("Schema", value)


def _unique(pairs: list[tuple[str, Any]]) -> Schema:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"key {next(name for name in names if names.count(name) > 1)!r} given twice"
        )
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a number that JSON has")
    return value


_strict = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)


class _Generator(GenerateJsonSchema):
    """pydantic's JSON Schema, made to say what pydantic checks, and no more words than needed."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        number, *text = super().decimal_schema(schema).get("anyOf", [{"type": "number"}])
        pattern = r"^-?[0-9]+(\.[0-9]+)?$"
        return {"anyOf": [number, *({**one, "pattern": pattern} for one in text)]}


def _closed(schema: Schema) -> Schema:
    """*schema* without the titles of its models, and open only where a model asks to be."""
    closed = {key: _closed_value(key, value) for key, value in schema.items() if key != "title"}
    if "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _closed_value(key: str, value: Any) -> Any:
    match key:
        case "properties" | "$defs":
            return {name: _closed(inner) for name, inner in value.items()}
        case "anyOf" | "oneOf" | "allOf" | "prefixItems":
            return [_closed(inner) for inner in value]
        case "items" | "additionalProperties" | "propertyNames" if isinstance(value, dict):
            return _closed(cast("Schema", value))
        case _:
            return value


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _gate_faults(errors: Iterable[Any]) -> Iterator[str]:
    """A line an error; where one branch of a union is of the right type, what is wrong in that branch."""
    for error in errors:
        branches = getattr(error.kind, "context", ())
        meant = [branch for branch in branches if not _other_type(branch, error)]
        if len(meant) == 1:
            yield from _gate_faults(meant[0])
        else:
            yield _fault(error.instance_path, error.message)


def _other_type(branch: Sequence[Any], union: Any) -> bool:
    return any(
        one.instance_path == union.instance_path and one.kind.name == "type" for one in branch
    )


def _pydantic_fault(error: Mapping[str, Any]) -> str:
    return _fault(error["loc"], f"{error['msg']}, got {error['input']!r}")


def _fault(path: Iterable[str | int], message: str) -> str:
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
    return f"{place}: {message}" if place else message


def _bounded(faults: Iterable[str]) -> list[str]:
    lines = [_bound(fault) for fault in faults]
    more = len(lines) - MAX_FAULTS
    return [*lines[:MAX_FAULTS], f"and {more} more"] if more > 0 else lines


def _bound(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= MAX_FAULT else f"{line[: MAX_FAULT - 3]}..."
