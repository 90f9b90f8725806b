"""Tools by name."""

import pytest

from lumos_tools import (
    DuplicateToolError,
    FunctionSchema,
    ToolRegistry,
    UnknownToolError,
    function_tool,
)


@function_tool
def add(a: int, b: int) -> int:
    return a + b


@function_tool
def subtract(a: int, b: int) -> int:
    return a - b


class Refund(FunctionSchema):
    def run(self) -> None: ...


def test_keeps_order():
    """Tools stand in the order they were added, under their names."""
    registry = ToolRegistry(subtract, Refund)
    registry.add(add)

    assert ["subtract", "Refund", "add"] == list(registry)
    assert 3 == len(registry)
    assert registry["add"] is add
    assert "add" in registry
    assert "nope" not in registry
    assert "ToolRegistry(subtract, Refund, add)" == repr(registry)


def test_duplicate():
    """Two tools of one name are refused, and none of those added with them is in."""
    registry = ToolRegistry(add)

    with pytest.raises(DuplicateToolError, match="two tools are called 'add'"):
        registry.add(subtract, add)

    assert ["add"] == list(registry)


def test_unknown():
    """An unknown name is told with the nearest, and with all."""
    with pytest.raises(UnknownToolError) as near:
        ToolRegistry(add, subtract)["substract"]
    with pytest.raises(UnknownToolError) as far:
        ToolRegistry()["x"]

    assert "no tool named 'substract'; did you mean 'subtract'? known: add, subtract" == str(
        near.value
    )
    assert "no tool named 'x'; known: none" == str(far.value)
