"""The claim about values: a body gets what it declares."""

import inspect
import types
import typing
from collections import Counter, abc
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NewType, TypeVar, cast

from pydantic import BaseModel
from typing_extensions import TypeAliasType, Unpack, get_type_hints, is_typeddict

from lumos_tools.annotations import LISTS, bare
from lumos_tools.check.evidence import Evidence, Problem, Schema, Shown
from lumos_tools.check.subject import Subject
from lumos_tools.signature import OTHERS, REST, parameters_of
from lumos_tools.tool import FunctionSchema

UNIONS = (typing.Union, types.UnionType)
NUMBERS = {int: (int,), float: (float,), bool: (bool,)}
"""What Python takes for each other, and JSON does not."""


def shows_values(evidence: Evidence) -> Shown:
    """Each value that reaches the body is of the type that is written there; nothing is run."""
    subject = evidence.subject

    def problems(arguments: Schema) -> Iterator[Problem]:
        answer = subject.ask(arguments)
        if not answer.taken:
            return
        try:
            received = [*_received(subject, answer.call)]
        except TypeError as error:
            yield Problem(f"the function cannot be called with this: {error}")
            return
        for name, value, hint in received:
            if not is_a(value, hint):
                message = (
                    f"{name} gets {value!r}, a {type(value).__name__}, and declares {_name(hint)}"
                )
                noted = any(name in note for note in subject.tool.notes) if subject.tool else False
                yield Problem(message, name, "advice" if noted else "fault")

    if subject.tool is None:
        return Shown(0, [])
    return evidence.shown("values", evidence.legal, evidence.legal_arguments, problems)


Received = tuple[str, Any, Any]
"""A parameter, the value it gets, and what it declares."""


def _received(subject: Subject, call: Any) -> Iterator[Received]:
    values: Any = call.values
    if isinstance(values, FunctionSchema):
        for name in type(values).model_fields:
            yield name, getattr(values, name), type(values).model_fields[name].rebuild_annotation()
    elif subject.signature is not None:
        places, names = subject.signature.bind(values, None)
        parameters = parameters_of(subject.function)
        bound = parameters.bind(*places, **names).arguments
        for name, value in bound.items():
            if name != subject.signature.context:
                yield from _taken(name, value, parameters.parameters[name], subject)


def _taken(
    name: str, value: Any, parameter: inspect.Parameter, subject: Subject
) -> Iterator[Received]:
    """What *parameter* gets: `*rest` and `**others` get many values."""
    hint = subject.hints[parameter.name]
    if parameter.kind is REST:
        yield from ((name, one, hint) for one in value)
    elif parameter.kind is OTHERS:
        if typing.get_origin(hint) is Unpack:
            yield name, value, typing.get_args(hint)[0]
        else:
            yield from ((name, one, hint) for one in value.values())
    else:
        yield name, value, hint


def is_a(value: Any, hint: Any) -> bool:
    """Whether *value* is of the type *hint*; limits and validators aside, and what decides by itself."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in (None, type(None)):
        return value is None
    if origin is Annotated or isinstance(hint, NewType | TypeVar) or _is_alias(origin or hint):
        return any(is_a(value, one) for one in _meant(hint))
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in inner)
    if origin in UNIONS:
        return any(is_a(value, one) for one in inner)
    if is_typeddict(origin or hint):
        return isinstance(value, dict) and _fit(cast("Schema", value), origin or hint)
    kind: Any = list if (origin or hint) in LISTS else origin or hint
    if kind is Any or not inspect.isclass(kind) or _decides(kind):
        return True
    if kind in NUMBERS:
        return type(value) in NUMBERS[kind]
    return isinstance(value, kind) and _holds(value, kind, inner)


def _is_alias(hint: Any) -> bool:
    return isinstance(hint, TypeAliasType) or type(hint).__name__ == "TypeAliasType"


def _meant(hint: Any) -> tuple[Any, ...]:
    """What stands behind a name: *hint* is annotated, a new type, a variable or an alias."""
    if isinstance(hint, NewType):
        return (hint.__supertype__,)
    if isinstance(hint, TypeVar):
        return hint.__constraints__ or (hint.__bound__ or Any,)
    if typing.get_origin(hint) is Annotated:
        return typing.get_args(hint)[:1]
    return ((typing.get_origin(hint) or hint).__value__,)


def _decides(kind: Any) -> bool:
    """Whether *kind* says by itself what it takes, and need not be the type of what comes."""
    return not issubclass(kind, BaseModel) and hasattr(kind, "__get_pydantic_core_schema__")


def _fit(value: Schema, keys: Any) -> bool:
    hints = get_type_hints(keys, include_extras=True)
    return keys.__required_keys__ <= value.keys() and all(
        is_a(one, bare(hints.get(key, Any))) for key, one in value.items()
    )


def _holds(value: Any, kind: Any, inner: tuple[Any, ...]) -> bool:
    """Whether what is in *value*, a *kind* of container, is of the types *inner*."""
    if not inner or isinstance(value, str | bytes):
        return True
    if kind is Counter:
        inner = (*inner, int)
    if issubclass(kind, Mapping):
        keyed = cast("Mapping[Any, Any]", value)
        return all(is_a(key, inner[0]) and is_a(one, inner[1]) for key, one in keyed.items())
    if kind is tuple and inner[-1] is not ...:
        return len(value) == len(inner) and all(map(is_a, value, inner))
    if not issubclass(kind, abc.Collection):
        return True
    return all(is_a(one, inner[0]) for one in value)


def _name(hint: Any) -> str:
    return hint.__qualname__ if inspect.isclass(hint) and not typing.get_args(hint) else str(hint)
