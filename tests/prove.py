"""The long tests: full counts, figures printed and written to docs/proof.md.

Run by `sh scripts/prove`. Every section raises if its claim does not hold.
"""

import asyncio
import gc
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lumos_agent import Agent
from lumos_tools import function_tool
from tests.agent.memory.prove import threads
from tests.agent.memory.prove_postgres import postgres
from tests.engines.prove import engines
from tests.proxy.prove import proxy
from tests.robustness.prove_storm import storm
from tests.servers.chat import Call, ChatServer, turns
from tests.tools.hostile import KINDS, count

ROOT = Path(__file__).parent.parent
Rows = list[tuple[str, str]]


@function_tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def properties() -> Rows:
    """Every property test with 2 000 examples instead of 60, of types instead of 150, on random seeds."""
    began = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-k",
            "round_trip or arrive or refused_by or schema_is_valid or hostile_text or any_cut "
            "or says_is_taken or can_be_said or any_arguments or any_bytes or decoders or test_window",
        ],
        cwd=ROOT,
        env={**os.environ, "LUMOS_PROFILE": "prove"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    return [
        (
            "property tests, 2 000 examples each",
            f"{done.stdout.splitlines()[-1]}, {time.monotonic() - began:.0f} s",
        )
    ]


async def soak() -> Rows:
    """Rounds of concurrent runs over real sockets: memory stays flat, and nothing is left."""
    rounds, runs = 20, 200
    memory: list[int] = []
    async with ChatServer(turns(3, Call("add", '{"a": 2, "b": 3}'), "5")) as server:
        settings = {"base_url": server.base_url, "api_key": "test-key"}
        for _ in range(rounds):
            async with Agent("openai/test-model", tools=[add], **settings) as agent:
                results = await asyncio.gather(*(agent.generate(f"{n}?") for n in range(runs)))
            assert {"5"} == {result.text for result in results}
            server.requests.clear()
            gc.collect()
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        assert [] == server.refusals
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert [] == left, left
    growth = memory[-1] - memory[4]
    assert growth <= 8, f"grew by {growth} MiB: {memory}"
    return [
        (
            "runs, 4 requests each, over HTTP",
            f"{rounds * runs} in {rounds} rounds, 0 refusals, 0 tasks left",
        ),
        ("most memory after round 5 and round 20", f"{memory[4]} MiB, {memory[-1]} MiB"),
    ]


async def cancelled() -> Rows:
    """Runs cancelled at random moments: every call has an answer, and the thread goes on."""
    count = 300
    for number in range(count):
        await _cancel_one(number)
    return [("runs cancelled at different moments, then gone on with", f"{count}, 0 refusals")]


async def _cancel_one(number: int) -> None:
    from lumos_agent import InMemoryStorage

    storage = InMemoryStorage()
    async with ChatServer(turns(3, Call("add", '{"a": 2, "b": 3}'), "5")) as server:
        async with Agent(
            "openai/test-model",
            tools=[add],
            memory=storage,
            base_url=server.base_url,
            api_key="test-key",
        ) as agent:
            task = asyncio.create_task(agent.generate("?", thread="t"))
            for _ in range(number % 60):
                await asyncio.sleep(0)
            await asyncio.sleep((number % 7) * 0.0005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            result = await agent.generate("And?", thread="t")
    assert result.text == "5"
    assert [] == server.refusals, server.refusals


async def hostile() -> Rows:
    """Hostile documents, sent to every tool of the corpus: no body runs that should not."""
    documents = 100_000
    found = await count(documents, seed=time.time_ns())
    assert [] == found.forbidden + found.withheld, found.forbidden[:3] + found.withheld[:3]
    assert all(kind in found.kinds for kind in KINDS)
    kinds = ", ".join(f"{number} {kind}" for kind, number in found.kinds.most_common())
    return [
        ("hostile documents", kinds),
        ("of them legal by the oracle all the same, whose bodies ran", str(found.ran)),
        ("bodies that ran with what the schema forbids", f"{len(found.forbidden)} of {documents}"),
        ("slowest answer to one", _slowest(found.slowest)),
    ]


def _slowest(seconds: dict[str, float]) -> str:
    three = sorted(seconds, key=lambda kind: -seconds[kind])[:3]
    return ", ".join(f"{seconds[kind] * 1000:.0f} ms to {kind}" for kind in three)


SECTIONS: tuple[Callable[[], Rows | Awaitable[Rows]], ...] = (
    properties,
    hostile,
    soak,
    cancelled,
    storm,
    threads,
    postgres,
    proxy,
)


def main() -> None:
    rows: Rows = []
    asked = (engines,) if "--engines" in sys.argv else ()  # they bring torch
    for section in (*SECTIONS, *asked):
        found = section()
        rows += asyncio.run(_awaited(found)) if not isinstance(found, list) else found
        print(f"{section.__name__}: {rows[-1][1]}", flush=True)
    table = "\n".join(f"| {claim} | {figure} |" for claim, figure in rows)
    machine = f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores"
    text = (
        "# Proof\n\nWhat `sh scripts/prove` measured last: the long tests, with full counts.\n"
        f"It ran with {machine}.\n\n| what | figure |\n|---|---|\n{table}\n"
    )
    (ROOT / "docs" / "proof.md").write_text(text, encoding="utf-8")
    print("written to docs/proof.md")


async def _awaited(rows: Awaitable[Rows]) -> Rows:
    return await rows


if __name__ == "__main__":
    main()
