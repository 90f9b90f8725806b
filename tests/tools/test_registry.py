"""Tools by name."""

import pytest

from lumos_tools import (
    DuplicateToolError,
    FunctionSchema,
    SchemaError,
    ToolContext,
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
    assert 3 not in registry
    assert registry.get(3) is None  # type: ignore[call-overload]
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


def test_unknown_among_many():
    """Of many tools those that are like it are told, however they are written, and the first twenty."""

    def one() -> None: ...

    registry = ToolRegistry(*(function_tool(one, name=f"one_{n:03}") for n in range(100)))
    with pytest.raises(UnknownToolError) as near:
        registry["ones_042"]
    with pytest.raises(UnknownToolError) as alike:
        registry["One_042"]
    names = ", ".join([*registry][:20])

    assert str(near.value).startswith("no tool named 'ones_042'; did you mean 'one_042' or ")
    assert 3 == str(near.value).partition("?")[0].count("one_")
    assert f"no tool named 'One_042'; did you mean 'one_042'? known: {names} and 80 more" == str(
        alike.value
    )


def test_unknown_and_endless():
    """A name without end does not fill the model's window, and nothing like it is looked for."""
    with pytest.raises(UnknownToolError) as endless:
        ToolRegistry(add)["add" * 1_000_000]

    assert f"no tool named '{('add' * 34)[:100]}...'; known: add" == str(endless.value)


@function_tool(tags=["read", "shop"])
def look(what: str) -> str:
    """Look."""
    return f"a {what}"


@function_tool(tags=["write"], timeout=3, idempotent=True)
def buy(what: str, context: ToolContext) -> str:
    """Buy."""
    return f"bought {what}"


def test_view():
    """A view has the tools with a tag, among names; it is a registry of its own."""
    registry = ToolRegistry(look, buy)
    view = registry.view(tags=["read"])
    registry.add(function_tool(name="later", tags=["read"])(lambda: None))

    assert ["look"] == list(view)
    assert ["look", "buy", "later"] == list(registry.view())
    assert ["buy"] == list(registry.view(names=["buy"]))
    assert [] == list(registry.view(tags=["read"], names=["buy"]))
    with pytest.raises(UnknownToolError, match="did you mean 'look'"):
        registry.view(names=["loook"])


async def test_prefixed():
    """Two sources with one name stand side by side, and their tools stay what they are."""
    both = ToolRegistry(
        *ToolRegistry(look, buy).prefixed("here").values(),
        *ToolRegistry(look).prefixed("there").values(),
    )

    assert ["here_look", "here_buy", "there_look"] == list(both)
    assert "a hat" == await both["there_look"].call({"what": "hat"})
    assert "a cap" == both["there_look"]("cap")  # type: ignore[operator]
    assert (3, True, {"write"}) == (
        both["here_buy"].timeout,
        both["here_buy"].idempotent,
        both["here_buy"].tags,
    )
    with pytest.raises(SchemaError, match="cannot be a tool's name"):
        ToolRegistry(look).prefixed("no way")
