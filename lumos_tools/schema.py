"""Type hints and models -> JSON Schema, and the checker that agrees with it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NotRequired, Required, cast

import pydantic_core
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import TypedDict

from lumos_tools.decoding import decode, encode
from lumos_tools.errors import InvalidArgumentsError, SchemaError
from lumos_tools.faults import gate_faults, model_faults
from lumos_tools.repair import repaired, repaired_text
from lumos_tools.signature import EMPTY, Parameter

Schema = dict[str, Any]

# `format` is asserted as in RFC 3339, but for what Python's own values need: a naive datetime has no
# zone, and a timedelta has a fraction.
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_TIME = rf"{_CLOCK}(:[0-5]\d(\.\d+)?)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)?"
_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_FORMATS = {
    "time": _TIME,
    "date-time": rf"{_DATE}[Tt ]{_TIME}",
    "duration": r"-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
}


class Arguments:
    """What a tool takes: its JSON Schema, and the check that a call's arguments pass.

    *type_* is what pydantic makes of checked arguments; *owner* names the tool in errors; *extras*
    adds keywords to the schemas of the parameters, in their order. All is built when first asked for.
    """

    def __init__(self, type_: Any, *, owner: str, extras: Sequence[Schema] = ()) -> None:
        self._type = type_
        self._owner = owner
        self._extras = extras

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
        for own, extra in zip(schema.get("properties", {}).values(), self._extras, strict=False):
            own.update({key: value for key, value in extra.items() if key not in own})
        return json.dumps(_closed(schema), ensure_ascii=False, separators=(",", ":"))

    def check(self, arguments: str | bytes | Mapping[str, Any]) -> Any:
        """What *arguments*, raw JSON text or a mapping, mean to the tool.

        They pass the very schema that the model was shown before pydantic converts them, so pydantic
        only changes representations (text to datetime, list to set) and never guesses a type.
        Raises `InvalidArgumentsError`.
        """
        return self.convert(self.admit(arguments))

    def admit(self, arguments: str | bytes | Mapping[str, Any]) -> Schema:
        """The object that *arguments* are, if the schema admits it."""
        given = decode(arguments if isinstance(arguments, str | bytes) else encode(arguments))
        if self._gate.is_valid(given):
            return given
        raise InvalidArgumentsError(gate_faults(self._gate.iter_errors(given), self.schema))

    def repair(self, arguments: str | bytes | Mapping[str, Any]) -> tuple[Schema, tuple[str, ...]]:
        """*arguments* made such that the schema admits them, and what was changed for it.

        Raises `InvalidArgumentsError`, with the faults of *arguments* as they are.
        """
        changes: list[str] = []
        try:
            return self.admit(arguments), ()
        except InvalidArgumentsError as error:
            try:
                given: Any = arguments
                if isinstance(arguments, str | bytes):
                    text = arguments if isinstance(arguments, str) else arguments.decode()
                    given, changes = repaired_text(text)
                fixed, more = repaired(given, lambda one: [*self._gate.iter_errors(one)])
                return self.admit(fixed), (*changes, *more)
            except (InvalidArgumentsError, ValueError):
                raise error from None

    def convert(self, admitted: Schema) -> Any:
        """What *admitted* arguments mean in Python. Raises `InvalidArgumentsError`."""
        try:
            return self._validator.validate_json(pydantic_core.to_json(admitted))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
            raise InvalidArgumentsError(model_faults(faults)) from None

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._type)

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
    except (PydanticUserError, pydantic_core.SchemaError, TypeError):
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
    fields = {
        one.name: (Required if one.required else NotRequired)[one.annotation] for one in parameters
    }
    make: Any = TypedDict  # with fields that only now are known
    type_ = make("Arguments", fields)
    type_.__pydantic_config__ = CONFIG
    return Arguments(type_, owner=owner, extras=[_extra(one) for one in parameters])


def _extra(parameter: Parameter) -> Schema:
    """What the type cannot tell: the docstring's text, and the default where JSON can say it."""
    extra: Schema = dict(parameter.extra)
    if parameter.description:
        extra["description"] = parameter.description
    if parameter.default is not EMPTY:
        try:
            extra["default"] = json.loads(pydantic_core.to_json(parameter.default))
        except pydantic_core.PydanticSerializationError:
            return extra
    return extra


class _Generator(GenerateJsonSchema):
    """pydantic's JSON Schema, made to say what pydantic checks, and no more words than needed."""

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
