"""What a function takes: its parameters, their types and texts, or why it cannot be a tool."""

import contextlib
import copy
import functools
import inspect
import sys
import types
import typing
import warnings
from collections import abc, deque
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import AliasChoices, AliasPath, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import Unpack, get_type_hints, is_typeddict

from lumos_tools.annotations import UNIONS, bare, prepare
from lumos_tools.context import ToolContext
from lumos_tools.docstrings import read_docstring
from lumos_tools.errors import SchemaError

EMPTY = inspect.Parameter.empty
BY_PLACE = inspect.Parameter.POSITIONAL_ONLY
BY_NAME = inspect.Parameter.KEYWORD_ONLY
EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD
REST = inspect.Parameter.VAR_POSITIONAL
OTHERS = inspect.Parameter.VAR_KEYWORD
FORWARDREF = 3
"""`annotationlib.Format.FORWARDREF` of Python 3.14: names that are not there yet stay names."""
OF_PARAMETER = (
    *("default", "default_factory", "repr", "alias_priority"),
    *("alias", "validation_alias", "serialization_alias"),
)
"""What a `Field` says of the parameter, not of its type."""
MUTABLE = (list, dict, set, deque, bytearray)
JSON = (str, int, float, bool, list, dict, tuple, set)
"""What defaults are checked; None is for what need not be said, and other objects are marks."""


class Parameter(NamedTuple):
    """One parameter that the model fills in; *name* is what the model calls it."""

    name: str
    annotation: Any
    default: Any = EMPTY
    description: str = ""
    required: bool = True
    extra: Mapping[str, Any] = {}
    """What its schema says besides its type."""


class Slot(NamedTuple):
    """Where the function takes a value: `*rest` and `**others` take what is in the list or dict."""

    name: str
    kind: Any
    make: Callable[[], Any] | None = None
    """Makes the value of a missing one, where the function's own default must not be used."""
    alias: str = ""
    """What the model calls it, if not by its name."""


class Signature(NamedTuple):
    """A function seen as a tool: its text, what the model fills in, and who gets the context."""

    description: str
    parameters: tuple[Parameter, ...]
    context: str | None
    slots: tuple[Slot, ...] = ()
    notes: tuple[str, ...] = ()
    """What is checked, and no schema can say."""

    def bind(self, values: Mapping[str, Any], context: Any) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, by place and by name, that checked *values* are."""
        places: list[Any] = []
        names: dict[str, Any] = {}
        for slot in self.slots:
            key = slot.alias or slot.name
            if slot.name == self.context:
                value = context
            elif key in values:
                value = values[key]
            elif slot.make is not None:
                value = slot.make()
            else:
                continue
            if slot.kind is BY_PLACE:
                places.append(value)
            elif slot.kind is REST:
                places += value
            elif slot.kind is OTHERS:
                names |= value
            else:
                names[slot.name] = value
        return places, names


def read_signature(function: Callable[..., Any], *, owner: str) -> Signature:
    """Read *function*, called *owner* in errors. Raises `SchemaError` for what no schema can say."""
    texts = read_docstring(_documented(function))
    reader = _Reader(function, owner, texts.parameters)
    for parameter in reader.open_parameters():
        reader.read(parameter)
    unknown = [name for name in texts.parameters if name not in reader.known]
    if unknown and not reader.takes_others:
        warnings.warn(
            f"{owner}: its docstring describes {unknown[0]!r}, which it does not take", stacklevel=4
        )
    return Signature(
        texts.description,
        tuple(reader.parameters),
        reader.context,
        tuple(reader.slots),
        tuple(dict.fromkeys(reader.notes)),
    )


class _Reader:
    """Reads one parameter after the other."""

    def __init__(self, function: Callable[..., Any], owner: str, texts: Mapping[str, str]) -> None:
        self.parameters: list[Parameter] = []
        self.slots: list[Slot] = []
        self.context: str | None = None
        self.takes_others = False
        self.notes: list[str] = []
        self._function = function
        self._owner = owner
        self._texts = texts
        given = parameters_of(function).parameters
        fixed = _fixed(function)
        self._open = [one for one in given.values() if one.name not in fixed]
        self._has_rest = any(one.kind is REST for one in self._open)
        self.known = {*given, *parameters_of(plain_function(function)).parameters}

    def open_parameters(self) -> list[inspect.Parameter]:
        """Those that are not fixed, as a partial fixes some."""
        return self._open

    def read(self, parameter: inspect.Parameter) -> None:
        """Take *parameter* in."""
        where = f"{self._owner}: parameter {parameter.name!r}"
        annotation = self._annotation(parameter, where)
        if _is_context(annotation) and parameter.kind in (REST, OTHERS):
            raise SchemaError(f"{where} is the context, and there is one of it; drop the star")
        if _is_context(annotation):
            self.context = parameter.name
            self.slots.append(Slot(parameter.name, self._kind(parameter)))
        elif parameter.kind is REST:
            self._rest(parameter.name, prepare(annotation, where, self.notes))
        elif parameter.kind is OTHERS:
            self.takes_others = True
            self._others(parameter.name, annotation, where)
        else:
            self._one(parameter, annotation, where)

    def _kind(self, parameter: inspect.Parameter) -> Any:
        """By place, too, where a `*rest` follows."""
        either = parameter.kind is EITHER and self._has_rest
        return BY_PLACE if either or parameter.kind is BY_PLACE else BY_NAME

    def _one(self, parameter: inspect.Parameter, annotation: Any, where: str) -> None:
        kind = self._kind(parameter)
        annotation, default, make, alias = _fields_read(annotation, parameter.default, where)
        if make is None and default is not EMPTY and kind is BY_PLACE:
            make = functools.partial(copy.deepcopy, default)
        annotation = prepare(annotation, where, self.notes)
        refuse_default(default, annotation, where)
        required = default is EMPTY and make is None
        self._add(parameter.name, annotation, default, required=required, alias=alias)
        self.slots.append(Slot(parameter.name, kind, make, alias))

    def _rest(self, name: str, annotation: Any) -> None:
        made: Any = list
        self._add(name, made[annotation], required=False)
        self.slots.append(Slot(name, REST))

    def _others(self, name: str, annotation: Any, where: str) -> None:
        if typing.get_origin(annotation) is Unpack or is_typeddict(annotation):
            self._unpacked(typing.get_args(annotation)[0], where)
            return
        value = prepare(annotation, where, self.notes)
        taken = sorted(one.name for one in self._open if one.kind in (EITHER, BY_NAME))
        extra = {"propertyNames": {"not": {"enum": taken}}} if taken else {}
        made: Any = dict
        self._add(name, made[str, value], required=False, extra=extra)
        self.slots.append(Slot(name, OTHERS))

    def _unpacked(self, keys: Any, where: str) -> None:
        """`**options: Unpack[TypedDict]`: each key is a parameter."""
        for name, hint in get_type_hints(keys, include_extras=True).items():
            annotation = prepare(bare(hint), f"{where}, key {name!r}", self.notes)
            self._add(name, annotation, required=name in keys.__required_keys__)
            self.slots.append(Slot(name, BY_NAME))
            self.known.add(name)

    def _add(
        self, name: str, annotation: Any, default: Any = EMPTY, *, alias: str = "", **more: Any
    ) -> None:
        text = self._texts.get(name) or self._texts.get(f"*{name}") or self._texts.get(f"**{name}")
        called = alias or name
        if any(called == one.name for one in self.parameters):
            raise SchemaError(f"{self._owner}: two parameters are called {called!r}; rename one")
        self.parameters.append(Parameter(called, annotation, default, text or "", **more))

    def _annotation(self, parameter: inspect.Parameter, where: str) -> Any:
        """The type of *parameter*, alone: a return annotation that cannot be resolved does no harm."""
        if parameter.annotation is EMPTY:
            method = parameter.name in ("self", "cls")
            hint = (
                "decorate the bound method instead"
                if method
                else f"say what it takes, for example {parameter.name}: str"
            )
            raise SchemaError(f"{where} has no annotation; {hint}")
        try:
            return resolved(parameter.annotation, self._function)
        except UNRESOLVED as error:
            raise SchemaError(
                f"{where} has the annotation {parameter.annotation!r}, which does not resolve "
                f"({error}); import the name where the function is defined, not under TYPE_CHECKING"
            ) from error


def return_type(function: Callable[..., Any]) -> Any:
    """What *function* returns, or None where it does not say so, or what it says does not resolve.

    What a generator yields comes as a list.
    """
    written = parameters_of(function).return_annotation
    if written is EMPTY:
        return None
    try:
        found = resolved(written, function)
    except UNRESOLVED:
        return None
    yields = (abc.Iterator, abc.Generator, abc.AsyncIterator, abc.AsyncGenerator)
    if typing.get_origin(found) in (*yields, abc.Iterable, abc.AsyncIterable):
        made: Any = list
        return made[typing.get_args(found)[0]]
    return found


UNRESOLVED = (NameError, SyntaxError, TypeError)


def resolved(annotation: Any, function: Callable[..., Any]) -> Any:
    """*annotation*, a text perhaps, as *function* means it. Raises one of `UNRESOLVED`."""
    plain = plain_function(function)
    names = _names_around(plain)
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    hints = get_type_hints(holder, getattr(plain, "__globals__", {}), names, include_extras=True)
    return hints["it"]


def _names_around(function: Any) -> dict[str, Any]:
    """What annotations of *function* may name besides globals: type parameters, the function around."""
    names = {one.__name__: one for one in getattr(function, "__type_params__", ())}
    code = getattr(function, "__code__", None)
    for name, cell in zip(
        code.co_freevars if code else (), function.__closure__ or (), strict=True
    ):
        with contextlib.suppress(ValueError):  # empty: a function that calls itself, so far
            names[name] = cell.cell_contents
    return names


def parameters_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of *function*; an annotation that does not resolve does no harm."""
    late: Any = {"annotation_format": FORWARDREF} if sys.version_info >= (3, 14) else {}
    return inspect.signature(function, **late)


def refuse_default(default: Any, annotation: Any, where: str) -> None:
    """Raise `SchemaError` for a default that the parameter itself would not take."""
    if type(default) is annotation or not isinstance(default, JSON):
        return
    try:
        TypeAdapter(annotation).validate_python(default)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
        raise SchemaError(
            f"{where} has the default {default!r}, which it would not take ({why}); correct one of them"
        ) from error


class _Read(NamedTuple):
    """What `Field`s beside a type, and in the place of a default, say of a parameter."""

    annotation: Any
    default: Any
    make: Callable[[], Any] | None
    alias: str


def _fields_read(annotation: Any, default: Any, where: str) -> _Read:
    """*annotation* without what a parameter itself has: a default, what makes it, and an alias."""
    if isinstance(default, FieldInfo):
        annotation, default = Annotated[annotation, default], EMPTY
    if typing.get_origin(annotation) is not Annotated:
        return _Read(annotation, default, _copier(default), "")
    inner, *extras = typing.get_args(annotation)
    fields = [one for one in extras if isinstance(one, FieldInfo)]
    of_type = [part for one in extras for part in _of_type(one)]
    made: Any = Annotated[(inner, *of_type)] if of_type else inner
    alias, make = "", None
    for one in fields:
        alias = _alias(one, where) or alias
        if default is EMPTY and one.default_factory is not None:
            make = _factory(one, where)
        elif default is EMPTY and one.default not in (PydanticUndefined, ...):
            default = one.default
            make = functools.partial(copy.deepcopy, default)
    return _Read(made, default, make or _copier(default), alias)


def _of_type(extra: Any) -> list[Any]:
    """What *extra* says of the type it stands beside: of a `Field`, all but default and alias."""
    if not isinstance(extra, FieldInfo):
        return [extra]
    given = extra.asdict()
    said = {
        key: value
        for key, value in given["attributes"].items()
        if key not in OF_PARAMETER and value is not None
    }
    return [*given["metadata"], *([Field(**said)] if said else ())]


def _copier(default: Any) -> Callable[[], Any] | None:
    return functools.partial(copy.deepcopy, default) if isinstance(default, MUTABLE) else None


def _alias(info: FieldInfo, where: str) -> str:
    alias = info.validation_alias
    if isinstance(alias, AliasChoices | AliasPath):
        raise SchemaError(
            f"{where} has several names in {type(alias).__name__}; a schema has one: give one alias"
        )
    return alias or ""


def _factory(info: FieldInfo, where: str) -> Callable[[], Any]:
    if info.default_factory_takes_validated_data:
        raise SchemaError(
            f"{where} has a default_factory that takes values; give it one that takes none"
        )
    return typing.cast("Callable[[], Any]", info.default_factory)


def _fixed(function: Callable[..., Any]) -> set[str]:
    """The parameters that a partial has fixed by name."""
    return {*function.keywords} if isinstance(function, functools.partial) else set()


def plain_function(function: Callable[..., Any]) -> Any:
    """The function that *function* is in the end: under wrappers, partials, methods, callable objects."""
    plain: Any = inspect.unwrap(function)
    while isinstance(plain, functools.partial):
        plain = inspect.unwrap(plain.func)
    plain = getattr(plain, "__func__", plain)
    return (
        plain
        if inspect.isfunction(plain)
        else getattr(type(plain).__call__, "__func__", type(plain).__call__)
    )


def _documented(function: Callable[..., Any]) -> str | None:
    """The docstring: a partial's own is that of all partials."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.getdoc(function)


def _is_context(annotation: Any) -> bool:
    """Whether this is ToolContext, ToolContext[Deps], or either of them | None."""
    if typing.get_origin(annotation) in UNIONS:
        return any(_is_context(one) for one in typing.get_args(annotation))
    return (typing.get_origin(annotation) or annotation) is ToolContext
