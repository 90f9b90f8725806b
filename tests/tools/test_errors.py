"""The error tree of tools."""

import lumos_agent.errors
import lumos_tools.errors
from lumos_tools import InvalidArgumentsError, LumosError, ToolError, UnknownToolError


def test_one_base():
    """Everything that either package raises on purpose is a LumosError."""
    errors = [
        one
        for module in (lumos_tools.errors, lumos_agent.errors)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Exception)
    ]

    assert 24 == len({*errors})
    assert all(issubclass(one, LumosError) for one in errors)


def test_tree_is_drawn():
    """The tree at the top of each file names each of its classes."""
    for module in (lumos_tools.errors, lumos_agent.errors):
        own = [
            name
            for name, one in vars(module).items()
            if isinstance(one, type) and one.__module__ == module.__name__
        ]

        assert [] == [name for name in own if name not in (module.__doc__ or "").split()]


def test_faults():
    """Invalid arguments keep their faults apart and show one a line."""
    error = InvalidArgumentsError(["a: missing", "b: not 1"])

    assert ("a: missing", "b: not 1") == error.faults
    assert "a: missing\nb: not 1" == str(error)
    assert isinstance(error, ToolError)


def test_unknown_tool_reads_well():
    """Though it is a KeyError, an unknown tool's message is not shown in quotes."""
    assert "no tool 'x'" == str(UnknownToolError("no tool 'x'"))
