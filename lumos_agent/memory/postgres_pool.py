"""The connections of a PostgreSQL store.

asyncpg's own pool makes a task for each connection that comes back and asks the server to forget what
the last user set; that costs as much as an append.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lumos_agent.errors import MemoryStorageError
from lumos_agent.memory.postgres_server import Connection, PostgresServer, is_lost

T = TypeVar("T")
Work = Callable[[Connection], Awaitable[T]]
"""What is done with a connection."""

CLOSING = 10.0
"""Seconds that what is still going on has to end, and the server to say goodbye."""


class Pool:
    """Up to so many connections, opened when they are needed; who comes later waits."""

    def __init__(self, server: PostgresServer, size: int) -> None:
        self._server = server
        self._size = size
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._used: set[Connection] = set()
        self._closed = False

    async def do(self, work: Work[T]) -> T:
        """What comes of *work* on one connection. That is given up if the server has ended it; asyncpg
        sees to it that one whose request is cancelled can be used again.
        """
        async with self._free:
            connection = await self._open()
            self._used.add(connection)
            try:
                return await work(connection)
            except Exception as error:
                if is_lost(error):
                    connection.terminate()
                raise
            finally:
                self._used.discard(connection)
                if not connection.is_closed():
                    self._idle.append(connection)

    async def _open(self) -> Connection:
        """The connection that was used last, for its statements are ready, or a new one."""
        if self._closed:
            raise MemoryStorageError(f"{self._server.name!r} was closed meanwhile")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await self._server.connect()

    async def close(self) -> None:
        """Wait for what is going on, and end all connections."""
        try:
            async with asyncio.timeout(CLOSING):
                for _ in range(self._size):
                    await self._free.acquire()
                for connection in self._idle:
                    await connection.close()
        except TimeoutError:  # the server hangs, or somebody still reads
            self._closed = True
            for connection in (*self._used, *self._idle):
                connection.terminate()
