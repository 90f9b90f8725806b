"""Appending a turn to a thread in PostgreSQL, beside a bare asyncpg insert of the same bytes.

Blocks of both take turns in one run, so that what else the machine does falls on both; a ratio is the
median of the blocks' ratios. The server acknowledges before the disk does (`synchronous_commit=off`):
with it both wait for the disk, and are equal. The limit, 1.3x, is that to asyncpg's pool as it comes,
which a program with more than one request has; what is barer is printed beside. Run by `python -m tests.benchmarks.memory_postgres`.
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import asyncpg

from lumos_agent import (
    AssistantMessage,
    GetMessagesParams,
    Message,
    PostgresStorage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from lumos_agent.messages import encode
from tests.agent.memory.postgres import Postgres

LIMIT = 1.3
ROUNDS, TURNS = 21, 200
SIZE = 704
"""Characters of a message as JSON."""
TABLE = """
    CREATE TABLE bare(thread bigint NOT NULL, seq bigint NOT NULL, content text NOT NULL,
        PRIMARY KEY(thread, seq))
"""
INSERT = "INSERT INTO bare VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12)"

Append = Callable[[], Awaitable[object]]


def turn() -> list[Message]:
    """What a run with two calls says: four messages of SIZE characters."""
    calls = tuple(ToolCall(f"call_{n}", "look", {"query": "the weather"}) for n in range(2))
    return [
        _padded(lambda text: UserMessage(text)),
        _padded(lambda text: AssistantMessage(text, calls)),
        *(_padded(lambda text, n=n: ToolResult(f"call_{n}", "look", text)) for n in range(2)),
    ]


def _padded(make: Callable[[str], Message]) -> Message:
    words = "The weather in Seattle was dry and mild for most of the month. " * 12
    return make(words[: SIZE - len(encode(make("")))])


def ours(storage: PostgresStorage) -> Append:
    messages, numbers = turn(), count()

    async def append() -> None:
        number = next(numbers)
        await storage.append(f"t{number % 10}", messages, key=f"k{number}")

    return append


def bare(db: Any) -> Append:
    contents, numbers = [encode(one).decode() for one in turn()], count()

    async def append() -> None:
        number = next(numbers)
        thread, seq = number % 10, number // 10 * 4
        await db.execute(
            INSERT, *(v for at, text in enumerate(contents) for v in (thread, seq + at, text))
        )

    return append


async def block(append: Append, workers: int) -> float:
    """Seconds that a turn takes where so many append at once."""

    async def work() -> None:
        for _ in range(TURNS // workers):
            await append()

    gc.collect()
    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return (time.perf_counter() - began) / (TURNS // workers * workers)


async def compared(ours: Append, bare: Append, workers: int) -> tuple[float, float, float]:
    """The ratio, and the seconds of both."""
    await block(ours, workers)
    await block(bare, workers)
    pairs: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        if number % 2:
            one = await block(ours, workers)
            pairs.append((one, await block(bare, workers)))
        else:
            other = await block(bare, workers)
            pairs.append((await block(ours, workers), other))
    ratio = statistics.median(one / other for one, other in pairs)
    return ratio, *(statistics.median(times) for times in zip(*pairs, strict=True))


async def measure(dsn: str) -> bool:
    """Print the ratios; whether those to the baseline are within the limit."""
    good = True
    async with PostgresStorage(dsn) as storage:
        for number in range(10):
            await storage.create_thread(id=f"t{number}")
        lean = await asyncpg.create_pool(dsn, min_size=1, max_size=10, reset=_nothing)
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=10)
        async with lean, pool, lean.acquire() as connection:
            await connection.execute(TABLE)
            for workers, name, db, judged in (
                (1, "a pool", pool, True),
                (1, "a pool that resets nothing", lean, False),
                (1, "one connection", connection, False),
                (16, "a pool", pool, True),
                (16, "a pool that resets nothing", lean, False),
            ):
                ratio, one, other = await compared(ours(storage), bare(db), workers)
                await storage_emptied(connection)
                good = good and (ratio <= LIMIT or not judged)
                verdict = ("ok" if ratio <= LIMIT else "MISSED") if judged else ""
                print(
                    f"append a turn, {workers:>2} at once {ratio:5.2f}x asyncpg, {name:<27}"
                    f"µs a turn: ours {one * 1e6:.0f}, bare {other * 1e6:.0f}  {verdict}",
                    flush=True,
                )
        await read(storage)
    return good


async def storage_emptied(connection: Any) -> None:
    """Begin anew, so that the next workers' keys and numbers are free."""
    await connection.execute("TRUNCATE bare, lumos_turns, lumos_messages")
    await connection.execute("UPDATE lumos_threads SET last_seq = 0")
    await connection.execute("CHECKPOINT")


async def read(storage: PostgresStorage) -> None:
    """Print what the newest 50 of a thread of 10 000 take."""
    await storage.create_thread(id="long")
    for _ in range(25):
        await storage.append("long", turn() * 100)
    times: list[float] = []
    for _ in range(300):
        began = time.perf_counter()
        await storage.get_messages("long", GetMessagesParams(limit=50))
        times.append(time.perf_counter() - began)
    print(f"the newest 50 of 10 000: {statistics.median(times) * 1e6:.0f} µs")


async def _nothing(connection: Any) -> None:
    return None


async def compete() -> bool:
    """Measure against a server of its own; whether the aims are met."""
    with Postgres(synchronous_commit="off", shared_buffers="128MB") as server:
        return await measure(await server.database())


if __name__ == "__main__":
    sys.exit(not asyncio.run(compete()))
