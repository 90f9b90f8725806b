"""Type hints made ready for a schema: what pydantic takes otherwise than it says is rewritten or refused.

pydantic's schema and its validator disagree on some types; `docs/reference/types.md` says which, and
what is done about each.
"""

import collections
import collections.abc as abc
import functools
import inspect
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast
from uuid import UUID

from annotated_types import Predicate
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    WrapValidator,
)
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
DICTS = {
    abc.Mapping,
    abc.MutableMapping,
    collections.Counter,
    collections.OrderedDict,
    collections.defaultdict,
}
HOLDERS: set[Any] = {list, set, frozenset, tuple, collections.deque, abc.Sequence}
CHECKS = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator, Predicate, WithJsonSchema)
CHANGES = ("strip_whitespace", "to_lower", "to_upper")
LIMITS = "gt ge lt le multiple_of min_length max_length max_digits decimal_places".split()
UNLIMITED: set[Any] = {date, datetime, time, timedelta, Decimal, bytes}
"""Types whose limits are no keywords of their schema, or of one way to write them only."""
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


class _Walk:
    """A walk over a type hint; *where* it is stands in every error."""

    def __init__(
        self,
        where: str,
        *,
        seen: set[Any] | None = None,
        inside: bool = False,
        takes_bytes: bool = True,
        notes: list[str] | None = None,
    ) -> None:
        self._where = where
        self._seen = set[Any]() if seen is None else seen
        self._inside = inside
        self._takes_bytes = takes_bytes
        self._notes = [] if notes is None else notes

    def prepared(self, annotation: Any) -> Any:
        if annotation is bytes and not self._takes_bytes:
            raise SchemaError(
                f"{self._where} is bytes, which its model reads as text and not as base64; say "
                "model_config = ConfigDict(val_json_bytes='base64', ser_json_bytes='base64')"
            )
        if _is_plain(annotation):
            return annotation
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin is Literal:
            return self._literal(annotation, arguments)
        if origin in UNIONS:
            return Union[tuple(map(self.prepared, arguments))]  # noqa: UP007  # of a tuple
        if (origin or annotation) in LISTS:
            return self._rewritten(annotation, list, arguments[:1])
        if (origin or annotation) in SETS:
            return self._rewritten(annotation, set, arguments)
        if origin is dict or (origin or annotation) in DICTS:
            return self._dict(annotation, arguments)
        if origin in HOLDERS:
            holder: Any = origin
            return holder[tuple(one if one is ... else self.prepared(one) for one in arguments)]
        return self._named(annotation)

    def _annotated(self, inner: Any, extras: tuple[Any, ...]) -> Any:
        """Texts beside a type are its description."""
        for extra in extras:
            self._refuse_patterns(extra, self._where)
            self._note_extra(inner, extra)
        return Annotated[self.prepared(inner), *map(_described, extras)]

    def _note_extra(self, inner: Any, extra: Any) -> None:
        """Note what *extra* beside the type *inner* checks, and the schema does not say."""
        for one in (extra, *getattr(extra, "metadata", ())):
            limits = [name for name in LIMITS if getattr(one, name, None) is not None]
            if isinstance(one, CHECKS) or _decides(one):
                self._notes.append(f"{self._where} has a check of its own, which no schema shows")
            elif any(getattr(one, name, None) for name in CHANGES):
                self._notes.append(f"{self._where} is checked after its text is changed")
            elif getattr(one, "strict", None) and inner is int:
                self._notes.append(f"{self._where} refuses 1.0, which JSON Schema takes for 1")
            elif limits and _is_plain(inner) and inner in UNLIMITED:
                self._notes.append(
                    f"{self._where} has the limit {limits[0]}, which a schema cannot say of "
                    f"{_name(inner)}"
                )

    def _literal(self, annotation: Any, values: tuple[Any, ...]) -> Any:
        members = {one.value: one for one in values if isinstance(one, Enum)}
        plain = tuple(one.value if isinstance(one, Enum) else one for one in values)
        self._refuse_values(plain, annotation)
        if not members:
            return annotation
        self._refuse_inside(annotation, "use the Enum, or its values")
        back = functools.partial(_member, members)
        return Annotated[Literal[plain], AfterValidator(back)]

    def _rewritten(self, annotation: Any, kind: Any, arguments: tuple[Any, ...]) -> Any:
        self._refuse_inside(annotation, f"use {kind.__name__}")
        return kind[tuple(map(self.prepared, arguments))] if arguments else kind

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
            self._notes.append(f"{self._where} has keys with limits, which its schema may not show")
        return dict[self.prepared(key), self.prepared(value)]  # type: ignore[misc]

    def _named(self, annotation: Any) -> Any:
        owner = typing.get_origin(annotation) or annotation
        if isinstance(owner, str | typing.ForwardRef) or not _is_hashable(annotation):
            return annotation  # a name inside an alias is looked up by pydantic
        if annotation in self._seen:
            return annotation
        self._seen.add(annotation)
        if isinstance(owner, TypeAliasType) or type(owner).__name__ == "TypeAliasType":
            self._look(_filled(owner.__value__, annotation), self._where)
        elif isinstance(annotation, typing.NewType):
            self._look(annotation.__supertype__, self._where)
        elif isinstance(annotation, typing.TypeVar):
            return self._variable(annotation)
        else:
            for inner, place in self._fields(annotation):
                self._look(inner, place, owner=annotation)
        return annotation

    def _variable(self, variable: typing.TypeVar) -> Any:
        known = variable.__constraints__ or ((variable.__bound__,) if variable.__bound__ else ())
        if not known:
            raise SchemaError(
                f"{self._where} has the type {variable}, which may be anything; {WAY_OUT}"
            )
        return Union[tuple(map(self.prepared, known))]  # noqa: UP007  # of a tuple

    def _look(self, annotation: Any, where: str, *, owner: Any = None) -> None:
        """Look at a type whose place in a class or an alias nobody can change."""
        owner = typing.get_origin(owner) or owner
        takes_bytes = self._takes_bytes
        if isinstance(owner, type) and issubclass(owner, BaseModel):
            takes_bytes = owner.model_config.get("val_json_bytes") == "base64"
        walk = _Walk(
            where, seen=self._seen, inside=True, takes_bytes=takes_bytes, notes=self._notes
        )
        walk.prepared(annotation)

    def _fields(self, annotation: Any) -> Iterator[tuple[Any, str]]:
        """The types of a class's fields, each with its place."""
        owner: Any = typing.get_origin(annotation) or annotation
        if not inspect.isclass(owner):
            raise self._no_schema(annotation)
        if issubclass(owner, Enum):
            self._refuse_values([member.value for member in owner], annotation)
        elif issubclass(owner, BaseModel):
            self._note_validators(owner)
            for name, field in owner.model_fields.items():
                place = f"{self._where}, field {_name(owner)}.{name}"
                yield field.rebuild_annotation(), place
        elif is_dataclass(cast("Any", owner)) or is_typeddict(owner) or _is_named_tuple(owner):
            if OLD_TYPED_DICT and type(cast("Any", owner)).__module__ == "typing":
                raise SchemaError(
                    f"{self._where} has {_name(owner)}; before Python 3.12 use "
                    "typing_extensions.TypedDict"
                )
            self._note_validators(owner)
            for name, hint in get_type_hints(owner, include_extras=True).items():
                yield _filled(bare(hint), annotation), f"{self._where}, field {_name(owner)}.{name}"
        elif hasattr(owner, "__get_pydantic_core_schema__"):
            self._notes.append(f"{self._where}: {_name(owner)} decides by itself what it takes")
        else:
            raise self._no_schema(annotation)

    def _note_validators(self, owner: Any) -> None:
        found = getattr(owner, "__pydantic_decorators__", None)
        own = found and (found.validators or found.field_validators or found.model_validators)
        after = getattr(owner, "__post_init__", None) or (
            issubclass(owner, BaseModel) and "model_post_init" in vars(owner)
        )
        if own or after:
            self._notes.append(
                f"{self._where}: {_name(owner)} has validators, which the schema does not show"
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

    def _refuse_patterns(self, extra: Any, where: str) -> None:
        for one in (extra, *getattr(extra, "metadata", ())):
            pattern = getattr(one, "pattern", None)
            pattern = getattr(pattern, "pattern", pattern)  # of a compiled one
            if isinstance(pattern, str) and (why := why_no_pattern(pattern)):
                raise SchemaError(f"{where} has the pattern {pattern!r}, {why}")

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


def _member(members: dict[Any, Enum], value: Any) -> Any:
    return members.get(value, value)


def _is_named_tuple(owner: Any) -> bool:
    return hasattr(owner, "_fields") and issubclass(owner, tuple)


def bare(hint: Any) -> Any:
    """A TypedDict's hint without Required, NotRequired and ReadOnly; a dataclass's without InitVar."""
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
