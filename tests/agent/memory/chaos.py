"""What can happen to a store while it is used: drivers, which raise if something is lost, torn or doubled.

A turn is four messages that know their key, so a thread shows by itself whether all is well.
"""

import asyncio
import os
import random
import resource
import signal
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import apsw

from lumos_agent import GetMessagesParams, MemoryStorageError, UserMessage
from lumos_agent.memory.base import Appended, MemoryStorage, Stored
from lumos_agent.memory.sqlite import SQLiteStorage
from tests.agent.memory.lives import LIVES, PATIENCE, ended, lived, started, store_at

SIZE = 4
"""Messages of a turn."""
TASKS = 8
"""Tasks that write at the same time, in one process."""
ALL = GetMessagesParams(limit=None)


def turn(key: str) -> list[UserMessage]:
    """The turn *key*, of 0.1 to 40 kB."""
    rng = random.Random(key)
    return [UserMessage(f"{key} {n} {'x' * int(10 ** rng.uniform(1, 4))}") for n in range(SIZE)]


def turns(rows: Sequence[Stored], first: int = 1) -> dict[str, tuple[int, int]]:
    """The numbers of each turn in *rows*, which begin with the number *first*. Raises if one is torn."""
    assert [*range(first, first + len(rows))] == [row.seq for row in rows], "a hole"
    found: dict[str, tuple[int, int]] = {}
    for place in range(0, len(rows), SIZE):
        some = rows[place : place + SIZE]
        key = some[0].message.text.split()[0]
        assert turn(key) == [row.message for row in some], f"turn {key} is torn"
        assert key not in found, f"turn {key} is there twice"
        found[key] = (some[0].seq, some[-1].seq)
    return found


# Writers that are killed


class Key(NamedTuple):
    """Which turn it is: the life and the task that wrote it first, and its number there."""

    life: int
    task: int
    number: int

    def __str__(self) -> str:
        return f"{self.life}:{self.task}:{self.number}"


def write(
    address: str, threads: Sequence[str], life: int, owed: Sequence[Key], said: Connection
) -> None:
    """Append turns without end, *owed* first, and say of each that it was acknowledged."""

    async def work() -> None:
        async with store_at(address) as storage:
            await asyncio.gather(*(one(storage, task) for task in range(TASKS)))

    async def one(storage: MemoryStorage, task: int) -> None:
        for key in owed[task::TASKS]:
            await append(storage, key)
        number = 0
        while True:
            await append(storage, Key(life, task, number))
            number += 1

    async def append(storage: MemoryStorage, key: Key) -> None:
        thread = threads[key.task % len(threads)]
        done = await storage.append(thread, turn(str(key)), key=str(key))
        line = f"{key} {done.first_seq} {done.last_seq} {done.replayed:d}\n"
        os.write(said.fileno(), line.encode())  # whole or not at all, it is so short

    asyncio.run(work())


@dataclass
class Killed:
    """What came of writers that were killed."""

    kills: int = 0
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    settled: int = 0
    """Turns that were not acknowledged, and were there when they were repeated."""
    absent: int = 0
    """Those that were not there."""
    reopened: float = 0.0
    """Seconds that opening took at the most."""


class Watched:
    """Threads that are read on from where they were read before, turn by turn."""

    def __init__(self, threads: Sequence[str]) -> None:
        self.last = dict.fromkeys(threads, 0)
        self.turns: dict[str, tuple[int, int]] = {}

    async def look(self, storage: MemoryStorage) -> None:
        """Read what is new. Raises if a turn is torn or doubled, or a number is left out."""
        for thread, last in self.last.items():
            page = await storage.get_messages(thread, GetMessagesParams(limit=None, after=last))
            found = turns(page.items, last + 1)
            assert not found.keys() & self.turns.keys(), "a turn is there twice"
            self.turns |= found
            self.last[thread] = last + len(page.items)


def killed_writers(
    address: str, kills: int, *, name: str = "killed", each: int = 55, seed: int = 1
) -> Killed:
    """Kill *kills* processes that write to one store, each after about *each* acknowledged turns.

    Whoever comes next repeats what was not acknowledged. Nothing acknowledged is lost, nothing is torn
    or doubled.
    """
    rng = random.Random(seed)
    threads = [f"{name}-{number}" for number in range(3)]
    watched, done, owed = Watched(threads), Killed(), list[Key]()

    async def create() -> None:
        async with store_at(address) as storage:
            for thread in threads:
                await storage.create_thread(id=thread)

    async def look() -> None:
        began = time.perf_counter()
        async with store_at(address) as storage:
            done.reopened = max(done.reopened, time.perf_counter() - began)
            await watched.look(storage)

    asyncio.run(create())
    for life in range(kills):
        said = _one_life(address, threads, life, owed, rng.randint(each // 2, each * 3 // 2), rng)
        done.kills += 1
        repeated = {str(key) for key in owed}
        next_number = dict.fromkeys(range(TASKS), 0)
        for line in said:
            key, first, last, replayed = line.split()
            assert key not in done.acknowledged, f"turn {key} was acknowledged twice"
            done.acknowledged[key] = (int(first), int(last))
            if key in repeated:
                repeated.discard(key)
                done.settled += int(replayed)
                done.absent += 1 - int(replayed)
            else:
                assert replayed == "0", f"turn {key} was there before it was written"
                next_number[int(key.split(":")[1])] += 1
        # The one that each task was about to write; and what this life did not come to repeat.
        owed = [key for key in owed if str(key) in repeated]
        owed += [Key(life, task, number) for task, number in next_number.items()]
        if life % 10 == 9 or life == kills - 1:
            asyncio.run(look())
            lost = {key for key, at in done.acknowledged.items() if watched.turns.get(key) != at}
            assert set() == lost, f"{len(lost)} acknowledged turns are lost: {sorted(lost)[:5]}"
    assert done.acknowledged, "nothing was acknowledged, so nothing was shown"
    return done


def _one_life(
    address: str,
    threads: Sequence[str],
    life: int,
    owed: Sequence[Key],
    most: int,
    rng: random.Random,
) -> list[str]:
    """What a writer acknowledged that is killed when it has said that of about *most* turns."""
    ear, mouth = LIVES.Pipe(duplex=False)
    process = started(write, address, threads, life, owed, mouth)
    mouth.close()
    heard = b""
    while heard.count(b"\n") < most:
        assert ear.poll(PATIENCE), "the writer says nothing"
        more = os.read(ear.fileno(), 65536)
        assert more, f"the writer ended by itself: {ended(process)}"
        heard += more
    time.sleep(rng.uniform(0, 0.003))
    process.kill()
    assert ended(process) == -signal.SIGKILL
    while more := os.read(ear.fileno(), 65536):
        heard += more
    ear.close()
    return heard.decode().splitlines()


# Appends that are cancelled


async def cancelled_appends(
    storage: MemoryStorage, count: int, *, thread: str = "cancelled"
) -> int:
    """Cancel *count* appends at different moments and repeat them; how many had been done."""
    rng = random.Random(2)
    done = 0
    await storage.create_thread(id=thread)
    for number in range(count):
        key = str(number)
        task = asyncio.ensure_future(storage.append(thread, turn(key), key=key))
        for _ in range(rng.randint(0, 2)):
            await asyncio.sleep(0)
        await asyncio.sleep(rng.choice((0, 0, 0.0001, 0.0003)))
        task.cancel()
        await asyncio.wait([task])
        again = await storage.append(thread, turn(key), key=key)
        done += again.replayed
        assert (SIZE * number + 1, SIZE * number + SIZE) == (again.first_seq, again.last_seq)
    rows = (await storage.get_messages(thread, ALL)).items
    assert [str(number) for number in range(count)] == [*turns(rows)]
    return done


# Several processes


def write_some(address: str, threads: Sequence[str], who: int, count: int) -> None:
    """Append *count* turns by each of some tasks."""

    async def one(storage: MemoryStorage, task: int) -> None:
        for number in range(count):
            thread = threads[(task + number) % len(threads)]
            key = str(Key(who, task, number))
            appended = await storage.append(thread, turn(key), key=key)
            assert appended.last_seq - appended.first_seq == SIZE - 1
            assert not appended.replayed

    async def work() -> None:
        async with store_at(address) as storage:
            await asyncio.gather(*(one(storage, task) for task in range(TASKS)))

    asyncio.run(work())


async def two_processes(address: str, count: int, *, name: str = "shared") -> int:
    """Two processes write to the same threads, each with 8 tasks; how often a reader looked meanwhile.

    What the reader has seen stays the beginning of what it sees later, in whole turns.
    """
    threads = [f"{name}-{number}" for number in range(3)]
    looks, watched = 0, Watched(threads)
    async with store_at(address) as storage:
        for thread in threads:
            await storage.create_thread(id=thread)
        processes = [started(write_some, address, threads, who, count) for who in (1, 2)]
        while any(process.is_alive() for process in processes):
            await watched.look(storage)
            looks += 1
            await asyncio.sleep(0.001)
        assert [0, 0] == [await asyncio.to_thread(ended, process) for process in processes]
        await watched.look(storage)
        whole = Watched(threads)
        await whole.look(storage)
    assert whole.turns == watched.turns
    assert 2 * TASKS * count == len(whole.turns)
    return looks


# How late the event loop is


@dataclass
class Lag:
    """How late the event loop was, in seconds."""

    late: list[float] = field(default_factory=lambda: [0.0, 0.0])

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.late, n=100)[-1]


@asynccontextmanager
async def lag() -> AsyncIterator[Lag]:
    """Measure it every 2 ms."""
    found = Lag()

    async def probe() -> None:
        while True:
            due = time.perf_counter() + 0.002
            await asyncio.sleep(0.002)
            found.late.append(time.perf_counter() - due)

    task = asyncio.create_task(probe())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


# A lock and a full disk


@dataclass(frozen=True)
class Locked:
    """What went on while another program held the file."""

    reads: int
    slowest: float
    """Seconds of a read."""
    waited: float
    """Seconds of the append."""
    lag: Lag


async def foreign_lock(path: Path, seconds: float) -> Locked:
    """Lock the file for so long: an append waits, readers go on, the event loop does, too."""
    async with SQLiteStorage(path) as storage:
        await storage.create_thread(id="t")
        await storage.append("t", turn("0"))
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        began, times = time.perf_counter(), list[float]()
        async with lag() as found:
            appending = asyncio.ensure_future(storage.append("t", turn("1")))
            while time.perf_counter() < began + seconds:
                start = time.perf_counter()
                assert SIZE == len((await storage.get_messages("t")).items)
                times.append(time.perf_counter() - start)
                await asyncio.sleep(0.001)
            assert not appending.done()
            other.execute("ROLLBACK")
            assert Appended(SIZE + 1, 2 * SIZE) == await appending
        waited = time.perf_counter() - began
        other.close()
        assert 2 == len(turns((await storage.get_messages("t", ALL)).items))
    return Locked(len(times), max(times), waited, found)


def fill(path: Path, limit: int, count: int) -> None:
    """Append until no file may become larger, then with more room; exit with 0 if all is well."""

    async def work() -> None:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        async with SQLiteStorage(path) as storage:
            await storage.create_thread(id="t")
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
            done, errors = 0, 0
            while errors < 20:
                try:
                    await storage.append("t", turn(str(done)), key=str(done))
                    done += 1
                except MemoryStorageError as error:
                    if "is the disk full" not in str(error):
                        raise
                    errors += 1
                assert done * SIZE == (await storage.get_thread("t")).last_seq
            assert done > 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            for number in range(count):
                await storage.append("t", turn(str(done + number)), key=str(done + number))
        async with SQLiteStorage(path) as storage:
            rows = (await storage.get_messages("t", ALL)).items
            assert [str(number) for number in range(done + count)] == [*turns(rows)]

    asyncio.run(work())


async def full_disk(path: Path, limit: int, count: int = 50) -> int:
    """Fill a disk and make room again, in a process of its own; the turns that are there in the end."""
    assert await asyncio.to_thread(lived, fill, path, limit, count) == 0
    async with SQLiteStorage(path) as storage:
        return (await storage.get_thread("t")).last_seq // SIZE


# Many sessions


@dataclass(frozen=True)
class Sessions:
    """What many sessions at once cost."""

    turns: int
    seconds: float
    lag: Lag
    memory: tuple[int, int]
    """The most that the process had, in MiB, after half of the rounds and in the end."""


async def sessions(storage: MemoryStorage, *, count: int, each: int, rounds: int) -> Sessions:
    """So many sessions at once, each of so many turns: each reads what it said, and says more.

    Between its turns a session waits for up to 50 ms, as for a model.
    """
    memory: list[int] = []
    began = time.perf_counter()
    async with lag() as found:
        for round_ in range(rounds):
            names = [f"session-{round_}-{number}" for number in range(count)]
            await asyncio.gather(*(_session(storage, name, each) for name in names))
            for name in names:
                await storage.delete_thread(name)
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    seconds = time.perf_counter() - began
    return Sessions(rounds * count * each, seconds, found, (memory[rounds // 2 - 1], memory[-1]))


async def _session(storage: MemoryStorage, thread: str, each: int) -> None:
    await storage.create_thread(id=thread, resource=thread)
    for number in range(each):
        page = await storage.get_messages(thread, GetMessagesParams(limit=50), resource=thread)
        assert min(SIZE * number, 50) == len(page.items)
        key = f"{thread}:{number}"
        appended = await storage.append(
            thread, turn(key), key=key, expected_seq=SIZE * number, resource=thread
        )
        assert SIZE * number + SIZE == appended.last_seq
        await asyncio.sleep(random.uniform(0, 0.05))
    rows = (await storage.get_messages(thread, ALL)).items
    assert [f"{thread}:{number}" for number in range(each)] == [*turns(rows)]
