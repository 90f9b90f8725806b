"""A thousand runs at once on one agent, a tenth of which fail in every way of the table: part of `scripts/prove`."""

import asyncio
import gc
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from lumos_agent import Agent, Pace, ProviderUnavailableError, TextDelta
from lumos_tools import LumosError
from tests.robustness.play import Row
from tests.robustness.table import GROUPS
from tests.robustness.tools import SCENE, TOOLS, Scene
from tests.robustness.wires import DIRECT
from tests.servers.chat import Answer, Call, ChatServer, says, wants
from tests.servers.messages import MessagesServer

Rows = list[tuple[str, str]]
CHANGING = "What a provider lacks"
"""Rows that change how the provider is asked from then on, for all runs: they are left out."""
KNOWN = {
    row.id: row
    for title, rows in GROUPS.items()
    for row in rows
    if title != CHANGING and not row.dead and not row.own
}
STATM = Path("/proc/self/statm")
_numbers = count(1)


Way = tuple[str, Row]
"""A row, and the wire that it is played over."""


class Storm:
    """One server and one agent, for any number of runs at once, whole ones and streaming ones."""

    def __init__(self, *wires: str) -> None:
        self.wires = wires
        ways = [(wire, row) for row in KNOWN.values() for wire in wires if wire in row.wires]
        self.ways = cycle(ways)
        self.ended: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Storm"]:
        async with AsyncExitStack() as stack:
            kind = MessagesServer if self.wires[0].startswith("messages") else ChatServer
            self.server = await stack.enter_async_context(kind(self._answer))
            name = "anthropic" if kind is MessagesServer else "openai"
            self.agent = Agent(
                f"{name}/test-model",
                tools=TOOLS.values(),
                base_url=self.server.base_url,
                api_key="test-key",
            )
            self.agent.pace = Pace(sleep=lambda seconds: asyncio.sleep(0))
            await stack.enter_async_context(self.agent)
            yield self

    def _answer(self, body: dict[str, Any]) -> Answer:
        """The next answer of a run, by its prompt: a row's id, or `sum`, and a number of its own."""
        prompt = body["messages"][0]["content"]
        if isinstance(prompt, list):
            prompt = prompt[0]["text"]
        self._asked[prompt] += 1
        what, number = prompt.split()
        if what == "sum":
            call = Call("add", f'{{"a": {number}, "b": 1}}', "call_1")
            return wants(call) if self._asked[prompt] == 1 else says(f"It is {int(number) + 1}.")
        script = KNOWN[what].script(self.wires[bool(body.get("stream"))])
        answer = script[min(self._asked[prompt], len(script)) - 1]
        return answer(body) if callable(answer) else answer

    async def round(self, runs: int, failing: int) -> None:
        """So many runs at once, some of which fail; each of the others has its own answer."""
        ways = list(islice(self.ways, failing))
        good = [self._good(self.wires[number % 2]) for number in range(runs - failing)]
        await asyncio.gather(*good, *map(self._bad, ways))
        assert [] == self.server.refusals, self.server.refusals[:3]
        self.server.requests.clear()
        self._asked.clear()

    async def _good(self, wire: str) -> None:
        number = next(_numbers)
        SCENE.set(Scene())
        async with self.agent.stream(f"sum {number}") as stream:
            stream.run.streaming = "stream" in wire
            await stream.finish()
        assert f"It is {number + 1}." == stream.result.text
        assert ["add"] == SCENE.get().ran

    async def _bad(self, way: Way) -> None:
        wire, row = way
        scene = Scene()
        SCENE.set(scene)
        task = asyncio.create_task(self._read(wire, row))
        if row.leaves == "tool":
            await asyncio.wait_for(scene.stuck.wait(), 60)
            task.cancel()
        await asyncio.wait([task])
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self.ended[_end(row, error, "" if error else task.result())] += 1

    async def _read(self, wire: str, row: Row) -> str:
        async with self.agent.stream(f"{row.id} {next(_numbers)}", **row.options) as stream:
            stream.run.streaming = "stream" in wire
            async for event in stream:
                if row.leaves == "text" and isinstance(event, TextDelta):
                    return ""
        return stream.result.text


def _end(row: Row, error: BaseException | None, text: str) -> str:
    """How a run of *row* ended, which is one of the ways that the row has, or too late for it."""
    if error is None:
        assert row.fails is None and text in (row.text, ""), (row.id, text)
        return "answered all the same"
    late = isinstance(error, ProviderUnavailableError) and error.kind == "timeout"
    assert late or (row.fails and row.fails.error == type(error).__name__), (row.id, error)
    assert isinstance(error, LumosError | asyncio.CancelledError)
    return "raised a typed error" if isinstance(error, LumosError) else "were cancelled"


class Left:
    """What there is in this process: tasks, open files and sockets, threads."""

    def __init__(self) -> None:
        gc.collect()
        self.tasks = len(asyncio.all_tasks())
        self.files = len(os.listdir("/dev/fd"))
        self.threads = sorted(
            one.name for one in threading.enumerate() if one.name != "lumos-tool"
        )  # the pool of sync tools keeps its threads for the next calls

    def check(self) -> None:
        """Nothing is left of what came since."""
        now = Left()
        assert self.tasks == now.tasks, asyncio.all_tasks()
        assert self.files == now.files, (self.files, now.files)
        assert self.threads == now.threads, now.threads
        assert 32 >= sum(one.name == "lumos-tool" for one in threading.enumerate())


def memory() -> float:
    """MiB of this process that are in memory; 0 where the system does not say."""
    if not STATM.exists():
        return 0.0
    pages = int(STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


async def rage(rounds: int, runs: int) -> tuple[Counter[str], list[float]]:
    """Rounds over the wires by turns; how the failing runs ended, and the memory after each round."""
    before, used = Left(), []
    async with AsyncExitStack() as stack:
        wires = (DIRECT[:2], DIRECT[2:])
        storms = [await stack.enter_async_context(Storm(*two).open()) for two in wires]
        for number in range(rounds):
            await storms[number % len(storms)].round(runs, runs // 10)
            await _settle()
            used.append(memory())
    await _settle()
    before.check()
    return sum((storm.ended for storm in storms), Counter[str]()), used


async def _settle() -> None:
    """Let connections that were broken end."""
    for _ in range(20):
        await asyncio.sleep(0.01)
    gc.collect()


async def storm() -> Rows:
    """The whole storm; memory is flat in its second half, for each kind of storm has been by then."""
    rounds, runs = 20, 1_000
    logger = logging.getLogger("lumos_tools")
    logger.disabled = True  # it tells of each tool that fails
    began = time.monotonic()
    ended, used = await rage(rounds, runs)
    logger.disabled = False
    most = max(used[-4:])
    assert most <= 1.02 * used[9], [round(one) for one in used]
    ways = ", ".join(f"{number} {how}" for how, number in ended.most_common())
    return [
        (
            "runs at once on one agent, a tenth failing in every way of the table",
            f"{runs} in each of {rounds} rounds, {time.monotonic() - began:.0f} s; "
            f"{rounds * runs * 9 // 10} others unharmed; 0 tasks, sockets, threads left",
        ),
        ("of those that fail", ways),
        (
            "memory after round 10 and the most of the last four",
            f"{used[9]:.0f} MiB, {most:.0f} MiB",
        ),
    ]


if __name__ == "__main__":
    for claim, figure in asyncio.run(storm()):
        print(f"{claim}: {figure}")
