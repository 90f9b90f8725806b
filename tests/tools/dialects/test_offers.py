"""Which tools are strict, and why not."""

from itertools import combinations
from typing import Annotated, Any, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from typing_extensions import TypedDict

from lumos_tools import SchemaError, function_tool
from lumos_tools.dialects import DIALECTS, Dialect, Offer, offer
from lumos_tools.dialects.offers import _Cost, _cost, _pick
from lumos_tools.dialects.tables import Limits


@function_tool
def flat(city: str, days: int = 3) -> str:
    """Tell the weather."""
    return city


@function_tool
def nullable(city: str | None = "Oslo") -> str:
    """Tell the weather."""
    return str(city)


def with_optional(number: int, *, name: str) -> Any:
    names = [f"p{place}" for place in range(number)]
    source = f"def {name}({', '.join(f'{one}: int = 1' for one in names)}) -> str: return ''"
    made: dict[str, Any] = {}
    exec(source, made)
    return function_tool(made[name])


def with_unions(number: int, *, name: str) -> Any:
    source = f"def {name}({', '.join(f'p{place}: int | str' for place in range(number))}) -> str: return ''"
    made: dict[str, Any] = {}
    exec(source, made)
    return function_tool(made[name])


class Node(TypedDict):
    inner: "list[Node]"


def strict(offers: tuple[Offer, ...]) -> list[str]:
    return [one.tool.name for one in offers if one.strict]


def test_hints():
    """A dialect of hints has no strict tools, and nothing to explain."""
    (one,) = offer([flat], "openai")

    assert (False, "") == (one.strict, one.reason)
    assert flat.parameters == one.lowered.schema


def test_no_tools():
    """No tools are no offers."""
    assert () == offer([], "openai-strict")


def test_unknown_dialect():
    """An unknown dialect is named, with those that there are."""
    with pytest.raises(SchemaError, match="no dialect 'latin'; there are openai, openai-strict"):
        offer([flat], "latin")


def test_strict():
    """A tool is strict where the model can say all that it takes; null stands for what is left out."""
    (one,) = offer([flat], "openai-strict")

    assert (True, "the model can say all that it takes") == (one.strict, one.reason)
    assert ["city", "days"] == one.lowered.schema["required"]
    assert {"city": "Oslo"} == one.lowered.raise_({"city": "Oslo", "days": None})


def test_null_of_two_meanings():
    """A tool that takes null, and has another default, stays a hint, and the place is told."""
    (one,) = offer([nullable], "openai-strict")

    assert not one.strict
    assert "#/properties/city takes null, and null would stand for leaving it out" in one.reason
    assert nullable.parameters == one.lowered.schema


def test_too_deep():
    """Beyond the provider's depth a tool is a hint."""
    Deep: TypeAlias = list[list[list[list[list[list[list[list[list[list[int]]]]]]]]]]

    @function_tool
    def dig(it: Deep) -> str:
        return ""

    (one,) = offer([dig], "openai-strict")

    assert (False, "it is 11 levels deep, at most 10") == (one.strict, one.reason)


def test_too_many_values():
    """Beyond the provider's number of values, or characters, a tool is a hint."""
    Many: TypeAlias = Literal[*(f"value {number}" for number in range(1_001))]  # type: ignore[valid-type]

    @function_tool
    def choose(it: Many) -> str:
        return ""

    (one,) = offer([choose], "openai-strict")

    assert (False, "it has 1001 values of enums, at most 1000") == (one.strict, one.reason)


def test_holding_itself():
    """A type that holds itself counts once."""

    @function_tool
    def walk(it: Node) -> str:
        return ""

    assert ["walk"] == strict(offer([walk], "openai-strict"))


def test_twenty_strict_tools():
    """Anthropic takes twenty strict tools: the first twenty, and each other says why not."""
    tools = [flat.renamed(f"flat_{number}") for number in range(22)]
    offers = offer(tools, "anthropic-strict")

    assert [one.name for one in tools[:20]] == strict(offers)
    assert offers[20].reason.startswith("one request has at most 20 strict tools, 24 optional")
    assert "anthropic" == offers[20].lowered.dialect.name


def test_as_many_as_possible():
    """One tool with many optional parameters gives way to several with few."""
    big = with_optional(23, name="big")
    small = [with_optional(4, name=f"small_{number}") for number in range(6)]
    offers = offer([big, *small], "anthropic-strict")

    assert [one.name for one in small] == strict(offers)
    assert (
        "6 others have 24 and 0, and it has 23 optional and 0 of several types" in offers[0].reason
    )


def test_unions_are_counted():
    """Parameters of several types have a budget of their own."""
    tools = [with_unions(6, name=f"u{number}") for number in range(3)]

    assert ["u0", "u1"] == strict(offer(tools, "anthropic-strict"))


costs = st.lists(st.builds(_Cost, st.integers(0, 9), st.integers(0, 5)), max_size=8)


@given(costs, st.none() | st.integers(0, 4), st.none() | st.integers(0, 20), st.integers(0, 12))
def test_picked_is_best(found: list[_Cost], tools: int | None, optional: int | None, unions: int):
    """What is picked fits, no larger pick does, and of those as large it is the first."""
    limits = Limits(tools=tools, optional=optional, unions=unions)

    def fits(places: tuple[int, ...]) -> bool:
        return (
            (tools is None or len(places) <= tools)
            and (optional is None or sum(found[one].optional for one in places) <= optional)
            and sum(found[one].unions for one in places) <= unions
        )

    everything = [
        one for size in range(len(found) + 1) for one in combinations(range(len(found)), size)
    ]
    best = [one for one in everything if fits(one)]
    most = max(map(len, best))

    assert min(one for one in best if len(one) == most) == tuple(_pick(found, limits))


def test_cost():
    """Optional parameters and those of several types are counted, inside of models too."""
    (one,) = offer([flat], "anthropic-strict")

    assert _Cost(1, 0) == _cost(one.lowered.schema)
    assert _Cost(0, 2) == _cost({"anyOf": [{"type": ["integer", "null"]}]})


def test_own_dialect():
    """A dialect of one's own is data like the others."""
    mine = Dialect(name="openai", title="Mine", keywords=DIALECTS["gemini"].keywords)
    (one,) = offer(
        [function_tool(name="it")(lambda_of(Annotated[int, Field(multiple_of=3)]))], mine
    )

    assert "A multiple of 3." == one.lowered.schema["properties"]["it"]["description"]


def lambda_of(annotation: Any) -> Any:
    def function(it):
        return it

    function.__annotations__ = {"it": annotation}
    return function
