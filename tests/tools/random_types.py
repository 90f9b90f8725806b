"""Random types and values of them, for property tests of schemas."""

from dataclasses import make_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from pydantic import create_model
from typing_extensions import TypedDict


class Color(Enum):
    RED = "red"
    BLUE = "blue"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    None: st.none(),
    Color: st.sampled_from(Color),
    Literal["a", 2]: st.sampled_from(["a", 2]),
    date: st.dates(),
    datetime: st.datetimes(),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=99_999)),
    UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3).map(
        lambda number: Decimal(f"{number:f}")
    ),
}
Typed = tuple[Any, st.SearchStrategy[Any]]


def _list(inner: Typed) -> Typed:
    return list[inner[0]], st.lists(inner[1], max_size=3)  # type: ignore[name-defined]


def _dict(inner: Typed) -> Typed:
    return dict[str, inner[0]], st.dictionaries(texts, inner[1], max_size=3)  # type: ignore[name-defined]


def _optional(inner: Typed) -> Typed:
    return inner[0] | None if inner[0] is not None else None, st.none() | inner[1]


def _dataclass(inner: Typed) -> Typed:
    made = make_dataclass("Made", [("it", inner[0]), ("more", int, 3)])
    return made, st.builds(made, inner[1])


def _model(inner: Typed) -> Typed:
    made = create_model("Model", it=(inner[0], ...))
    return made, st.builds(lambda value: made(it=value), inner[1])


def _typed_dict(inner: Typed) -> Typed:
    made = TypedDict("Made", {"it": inner[0]})  # type: ignore[misc]
    return made, st.fixed_dictionaries({"it": inner[1]})


typed: st.SearchStrategy[Typed] = st.recursive(
    st.sampled_from(list(LEAVES.items())),
    lambda inner: st.one_of(
        *(
            st.builds(make, inner)
            for make in (_list, _dict, _optional, _dataclass, _model, _typed_dict)
        )
    ),
    max_leaves=4,
)
"""A type and the strategy of its values."""
