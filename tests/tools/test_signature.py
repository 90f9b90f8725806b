"""Which functions can be tools."""

import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    Optional,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType, TypedDict

import lumos_tools.signature
from lumos_tools import SchemaError, ToolContext
from lumos_tools.signature import EMPTY, Parameter, read_signature

if TYPE_CHECKING:
    from fractions import Fraction


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Shape(Enum):
    POINT = (1, 2)


@dataclass
class Place:
    name: str
    tags: list[str] = field(default_factory=list)


class Size(TypedDict):
    width: int
    height: NotRequired[float]


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Boxed(BaseModel):
    model_config = {"arbitrary_types_allowed": True}
    thing: complex


@dataclass
class Holder:
    inner: list[complex]


UserId = NewType("UserId", int)
Names = TypeAliasType("Names", list[str])
T = TypeVar("T")

SUPPORTED: list[Any] = [
    *(str, int, float, bool, None, Any, date, datetime, Decimal, UUID, list, dict),
    *(list[int], dict[str, int], set[str], tuple[int, str], tuple[int, ...], Color, Level),
    *(
        Optional[int],
        Union[int, str],
        int | None,
        list[dict[str, list[int | None]]],
        Place,
        Size,
        Node,
    ),
    *(Literal["a", 1, True, None], Annotated[int, Field(gt=0)], UserId, Names),
    *(dict[Literal["a"], int], dict[Annotated[str, Field(min_length=1)], int]),
    Annotated[list[Annotated[str, Field(max_length=3)]], "unhashable", []],
]


def of(annotation: Any) -> Callable[..., Any]:
    def function(it): ...

    function.__annotations__ = {"it": annotation}
    return function


def fault(function: Callable[..., Any]) -> str:
    with pytest.raises(SchemaError) as caught:
        read_signature(function, owner="f()")
    return str(caught.value)


@pytest.mark.parametrize("annotation", SUPPORTED, ids=str)
def test_supported(annotation: Any):
    """Everyday types, and what is made of them, have a schema."""
    (parameter,) = read_signature(of(annotation), owner="f()").parameters

    assert "it" == parameter.name


@pytest.mark.parametrize(
    ("annotation", "named"),
    [
        (complex, "complex"),
        (list[complex], "complex"),
        (dict[str, complex | None], "complex"),
        (Callable[[int], int], "Callable"),
        (T, "~T"),
        (object(), "object object"),
        (Annotated[complex, []], "complex"),
        (Boxed, "field Boxed.thing has the type complex"),
        (list[Holder], "field Holder.inner has the type complex"),
        (dict[int, str], "use dict[str, ...]"),
        (dict[Literal[1], str], "use dict[str, ...]"),
        (Literal[Color.RED], "use its value"),
        (Shape, "(1, 2) is no JSON value"),
    ],
    ids=str,
)
def test_unsupported(annotation: Any, named: str):
    """What no schema can say is refused with function, parameter, type and the way out."""
    message = fault(of(annotation))

    assert message.startswith("f(): parameter 'it'")
    assert named in message
    assert "use " in message


def test_reads_all():
    """Names, types, defaults and texts are read, and the context is kept apart."""

    def function(a: int, context: ToolContext[str], b: "str" = "x") -> "Missing":  # noqa: F821
        """Do it.

        Args:
            a: The first.
        """

    read = read_signature(function, owner="f()")

    assert "Do it." == read.description
    assert "context" == read.context
    assert (
        Parameter("a", int, EMPTY, "The first."),
        Parameter("b", str, "x", ""),
    ) == read.parameters


def test_old_typed_dict(monkeypatch: pytest.MonkeyPatch):
    """The TypedDict of an old Python cannot say which keys are required."""
    monkeypatch.setattr(lumos_tools.signature, "OLD_TYPED_DICT", True)
    old = typing.TypedDict("Old", {"a": int})

    assert "before Python 3.12 use typing_extensions.TypedDict" in fault(of(old))


@pytest.mark.parametrize(
    "annotation", [ToolContext, ToolContext[int], ToolContext | None], ids=repr
)
def test_context(annotation: Any):
    """The context may be typed with its deps, and may be None outside a run."""
    assert "it" == read_signature(of(annotation), owner="f()").context


def test_local_names():
    """An annotation as text may name what is local where the function is defined."""

    class Local(Enum):
        A = "a"

    def function(it: "list[Local]") -> None:
        return print(Local)

    assert list[Local] == read_signature(function, owner="f()").parameters[0].annotation


def test_unresolved():
    """A name that is there for type checkers alone is refused, and the message says what to do."""

    def function(it: "Fraction") -> None: ...

    assert "not under TYPE_CHECKING" in fault(function)


def test_not_annotated():
    """Without an annotation there is no schema."""

    def function(it): ...

    assert "f(): parameter 'it' has no annotation; say what it takes, for example it: str" == fault(
        function
    )


def test_method():
    """A function of a class gets the advice that helps there."""

    class Shop:
        def buy(self, what: str) -> None: ...

    assert "decorate the bound method instead" in fault(Shop.buy)
    assert 1 == len(read_signature(Shop().buy, owner="f()").parameters)


def test_kinds():
    """Parameters that a model cannot name are refused, each with its way out."""

    def many(*them: int): ...
    def named(**them: int): ...
    def placed(it: int, /): ...

    assert "'*them' takes any number of values; make it one list parameter" in fault(many)
    assert "'**them' takes any names; make it one dict parameter" in fault(named)
    assert "drop the '/'" in fault(placed)


def test_generators():
    """A generator would hand the model its repr."""

    def one(it: int):
        yield it

    async def other(it: int):
        yield it

    assert "f() is a generator; return a list instead" == fault(one)
    assert "f() is a generator; return a list instead" == fault(other)
