"""The functions that every contestant makes tools of, and how its worker is asked: lines in, JSON out.

`check N` and `call N` answer the seconds that one of N took. As an argument in place of lines,
`decorate` answers the seconds for 1 000 tools and `first` those from a plain function to the end of its
first call, imports left out of both. Every answer stands on the function having got its values.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

TEXT = '{"query": "lamp", "limit": 7, "unit": "f"}'
WRONG = '{"query": "lamp", "limit": "many"}'
NOT_A_NUMBER = '{"value": NaN}'
got: list[tuple[str, int, str]] = []


async def search(
    query: str, limit: Annotated[int, Field(ge=1, le=100)], unit: Literal["c", "f"] = "c"
) -> str:
    """Search the records.

    Args:
        query: Words that must be in the record.
        limit: How many records to return at the most.
        unit: Of temperatures.
    """
    got[:] = [(query, limit, unit)]
    return "found"


async def measure(value: float) -> str:
    """Take a number."""
    return f"got {value}"


class Maker(Protocol):
    """What a contestant offers."""

    def tool(self, function: Callable[..., Any]) -> Any:
        """A tool made of *function*."""

    async def ready(self, tool: Any) -> Any:
        """What `check` and `call` are given in its place."""

    def check(self, tool: Any) -> Callable[[], Any] | None:
        """Checks `TEXT`; None where there is no check without a call."""

    async def call(self, tool: Any, text: str) -> Any:
        """Call the tool with *text*, and return what the model reads, or raise."""


async def timed(work: Callable[[], Awaitable[Any]], times: int) -> float:
    got.clear()
    began = time.perf_counter()
    for _ in range(times):
        await work()
    took = (time.perf_counter() - began) / times
    assert got == [("lamp", 7, "f")]
    return took


async def timed_check(check: Callable[[], Any] | None, times: int) -> float | None:
    if check is None:
        return None
    began = time.perf_counter()
    for _ in range(times):
        found = check()
        if asyncio.iscoroutine(found):
            await found
    return (time.perf_counter() - began) / times


async def refuses(maker: Maker, function: Callable[..., Any], text: str) -> bool:
    """Whether *text* does not reach the function."""
    try:
        answer = await maker.call(await maker.ready(maker.tool(function)), text)
    except Exception:
        return True
    return "found" not in str(answer) and "got" not in str(answer)


async def serve(maker: Maker) -> None:
    tool = await maker.ready(maker.tool(search))
    assert await refuses(maker, search, WRONG)
    print(json.dumps(await refuses(maker, measure, NOT_A_NUMBER)), flush=True)
    for line in sys.stdin:
        what, times = line.split()
        if what == "check":
            found = await timed_check(maker.check(tool), int(times))
        else:
            found = await timed(lambda: maker.call(tool, TEXT), int(times))
        print(json.dumps(found), flush=True)


async def first(maker: Maker) -> float:
    began = time.perf_counter()
    await maker.call(await maker.ready(maker.tool(search)), TEXT)
    took = time.perf_counter() - began
    assert got == [("lamp", 7, "f")]
    return took


def decorate(maker: Maker) -> float:
    source = "async def search_{0}(query: str, limit: Limit, unit: Unit = 'c') -> str:\n    {1!r}\n"
    names: dict[str, Any] = {
        "Limit": Annotated[int, Field(ge=1, le=100)],
        "Unit": Literal["c", "f"],
    }
    exec("\n".join(source.format(number, search.__doc__) for number in range(1_000)), names)
    functions = [names[f"search_{number}"] for number in range(1_000)]
    began = time.perf_counter()
    tools = [maker.tool(function) for function in functions]
    took = time.perf_counter() - began
    assert len(tools) == 1_000
    return took


def main(maker: Maker) -> None:
    match sys.argv[1:]:
        case ["decorate"]:
            print(decorate(maker))
        case ["first"]:
            print(asyncio.run(first(maker)))
        case _:
            asyncio.run(serve(maker))
