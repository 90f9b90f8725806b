"""Type hints made ready for a schema: what pydantic takes otherwise than it says is rewritten or refused.

pydantic's schema and its validator disagree on some types; `docs/reference/types.md` says which, and
what is done about each.
"""

import collections
import collections.abc as abc
import dataclasses
import functools
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, InitVar, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, EnumType
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast
from uuid import UUID

from annotated_types import Not, Predicate
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    PydanticUndefinedAnnotation,
    PydanticUserError,
    Tag,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.dataclasses import rebuild_dataclass
from pydantic.fields import FieldInfo
from typing_extensions import Doc, TypeAliasType, get_type_hints, is_typeddict

from lumos_tools.errors import SchemaError
from lumos_tools.patterns import why_no_pattern

PLAIN: set[Any] = {
    *(str, int, float, bool, bytes, None, type(None), Any, object),
    *(list, dict, tuple, set, frozenset, collections.deque),
    *(date, datetime, time, timedelta, Decimal, UUID, Path, IPv4Address, IPv6Address),
}
"""What needs no look inside."""
UNIONS = {Union, types.UnionType}
LISTS = {
    abc.Iterable,
    abc.Iterator,
    abc.Collection,
    abc.Container,
    abc.Reversible,
    abc.MutableSequence,
    abc.Generator,
}
"""What pydantic would hand over unchecked, or not at all, and arrives as a list."""
SETS = {abc.Set, abc.MutableSet}
REAL_SETS: set[Any] = {set, frozenset}
DICTS = {
    abc.Mapping,
    abc.MutableMapping,
    collections.Counter,
    collections.OrderedDict,
    collections.defaultdict,
}
HOLDERS: set[Any] = {list, set, frozenset, tuple, collections.deque, abc.Sequence}
CHECKS = (
    *(AfterValidator, BeforeValidator, PlainValidator, WrapValidator),
    *(Predicate, Not, WithJsonSchema),
)
CHANGES = ("strip_whitespace", "to_lower", "to_upper")
READ: set[Any] = {
    date,
    datetime,
    time,
    timedelta,
    Decimal,
    UUID,
    IPv4Address,
    IPv6Address,
    bytes,
    Path,
}
"""Types that are read out of text."""
SEQUENCES: set[Any] = {list, tuple, collections.deque, abc.Sequence, *LISTS}
NUMBERS: set[Any] = {int, float}
SIZED: set[Any] = {str, dict, *HOLDERS, *LISTS, *SETS, *DICTS}
LIMITS: dict[str, set[Any]] = {
    **dict.fromkeys("gt ge lt le multiple_of".split(), NUMBERS),
    **dict.fromkeys("min_length max_length".split(), SIZED),
    "pattern": {str},
    "max_digits": set(),
    "decimal_places": set(),
}
"""Limits, and the types in whose schema they are keywords."""
NAMED = {"str", "ForwardRef", "PydanticRecursiveRef"}
"""The types of what stands for a type by its name; the last is a generic model's name of itself."""
ONCE: Any = InitVar
PATTERNS: Any = (str, re.Pattern)
NOTHING = (None, type(None))
TEXT_RULES = (
    *("str_strip_whitespace", "str_to_lower", "str_to_upper"),
    *("str_min_length", "str_max_length"),
)
"""What a model's configuration may say of its texts, and no schema shows."""
BASE64: Mapping[str, Any] = {"val_json_bytes": "base64"}
"""What holds outside of models."""
UNRESOLVED = (NameError, SyntaxError, TypeError, AttributeError)
"""What comes of an annotation that names what is not there."""
KEYS: set[Any] = {str, int, date, UUID, Decimal}
"""What a dict's keys may be besides Enum and Literal: JSON keys are text, and these have one text."""
OLD_TYPED_DICT = sys.version_info < (3, 12)
"""Whether typing's TypedDict cannot say which of its keys are required."""
WAY_OUT = "use str, int, float, bool, list, dict, an Enum, a dataclass or a pydantic model"


def prepare(annotation: Any, where: str, notes: list[str] | None = None) -> Any:
    """*annotation* as pydantic is given it. Raises `SchemaError`, saying *where*, for what has no schema.

    Inside a class, whose fields are its own, nothing is rewritten: what would have to be is refused.
    What a schema cannot say, and is checked all the same, is added to *notes*.
    """
    return _Walk(where, notes=notes).prepared(annotation)


def alias_of(info: FieldInfo, where: str) -> str:
    """What the model calls the field, if not by its name. Raises `SchemaError` for several names."""
    alias = info.validation_alias
    if isinstance(alias, AliasChoices | AliasPath):
        raise SchemaError(
            f"{where} has several names in {type(alias).__name__}; a schema has one: give one alias"
        )
    return alias or ""


def keys_of(annotation: Any, where: str) -> dict[str, Any]:
    """The types of a TypedDict's keys. Raises `SchemaError` for what is none, or does not resolve."""
    owner = typing.get_origin(annotation) or annotation
    if not is_typeddict(owner):
        raise SchemaError(f"{where} has {_name(owner)} in Unpack, which is no TypedDict; use one")
    hints = _types_of(owner, where).items()
    return {name: _filled(hint, annotation) for name, hint in hints}


class _Walk:
    """A walk over a type hint; *where* it is stands in every error.

    *config* is what the class around it says of pydantic.
    """

    def __init__(
        self,
        where: str,
        *,
        seen: set[Any] | None = None,
        config: Mapping[str, Any] | None = None,
        notes: list[str] | None = None,
    ) -> None:
        self._where = where
        self._seen = set[Any]() if seen is None else seen
        self._inside = config is not None
        self._config = BASE64 if config is None else config
        self._notes = [] if notes is None else notes

    def prepared(self, annotation: Any) -> Any:
        if _is_plain(annotation):
            return self._plain(annotation)
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin is Literal:
            return self._literal(annotation, arguments)
        if origin in UNIONS:
            self._note_union(annotation)
            return Union[tuple(map(self.prepared, arguments))]  # noqa: UP007  # of a tuple
        if (origin or annotation) in LISTS:
            return self._rewritten(annotation, list, arguments[:1])
        if (origin or annotation) in SETS:
            return self._rewritten(annotation, set, arguments)
        if origin is dict or (origin or annotation) in DICTS:
            return self._dict(annotation, arguments)
        if origin in HOLDERS:
            return self._holder(origin, arguments)
        return self._named(annotation)

    def _plain(self, annotation: Any) -> Any:
        if annotation is bytes and self._config.get("val_json_bytes") != "base64":
            raise SchemaError(
                f"{self._where} is bytes, which its model reads as text and not as base64; say "
                "model_config = ConfigDict(val_json_bytes='base64', ser_json_bytes='base64')"
            )
        if annotation is int and self._config.get("strict"):
            self._note("refuses 1.0, which JSON Schema takes for 1")
        if annotation in REAL_SETS:
            self._note_set(Any)
        return annotation

    def _annotated(self, inner: Any, extras: tuple[Any, ...]) -> Any:
        """Texts beside a type are its description."""
        for extra in extras:
            if isinstance(extra, FieldInfo):
                alias_of(extra, self._where)
            for one in (extra, *getattr(extra, "metadata", ())):
                self._refuse_pattern(one)
                self._note_extra(inner, one)
        return Annotated[self.prepared(inner), *map(_described, extras)]

    def _note(self, what: str) -> None:
        self._notes.append(f"{self._where} {what}")

    def _note_extra(self, inner: Any, extra: Any) -> None:
        """Note what *extra* beside the type *inner* checks, and the schema does not say."""
        if isinstance(extra, CHECKS) or _decides(extra):
            self._note("has a check of its own, which no schema shows")
        elif any(getattr(extra, name, None) for name in CHANGES):
            self._note("is checked after its text is changed")
        elif getattr(extra, "strict", None) and int in _leaves(inner):
            self._note("refuses 1.0, which JSON Schema takes for 1")
        elif limits := [name for name in LIMITS if getattr(extra, name, None) is not None]:
            self._note_limit(inner, limits[0], getattr(extra, limits[0]))

    def _note_limit(self, inner: Any, limit: str, value: Any) -> None:
        """A schema says the limits of one type, and null beside it; of a union pydantic says none."""
        leaves = [leaf for leaf in _leaves(inner) if leaf not in NOTHING]
        known = LIMITS[limit]
        if len(leaves) > 1 or any((typing.get_origin(one) or one) not in known for one in leaves):
            names = " | ".join(map(_name, leaves))
            self._note(f"has the limit {limit}, which a schema cannot say of {names}")
        elif limit == "multiple_of" and value % 1:
            self._note(f"has multiple_of {value}, and validators round differently")

    def _note_union(self, union: Any) -> None:
        """What fits two members may come as either, and pydantic reads some text more widely."""
        leaves = [typing.get_origin(leaf) or leaf for leaf in _leaves(union)]
        read = [leaf for leaf in leaves if _is_hashable(leaf) and leaf in READ]
        if str in leaves and read:
            names = " or ".join(map(_name, read))
            self._note(f"is text or {names}: text that can be read as that may come as that")
        if REAL_SETS & {*filter(_is_hashable, leaves)} and SEQUENCES & {
            *filter(_is_hashable, leaves)
        }:
            self._note("is a set or a list: what is there twice may come once")

    def _note_set(self, item: Any) -> None:
        """What cannot be in a set is no keyword of its schema."""
        for leaf in _leaves(item):
            if leaf in (Any, object) or (typing.get_origin(leaf) or leaf).__hash__ is None:
                self._note(f"is a set of {_name(item)}, and no set can hold lists and objects")

    def _literal(self, annotation: Any, values: tuple[Any, ...]) -> Any:
        members = {_key(one.value): one for one in values if isinstance(one, Enum)}
        plain = tuple(one.value if isinstance(one, Enum) else one for one in values)
        self._refuse_values(plain, annotation)
        if not members:
            return annotation
        self._refuse_inside(annotation, "use the Enum, or its values")
        back = functools.partial(_member, members)
        return Annotated[Literal[plain], AfterValidator(back)]

    def _rewritten(self, annotation: Any, kind: Any, arguments: tuple[Any, ...]) -> Any:
        self._refuse_inside(annotation, f"use {kind.__name__}")
        return self._holder(kind, arguments) if arguments else self._plain(kind)

    def _holder(self, holder: Any, arguments: tuple[Any, ...]) -> Any:
        if holder in REAL_SETS:
            self._note_set(arguments[0])
        return holder[tuple(one if one is ... else self.prepared(one) for one in arguments)]

    def _dict(self, annotation: Any, arguments: tuple[Any, ...]) -> Any:
        if not arguments:
            return dict
        key, value = arguments if len(arguments) == 2 else (arguments[0], int)  # a Counter
        if not _is_key(key):
            raise SchemaError(
                f"{self._where} is {_name(annotation)}, but JSON keys are text; use dict[str, ...], "
                "or keys that are int, Decimal, date, UUID, an Enum or a Literal"
            )
        if typing.get_origin(key) is Annotated:
            self._note("has keys with limits, which its schema may not show")
        return dict[self.prepared(key), self.prepared(value)]  # type: ignore[misc]

    def _named(self, annotation: Any) -> Any:
        owner = typing.get_origin(annotation) or annotation
        if type(owner).__name__ in NAMED or not _is_hashable(annotation):
            return annotation  # a name inside an alias or a class is looked up by pydantic
        if isinstance(annotation, typing.TypeVar):
            return self._variable(annotation)
        seen = (annotation, *map(self._config.get, ("val_json_bytes", "strict")))
        if seen in self._seen:
            return annotation
        self._seen.add(seen)
        meant = _meant(annotation)
        if meant is not annotation:
            self._look(meant, self._where, self._config)
        else:
            config = self._config if (own := _config_of(owner)) is None else own
            for inner, place in self._fields(annotation):
                self._look(inner, place, config)
        return annotation

    def _variable(self, variable: typing.TypeVar) -> Any:
        known = _choices(variable)
        if not known:
            way_out = (
                "say it in brackets, as in Box[int]; a class derived from that does not say it"
            )
            raise SchemaError(
                f"{self._where} has the type {variable}, which may be anything; "
                f"{way_out if self._inside else WAY_OUT}"
            )
        return Union[tuple(map(self.prepared, known))]  # noqa: UP007  # of a tuple

    def _look(self, annotation: Any, where: str, config: Mapping[str, Any]) -> None:
        """Look at a type whose place in a class or an alias nobody can change."""
        walk = _Walk(where, seen=self._seen, config=config, notes=self._notes)
        walk.prepared(annotation)

    def _fields(self, annotation: Any) -> Iterator[tuple[Any, str]]:
        """The types of a class's fields, each with its place."""
        owner: Any = typing.get_origin(annotation) or annotation
        if not inspect.isclass(owner):
            raise self._no_schema(annotation)
        if issubclass(owner, Enum):
            self._refuse_values([member.value for member in owner], annotation)
        elif _is_model(owner) or _has_types(owner):
            self._note_code(owner)
            for name, hint in self._hints(owner).items():
                yield _filled(hint, annotation), f"{self._where}, field {_name(owner)}.{name}"
        elif hasattr(owner, "__get_pydantic_core_schema__"):
            self._notes.append(f"{self._where}: {_name(owner)} decides by itself what it takes")
        else:
            raise self._no_schema(annotation)

    def _hints(self, owner: Any) -> dict[str, Any]:
        """The types of a class's fields: pydantic's own classes know them."""
        if "__pydantic_fields__" not in vars(owner):
            return _types_of(owner, self._where)
        if not owner.__pydantic_complete__:
            self._complete(owner)
        found: dict[str, FieldInfo] = owner.__pydantic_fields__
        for name, info in found.items():
            alias_of(info, f"{self._where}, field {_name(owner)}.{name}")
        return {name: info.rebuild_annotation() for name, info in found.items()}

    def _complete(self, owner: Any) -> None:
        try:
            owner.model_rebuild() if _is_model(owner) else rebuild_dataclass(owner)
        except (PydanticUndefinedAnnotation, PydanticUserError) as error:
            raise SchemaError(
                f"{self._where} has {_name(owner)}, which is not complete ({error.message}); "
                "define what it names before you decorate"
            ) from error

    def _note_code(self, owner: Any) -> None:
        found = getattr(owner, "__pydantic_decorators__", None)
        own = found and (found.validators or found.field_validators or found.model_validators)
        if own or _runs_code(owner):
            self._notes.append(
                f"{self._where}: {_name(owner)} has validators, which the schema does not show"
            )
        config = _config_of(owner) or {}
        for rule in TEXT_RULES:
            if config.get(rule):
                self._notes.append(
                    f"{self._where}: {_name(owner)} has {rule}, which the schema does not show"
                )

    def _no_schema(self, annotation: Any) -> SchemaError:
        return SchemaError(
            f"{self._where} has the type {_name(annotation)}, which has no JSON Schema; {WAY_OUT}"
        )

    def _refuse_inside(self, annotation: Any, way_out: str) -> None:
        if self._inside:
            raise SchemaError(
                f"{self._where} has the type {_name(annotation)}, which is not checked there; {way_out}"
            )

    def _refuse_pattern(self, extra: Any) -> None:
        pattern: Any = getattr(extra, "pattern", None)
        if isinstance(pattern, PATTERNS) and (why := why_no_pattern(pattern)):
            text = getattr(pattern, "pattern", pattern)
            raise SchemaError(f"{self._where} has the pattern {text!r}, {why}")

    def _refuse_values(self, values: Iterable[Any], annotation: Any) -> None:
        for value in values:
            if type(value) not in (str, int, float, bool, type(None)):
                raise SchemaError(
                    f"{self._where} has {_name(annotation)}, but {value!r} is no JSON value; "
                    "use its value"
                )


def _is_plain(annotation: Any) -> bool:
    return _is_hashable(annotation) and annotation in PLAIN


def _decides(extra: Any) -> bool:
    """Whether *extra* decides by itself what is taken: more than which key tells a union's members."""
    if isinstance(extra, Discriminator):
        return not isinstance(extra.discriminator, str)
    return hasattr(extra, "__get_pydantic_core_schema__") and not isinstance(extra, Tag)


def _is_hashable(annotation: Any) -> bool:
    try:
        hash(annotation)
    except TypeError:  # Annotated with something unhashable
        return False
    return True


def _leaves(annotation: Any) -> Iterator[Any]:
    """What may come as *annotation*: seen through unions, names, variables and what stands beside."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    meant = _meant(annotation)
    if origin in UNIONS or isinstance(annotation, typing.TypeVar):
        for one in arguments or _choices(annotation):
            yield from _leaves(one)
    elif origin is Annotated:
        yield from _leaves(arguments[0])
    elif meant is not annotation:
        yield from _leaves(meant)
    else:
        yield annotation


def takes_none(annotation: Any) -> bool:
    """Whether null may come as *annotation*; of a class of one's own nobody knows."""
    return any(_is_none(leaf) for leaf in _leaves(annotation))


def _is_none(leaf: Any) -> bool:
    if typing.get_origin(leaf) is Literal:
        return None in typing.get_args(leaf)
    return leaf in NOTHING or leaf in (Any, object) or _is_model(leaf) or isinstance(leaf, EnumType)


def _meant(annotation: Any) -> Any:
    """What an alias or a NewType stands for; all else is what it is."""
    owner = typing.get_origin(annotation) or annotation
    if isinstance(owner, TypeAliasType) or type(owner).__name__ == "TypeAliasType":
        return _filled(owner.__value__, annotation)
    return annotation.__supertype__ if isinstance(annotation, typing.NewType) else annotation


def _choices(variable: typing.TypeVar) -> tuple[Any, ...]:
    return variable.__constraints__ or ((variable.__bound__,) if variable.__bound__ else ())


def _filled(hint: Any, generic: Any) -> Any:
    """*hint*, written inside a class or an alias, where *generic* says what its variables are."""
    parameters = getattr(typing.get_origin(generic), "__parameters__", ())
    meant: dict[Any, Any] = dict(zip(parameters, typing.get_args(generic), strict=False))
    if isinstance(hint, typing.TypeVar):
        return meant.get(hint, hint)
    open_ = getattr(hint, "__parameters__", ())
    return hint[tuple(meant.get(one, one) for one in open_)] if meant and open_ else hint


def _described(extra: Any) -> Any:
    """What *extra* of an Annotated means to pydantic: a text is a description."""
    text = extra.documentation if isinstance(extra, Doc) else extra
    return Field(description=text) if isinstance(text, str) else extra


def _key(value: Any) -> Any:
    """True is not 1."""
    return type(value), value


def _member(members: dict[Any, Enum], value: Any) -> Any:
    return members.get(_key(value), value)


def _is_model(owner: Any) -> bool:
    return isinstance(owner, type) and issubclass(owner, BaseModel)


def _has_types(owner: Any) -> bool:
    return is_dataclass(owner) or is_typeddict(owner) or _is_named_tuple(owner)


def _is_named_tuple(owner: Any) -> bool:
    return hasattr(owner, "_fields") and issubclass(owner, tuple)


def _config_of(owner: Any) -> Mapping[str, Any] | None:
    """What a class says of pydantic; one that says nothing has what is said around it."""
    found = getattr(owner, "model_config" if _is_model(owner) else "__pydantic_config__", None)
    return cast("Mapping[str, Any] | None", found)


def _runs_code(owner: Any) -> bool:
    """Whether a class has code of its own that runs when one is made."""
    if not _is_model(owner):
        return hasattr(owner, "__post_init__")
    after = owner.model_post_init
    own = after is not BaseModel.model_post_init and after.__name__ != "init_private_attributes"
    return own or bool(owner.__pydantic_custom_init__)


def _types_of(owner: Any, where: str) -> dict[str, Any]:
    """The types of the fields of a dataclass, TypedDict or NamedTuple. Raises `SchemaError`."""
    if OLD_TYPED_DICT and is_typeddict(owner) and type(owner).__module__ == "typing":
        raise SchemaError(
            f"{where} has {_name(owner)}; before Python 3.12 use typing_extensions.TypedDict"
        )
    try:
        hints = get_type_hints(owner, include_extras=True)
    except UNRESOLVED as error:
        raise SchemaError(
            f"{where} has {_name(owner)}, whose types do not resolve ({error}); define them before "
            "you decorate, and import them not under TYPE_CHECKING"
        ) from error
    if not is_dataclass(owner):
        return {name: bare(hint) for name, hint in hints.items()}
    given = {one.name: one.default for one in fields(owner) if _is_given(one)}
    own = {name: _with_field(hints[name], default) for name, default in given.items()}
    return own | {name: hint.type for name, hint in hints.items() if isinstance(hint, ONCE)}


def _is_given(field: dataclasses.Field[Any]) -> bool:
    """Whether pydantic knows a dataclass's field: one that only its code sets it does not."""
    return field.init or field.default is not MISSING or field.default_factory is not MISSING


def _with_field(hint: Any, default: Any) -> Any:
    """A `Field` in the place of a default says something of the type."""
    return Annotated[hint, default] if isinstance(default, FieldInfo) else hint


def bare(hint: Any) -> Any:
    """A TypedDict's hint without Required, NotRequired and ReadOnly."""
    wrapped = ("Required", "NotRequired", "ReadOnly")
    while getattr(typing.get_origin(hint), "_name", "") in wrapped:
        hint = typing.get_args(hint)[0]
    return hint


def _is_key(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _is_key(typing.get_args(annotation)[0])
    if origin is Literal:
        return all(isinstance(value, str | Enum) for value in typing.get_args(annotation))
    if isinstance(annotation, typing.NewType):
        return _is_key(annotation.__supertype__)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return all(isinstance(member.value, str) for member in annotation)
    return annotation in KEYS or (isinstance(annotation, type) and issubclass(annotation, str))


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if inspect.isclass(annotation) else str(annotation)
