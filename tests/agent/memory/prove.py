"""Threads with full counts: a section of `scripts/prove`."""

import asyncio
import tempfile
from pathlib import Path

from lumos_agent import InMemoryStorage
from lumos_agent.memory.base import MemoryStorage
from lumos_agent.memory.postgres import PostgresStorage
from lumos_agent.memory.sqlite import SQLiteStorage
from tests.agent.memory import chaos, killed
from tests.agent.memory.postgres import Postgres

Rows = list[tuple[str, str]]


def threads() -> Rows:
    """Whatever happens to those who use a SQLite file, no acknowledged message is lost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *_killed(folder),
            *asyncio.run(_at_once(folder)),
            *asyncio.run(_sessions("SQLite", SQLiteStorage(folder / "sessions.db"))),
            *asyncio.run(_sessions("InMemoryStorage", InMemoryStorage())),
            *_on_postgres(folder),
        ]


def _on_postgres(folder: Path) -> Rows:
    with Postgres() as server:
        address = asyncio.run(server.database())
        points, pairs = killed.killed_everywhere(address, folder, name="postgres")
        sessions = PostgresStorage(asyncio.run(server.database()))
        return [
            (
                "PostgreSQL: an agent with tools, ended by `kill -9` at each point of its run, then resumed",
                f"{points} points, and {pairs} of them and of who resumed; as undisturbed but for marked "
                "interruptions, 0 effects doubled",
            ),
            *asyncio.run(_sessions("PostgreSQL", sessions)),
        ]


def _killed(folder: Path) -> Rows:
    done = chaos.killed_writers(str(folder / "killed.db"), 200)
    assert done.kills >= 200
    assert len(done.acknowledged) >= 10_000, len(done.acknowledged)
    points, pairs = killed.killed_everywhere(str(folder / "agents.db"), folder)
    return [
        (
            "SQLite: processes that wrote, ended by `kill -9`",
            f"{done.kills}; {len(done.acknowledged)} acknowledged turns of 4 messages, 0 lost, torn or "
            f"doubled; opened again in {done.reopened * 1000:.0f} ms at the most",
        ),
        (
            "turns that were not acknowledged, and their keys used again",
            f"{done.settled + done.absent}; {done.settled} were there, {done.absent} were not",
        ),
        (
            "an agent with tools, ended by `kill -9` at each point of its run, then resumed",
            f"{points} points, and {pairs} of them and of who resumed; as undisturbed but for marked "
            "interruptions, 0 effects doubled",
        ),
    ]


async def _at_once(folder: Path) -> Rows:
    async with SQLiteStorage(folder / "cancelled.db") as storage:
        had_been_done = await chaos.cancelled_appends(storage, 200)
    looks = await chaos.two_processes(str(folder / "shared.db"), 100)
    locked = await chaos.foreign_lock(folder / "locked.db", 0.8)
    assert locked.slowest < 0.5, locked.slowest
    there = await chaos.full_disk(folder / "full.db", 4_000_000, 500)
    return [
        (
            "SQLite: appends cancelled at different moments, then repeated",
            f"200; {had_been_done} had been done, 0 torn or doubled",
        ),
        (
            "two processes, 8 tasks each, on one file",
            f"{2 * chaos.TASKS * 100} turns; a reader looked {looks} times and saw 0 violations",
        ),
        (
            "another program's lock of 0.8 s",
            f"the append came after {locked.waited * 1000:.0f} ms; {locked.reads} pages meanwhile, the "
            f"slowest {locked.slowest * 1000:.0f} ms; loop late by {locked.lag.p99 * 1000:.1f} ms (p99)",
        ),
        ("a full disk, then room again", f"0 of {there} acknowledged turns lost"),
    ]


async def _sessions(name: str, storage: MemoryStorage) -> Rows:
    """200 sessions at once are complete and in order, and memory stays flat."""
    async with storage:
        found = await chaos.sessions(storage, count=200, each=20, rounds=10)
    growth = found.memory[1] - found.memory[0]
    assert growth <= 8, found.memory
    return [
        (
            f"{name}: 200 sessions at once, 20 turns each, 10 rounds",
            f"{found.turns} turns complete and in order, {found.turns / found.seconds:.0f} a second; "
            f"loop late by {found.lag.p99 * 1000:.1f} ms (p99); "
            f"most memory after round 5 and 10: {found.memory[0]} MiB, {found.memory[1]} MiB",
        )
    ]
