"""The tools of the table, good ones and bad ones, and a note of which of them ran."""

import asyncio
import sys
import time
from contextvars import ContextVar
from typing import Any

from lumos_tools import Tool, ToolError, function_tool


class Scene:
    """What the tools of one run did."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.stuck = asyncio.Event()


SCENE: ContextVar[Scene] = ContextVar("scene")


def note(name: str) -> Scene:
    scene = SCENE.get()
    scene.ran.append(name)
    return scene


@function_tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    note("add")
    return a + b


@function_tool
def double(it: int) -> int:
    """Double a number, in a thread."""
    note("double")
    return 2 * it


@function_tool
async def look() -> str:
    """Look around."""
    note("look")
    return "nothing"


@function_tool
async def boom() -> None:
    """Fail."""
    note("boom")
    raise ValueError("the machine is broken")


@function_tool
async def mute() -> None:
    """Fail, and give no reason."""
    note("mute")
    raise ValueError


@function_tool
async def refuse() -> None:
    """Fail in words for the model."""
    note("refuse")
    raise ToolError("closed on Sundays; try tomorrow")


@function_tool
async def deep() -> None:
    """Fail by calling itself."""
    note("deep")
    _dig()


def _dig() -> None:
    _dig()


@function_tool
async def leave() -> None:
    """End the program."""
    note("leave")
    sys.exit("enough")


@function_tool
async def stop() -> None:
    """Cancel itself."""
    note("stop")
    raise asyncio.CancelledError


@function_tool(timeout=0.03)
async def stuck() -> None:
    """Never end."""
    note("stuck").stuck.set()
    await asyncio.Event().wait()


@function_tool(timeout=0.03)
def slow() -> None:
    """End too late, in a thread."""
    note("slow")
    time.sleep(0.06)


@function_tool
async def hold() -> None:
    """Never end, and have all the time."""
    note("hold").stuck.set()
    await asyncio.Event().wait()


@function_tool
async def nothing() -> None:
    """Return nothing."""
    note("nothing")


@function_tool
async def odd() -> Any:
    """Return what no JSON holds."""
    note("odd")
    return object()


@function_tool
async def infinite() -> Any:
    """Return numbers that no JSON holds."""
    note("infinite")
    return {"a": float("inf"), "b": float("nan"), "c": b"\xff"}


@function_tool
async def half() -> str:
    """Return half a surrogate pair."""
    note("half")
    return "half \ud83d"


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        add,
        double,
        look,
        boom,
        mute,
        refuse,
        deep,
        leave,
        stop,
        stuck,
        slow,
        hold,
        nothing,
        odd,
        infinite,
        half,
    )
}
