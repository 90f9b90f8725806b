"""Tools whose annotations are evaluated late, as Python 3.14 does (PEP 649). Not read by older ones."""

import typing
from dataclasses import dataclass

import pytest

from lumos_tools import FunctionSchema, InvalidArgumentsError, SchemaError, function_tool
from lumos_tools.tool import as_tool

if typing.TYPE_CHECKING:
    from nowhere import Missing


async def test_type_defined_later():
    """A local type may come after the function, if it is there when the function is decorated."""

    def area(size: Size) -> int:
        return size.width * size.height

    @dataclass
    class Size:
        width: int
        height: int

    tool = function_tool(area)

    assert "6" == await tool.call('{"size": {"width": 2, "height": 3}}')
    with pytest.raises(InvalidArgumentsError, match=r"size\.height: it is missing"):
        tool.check('{"size": {"width": 2}}')


async def test_recursive_class():
    """A class may name itself, with no quotes."""

    @function_tool
    def depth(node: Node) -> int:
        return 1 + (depth(node.inner) if node.inner else 0)

    assert "2" == await depth.call('{"node": {"inner": {}}}')


@dataclass
class Node:
    inner: Node | None = None


def test_unknown_type():
    """A parameter whose type cannot be found is refused, with its name."""

    def read(it: Missing) -> str:
        return str(it)

    with pytest.raises(SchemaError, match=r"read\(\): parameter 'it' has .*Missing"):
        function_tool(read)


async def test_unknown_return_type():
    """A return type that cannot be found does no harm, but there is no output schema."""

    @function_tool
    def read(it: int) -> Missing:
        return it

    assert "1" == await read.call('{"it": 1}')
    assert read.output_schema is None


async def test_function_schema():
    """Fields of types that are defined later, too."""

    class Grow(FunctionSchema):
        node: Node

        def run(self) -> Missing:
            return f"{self.node}"

    assert "Node(inner=None)" == await as_tool(Grow).call('{"node": {}}')
