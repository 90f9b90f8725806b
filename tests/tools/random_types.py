"""Random types and values of them, for property tests of schemas."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import make_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union
from uuid import UUID

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from typing_extensions import TypeAliasType, TypedDict

from lumos_tools.annotations import prepare


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Node(BaseModel):
    """Holds itself."""

    value: int
    children: list["Node"] = []


T = TypeVar("T")
BASE64 = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")


class Box(BaseModel, Generic[T]):
    model_config = BASE64
    it: T


Tree = TypeAliasType("Tree", Union[dict[str, "Tree"], int])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: number + 0.0
)  # no -0.0
nodes = st.recursive(
    st.builds(Node, value=st.integers(-9, 9)),
    lambda inner: st.builds(Node, value=st.integers(-9, 9), children=st.lists(inner, max_size=2)),
    max_leaves=3,
)
trees = st.recursive(
    st.integers(-9, 9),
    lambda inner: st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3).map(
    lambda number: Decimal(f"{number:f}")
)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**53), 2**53),
    float: floats,
    bool: st.booleans(),
    None: st.none(),
    Any: st.none() | st.booleans() | st.integers(-9, 9) | texts,
    Color: st.sampled_from(Color),
    Level: st.sampled_from(Level),
    Mood: st.sampled_from(Mood),
    Node: nodes,
    Tree: trees,
    Literal["a", 2]: st.sampled_from(["a", 2]),
    Literal[True, "x"]: st.sampled_from([True, "x"]),
    prepare(Literal[Color.RED, "y"], "it"): st.sampled_from([Color.RED, "y"]),
    date: st.dates(),
    datetime: st.datetimes(),
    time: st.times(),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=99_999)),
    UUID: st.uuids(),
    Decimal: decimals,
    bytes: st.binary(max_size=8),
    Path: st.sampled_from([Path("a"), Path("a/b.txt"), Path("/")]),
    IPv4Address: st.ip_addresses(v=4),
    IPv6Address: st.ip_addresses(v=6),
    Annotated[int, Field(ge=-5, lt=9)]: st.integers(-5, 8),
    Annotated[int, Field(multiple_of=3)]: st.integers(-9, 9).map(lambda number: 3 * number),
    Annotated[float, Field(gt=0)]: st.floats(
        0, exclude_min=True, allow_nan=False, allow_infinity=False
    ),
    Annotated[str, Field(min_length=1, max_length=3)]: st.text(
        st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3
    ),
    Annotated[str, Field(pattern="^[a-z]{1,3}$")]: st.text("abcxyz", min_size=1, max_size=3),
    Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]: st.lists(
        st.integers(0, 9), min_size=1, max_size=3
    ),
    Annotated[Annotated[str, Field(min_length=1)] | None, Field(max_length=3)]: st.none()
    | st.text("ab", min_size=1, max_size=3),
}
Typed = tuple[Any, st.SearchStrategy[Any]]
KEYS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-999, 999),
    Color: st.sampled_from(Color),
    date: st.dates(),
    UUID: st.uuids(),
    Literal["k", "l"]: st.sampled_from(["k", "l"]),
    Annotated[str, Field(pattern="^[a-z]+$")]: st.text("abc", min_size=1, max_size=3),
}


def listed(inner: Typed) -> Typed:
    return list[inner[0]], st.lists(inner[1], max_size=3)  # type: ignore[name-defined]


def _short_list(inner: Typed) -> Typed:
    made = list[inner[0]]  # type: ignore[name-defined]
    return Annotated[made, Field(min_length=1, max_length=2)], st.lists(
        inner[1], min_size=1, max_size=2
    )


def _sequence(inner: Typed) -> Typed:
    return Sequence[inner[0]], st.lists(inner[1], max_size=3)  # type: ignore[name-defined]


def _deque(inner: Typed) -> Typed:
    return deque[inner[0]], st.lists(inner[1], max_size=3).map(deque)  # type: ignore[name-defined]


def _dict(inner: Typed) -> Typed:
    return dict[str, inner[0]], st.dictionaries(texts, inner[1], max_size=3)  # type: ignore[name-defined]


def _mapping(inner: Typed) -> Typed:
    return Mapping[str, inner[0]], st.dictionaries(texts, inner[1], max_size=3)  # type: ignore[name-defined]


def _short_dict(inner: Typed) -> Typed:
    made = dict[str, inner[0]]  # type: ignore[name-defined]
    return Annotated[made, Field(min_length=1, max_length=2)], st.dictionaries(
        texts, inner[1], min_size=1, max_size=2
    )


def _optional(inner: Typed) -> Typed:
    return inner[0] | None if inner[0] is not None else None, st.none() | inner[1]


def _pair(inner: Typed) -> Typed:
    return tuple[inner[0], int], st.tuples(inner[1], st.integers(-9, 9))  # type: ignore[name-defined]


def _tuple(inner: Typed) -> Typed:
    return tuple[inner[0], ...], st.lists(inner[1], max_size=3).map(tuple)  # type: ignore[name-defined]


def _named_tuple(inner: Typed) -> Typed:
    made = NamedTuple("Made", [("it", inner[0]), ("more", int)])  # type: ignore[misc]  # noqa: UP014
    return made, st.builds(made, inner[1], st.integers(-9, 9))


def _dataclass(inner: Typed) -> Typed:
    made = make_dataclass("Made", [("it", inner[0]), ("more", int, 3)])
    return made, st.builds(made, inner[1])


def _model(inner: Typed) -> Typed:
    made = create_model("Model", __config__=BASE64, it=(inner[0], ...))
    return made, st.builds(lambda value: made.model_construct(it=value), inner[1])


def _root(inner: Typed) -> Typed:
    """Of a list, so that it is never null, which `| None` could not tell from None."""
    base = RootModel[list[inner[0]]]  # type: ignore[name-defined]
    made: Any = type("Root", (base,), {"model_config": BASE64, "__module__": __name__})
    return made, st.lists(inner[1], max_size=2).map(made.model_construct)


def _generic(inner: Typed) -> Typed:
    made = Box[inner[0]]  # type: ignore[name-defined]
    return made, st.builds(lambda value: made.model_construct(it=value), inner[1])


def _typed_dict(inner: Typed) -> Typed:
    made = TypedDict("Made", {"it": inner[0]})  # type: ignore[misc]
    return made, st.fixed_dictionaries({"it": inner[1]})


def tagged(inner: Typed) -> Typed:
    one = create_model("One", __config__=BASE64, kind=(Literal["one"], "one"), it=(inner[0], ...))
    two = create_model("Two", kind=(Literal["two"], "two"), n=(int, 0))
    made = Annotated[one | two, Field(discriminator="kind")]
    ones = inner[1].map(lambda value: one.model_construct(it=value))
    return made, ones | st.builds(two, n=st.integers(-9, 9))


def _keyed(inner: Typed) -> st.SearchStrategy[Typed]:
    def made(key: tuple[Any, st.SearchStrategy[Any]]) -> Typed:
        return dict[key[0], inner[0]], st.dictionaries(key[1], inner[1], max_size=3)  # type: ignore[name-defined]

    return st.sampled_from(list(KEYS.items())).map(made)


COMPOSITES = (
    listed,
    _short_list,
    _sequence,
    _deque,
    _dict,
    _mapping,
    _short_dict,
    _optional,
    _pair,
    _tuple,
    _named_tuple,
    _dataclass,
    _model,
    _root,
    _generic,
    _typed_dict,
    tagged,
)
HASHABLE = (str, int, Color, date, UUID, Literal["a", 2])
SETS: dict[Any, Any] = {set: st.sets, frozenset: st.frozensets}
sets: st.SearchStrategy[Typed] = st.builds(
    lambda kind, leaf: (kind[leaf], SETS[kind](LEAVES[leaf], max_size=3)),
    st.sampled_from([*SETS]),
    st.sampled_from(HASHABLE),
)
typed: st.SearchStrategy[Typed] = st.recursive(
    st.sampled_from(list(LEAVES.items())) | sets,
    lambda inner: st.one_of(
        *(st.builds(make, inner) for make in COMPOSITES), inner.flatmap(_keyed)
    ),
    max_leaves=4,
)
"""A type and the strategy of its values."""
