"""Random types and values of them, for property tests of schemas."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import make_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from pydantic import ConfigDict, Field, create_model
from typing_extensions import TypedDict

from lumos_tools.annotations import prepare


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: number + 0.0
)  # no -0.0
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
}
Typed = tuple[Any, st.SearchStrategy[Any]]
BASE64 = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")
KEYS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-999, 999),
    Color: st.sampled_from(Color),
    date: st.dates(),
    UUID: st.uuids(),
    Literal["k", "l"]: st.sampled_from(["k", "l"]),
    Annotated[str, Field(pattern="^[a-z]+$")]: st.text("abc", min_size=1, max_size=3),
}


def _list(inner: Typed) -> Typed:
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


def _typed_dict(inner: Typed) -> Typed:
    made = TypedDict("Made", {"it": inner[0]})  # type: ignore[misc]
    return made, st.fixed_dictionaries({"it": inner[1]})


def _tagged(inner: Typed) -> Typed:
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
    _list,
    _short_list,
    _sequence,
    _deque,
    _dict,
    _mapping,
    _optional,
    _pair,
    _tuple,
    _named_tuple,
    _dataclass,
    _model,
    _typed_dict,
    _tagged,
)
SETS = (str, int, Color, date, UUID, Literal["a", 2])
sets: st.SearchStrategy[Typed] = st.sampled_from(SETS).map(
    lambda leaf: (set[leaf], st.sets(LEAVES[leaf], max_size=3))  # type: ignore[valid-type]
)
typed: st.SearchStrategy[Typed] = st.recursive(
    st.sampled_from(list(LEAVES.items())) | sets,
    lambda inner: st.one_of(
        *(st.builds(make, inner) for make in COMPOSITES), inner.flatmap(_keyed)
    ),
    max_leaves=4,
)
"""A type and the strategy of its values."""
