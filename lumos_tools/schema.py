"""Type hints and models -> JSON Schema, and the checker that agrees with it."""

import base64
import contextlib
import graphlib
import json
import logging
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cached_property, partial
from typing import Any, NotRequired, Required, cast

import pydantic_core
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import TypedDict

from lumos_tools.annotations import takes_none
from lumos_tools.decoding import cut, decode, encode, is_deep, is_heavy
from lumos_tools.errors import InvalidArgumentsError, SchemaError
from lumos_tools.faults import bound, bounded, gate_faults, model_faults
from lumos_tools.repair import repaired_text, retyped
from lumos_tools.signature import EMPTY, Parameter

Schema = dict[str, Any]
Values = dict[str, Any]
"""The arguments of a call, by name."""
logger = logging.getLogger("lumos_tools")

MAX_DOUBLED = 12
"""Levels of what is in a union, without a discriminator, of classes that hold themselves."""
UNFIT = (
    PydanticUserError,
    pydantic_core.SchemaError,
    TypeError,
    ValueError,
    RuntimeError,
    KeyError,
)
"""What pydantic raises for types that do not go together."""
TOO_HEAVY = "are too many, or too deep, to say where; send less at once"
# `format` is asserted as in RFC 3339, but for what Python's own values need: a naive datetime has no
# zone, a timedelta has a fraction, and there is no year 0.
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_TIME = rf"{_CLOCK}(:[0-5]\d(\.\d+)?)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)?"
_DATE = r"(?P<day>\d{4}-\d{2}-\d{2})"
_FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": rf"{_DATE}[Tt ]{_TIME}",
    "duration": r"-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
}


class Arguments:
    """What a tool takes: its JSON Schema, and the check that a call's arguments pass.

    *make* gives the type that pydantic makes of checked arguments; *owner* names the tool in errors;
    *extras* adds keywords to the schemas of the parameters, in their order. All is built when first
    asked for.
    """

    def __init__(
        self, make: Callable[[], Any], *, owner: str, extras: Sequence[Schema] = ()
    ) -> None:
        self._make = make
        self._owner = owner
        self._extras = extras

    @cached_property
    def type(self) -> Any:
        """What pydantic makes of checked arguments: a model, or a `TypedDict`."""
        return self._make()

    @property
    def schema(self) -> Schema:
        """The JSON Schema, a fresh copy."""
        return json.loads(self.text)  # type: ignore[no-any-return]

    @cached_property
    def text(self) -> str:
        """The JSON Schema as JSON text, the same in every process."""
        try:
            schema = _unfolded(self._adapter.json_schema(schema_generator=_Generator))
            schema.pop("description", None)  # of a model; the tool has it
            for part in objects_in(schema):
                _require_tag(part, schema.get("$defs", {}))
            for own, extra in zip(
                schema.get("properties", {}).values(), self._extras, strict=False
            ):
                own.update({key: value for key, value in extra.items() if key not in own})
            return json.dumps(
                _closed(schema), ensure_ascii=False, allow_nan=False, separators=(",", ":")
            )
        except UNFIT as error:
            why = getattr(error, "message", error)  # pydantic's text with no URL
            raise SchemaError(f"{self._owner}: its types do not make a schema: {why}") from error

    def check(self, arguments: str | bytes | Mapping[str, Any]) -> Any:
        """What *arguments*, raw JSON text or a mapping, mean to the tool.

        They pass the very schema that the model was shown before pydantic converts them, so pydantic
        only changes representations (text to datetime, list to set) and never guesses a type.
        Raises `InvalidArgumentsError`.
        """
        return self.convert(self.admit(arguments))

    def admit(self, arguments: str | bytes | Mapping[str, Any]) -> Values:
        """The object that *arguments* are, if the schema admits it."""
        given = decode(arguments if isinstance(arguments, str | bytes) else encode(arguments))
        if not self._gate.is_valid(given):
            raise InvalidArgumentsError(self._faults(given))
        if self._doubles and is_deep(given, MAX_DOUBLED):
            raise InvalidArgumentsError([f"more than {MAX_DOUBLED} levels deep; send less at once"])
        return given

    def repair(self, arguments: str | bytes | Mapping[str, Any]) -> tuple[Values, tuple[str, ...]]:
        """*arguments* made such that the schema admits them, and what was changed for it.

        Raises `InvalidArgumentsError`, with the faults of *arguments* as they are.
        """
        try:
            return self.admit(arguments), ()
        except InvalidArgumentsError:
            with contextlib.suppress(InvalidArgumentsError, ValueError):  # bytes that are no UTF-8
                text = arguments if isinstance(arguments, str | bytes) else encode(arguments)
                given, changes = repaired_text(text)
                changes += retyped(given, self._errors)
                if self._gate.is_valid(given):
                    return self.admit(given), (*changes,)
            raise

    def convert(self, admitted: Values) -> Any:
        """What *admitted* arguments mean in Python. Raises `InvalidArgumentsError`."""
        validator = self._validator
        try:
            return validator.validate_json(pydantic_core.to_json(admitted))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
            raise InvalidArgumentsError(model_faults(faults, admitted)) from None
        except Exception as error:  # of a validator of one's own
            logger.error("%s: a validator failed", self._owner, exc_info=error)
            raise InvalidArgumentsError([bound(f"{type(error).__name__}: {error}")]) from error

    def _faults(self, given: Values) -> list[str]:
        """What the gate has against *given*, or against the first items of its lists if it is heavy."""
        if errors := self._errors(given):
            return gate_faults(errors, self.schema)
        for most in (10, 100, 1_000):
            errors = self._errors(cut(given, most))
            if errors := [one for one in errors if one.kind.name != "minItems"]:
                only = f"of each list only the first {most} items were looked at"
                return bounded([*gate_faults(errors, self.schema), only])
        return [f"they do not fit the schema, and {TOO_HEAVY}"]

    def _errors(self, given: Values) -> list[Any]:
        """The gate's errors, each with those of all branches of a union; none if *given* is heavy."""
        growth = 2 if self._branches else 1
        return [] if is_heavy(given, growth) else [*self._gate.iter_errors(given)]

    @cached_property
    def _branches(self) -> bool:
        """Whether its types hold themselves in unions, whose errors double with every level."""
        unions = '"anyOf"' in self.text or '"oneOf"' in self.text
        return unions and _holds_itself(self.schema.get("$defs", {}))

    @cached_property
    def _doubles(self) -> bool:
        """Whether pydantic's work doubles with every level, for want of a discriminator."""
        classes = (
            sum("$ref" in branch for branch in part["anyOf"])
            for part in objects_in(self.schema)
            if "anyOf" in part
        )
        return self._branches and any(number > 1 for number in classes)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type)

    @cached_property
    def _validator(self) -> Any:
        return self._adapter.validator

    @cached_property
    def _gate(self) -> Any:
        import jsonschema_rs

        formats: dict[str, Callable[[str], bool]] = {
            name: partial(_matches, pattern) for name, pattern in _FORMATS.items()
        }
        return jsonschema_rs.validator_for(self.schema, validate_formats=True, formats=formats)


def output_schema(returns: Any) -> Schema | None:
    """The JSON Schema of results of the type *returns*; None for text, for nothing, and for no schema."""
    if returns in (None, str, type(None)):
        return None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(returns)
        return adapter.json_schema(mode="serialization", schema_generator=_Generator)
    except UNFIT:
        return None


CONFIG = ConfigDict(
    extra="forbid",
    allow_inf_nan=False,
    val_json_bytes="base64",
    ser_json_bytes="base64",
    use_attribute_docstrings=True,
)


def arguments_of(parameters: Sequence[Parameter], *, owner: str) -> Arguments:
    """The arguments of a function with *parameters*; one that has a default may be missing.

    A `TypedDict` takes any name (json, schema, model_config, self), and a missing parameter is
    missing in what comes of it, so that the function's own default holds.
    """
    return Arguments(
        partial(_type_of, parameters), owner=owner, extras=[_extra(one) for one in parameters]
    )


def _type_of(parameters: Sequence[Parameter]) -> Any:
    fields = {
        one.name: (Required if one.required else NotRequired)[one.annotation] for one in parameters
    }
    make: Any = TypedDict  # with fields that only now are known
    made = make("Arguments", fields)
    made.__module__ = "builtins"  # which has no source in which pydantic would look for docstrings
    made.__pydantic_config__ = CONFIG
    return made


def _extra(parameter: Parameter) -> Schema:
    """What the type cannot tell: the docstring's text, and the default where JSON can say it."""
    extra: Schema = dict(parameter.extra)
    if parameter.description:
        extra["description"] = parameter.description
    if parameter.default is not EMPTY and not _means_missing(parameter):
        with contextlib.suppress(pydantic_core.PydanticSerializationError):
            extra["default"] = _written(parameter.default)
    return extra


def _means_missing(parameter: Parameter) -> bool:
    """Whether the default is a None that the model may not send: `limit: int = None`."""
    return parameter.default is None and not takes_none(parameter.annotation)


def _written(default: Any) -> Any:
    """*default* as JSON, the same in every process: sets in order, bytes as RFC 4648, section 4 has them.

    Raises `PydanticSerializationError` for what is not JSON: infinity, or a mark of one's own.
    """
    match default:
        case Enum():
            return _written(default.value)
        case BaseModel():
            return _written(default.model_dump(by_alias=True, round_trip=True))
        case bytes() | bytearray():
            return base64.b64encode(default).decode()
        case dict():
            pairs = cast("Mapping[Any, Any]", default).items()
            return {_key_text(key): _written(value) for key, value in pairs}
        case set() | frozenset():
            return sorted(map(_written, cast("set[Any]", default)), key=json.dumps)
        case list() | tuple() | deque():
            return [*map(_written, cast("list[Any]", default))]
        case float() if not math.isfinite(default):
            raise pydantic_core.PydanticSerializationError(f"JSON has no {default}")
        case _ if is_dataclass(default) and not isinstance(default, type):
            return _written(_fields_of(default))
        case _:
            return pydantic_core.to_jsonable_python(default)


def _fields_of(default: Any) -> Any:
    """The fields of a dataclass; pydantic's own knows their aliases."""
    if serializer := getattr(default, "__pydantic_serializer__", None):
        return serializer.to_python(default, by_alias=True, round_trip=True)
    return {one.name: getattr(default, one.name) for one in fields(default)}


def _key_text(key: Any) -> str:
    (text,) = pydantic_core.to_jsonable_python({key: None})
    return str(text)


def _unfolded(schema: Schema) -> Schema:
    """*schema* with "type": "object" at its root, as providers want it, and no mere `$ref` to itself."""
    if "$ref" not in schema:
        return schema
    return {**schema["$defs"][schema["$ref"].rpartition("/")[2]], "$defs": schema["$defs"]}


def _holds_itself(definitions: Mapping[str, Schema]) -> bool:
    """Whether one of the *definitions* refers to itself, by others perhaps."""
    refers = {
        name: re.findall(r'"#/\$defs/([^"]+)"', json.dumps(one))
        for name, one in definitions.items()
    }
    try:
        graphlib.TopologicalSorter(refers).prepare()
    except graphlib.CycleError:
        return True
    return False


class _Generator(GenerateJsonSchema):
    """pydantic's JSON Schema, made to say what pydantic checks, and no more words than needed."""

    ignored_warning_kinds = {*GenerateJsonSchema.ignored_warning_kinds, "non-serializable-default"}

    def encode_default(self, dft: Any) -> Any:
        return _written(dft)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        if self.mode == "serialization":  # pydantic writes the other alphabet than it has to read
            return {"type": "string", "contentEncoding": "base64url"}
        return {"type": "string", "contentEncoding": "base64", "pattern": BASE64}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Keys of a dict are text; those of other types have to be the text of one."""
        made = super().dict_schema(schema)
        made.pop("patternProperties", None)
        values = schema.get("values_schema")
        made["additionalProperties"] = self.generate_inner(values) if values else True
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if names := _key_schema(keys):
            made["propertyNames"] = names
        return made

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        if self.mode == "serialization":
            return super().decimal_schema(schema)
        number, *text = super().decimal_schema(schema).get("anyOf", [{"type": "number"}])
        pattern = r"^-?[0-9]+(\.[0-9]+)?$"
        return {"anyOf": [number, *({**one, "pattern": pattern} for one in text)]}


BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$"
"""RFC 4648, section 4, canonical: what is left over of the last byte is 0."""
INTEGER = "^-?(?:0|[1-9][0-9]*)$"


def _key_schema(schema: Schema) -> Schema:
    """What *schema* of a key says of its text; a key of plain text says nothing."""
    if schema.get("type") == "integer":
        return {"pattern": INTEGER}
    if "anyOf" in schema:  # a Decimal, as a number or as text
        return next(one for one in schema["anyOf"] if one.get("type") == "string")
    return {key: value for key, value in schema.items() if key not in ("type", "title")}


def objects_in(value: Any) -> Iterator[Schema]:
    """Every object inside *value*, itself included."""
    inside: Iterable[Any] = cast("Sequence[Any]", value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield cast("Schema", value)
        inside = cast("Schema", value).values()
    for inner in inside:
        yield from objects_in(inner)


def _require_tag(schema: Schema, definitions: Mapping[str, Schema]) -> None:
    """Where *schema* tells kinds apart by a key, they require it: pydantic does, whatever its default."""
    match schema:
        case {"discriminator": {"propertyName": str(key)}, "oneOf": [*kinds]}:
            for kind in kinds:
                found = definitions.get(kind.get("$ref", "").rpartition("/")[2], {})
                if key in found.get("properties", {}) and key not in found.get("required", ()):
                    found["required"] = [*found.get("required", ()), key]
        case _:
            pass


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
    """Whether *text* is all that *pattern* says, and the day in it one of the calendar."""
    found = re.fullmatch(pattern, text, re.ASCII)
    return found is not None and all(map(_is_day, found.groupdict().values()))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
