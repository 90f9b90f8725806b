"""What comes out of tools: with their bodies run, and without."""

from typing import Any

import pytest

from lumos_tools import ToolContext, ToolError, function_tool
from lumos_tools.check import check_tool, examine
from tests.tools.check.tools import Foreign, Order, accepts, halves, liar, of, send, typed


@function_tool
def answers(number: int) -> str:
    """Tell that there is nothing."""
    raise ToolError(f"there is no {number}")


@function_tool
async def asks(number: int, context: ToolContext) -> dict[str, int]:
    """Tell the number."""
    context.emit("here")
    return {"number": number}


@function_tool(timeout=0.01)
async def slow(flag: bool) -> str:
    """Wait."""
    import asyncio

    await asyncio.sleep(10)
    return ""


@function_tool
def leaves(flag: bool) -> str:
    """Leave."""
    raise SystemExit(3)


class Odd:
    """A type that Hypothesis cannot make."""

    def __init__(self) -> None:
        raise RuntimeError("not me")


@function_tool
def strange(flag: bool) -> Odd:
    """Tell something."""
    return Odd()


def results(tool: Any, **options: Any) -> list[str]:
    report = examine(tool, examples=20, dialects=(), **options)
    return [one.message for one in report.findings if one.kind == "results"]


@pytest.mark.parametrize("tool", [answers, asks, send, Order])
def test_runs(tool: Any):
    """Text, JSON that the return type describes, and a `ToolError` are all right."""
    assert [] == results(tool, run=True)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (halves, "the body raises ZeroDivisionError: division by zero"),
        (liar, "the return type does not say what comes: '' is not of type 'array'"),
        (typed, "'typed' returned type, which is not JSON"),
        (slow, "the body raises TimeoutError: "),
        (leaves, "the body raises SystemExit: 3"),
    ],
)
def test_faults(tool: Any, message: str):
    """What the body raises, and what is not what it says, is told."""
    assert [message] == results(tool, run=True)


def test_paste():
    """The example is a call, with all it needs."""
    (found,) = examine(halves, run=True, dialects=()).faults

    assert found.example == (
        "import asyncio\n"
        "from tests.tools.check.tools import halves\n\n"
        "asyncio.run(halves.call({'number': 0}))\n"
        "# the body raises ZeroDivisionError: division by zero"
    )


async def test_in_a_loop():
    """It does not matter whether an event loop is running."""
    check_tool(asks, run=True, examples=5)


def test_not_run():
    """Without `run` no body runs; the return type alone is looked at, if it can be."""
    assert [] == results(halves)
    assert ["'typed' returned type, which is not JSON"] == results(typed)
    assert [] == results(strange)
    assert "# for example <class" in examine(typed, dialects=()).faults[0].example


def test_nobody_knows():
    """Of a tool of another framework nobody knows what comes out."""
    assert [] == results(Foreign(of({}), accepts), run=True)
