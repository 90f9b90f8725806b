"""PostgreSQL under load, while clients and servers are killed: part of `scripts/prove`.

A turn is three messages under a key. Whoever writes one says so only when the store has; what was said
is compared with what is there.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable

from lumos_agent import (
    Appended,
    AssistantMessage,
    GetMessagesParams,
    MemoryStorageError,
    Message,
    PostgresStorage,
    UserMessage,
)
from tests.agent.memory.postgres import Postgres

Rows = list[tuple[str, str]]
Tell = Callable[[str], None]
THREADS = ("a", "b", "c")
WRITERS = 8


def turn(key: str) -> list[Message]:
    return [UserMessage(f"{key}/0"), AssistantMessage(f"{key}/1"), UserMessage(f"{key}/2")]


async def write(storage: PostgresStorage, name: str, tell: Tell, until: asyncio.Event) -> None:
    """Append turns to the threads by turns; those that fail are repeated until they are there."""
    number = 0
    while not until.is_set():
        thread, key = THREADS[number % len(THREADS)], f"{name}-{number}"
        try:
            done = await storage.append(thread, turn(key), key=key)
        except MemoryStorageError as error:
            if not error.retryable:
                raise
            await asyncio.sleep(0.02)
            continue
        tell(f"{thread} {key} {done.first_seq} {done.last_seq}")
        number += 1


async def prepare(dsn: str) -> None:
    async with PostgresStorage(dsn) as storage:
        for thread in THREADS:
            await storage.create_thread(id=thread)


async def check(dsn: str, acknowledged: list[str]) -> int:
    """The turns that are there: whole, once, without a hole, and all that were acknowledged."""
    assert acknowledged, "nothing was acknowledged"
    there: dict[str, str] = {}
    async with PostgresStorage(dsn) as storage:
        for thread in THREADS:
            rows = (await storage.get_messages(thread, GetMessagesParams(limit=None))).items
            assert [*range(1, len(rows) + 1)] == [row.seq for row in rows]
            for place in range(0, len(rows), 3):
                key = rows[place].message.text.partition("/")[0]
                assert turn(key) == [row.message for row in rows[place : place + 3]]
                assert key not in there
                there[key] = f"{thread} {key} {place + 1} {place + 3}"
    lost = [one for one in acknowledged if there.get(one.split()[1]) != one]
    assert [] == lost, lost
    return len(there)


# Clients


async def client_kills(dsn: str, kills: int) -> tuple[int, int]:
    """Processes that write, ended by `kill -9`; the turns that they acknowledged, and that are there."""
    await prepare(dsn)
    said: list[str] = []
    for number in range(kills):
        said += await asyncio.to_thread(_kill_one, dsn, str(number))
    return len(said), await check(dsn, said)


def _kill_one(dsn: str, name: str) -> list[str]:
    command = [sys.executable, "-m", "tests.agent.memory.prove_postgres", dsn, name]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        with subprocess.Popen(command, stdout=told) as process:
            until = time.monotonic() + 30
            while os.fstat(told.fileno()).st_size < 2_000 and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(random.random() / 5)
            process.send_signal(signal.SIGKILL)
        told.seek(0)
        lines = told.read().splitlines(keepends=True)
    return [line.rstrip() for line in lines if line.endswith("\n")]


async def client(dsn: str, name: str) -> None:
    """Write until somebody ends this process."""

    def tell(line: str) -> None:
        os.write(1, f"{line}\n".encode())

    async with PostgresStorage(dsn, pool_size=4) as storage:
        never = asyncio.Event()
        await asyncio.gather(
            *(write(storage, f"{name}.{one}", tell, never) for one in range(WRITERS))
        )


# Servers


async def server_ends(server: Postgres, end: Callable[[], None], times: int) -> tuple[int, int]:
    """The server is ended under load and started again; turns acknowledged, and the most seconds that
    it took from the start until the next one was.
    """
    dsn, said, until = await server.database(), list[str](), asyncio.Event()
    slowest = 0.0
    await prepare(dsn)
    async with PostgresStorage(dsn, pool_size=4) as storage:
        load = [
            asyncio.create_task(write(storage, f"w{one}", said.append, until))
            for one in range(WRITERS)
        ]
        for _ in range(times):
            await _more(said, load, 50)
            await asyncio.sleep(random.random() / 10)
            await asyncio.to_thread(end)
            await asyncio.to_thread(server.start)
            began = time.monotonic()
            await _more(said, load, 1)
            slowest = max(slowest, time.monotonic() - began)
        await _more(said, load, 50)
        until.set()
        await asyncio.gather(*load)
    assert await check(dsn, said) == len(said)
    return len(said), round(slowest * 1000)


async def _more(said: list[str], load: list[asyncio.Task[None]], turns: int) -> None:
    """Wait until so many more turns were acknowledged."""
    enough = len(said) + turns
    async with asyncio.timeout(60):
        while len(said) < enough:
            for task in load:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)


# Cancelling


async def cancelled(dsn: str, count: int) -> Counter[str]:
    """Appends cancelled at random moments, on few connections; what the same key says of them then."""
    found: Counter[str] = Counter()
    async with PostgresStorage(dsn, pool_size=2) as storage:
        await storage.create_thread(id="t")
        number = -1
        while found["cancelled"] < count:
            number += 1
            key = f"k{number}"
            task = asyncio.create_task(storage.append("t", turn(key), key=key))
            await asyncio.sleep(random.random() * 0.0005 if number % 4 else 0)
            task.cancel()
            await asyncio.wait([task])
            found["cancelled" if task.cancelled() else "too late to cancel"] += 1
            again = await storage.append("t", turn(key), key=key)
            assert Appended(3 * number + 1, 3 * number + 3, again.replayed) == again
            found["were done all the same" if again.replayed else "had not begun"] += 1
        rows = (await storage.get_messages("t", GetMessagesParams(limit=None))).items
    assert [text for n in range(number + 1) for text in turn(f"k{n}")] == [
        row.message for row in rows
    ]
    assert found["were done all the same"], "nothing was done"
    return found


async def postgres() -> Rows:
    """Clients and servers are killed, restarted and cancelled: nothing that was acknowledged is lost."""
    clients, servers, restarts, appends = 20, 10, 5, 200
    with Postgres() as server:
        said, there = await client_kills(await server.database(), clients)
        killed, slowest = await server_ends(server, server.kill, servers)
        restarted, again = await server_ends(server, server.stop, restarts)
        found = await cancelled(await server.database(), appends)
    ways = ", ".join(f"{number} {how}" for how, number in found.items())
    return [
        (
            "PostgreSQL: clients ended by `kill -9` while they write",
            f"{clients}; {said} turns acknowledged, {there} there; 0 lost, torn, doubled",
        ),
        (
            "servers ended by `kill -9` under load",
            f"{servers}; {killed} turns acknowledged; 0 lost, torn, doubled; "
            f"the next one at most {slowest} ms after it was back",
        ),
        (
            "servers restarted under load",
            f"{restarts}; {restarted} turns acknowledged; 0 lost, torn, doubled; at most {again} ms",
        ),
        ("appends cancelled at random moments", f"{ways}; 0 torn"),
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        asyncio.run(client(*sys.argv[1:]))
    for claim, figure in asyncio.run(postgres()):
        print(f"{claim}: {figure}")
