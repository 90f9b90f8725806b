"""A corpus of signatures: what each tool takes, refuses, and what its body gets.

Every body returns what it got. `docs/reference/types.md` is made from this file.
"""

import asyncio
import collections
import functools
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypeVar,
    Union,
)
from uuid import UUID

from annotated_types import Ge, Len, MinLen
from pydantic import BaseModel, Field, RootModel, StrictInt, model_validator
from typing_extensions import Doc, TypeAliasType, TypedDict, Unpack

T = TypeVar("T")
Number = TypeVar("Number", int, float)


class Case(NamedTuple):
    """One signature, arguments that it takes with what the body gets, and arguments that it refuses."""

    group: str
    text: str
    function: Callable[..., Any]
    takes: tuple[tuple[dict[str, Any], Any], ...]
    refuses: tuple[dict[str, Any], ...] = ()


CASES: list[Case] = []


def case(
    group: str,
    text: str,
    *takes: tuple[dict[str, Any], Any],
    refuses: Iterable[dict[str, Any]] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        CASES.append(Case(group, text, function, takes, tuple(refuses)))
        return function

    return add


def one(
    group: str,
    annotation: Any,
    *takes: tuple[Any, Any],
    refuses: Iterable[Any] = (),
    text: str = "",
) -> None:
    """A function of one parameter of the type *annotation*."""

    def function(it):
        return it

    function.__annotations__ = {"it": annotation}
    plain = annotation.__name__ if type(annotation) is type else str(annotation)
    shown = re.sub(
        r"FieldInfo\(annotation=NoneType, required=True, metadata=\[(.*?)\]\)", r"\1", text or plain
    )
    shown = re.sub(r"_PydanticGeneralMetadata\((.*?)\)", r"Field(\1)", shown)
    shown = re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", shown)
    shown = re.sub(r"\b(datetime|uuid|decimal|collections\.abc|collections)\.", "", shown)
    CASES.append(
        Case(
            group,
            shown.replace("typing.", "").replace(f"{__name__}.", ""),
            function,
            tuple(({"it": given}, got) for given, got in takes),
            tuple({"it": given} for given in refuses),
        )
    )


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mood(StrEnum):
    GOOD = "good"


class Mixed(Enum):
    ONE = 1
    TWO = "two"
    NONE = None


@dataclass
class Place:
    name: str
    tags: list[str] = field(default_factory=list)


class Point(NamedTuple):
    x: int
    y: int = 0


class Size(TypedDict):
    width: int
    height: NotRequired[float]


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Page(BaseModel, Generic[T]):
    items: list[T]


class Aliased(BaseModel):
    size: int = Field(alias="the size")


class Open(BaseModel):
    model_config = {"extra": "allow"}
    a: int = 1


class Names(RootModel[list[str]]):
    pass


class Options(TypedDict):
    limit: int
    sort: NotRequired[Literal["up", "down"]]


UserId = NewType("UserId", int)
Word = NewType("Word", str)
Tree = TypeAliasType("Tree", Union[dict[str, "Tree"], int])
PAIR = {"x": 1, "y": 2}

BASIC = "Basic types"
one(BASIC, str, ("a", "a"), ("", ""), refuses=[1, None, True, ["a"]])
one(BASIC, int, (1, 1), (-1, -1), (10**30, 10**30), refuses=["1", 1.5, True, None])
one(BASIC, float, (1.5, 1.5), (1, 1.0), refuses=["1.5", True, None])
one(BASIC, bool, (True, True), refuses=[1, 0, "true", None])
one(BASIC, type(None), (None, None), refuses=[0, "", False], text="None")
one(BASIC, int | None, (1, 1), (None, None), refuses=["x", False])
one(BASIC, int | str, (1, 1), ("1", "1"), refuses=[None, 1.5])
one(BASIC, bool | int, (True, True), (1, 1), refuses=["x"])
one(BASIC, Any, (1, 1), ([{"a": None}], [{"a": None}]), (None, None))
one(BASIC, object, ("x", "x"))
one(BASIC, Literal["a", "b"], ("a", "a"), refuses=["c", "", None])
one(
    BASIC,
    Literal[1, "a", True, None],
    (1, 1),
    ("a", "a"),
    (True, True),
    (None, None),
    refuses=[2, 0],
)
one(BASIC, Literal[1], (1, 1), refuses=[True, "1"])
one(BASIC, Literal[True], (True, True), refuses=[1, "true"])
one(BASIC, Literal[Color.RED], ("red", Color.RED), refuses=["blue", "RED"])
one(BASIC, Literal[Color.RED, "x"], ("red", Color.RED), ("x", "x"), refuses=["blue"])
one(BASIC, Color, ("red", Color.RED), refuses=["RED", 1, None])
one(BASIC, Level, (1, Level.LOW), refuses=[3, True, "1"])
one(BASIC, Mood, ("good", Mood.GOOD), refuses=["bad"])
one(BASIC, Mixed, (1, Mixed.ONE), ("two", Mixed.TWO), (None, Mixed.NONE), refuses=[True, 2])
one(BASIC, UserId, (7, 7), refuses=["7"], text="NewType of int")
one(BASIC, Number, (1, 1), (1.5, 1.5), refuses=["x"], text="TypeVar of int and float")

CONTAINERS = "Containers"
one(CONTAINERS, list[int], ([1, 2], [1, 2]), ([], []), refuses=[["1"], [True], "x", {"0": 1}])
one(CONTAINERS, list, ([1, "a"], [1, "a"]), refuses=["x"])
one(CONTAINERS, list[list[int | None]], ([[1, None]], [[1, None]]), refuses=[[["x"]], [1]])
one(CONTAINERS, tuple[int, str], ([1, "a"], (1, "a")), refuses=[[1], [1, "a", 2], ["a", 1]])
one(CONTAINERS, tuple[int, ...], ([1, 2], (1, 2)), ([], ()), refuses=[["a"]])
one(CONTAINERS, set[int], ([1, 2], {1, 2}), refuses=[[1, 1], ["a"]])
one(CONTAINERS, frozenset[str], (["a"], frozenset("a")), refuses=[["a", "a"]])
one(CONTAINERS, dict[str, int], ({"a": 1}, {"a": 1}), ({}, {}), refuses=[{"a": "1"}, [["a", 1]]])
one(CONTAINERS, dict, ({"a": [1]}, {"a": [1]}), refuses=[[1]])
one(
    CONTAINERS,
    dict[int, str],
    ({"1": "a", "-2": "b"}, {1: "a", -2: "b"}),
    refuses=[{"x": "a"}, {"1.0": "a"}, {" 1": "a"}, {"01": "a"}],
)
one(CONTAINERS, dict[Color, int], ({"red": 1}, {Color.RED: 1}), refuses=[{"green": 1}])
one(CONTAINERS, dict[Literal["a"], int], ({"a": 1}, {"a": 1}), refuses=[{"b": 1}])
one(
    CONTAINERS,
    dict[date, int],
    ({"2026-01-02": 1}, {date(2026, 1, 2): 1}),
    refuses=[{"x": 1}, {"0": 1}],
)
one(CONTAINERS, dict[UUID, int], ({str(UUID(int=1)): 1}, {UUID(int=1): 1}), refuses=[{"x": 1}])
one(
    CONTAINERS,
    dict[Annotated[str, Field(pattern="^[a-z]+$")], int],
    ({"a": 1}, {"a": 1}),
    refuses=[{"A": 1}, {"a1": 1}],
)
one(
    CONTAINERS,
    dict[Word, int],
    ({"a": 1}, {"a": 1}),
    refuses=[{"a": "x"}],
    text="dict with a NewType for key",
)
one(CONTAINERS, dict[Decimal, int], ({"1.5": 1}, {Decimal("1.5"): 1}), refuses=[{"x": 1}])
one(CONTAINERS, Iterable[int], ([1, 2], [1, 2]), refuses=[["a"], "x"])
one(CONTAINERS, Iterator[int], ([1], [1]), refuses=[["a"]])
one(CONTAINERS, Sequence[int], ([1, 2], [1, 2]), refuses=[["a"], "12"])
one(CONTAINERS, Mapping[str, int], ({"a": 1}, {"a": 1}), refuses=[{"a": "x"}])
one(CONTAINERS, AbstractSet[int], ([1], {1}), refuses=[[1, 1]])
one(CONTAINERS, collections.deque[int], ([1], collections.deque([1])), refuses=[["a"]])
one(
    CONTAINERS,
    Point,
    ([1, 2], Point(1, 2)),
    ([1], Point(1)),
    refuses=[PAIR, [1, 2, 3], ["a"], []],
    text="NamedTuple",
)
one(
    CONTAINERS,
    Size,
    ({"width": 1}, {"width": 1}),
    ({"width": 1, "height": 2.5}, {"width": 1, "height": 2.5}),
    refuses=[{}, {"width": 1, "heigth": 2}],
    text="TypedDict",
)
one(
    CONTAINERS,
    Tree,
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    (1, 1),
    refuses=["x", {"a": "x"}],
    text="recursive type alias",
)

MODELS = "Dataclasses and models"
one(
    MODELS,
    Place,
    ({"name": "a"}, Place("a")),
    ({"name": "a", "tags": ["b"]}, Place("a", ["b"])),
    refuses=[{}, {"name": "a", "tag": []}, {"name": 1}],
    text="dataclass",
)
one(
    MODELS,
    Node,
    ({"value": 1, "children": [{"value": 2}]}, Node(value=1, children=[Node(value=2)])),
    refuses=[{"value": 1, "children": [{"valeu": 2}]}, {"value": "1"}, {"value": 1, "zzz": 2}],
    text="recursive model",
)
one(
    MODELS,
    list[Cat],
    ([{"kind": "cat"}], [Cat(kind="cat")]),
    refuses=[[{"kind": "dog"}]],
    text="list of models",
)
one(
    MODELS,
    Cat | Dog,
    ({"kind": "dog", "name": "x"}, Dog(kind="dog", name="x")),
    refuses=[{"kind": "cow"}, {"name": "x"}],
    text="union of models",
)
one(
    MODELS,
    Annotated[Cat | Dog, Field(discriminator="kind")],
    ({"kind": "cat"}, Cat(kind="cat")),
    refuses=[{"kind": "dog"}, {}],
    text="discriminated union",
)
one(
    MODELS,
    Page[int],
    ({"items": [1]}, Page[int](items=[1])),
    refuses=[{"items": ["a"]}],
    text="generic model",
)
one(
    MODELS,
    Aliased,
    ({"the size": 1}, Aliased.model_validate({"the size": 1})),
    refuses=[{"size": 1}],
    text="model with an alias",
)
one(
    MODELS,
    Open,
    ({"a": 2, "b": 3}, Open.model_validate({"a": 2, "b": 3})),
    refuses=[{"a": "x"}],
    text="open model",
)
one(MODELS, Names, (["a"], Names(["a"])), refuses=[[1]], text="RootModel")

CONSTRAINTS = "Constraints"
one(CONSTRAINTS, Annotated[int, Field(ge=1, le=3)], (1, 1), refuses=[0, 4])
one(CONSTRAINTS, Annotated[int, Ge(1)], (1, 1), refuses=[0], text="Annotated[int, Ge(1)]")
one(CONSTRAINTS, Annotated[int, Field(multiple_of=5)], (10, 10), refuses=[7])
one(CONSTRAINTS, Annotated[float, Field(gt=0, lt=1)], (0.5, 0.5), refuses=[0, 1])
one(
    CONSTRAINTS,
    Annotated[str, Field(min_length=1, max_length=2)],
    ("a", "a"),
    ("éé", "éé"),
    refuses=["", "abc"],
)
one(
    CONSTRAINTS,
    Annotated[str, Field(pattern="^[A-Z]{2}$")],
    ("AB", "AB"),
    refuses=["ab", "ABC", "AB\n"],
)
one(
    CONSTRAINTS,
    Annotated[list[int], Len(1, 2)],
    ([1], [1]),
    refuses=[[], [1, 2, 3]],
    text="Annotated[list[int], Len(1, 2)]",
)
one(
    CONSTRAINTS,
    list[Annotated[str, MinLen(1)]],
    (["a"], ["a"]),
    refuses=[[""]],
    text="list[Annotated[str, MinLen(1)]]",
)
one(CONSTRAINTS, dict[str, Annotated[int, Field(ge=0)]], ({"a": 0}, {"a": 0}), refuses=[{"a": -1}])
one(CONSTRAINTS, StrictInt, (1, 1), refuses=["1", True], text="StrictInt")

SCALARS = "Dates and other scalars"
one(SCALARS, date, ("2026-01-02", date(2026, 1, 2)), refuses=["2026-1-2", "2026-02-30", 0, "soon"])
one(
    SCALARS,
    datetime,
    ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
    refuses=["1577836800", 0, "2026-01-02"],
)
one(SCALARS, time, ("03:04", time(3, 4)), refuses=["3", 0])
one(
    SCALARS,
    timedelta,
    ("PT1H", timedelta(hours=1)),
    ("P1DT0.5S", timedelta(days=1, seconds=0.5)),
    refuses=["1:00:00", 3600],
)
one(
    SCALARS,
    Decimal,
    ("1.10", Decimal("1.10")),
    (1.5, Decimal("1.5")),
    (2, Decimal(2)),
    refuses=["abc", "", "1_0", "NaN", "+1"],
)
one(SCALARS, UUID, (str(UUID(int=1)), UUID(int=1)), refuses=["x", "0" * 32])
one(SCALARS, bytes, ("aGk=", b"hi"), ("", b""), refuses=["aGk", "é", "aGl="])
one(SCALARS, Path, ("a/b", Path("a/b")), refuses=[1, None])
one(SCALARS, IPv4Address, ("127.0.0.1", IPv4Address("127.0.0.1")), refuses=["x", 1])

SIGNATURES = "Signatures"


@case(SIGNATURES, "no parameters", ({}, "done"), refuses=[{"a": 1}])
def nothing():
    return "done"


@case(
    SIGNATURES,
    "a default",
    ({}, (1, "x")),
    ({"a": 2}, (2, "x")),
    ({"b": "y"}, (1, "y")),
    refuses=[{"a": None}, {"c": 1}],
)
def defaults(a: int = 1, b: str = "x"):
    return a, b


@case(SIGNATURES, "keyword-only", ({"a": 1, "b": 2}, (1, 2)), refuses=[{"a": 1}])
def named(a: int, *, b: int):
    return a, b


@case(
    SIGNATURES,
    "positional-only",
    ({"a": 1}, (1, 2)),
    ({"a": 1, "b": 3}, (1, 3)),
    refuses=[{"b": 3}, {"a": "x"}],
)
def placed(a: int, b: int = 2, /):
    return a, b


@case(
    SIGNATURES,
    "*args",
    ({"a": 1}, (1, ())),
    ({"a": 1, "rest": ["x", "y"]}, (1, ("x", "y"))),
    refuses=[{"a": 1, "rest": [1]}, {"a": 1, "rest": "x"}],
)
def many(a: int, *rest: str):
    return a, rest


@case(SIGNATURES, "*args after a default", ({}, (1, ())), ({"rest": ["x"]}, (1, ("x",))))
def many_after(a: int = 1, *rest: str):
    return a, rest


@case(
    SIGNATURES,
    "**kwargs",
    ({"a": 1}, (1, {})),
    ({"a": 1, "more": {"b": 2}}, (1, {"b": 2})),
    refuses=[{"a": 1, "more": {"a": 2}}, {"a": 1, "more": {"b": "x"}}, {"a": 1, "b": 2}],
)
def others(a: int, **more: int):
    return a, more


@case(
    SIGNATURES,
    "**kwargs: Unpack[TypedDict]",
    ({"a": 1, "limit": 2}, (1, {"limit": 2})),
    ({"a": 1, "limit": 2, "sort": "up"}, (1, {"limit": 2, "sort": "up"})),
    refuses=[{"a": 1}, {"a": 1, "limit": 2, "sort": "x"}],
)
def unpacked(a: int, **options: Unpack[Options]):
    return a, options


@case(SIGNATURES, "a mutable default", ({}, [1]), ({}, [1]), ({"a": []}, [1]))
def mutable(a: list[int] = []):  # noqa: B006
    a.append(1)
    return a


@case(SIGNATURES, "a Field for default", ({}, 5), ({"a": 7}, 7), refuses=[{"a": 0}])
def field_default(a: int = Field(5, ge=1)):
    return a


@case(SIGNATURES, "a Field without a default", ({"a": 7}, 7), refuses=[{}, {"a": 0}])
def field_only(a: int = Field(ge=1)):
    return a


@case(SIGNATURES, "a Field with a factory", ({}, []), ({"a": [1]}, [1]), refuses=[{"a": ["x"]}])
def factory_default(a: list[int] = Field(default_factory=list)):
    return a


@case(SIGNATURES, "None for default", ({}, None), ({"a": 1}, 1), refuses=[{"a": None}])
def implicit(a: int = None):  # type: ignore[assignment]  # noqa: RUF013
    return a


@case(SIGNATURES, "an async function", ({"a": 1}, 1), refuses=[{"a": "x"}])
async def later(a: int):
    return a


@case(SIGNATURES, "a generator", ({"n": 2}, [0, 1]), refuses=[{"n": "x"}])
def counted(n: int):
    yield from range(n)


@case(SIGNATURES, "an async generator", ({"n": 2}, [0, 1]), refuses=[{"n": "x"}])
async def counted_later(n: int) -> AsyncIterator[int]:
    for number in range(n):
        yield number


class Shop:
    def buy(self, what: str):
        return what

    @classmethod
    def of(cls, name: str):
        return cls.__name__, name

    @staticmethod
    def tax(amount: float):
        return amount * 2

    def __call__(self, what: str):
        return what


class LaterShop:
    async def __call__(self, what: str):
        return what


def _scaled(value: int, factor: int = 1, *, shift: int = 0):
    return value * factor + shift


@functools.wraps(defaults)
def wrapped(*args: Any, **kwargs: Any):
    return defaults(*args, **kwargs)


@functools.wraps(later)
def wrapped_later(*args: Any, **kwargs: Any):
    return later(*args, **kwargs)


for text, function, takes, refuses in (
    ("a bound method", Shop().buy, ({"what": "x"}, "x"), {"what": 1}),
    ("a class method", Shop.of, ({"name": "x"}, ("Shop", "x")), {"name": 1}),
    ("a static method", Shop.tax, ({"amount": 2}, 4.0), {"amount": "x"}),
    ("a callable object", Shop(), ({"what": "x"}, "x"), {"what": 1}),
    ("an async callable object", LaterShop(), ({"what": "x"}, "x"), {"what": 1}),
    (
        "a partial, by name",
        functools.partial(_scaled, factor=3),
        ({"value": 2}, 6),
        {"value": 2, "factor": 1},
    ),
    ("a partial, by place", functools.partial(_scaled, 2), ({"factor": 5}, 10), {"value": 2}),
    (
        "a partial of a partial",
        functools.partial(functools.partial(_scaled, 2), shift=1),
        ({}, 3),
        {"shift": 2},
    ),
    ("a wrapper", wrapped, ({"a": 2}, (2, "x")), {"a": "x"}),
    ("a sync wrapper of an async function", wrapped_later, ({"a": 2}, 2), {"a": "x"}),
):
    CASES.append(Case(SIGNATURES, text, function, (takes,), (refuses,)))

NAMES = "Names of parameters"


@case(
    NAMES,
    "of pydantic's own",
    (
        {"schema": 1, "json": 2, "copy": 3, "model_config": 4, "model_dump": 5, "dict": 6},
        (1, 2, 3, 4, 5, 6),
    ),
)
def pydantic_names(
    schema: int, json: int, copy: int, model_config: int, model_dump: int, dict: int
):
    return schema, json, copy, model_config, model_dump, dict


@case(
    NAMES,
    "of frameworks",
    (
        {"args": 1, "kwargs": 2, "agent": 3, "config": 4, "context": 5, "tool_context": 6},
        (1, 2, 3, 4, 5, 6),
    ),
)
def framework_names(
    args: int, kwargs: int, agent: int, config: int, context: int, tool_context: int
):
    return args, kwargs, agent, config, context, tool_context


@case(
    NAMES,
    "with an underscore, or not in ASCII",
    ({"_id": 1, "größe": 2, "self": 3, "values": 4}, (1, 2, 3, 4)),
)
def odd_names(_id: int, größe: int, self: int, values: int):
    return _id, größe, self, values


@case(NAMES, "an alias", ({"the size": 1}, 1), refuses=[{"size": 1}])
def aliased(size: Annotated[int, Field(alias="the size")]):
    return size


@case(NAMES, "an alias in the default", ({"the size": 2}, 2), ({}, 1), refuses=[{"size": 1}])
def aliased_default(size: int = Field(1, alias="the size")):
    return size


TEXTS = "Annotations"


@case(TEXTS, "as text", ({"a": [1]}, [1]), refuses=[{"a": ["x"]}])
def as_text(a: "list[int]"):
    return a


@case(TEXTS, "a return type that does not resolve", ({"a": 1}, 1), refuses=[{"a": "x"}])
def unresolved(a: int) -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821
    return a


@case(TEXTS, "with a text for description", ({"a": 1, "b": 2}, (1, 2)))
def described(a: Annotated[int, "How many."], b: Annotated[int, Doc("And more.")]):
    return a, b


MORE = "Docstrings and more"


@case(MORE, "a Google docstring", ({"city": "Oslo"}, "Oslo"))
def google(city: str):
    """Report.

    Args:
        city: Name of the city.
    """
    return city


@case(MORE, "a NumPy docstring", ({"city": "Oslo"}, "Oslo"))
def numpy(city: str):
    """Report.

    Parameters
    ----------
    city : str
        Name of the city.
    """
    return city


@case(MORE, "a Sphinx docstring", ({"city": "Oslo"}, "Oslo"))
def sphinx(city: str):
    """Report.

    :param city: Name of the city.
    """
    return city


@case(MORE, "an Epytext docstring", ({"city": "Oslo"}, "Oslo"))
def epytext(city: str):
    """Report.

    @param city: Name of the city.
    """
    return city


class Base64(BaseModel):
    model_config = {"val_json_bytes": "base64", "ser_json_bytes": "base64"}
    data: bytes


class Ordered(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def _check(self) -> "Ordered":
        if self.low > self.high:
            raise ValueError("low is more than high")
        return self


one(
    MODELS,
    Base64,
    ({"data": "aGk="}, Base64(data=b"hi")),
    refuses=[{"data": "hi"}],
    text="model with bytes",
)
one(
    MODELS,
    Ordered,
    ({"low": 1, "high": 2}, Ordered(low=1, high=2)),
    refuses=[{"low": 2, "high": 1}],
    text="model with a validator of its own",
)
one(
    MODELS,
    Place | None,
    (None, None),
    ({"name": "a"}, Place("a")),
    refuses=["x"],
    text="dataclass | None",
)
one(
    CONTAINERS, dict[str, list[Color]], ({"a": ["red"]}, {"a": [Color.RED]}), refuses=[{"a": ["x"]}]
)
one(CONTAINERS, list[tuple[str, int]], ([["a", 1]], [("a", 1)]), refuses=[[["a"]], [["a", "b"]]])
one(
    CONSTRAINTS,
    Annotated[Decimal, Field(gt=0)],
    (1.5, Decimal("1.5")),
    refuses=[0, -1],
    text="Annotated[Decimal, Field(gt=0)]",
)


class IntPage(Page[int]):
    pass


class Branch(BaseModel, Generic[T]):
    value: T
    branches: "list[Branch[T]]" = []


@dataclass
class Seeded:
    name: str
    kind: ClassVar[str] = "seeded"
    _: KW_ONLY
    seed: InitVar[int] = 0
    code: str = Field("b", pattern="^b+$")


@functools.wraps(counted)
def joined(*args: Any, **kwargs: Any):
    return "-".join(map(str, counted(*args, **kwargs)))


@functools.wraps(later)
def waited(*args: Any, **kwargs: Any):
    return asyncio.run(later(*args, **kwargs))


one(BASIC, Literal[True, Level.LOW], (True, True), (1, Level.LOW), refuses=[2, "1", None])
one(
    MODELS,
    IntPage,
    ({"items": [1]}, IntPage(items=[1])),
    refuses=[{"items": ["a"]}],
    text="model of a generic one",
)
one(
    MODELS,
    Branch[int],
    (
        {"value": 1, "branches": [{"value": 2}]},
        Branch[int](value=1, branches=[Branch[int](value=2)]),
    ),
    refuses=[{"value": "x"}, {"value": 1, "branches": [{"value": "x"}]}],
    text="generic model that holds itself",
)
one(
    MODELS,
    Seeded,
    ({"name": "a"}, Seeded("a", code="b")),
    ({"name": "a", "seed": 1, "code": "bb"}, Seeded("a", seed=1, code="bb")),
    refuses=[{"name": "a", "seed": "1"}, {"name": "a", "kind": "b"}, {"name": "a", "code": "a"}],
    text="dataclass with ClassVar, KW_ONLY, InitVar and Field",
)
for text, function, takes, refuses in (
    ("a wrapper that joins what is yielded", joined, ({"n": 3}, "0-1-2"), {"n": "x"}),
    ("a wrapper that waits in a loop of its own", waited, ({"a": 2}, 2), {"a": "x"}),
    (
        "a partial of **kwargs",
        functools.partial(others, a=7, z=8),
        ({"more": {"b": 2}}, (7, {"b": 2, "z": 8})),
        {"more": {"z": 2}},
    ),
):
    CASES.append(Case(SIGNATURES, text, function, (takes,), (refuses,)))

ORDER = (BASIC, CONTAINERS, MODELS, CONSTRAINTS, SCALARS, SIGNATURES, NAMES, TEXTS, MORE)
CASES.sort(key=lambda case: ORDER.index(case.group))
