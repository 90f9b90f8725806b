"""What a function takes: its parameters, their types and texts, or why it cannot be a tool."""

import contextlib
import copy
import functools
import inspect
import sys
import types
import typing
from collections import abc, deque
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, NamedTuple

import typing_extensions
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import get_type_hints

from lumos_tools.annotations import UNIONS, UNRESOLVED, alias_of, keys_of, prepare
from lumos_tools.context import ToolContext
from lumos_tools.docstrings import read_docstring, warn_of_unknown
from lumos_tools.errors import SchemaError

EMPTY = inspect.Parameter.empty
BY_PLACE = inspect.Parameter.POSITIONAL_ONLY
BY_NAME = inspect.Parameter.KEYWORD_ONLY
EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD
REST = inspect.Parameter.VAR_POSITIONAL
OTHERS = inspect.Parameter.VAR_KEYWORD
FORWARDREF = 3
"""`annotationlib.Format.FORWARDREF` of Python 3.14: names that are not there yet stay names."""
BOUND = "decorate the bound method instead: function_tool(shop.refund)"
OF_PARAMETER = (
    *("default", "default_factory", "repr", "alias_priority"),
    *("alias", "validation_alias", "serialization_alias"),
)
"""What a `Field` says of the parameter, not of its type."""
MUTABLE = (list, dict, set, deque, bytearray)
YIELDS = (
    *(abc.Iterator, abc.Generator, abc.AsyncIterator, abc.AsyncGenerator),
    *(abc.Iterable, abc.AsyncIterable),
)
UNPACKS = (typing.Unpack, typing_extensions.Unpack)


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
    for parameter in reader.open:
        reader.read(parameter)
    if not reader.takes_others:
        warn_of_unknown(texts.parameters, reader.known, owner)
    return Signature(
        texts.description,
        tuple(reader.parameters),
        reader.context,
        tuple(reader.slots),
        tuple(dict.fromkeys(reader.notes)),
    )


class _Reader:
    """Reads one parameter after the other: those that are `open`, as a partial fixes some."""

    def __init__(self, function: Callable[..., Any], owner: str, texts: Mapping[str, str]) -> None:
        self.parameters: list[Parameter] = []
        self.slots: list[Slot] = []
        self.context: str | None = None
        self.takes_others = False
        self.notes: list[str] = []
        self._function = function
        self._owner = owner
        self._texts = texts
        inner = plain_function(function)
        given = signature_of(function, owner).parameters
        plain = given if inner is function else signature_of(inner, owner).parameters
        fixed = _fixed(function)
        self.open = [one for one in given.values() if one.name not in fixed]
        self.known = {*given, *plain}
        self._has_rest = any(one.kind is REST for one in self.open)
        self._self = next(iter(plain), "") if _is_of_class(function) else ""
        both = (*given.values(), *plain.values())
        self._taken = fixed | {one.name for one in both if one.kind in (EITHER, BY_NAME)}

    def read(self, parameter: inspect.Parameter) -> None:
        """Take *parameter* in."""
        where = f"{self._owner}: parameter {parameter.name!r}"
        annotation = self._annotation(parameter, where)
        if is_context(annotation):
            self._context(parameter, where)
        elif parameter.kind is REST:
            self._rest(parameter.name, prepare(annotation, where, self.notes))
        elif parameter.kind is OTHERS:
            self.takes_others = True
            self._others(parameter.name, annotation, where)
        else:
            self._one(parameter, annotation, where)

    def _context(self, parameter: inspect.Parameter, where: str) -> None:
        if parameter.kind in (REST, OTHERS):
            raise SchemaError(f"{where} is the context, and there is one of it; drop the star")
        if self.context is not None:
            raise SchemaError(f"{where} is the context, as {self.context!r} is; drop one of them")
        self.context = parameter.name
        self.slots.append(Slot(parameter.name, self._kind(parameter)))

    def _kind(self, parameter: inspect.Parameter) -> Any:
        """By place, too, where a `*rest` follows."""
        either = parameter.kind is EITHER and self._has_rest
        return BY_PLACE if either or parameter.kind is BY_PLACE else BY_NAME

    def _one(self, parameter: inspect.Parameter, annotation: Any, where: str) -> None:
        kind = self._kind(parameter)
        annotation, default, make, alias = _fields_read(annotation, parameter.default, where)
        if make is None and default is not EMPTY and kind is BY_PLACE:
            make = functools.partial(_same, default)
        annotation = prepare(annotation, where, self.notes)
        required = default is EMPTY and make is None
        self._add(parameter.name, annotation, default, required=required, alias=alias)
        self.slots.append(Slot(parameter.name, kind, make, alias))

    def _rest(self, name: str, annotation: Any) -> None:
        made: Any = list
        self._add(name, made[annotation], required=False)
        self.slots.append(Slot(name, REST))

    def _others(self, name: str, annotation: Any, where: str) -> None:
        if typing.get_origin(annotation) in UNPACKS:
            self._unpacked(typing.get_args(annotation)[0], where)
            return
        value = prepare(annotation, where, self.notes)
        taken = sorted(self._taken)
        extra = {"propertyNames": {"not": {"enum": taken}}} if taken else {}
        made: Any = dict
        self._add(name, made[str, value], required=False, extra=extra)
        self.slots.append(Slot(name, OTHERS))

    def _unpacked(self, keys: Any, where: str) -> None:
        """`**options: Unpack[TypedDict]`: each key is a parameter."""
        required = getattr(typing.get_origin(keys) or keys, "__required_keys__", ())
        for name, hint in keys_of(keys, where).items():
            annotation = prepare(hint, f"{where}, key {name!r}", self.notes)
            self._add(name, annotation, required=name in required)
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
        unsaid, name = parameter.annotation is EMPTY, parameter.name
        if name in ("self", "cls") and (unsaid or name == self._self):
            raise SchemaError(f"{where} is that of a method; {BOUND}")
        if unsaid:
            raise SchemaError(
                f"{where} has no annotation; say what it takes, for example {name}: str"
            )
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
    if (typing.get_origin(found) or found) in YIELDS:
        made: Any = list
        return made[typing.get_args(found)[0]] if typing.get_args(found) else made
    return found


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


def signature_of(function: Callable[..., Any], owner: str) -> inspect.Signature:
    """The signature of *function*, called *owner*. Raises `SchemaError` for one that has none."""
    try:
        return parameters_of(function)
    except (ValueError, TypeError) as error:
        raise SchemaError(
            f"{owner} does not say what it takes ({error}); call it in a function of your own, and "
            "decorate that"
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
        alias = alias_of(one, where) or alias
        if default is EMPTY and one.default_factory is not None:
            make = _factory(one, where)
        elif default is EMPTY and one.default not in (PydanticUndefined, ...):
            default = one.default
            make = _copier(default) or functools.partial(_same, default)
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
    """Makes a copy for each call of a default that a body can change; a mark stays the one it is."""
    of_fields = is_dataclass(default) and not isinstance(default, type)
    if not (of_fields or isinstance(default, (*MUTABLE, BaseModel))):
        return None
    copier: Callable[[], Any] = functools.partial(copy.deepcopy, default)
    try:
        copier()
    except Exception:  # noqa: BLE001  # a lock or a connection is in it: there is one
        return None
    return copier


def _same(default: Any) -> Any:
    return default


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


def _is_of_class(function: Callable[..., Any]) -> bool:
    """Whether *function* was defined in a class."""
    around = getattr(plain_function(function), "__qualname__", "").rpartition(".")[0]
    return around != "" and not around.endswith("<locals>")


def _documented(function: Callable[..., Any]) -> str | None:
    """The docstring: a partial's own is that of all partials."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.getdoc(function)


def is_context(annotation: Any) -> bool:
    """Whether this is ToolContext, of whatever deps, a class derived from it, or one of them | None."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in UNIONS:
        return any(map(is_context, arguments))
    if origin is Annotated:
        return is_context(arguments[0])
    kind = origin or annotation
    return isinstance(kind, type) and issubclass(kind, ToolContext)
