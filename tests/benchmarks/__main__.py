"""Measure: `python -m tests.benchmarks [--check | --write] [--json FILE] [SCENARIO ...]`.

CPU seconds of this process, for `many` wall-clock seconds. Batches of the contestants are interleaved,
and a ratio is the median over the rounds of Lumos against the baseline of the same round. A missed
limit is measured once more; missed twice, the exit code is 1. `--check` measures against the committed
ratios of `ratios.json` instead, and fails where one is 40 % worse, twice; it shows the limits, too, and
does not fail for them. `--write` writes the ratios of now there.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import check, memory, memory_postgres, peers
from tests.benchmarks.contestants import (
    Anthropic,
    BareLiteLLM,
    Contestant,
    FreshBareLiteLLM,
    FreshLiteLLM,
    LiteLLM,
    Lumos,
    RawAiohttp,
    RawHttpx,
)
from tests.servers.__main__ import CHUNKS

HEADER = """Lumos against bare loops, one run, one machine: trust the ratios, not the figures.
The bare loops do the same HTTP calls with the same bytes of schemas and history, parse the replies
and call the same functions; they check nothing and tell nothing. Server in a process of its own.
"""


@dataclass(frozen=True)
class Scenario:
    """One kind of work, and what it may cost in terms of a baseline."""

    name: str
    text: str
    baseline: str
    limit: float
    times: int
    work: Callable[[Contestant, int], Awaitable[int]]
    unit: str
    clock: Callable[[], float] = time.process_time
    rounds: int = 9
    ours: str = "lumos"
    others: tuple[str, ...] = ()
    """Who is measured, too, for comparison."""


def turns(model: str) -> Callable[[Contestant, int], Awaitable[int]]:
    async def work(who: Contestant, times: int) -> int:
        for _ in range(times):
            assert await who.run(model) == "The sum is 5."
        return times

    return work


async def burst(who: Contestant, times: int) -> int:
    for _ in range(times):
        assert await who.stream("burst") == CHUNKS
    return times * CHUNKS


async def many(who: Contestant, times: int) -> int:
    texts = await asyncio.gather(*(who.run("wait100") for _ in range(times)))
    assert {*texts} == {"The sum is 5."}
    return 1


def children() -> float:
    """CPU seconds of the processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


A_RUN = "ms CPU a run"
AIOHTTP = ("raw aiohttp",)
CORE = (
    Scenario("tool1", "one tool call", "raw httpx", 0.5, 60, turns("tool1"), A_RUN, others=AIOHTTP),
    Scenario(
        "seq10", "ten tool turns", "raw httpx", 0.35, 12, turns("seq10"), A_RUN, others=AIOHTTP
    ),
    Scenario(
        "typ20", "twenty tools offered", "raw httpx", 0.5, 40, turns("typ20"), A_RUN, others=AIOHTTP
    ),
    Scenario(
        "burst",
        "a streamed chunk to an event",
        "raw aiohttp",
        1.2,
        3,
        burst,
        "µs CPU a chunk",
        others=("raw httpx",),
    ),
    Scenario(
        "many",
        "1 000 runs at once, each waiting 100 ms twice",
        "raw aiohttp",
        1.5,
        1_000,
        many,
        "ms wall for all",
        time.perf_counter,
        5,
    ),
)
PROVIDERS = (
    Scenario(
        "litellm",
        "one answer through LiteLLM",
        "bare LiteLLM",
        1.2,
        30,
        turns("plain"),
        A_RUN,
        ours="lumos, LiteLLM",
    ),
    Scenario(
        "anthropic",
        "one tool call, Anthropic direct",
        "lumos",
        1.3,
        60,
        turns("tool1"),
        A_RUN,
        ours="lumos, Anthropic",
    ),
    Scenario(
        "first",
        "LiteLLM's first answer in a fresh process",
        "bare LiteLLM script",
        1.1,
        1,
        turns("plain"),
        "ms CPU of the process",
        children,
        5,
        ours="lumos script",
    ),
)
GROUPS = {"core": CORE, "providers": PROVIDERS}


async def measure(scenario: Scenario, contestants: list[Contestant]) -> dict[str, list[float]]:
    """Seconds a unit of work, by contestant, a round each."""
    names = (scenario.ours, scenario.baseline, *scenario.others)
    contestants = [one for one in contestants if one.name in names]
    figures: dict[str, list[float]] = {one.name: [] for one in contestants}
    for who in contestants:
        await scenario.work(who, max(1, scenario.times // 10))
    for _ in range(scenario.rounds):
        for who in contestants:
            gc.collect()
            began = scenario.clock()
            done = await scenario.work(who, scenario.times)
            figures[who.name].append((scenario.clock() - began) / done)
    return figures


def ratio(scenario: Scenario, figures: dict[str, list[float]]) -> float:
    pairs = zip(figures[scenario.ours], figures[scenario.baseline], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


async def judge(scenario: Scenario, contestants: list[Contestant]) -> tuple[bool, dict[str, float]]:
    """Measure, a second time if the limit is missed, and print a row."""
    for _ in range(2):
        figures = await measure(scenario, contestants)
        found = ratio(scenario, figures)
        if found <= scenario.limit:
            break
    factor = 1e6 if scenario.unit.startswith("µs") else 1e3
    shown = {name: statistics.median(values) * factor for name, values in figures.items()}
    told = ", ".join(f"{name} {value:.2f}" for name, value in shown.items())
    mark = "ok" if found <= scenario.limit else "MISSED"
    print(
        f"{scenario.text:<46} {found:5.2f}x {scenario.baseline:<19} limit {scenario.limit:4.2f}x  {mark}"
    )
    print(f"{'':<46} {scenario.unit}: {told}")
    return found <= scenario.limit, {**shown, "ratio": found, "limit": scenario.limit}


CONTESTANTS: dict[str, tuple[Callable[[str], Any], ...]] = {
    "core": (RawHttpx, RawAiohttp, Lumos),
    "providers": (Lumos, Anthropic, BareLiteLLM, LiteLLM, FreshBareLiteLLM, FreshLiteLLM),
}


async def compete(url: str, names: list[str]) -> dict[str, tuple[bool, dict[str, float]]]:
    """Measure the scenarios *names*, or groups of them; all if there are none."""
    results: dict[str, tuple[bool, dict[str, float]]] = {}
    if not names or "tools" in names:
        results |= peers.compete()
    if not names or "memory" in names:
        results |= memory.compete()
        results["postgres"] = (await memory_postgres.compete(), {})
    async with AsyncExitStack() as stack:
        for group, scenarios in GROUPS.items():
            chosen = [one for one in scenarios if not names or {group, one.name} & {*names}]
            kinds = CONTESTANTS[group] if chosen else ()
            contestants = [await stack.enter_async_context(kind(url)) for kind in kinds]
            for scenario in chosen:
                results[scenario.name] = await judge(scenario, contestants)
    return results


def refuse_unknown(names: list[str], mode: str) -> None:
    """Raise `SystemExit` for one of *names* that is not measured, lest it passes for good."""
    known = [*GROUPS, *(one.name for group in GROUPS.values() for one in group)]
    known += [] if mode else ["tools", "memory"]  # whose peers need environments of their own
    for name in names:
        if name not in known:
            asked = f" with --{mode}" if mode else ""
            raise SystemExit(f"no scenario {name!r}{asked}; there are {', '.join(known)}")


async def now(scenario: Scenario, contestants: list[Contestant]) -> float:
    """The ratio of *scenario*."""
    return ratio(scenario, await measure(scenario, contestants))


def print_row(shown: str, found: float, limit: float) -> None:
    """A row of the table, and whether the ratio *found* is within the *limit* of its scenario."""
    print(f"{shown:<64} limit {limit:.2f}x{' MISSED' * (found > limit)}", flush=True)


async def compare(url: str, names: list[str], *, keep: bool) -> bool:
    """Hold the ratios of now against the committed ones, or *keep* them; whether none is slower."""
    good, found = True, dict[str, float]()
    async with AsyncExitStack() as stack:
        for group, scenarios in GROUPS.items():
            chosen = [one for one in scenarios if {group, one.name} & {*names}]
            kinds = CONTESTANTS[group] if chosen else ()
            contestants = [await stack.enter_async_context(kind(url)) for kind in kinds]
            for scenario in chosen:
                quick = replace(scenario, rounds=check.ROUNDS, others=())
                measured = partial(now, quick, contestants)
                if keep:
                    found[scenario.name] = one = await measured()
                    print_row(f"{scenario.name:<10} now {one:.2f}x", one, scenario.limit)
                    continue
                verdict = await check.judge(scenario.name, check.committed(), measured)
                good = good and verdict.good
                print_row(str(verdict), min(verdict.ratios), scenario.limit)
    if keep:
        check.write(found)
    return good


def main(names: list[str], path: str | None, mode: str = "") -> int:
    refuse_unknown(names, mode)
    command = [sys.executable, "-m", "tests.servers"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        if mode:
            good = asyncio.run(compare(url, names or [*GROUPS], keep=mode == "write"))
            server.stdin.close()
            return 0 if good else 1
        print(HEADER)
        results = asyncio.run(compete(url, names))
        server.stdin.close()
    if path:
        rows = {name: row for name, (_, row) in results.items()}
        Path(path).write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0 if all(good for good, _ in results.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "scenario",
        nargs="*",
        help=", ".join(
            [*GROUPS, "tools", "memory", *(one.name for group in GROUPS.values() for one in group)]
        ),
    )
    parser.add_argument("--json", help="write the figures to this file")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--check", action="store_true", help="against the committed ratios")
    way.add_argument("--write", action="store_true", help="write the ratios of now, to commit them")
    given = parser.parse_args()
    mode = "write" if given.write else "check" if given.check else ""
    sys.exit(main(given.scenario, given.json, mode))
