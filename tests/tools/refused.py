"""Signatures that are refused when they are decorated, and with which words.

The last table of `docs/reference/types.md` is made from this file.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import AliasChoices, BaseModel, Field
from typing_extensions import Unpack

from lumos_tools import ToolContext

T = TypeVar("T")


class Refused(NamedTuple):
    """One signature, and a part of the sentence that it is refused with."""

    group: str
    text: str
    function: Callable[..., Any]
    sentence: str


REFUSED: list[Refused] = []


def refused(group: str, text: str, sentence: str) -> Callable[[Callable[..., Any]], Any]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        REFUSED.append(Refused(group, text, function, sentence))
        return function

    return add


def one(group: str, annotation: Any, sentence: str, *, text: str = "") -> None:
    """A function of one parameter of the type *annotation*."""

    def function(it):
        return it

    function.__annotations__ = {"it": annotation}
    shown = annotation.__name__ if type(annotation) is type else str(annotation)
    plain = re.sub(r"\b(typing|collections\.abc)\.", "", text or shown)
    REFUSED.append(Refused(group, plain, function, sentence))


class Thing:
    pass


class Pair(Enum):
    ONE = (1, 2)


class Color(Enum):
    RED = "red"


@dataclass
class Stream:
    items: Iterable[int]


class Chosen(BaseModel):
    color: Literal[Color.RED]


class Image(BaseModel):
    data: bytes


class Named(BaseModel):
    name: str = Field(pattern="x")


SIGNATURES = "the signature"


@refused(SIGNATURES, "no annotation", "has no annotation; say what it takes")
def bare(a):
    return a


@refused(SIGNATURES, "a name that does not resolve", "does not resolve")
def nowhere(a: "Nowhere"):  # type: ignore[name-defined]  # noqa: F821
    return a


@refused(SIGNATURES, "`*args` that are the context", "is the context, and there is one of it")
def contexts(*contexts: ToolContext):
    return contexts


@refused(SIGNATURES, "one alias twice", "two parameters are called 'x'; rename one")
def twice(a: Annotated[int, Field(alias="x")], b: Annotated[int, Field(alias="x")]):
    return a, b


@refused(SIGNATURES, "more than one alias", "a schema has one: give one alias")
def several(a: Annotated[int, Field(validation_alias=AliasChoices("x", "y"))]):
    return a


@refused(SIGNATURES, "`Unpack` of what is no TypedDict", "no TypedDict")
def unpacked(**more: Unpack[Thing]):  # type: ignore[misc]
    return more


@refused(SIGNATURES, "a factory that takes values", "give it one that takes none")
def made(a: int, b: int = Field(default_factory=lambda values: values["a"])):
    return a, b


DEFAULTS = "the default"


@refused(DEFAULTS, "`int` and a text", "it would not take")
def of_text(a: int = "x"):  # type: ignore[assignment]
    return a


@refused(DEFAULTS, "`Field(5, ge=9)`", "it would not take")
def too_small(a: int = Field(5, ge=9)):
    return a


@refused(DEFAULTS, "`list[int]` and a list of texts", "it would not take")
def of_texts(a: list[int] = ["x"]):  # type: ignore[list-item]  # noqa: B006
    return a


@refused(DEFAULTS, "`Literal` and another value", "it would not take")
def of_others(a: Literal["up", "down"] = "left"):  # type: ignore[assignment]
    return a


TYPES = "the type"
one(TYPES, Thing, "which has no JSON Schema; use str", text="a class of your own")
one(TYPES, complex, "which has no JSON Schema")
one(TYPES, Callable[[int], int], "which has no JSON Schema")
one(TYPES, type, "which has no JSON Schema")
one(TYPES, list[Thing], "which has no JSON Schema", text="list of a class of your own")
one(TYPES, T, "which may be anything", text="TypeVar without bound")
one(TYPES, Pair, "is no JSON value", text="Enum with values that are tuples")
one(TYPES, Literal[b"x"], "is no JSON value")
one(TYPES, Stream, "which is not checked there; use list", text="Iterable in a dataclass")
one(TYPES, Chosen, "which is not checked there; use the Enum", text="Literal of an Enum in a model")
one(TYPES, Image, "reads as text and not as base64", text="bytes in a model")

KEYS = "the keys of a dict"
one(KEYS, dict[float, int], "JSON keys are text")
one(KEYS, dict[bool, int], "JSON keys are text")
one(KEYS, dict[tuple[int, int], int], "JSON keys are text")
one(KEYS, dict[int | str, int], "JSON keys are text", text="dict[int | str, int]")

PATTERNS = "the pattern"
for pattern, why in (
    (r"[A-Z]+", "which is not anchored; begin it with ^ and end it with $"),
    (r"^a|b$", "whose | parts the anchors"),
    (r"^(?!x)\w+$", "some providers do not know"),
    (r"^(?P<name>a)$", "some providers do not know"),
    (r"^a\b$", "some providers do not know"),
    (r"^(a)\1$", "some providers do not know"),
    (r"^\W$", "some providers do not know"),
):
    one(PATTERNS, Annotated[str, Field(pattern=pattern)], why, text=pattern)
one(PATTERNS, Named, "which is not anchored", text="in a model, too")
