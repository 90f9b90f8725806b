"""What a store of conversations is asked, line by line: `fill`, `read`, `append`, `together`.

The first argument is the path of its file. `read N`, `append N` and `together N` answer the seconds that
one of N took: a page of the last 50 messages, decoded; a turn of 4 messages; and a turn where 16
conversations go on at the same time. `fill THREADS EACH` makes conversations of so many messages.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any, Protocol

TOGETHER = 16
TEXT = "The quick brown fox jumps over the lazy dog, and then it says what it thinks of that. " * 7
"""So that a message has about 700 bytes."""


class Store(Protocol):
    """What a contestant offers."""

    async def open(self, path: str) -> None: ...

    async def create(self, thread: str) -> None:
        """Begin a conversation."""

    def turn(self, number: int) -> Any:
        """4 messages: the user's, a call, its result, an answer."""

    async def append(self, thread: str, turns: list[Any]) -> None: ...

    async def last(self, thread: str) -> int:
        """Read the last 50 messages, decoded, and count them."""

    async def close(self) -> None: ...


class Worker:
    """Asks a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads: list[str] = []
        self._random = random.Random(1)
        self._number = 0

    async def fill(self, threads: int, each: int) -> float:
        """Make *threads* conversations of *each* messages, in appends of 1 000."""
        began = time.perf_counter()
        self._threads = [f"filled-{number}" for number in range(threads)]
        for thread in self._threads:
            await self._store.create(thread)
        for _ in range(0, each, 1_000):  # one after the other, as conversations grow
            for thread in self._threads:
                await self._store.append(thread, [self._store.turn(n) for n in range(250)])
        return time.perf_counter() - began

    async def read(self, times: int) -> float:
        chosen = [self._random.choice(self._threads) for _ in range(times)]
        began = time.perf_counter()
        for thread in chosen:
            assert await self._store.last(thread) == 50
        return (time.perf_counter() - began) / times

    async def append(self, times: int) -> float:
        turns = [[self._store.turn(number)] for number in range(times)]
        thread = await self._new()
        began = time.perf_counter()
        for turn in turns:
            await self._store.append(thread, turn)
        return (time.perf_counter() - began) / times

    async def together(self, times: int) -> float:
        each = times // TOGETHER
        turns = [[self._store.turn(number)] for number in range(each)]
        threads = [await self._new() for _ in range(TOGETHER)]

        async def one(thread: str) -> None:
            for turn in turns:
                await self._store.append(thread, turn)

        began = time.perf_counter()
        await asyncio.gather(*map(one, threads))
        return (time.perf_counter() - began) / (each * TOGETHER)

    async def _new(self) -> str:
        self._number += 1
        thread = f"new-{self._number}"
        await self._store.create(thread)
        return thread


async def serve(store: Store) -> None:
    """Answer until there is no line any more."""
    await store.open(sys.argv[1])
    worker = Worker(store)
    for line in sys.stdin:
        what, *numbers = line.split()
        print(json.dumps(await getattr(worker, what)(*map(int, numbers))), flush=True)
    await store.close()


def main(store: Store) -> None:
    asyncio.run(serve(store))
