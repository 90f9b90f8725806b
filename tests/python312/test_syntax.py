"""Tools in the syntax of Python 3.12: type parameters and `type` aliases (PEP 695). Not read by 3.11."""

from typing import NamedTuple, TypedDict, Unpack

import pytest
from pydantic import BaseModel

from lumos_tools import FunctionSchema, InvalidArgumentsError, SchemaError, function_tool
from lumos_tools.tool import as_tool

type Pair[T] = tuple[T, T]
type Tree = dict[str, Tree] | int
type Name = str


class Box[T](BaseModel):
    it: T


class Point[T](NamedTuple):
    x: T
    y: T


class Options(TypedDict, total=False):
    limit: int
    tag: Name


async def test_alias_with_parameter():
    """A generic alias is what it stands for."""

    @function_tool
    def total(pair: Pair[int]) -> int:
        return sum(pair)

    assert "5" == await total.call('{"pair": [2, 3]}')
    with pytest.raises(InvalidArgumentsError, match=r"pair\[1\]: expected an integer"):
        total.check('{"pair": [2, "3"]}')
    with pytest.raises(InvalidArgumentsError, match=r"pair"):
        total.check('{"pair": [2]}')


async def test_recursive_alias():
    """An alias may name itself, with no quotes."""

    @function_tool
    def leaves(tree: Tree) -> int:
        return tree if isinstance(tree, int) else sum(map(leaves.function, tree.values()))

    assert "6" == await leaves.call('{"tree": {"a": 1, "b": {"c": 2, "d": {"e": 3}}}}')
    with pytest.raises(InvalidArgumentsError, match="tree"):
        leaves.check('{"tree": {"a": {"b": "c"}}}')


async def test_function_with_bound_parameter():
    """A type parameter with a bound or with constraints is one of them."""

    @function_tool
    def biggest[N: (int, bool)](them: list[N], than: Box[N]) -> N:
        return max(them)

    @function_tool
    def longest[S: str](them: list[S]) -> S:
        return max(them, key=len)

    assert "3" == await biggest.call('{"them": [1, 3], "than": {"it": 1}}')
    assert "abc" == await longest.call('{"them": ["a", "abc"]}')
    with pytest.raises(InvalidArgumentsError, match=r"them\[0\]: expected a string"):
        longest.check('{"them": [1]}')


def test_function_with_free_parameter():
    """A type parameter that may be anything is refused."""

    def same[T](it: T) -> T:
        return it

    with pytest.raises(SchemaError, match="which may be anything"):
        function_tool(same)


async def test_generic_classes():
    """Generic models and tuples arrive as themselves."""

    @function_tool
    def it(box: Box[Point[int]]) -> str:
        return repr(box)

    assert "Box[Point[int]](it=Point(x=1, y=2))" == await it.call('{"box": {"it": [1, 2]}}')


async def test_unpacked():
    """The keys of `**options: Unpack[...]` are parameters, and an alias in it is seen through."""

    @function_tool
    def find(text: Name, **options: Unpack[Options]) -> str:
        return f"{text} {options}"

    assert ["text", "limit", "tag"] == list(find.parameters["properties"])
    assert "a {'limit': 3}" == await find.call('{"text": "a", "limit": 3}')


async def test_function_schema():
    """The fields of a FunctionSchema are no different."""

    class Plant(FunctionSchema):
        tree: Tree

        def run(self) -> str:
            return f"{self.tree}"

    assert "{'a': 1}" == await as_tool(Plant).call('{"tree": {"a": 1}}')
