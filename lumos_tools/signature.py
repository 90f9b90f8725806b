"""What a function takes: its parameters, their types and texts, or why it cannot be a tool."""

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Union, cast
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import TypeAliasType, get_type_hints, is_typeddict

from lumos_tools.context import ToolContext
from lumos_tools.docstrings import read_docstring
from lumos_tools.errors import SchemaError

EMPTY = inspect.Parameter.empty
PLAIN: set[Any] = {
    *(str, int, float, bool, None, type(None), Any, object, list, dict, tuple, set, frozenset),
    *(date, datetime, time, timedelta, Decimal, UUID),
}
UNIONS = {Union, types.UnionType}
OLD_TYPED_DICT = sys.version_info < (3, 12)
"""Whether typing's TypedDict cannot say which of its keys are required."""
WAY_OUT = "use str, int, float, bool, list, dict, an Enum, a dataclass or a pydantic model"


class Parameter(NamedTuple):
    """One parameter that the model fills in."""

    name: str
    annotation: Any
    default: Any
    description: str


class Signature(NamedTuple):
    """A function seen as a tool: its text, what the model fills in, and who gets the context."""

    description: str
    parameters: tuple[Parameter, ...]
    context: str | None


def read_signature(function: Callable[..., Any], *, owner: str) -> Signature:
    """Read *function*, called *owner* in errors. Raises `SchemaError` for what no schema can say."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise SchemaError(f"{owner} is a generator; return a list instead")
    texts = read_docstring(function.__doc__)
    context = None
    parameters: list[Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        annotation = _annotation(parameter, function, owner)
        if _is_context(annotation):
            context = parameter.name
            continue
        _refuse_kind(parameter, owner)
        refuse_unsupported(annotation, f"{owner}: parameter {parameter.name!r}")
        text = texts.parameters.get(parameter.name, "")
        parameters.append(Parameter(parameter.name, annotation, parameter.default, text))
    return Signature(texts.description, tuple(parameters), context)


def _is_context(annotation: Any) -> bool:
    """Whether this is ToolContext, ToolContext[Deps], or either of them | None."""
    if typing.get_origin(annotation) in UNIONS:
        return any(_is_context(one) for one in typing.get_args(annotation))
    return (typing.get_origin(annotation) or annotation) is ToolContext


def _refuse_kind(parameter: inspect.Parameter, owner: str) -> None:
    where = f"{owner}: parameter {str(parameter).split(':')[0]!r}"
    match parameter.kind:
        case parameter.VAR_POSITIONAL:
            raise SchemaError(f"{where} takes any number of values; make it one list parameter")
        case parameter.VAR_KEYWORD:
            raise SchemaError(f"{where} takes any names; make it one dict parameter")
        case parameter.POSITIONAL_ONLY:
            raise SchemaError(
                f"{where} is positional-only, but a model names its arguments; drop the '/'"
            )
        case _:
            return


def _annotation(parameter: inspect.Parameter, function: Callable[..., Any], owner: str) -> Any:
    """The type of *parameter*, alone: a return annotation that cannot be resolved does no harm."""
    where = f"{owner}: parameter {parameter.name!r}"
    if parameter.annotation is EMPTY:
        hint = (
            "decorate the bound method instead"
            if parameter.name in ("self", "cls")
            else (f"say what it takes, for example {parameter.name}: str")
        )
        raise SchemaError(f"{where} has no annotation; {hint}")
    plain = inspect.unwrap(function)
    plain = getattr(plain, "__func__", plain)
    names = dict(inspect.getclosurevars(plain).nonlocals) if inspect.isfunction(plain) else None
    holder = types.SimpleNamespace(__annotations__={"it": parameter.annotation})
    try:
        hints = get_type_hints(
            holder, getattr(plain, "__globals__", {}), names, include_extras=True
        )
    except (NameError, SyntaxError, TypeError) as error:
        raise SchemaError(
            f"{where} has the annotation {parameter.annotation!r}, which does not resolve ({error}); "
            "import the name where the function is defined, not under TYPE_CHECKING"
        ) from error
    return hints["it"]


def refuse_unsupported(annotation: Any, where: str) -> None:
    """Raise `SchemaError`, saying *where*, if *annotation* or a type inside it has no schema yet."""
    _walk(annotation, where, set())


def _walk(annotation: Any, where: str, seen: set[int]) -> None:
    if id(annotation) in seen or _is_plain(annotation):
        return
    seen.add(id(annotation))
    for inner, place in _inside(annotation, where):
        _walk(inner, place, seen)


def _is_plain(annotation: Any) -> bool:
    try:
        return annotation in PLAIN
    except TypeError:  # Annotated with something unhashable
        return False


def _inside(annotation: Any, where: str) -> Iterator[tuple[Any, str]]:
    """The types that *annotation* is made of, each with its place."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield arguments[0], where
    elif origin is Literal:
        _refuse_values(arguments, annotation, where)
    elif origin in UNIONS or origin in (list, set, frozenset, tuple):
        yield from ((one, where) for one in arguments if one is not Ellipsis)
    elif origin is dict:
        if not _is_text(arguments[0]):
            raise SchemaError(
                f"{where} is {_name(annotation)}, but JSON keys are text; use dict[str, ...]"
            )
        yield arguments[1], where
    elif isinstance(annotation, TypeAliasType):
        yield annotation.__value__, where
    elif isinstance(annotation, typing.NewType):
        yield annotation.__supertype__, where
    else:
        yield from _fields(annotation, where)


def _fields(annotation: Any, where: str) -> Iterator[tuple[Any, str]]:
    owner: Any = typing.get_origin(annotation) or annotation
    if not isinstance(owner, type):
        raise SchemaError(
            f"{where} has the type {_name(annotation)}, which has no JSON Schema; {WAY_OUT}"
        )
    if issubclass(owner, Enum):
        _refuse_values([member.value for member in owner], annotation, where)
    elif issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            yield field.annotation, f"{where}, field {_name(owner)}.{name}"
    elif is_dataclass(cast("Any", owner)) or is_typeddict(cast("Any", owner)):
        if OLD_TYPED_DICT and type(cast("Any", owner)).__module__ == "typing":
            raise SchemaError(
                f"{where} has {_name(owner)}; before Python 3.12 use typing_extensions.TypedDict"
            )
        for name, hint in get_type_hints(owner, include_extras=True).items():
            yield _bare(hint), f"{where}, field {_name(owner)}.{name}"
    else:
        raise SchemaError(
            f"{where} has the type {_name(annotation)}, which has no JSON Schema; {WAY_OUT}"
        )


def _bare(hint: Any) -> Any:
    """A TypedDict's hint without Required, NotRequired and ReadOnly; a dataclass's without InitVar."""
    wrapped = ("Required", "NotRequired", "ReadOnly")
    while getattr(typing.get_origin(hint), "_name", "") in wrapped:
        hint = typing.get_args(hint)[0]
    return hint


def _refuse_values(values: typing.Iterable[Any], annotation: Any, where: str) -> None:
    for value in values:
        if type(value) not in (str, int, float, bool, type(None)):
            raise SchemaError(
                f"{where} has {_name(annotation)}, but {value!r} is no JSON value; use its value"
            )


def _is_text(annotation: Any) -> bool:
    if typing.get_origin(annotation) is Annotated:
        return _is_text(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) is Literal:
        return all(isinstance(value, str) for value in typing.get_args(annotation))
    return annotation is str or (isinstance(annotation, type) and issubclass(annotation, str))


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)
