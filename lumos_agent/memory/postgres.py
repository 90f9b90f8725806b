"""Threads in PostgreSQL: the store for many processes and machines."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

from msgspec import UNSET, UnsetType

from lumos_agent.errors import ConfigError, MemoryStorageError
from lumos_agent.memory import postgres_search, postgres_server, postgres_sql
from lumos_agent.memory.base import Appended, Found, GetMessagesParams, MemoryThread, Page, Stored
from lumos_agent.memory.checks import (
    Append,
    check_known,
    check_name,
    is_plain,
    new_thread,
    patch_of,
    rows_of,
    words_of,
)
from lumos_agent.memory.postgres_pool import Pool, Work
from lumos_agent.memory.postgres_sql import thread_of
from lumos_agent.memory.settled import settled
from lumos_agent.messages import Message
from lumos_tools.errors import LumosError

T = TypeVar("T")


class _Opened(NamedTuple):
    """What there is between opening and closing."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    writing: set[asyncio.Task[Any]]


class PostgresStorage:
    """A `MemoryStorage` in a PostgreSQL database, for the extra `lumos-agent[postgres]`.

    It makes its tables, `lumos_threads` and others, in the first schema of the user's search path; with
    `?search_path=...` in the *dsn* that is another. An append is one statement, and outlives what the
    server's `synchronous_commit` says; it is done to its end even where it is cancelled. One with a key
    is repeated by itself if the connection breaks. Beyond `pool_size` requests wait for each other.

    It raises `MemoryStorageError`, with `retryable` where the server is away, and `ConfigError` for a
    dsn that is none; no message has the password. It belongs to the event loop that opened it.
    """

    def __init__(self, dsn: str, *, pool_size: int = 10) -> None:
        postgres_server.driver()
        if pool_size < 1:
            raise ConfigError(f"pool_size is a number of connections, 1 or more, not {pool_size}")
        self._server = postgres_server.server_of(dsn)
        self._pool_size = pool_size
        self._opened: _Opened | None = None

    @property
    def name(self) -> str:
        """Host, port and database."""
        return self._server.name

    async def __aenter__(self) -> Self:
        if self._opened:
            raise MemoryStorageError(f"{self.name!r} is open already; open it once")
        pool = Pool(self._server, self._pool_size)
        try:
            await self._outcome(pool, self._server.prepare, again=False)
        except BaseException:
            await pool.close()
            raise
        self._opened = _Opened(asyncio.get_running_loop(), pool, set())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Finish what was asked for, then close the connections. Nothing more is accepted."""
        opened = self._here()
        self._opened = None
        if opened.writing:
            await asyncio.wait(opened.writing)
        await opened.pool.close()

    async def create_thread(
        self,
        *,
        id: str | None = None,
        resource: str | None = None,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> MemoryThread:
        """Make a thread."""
        new = new_thread(id, resource, title, metadata)
        return await self._write(partial(postgres_sql.create, new=new))

    async def get_thread(self, id: str, *, resource: str | None = None) -> MemoryThread:
        """The thread *id*."""
        check_known(id, resource)
        return thread_of(await self._read(partial(postgres_sql.find, id=id, resource=resource)))

    async def update_thread(
        self,
        id: str,
        *,
        title: str | UnsetType | None = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        resource: str | None = None,
    ) -> MemoryThread:
        """Change title or metadata."""
        check_known(id, resource)
        patch = patch_of(title, metadata)
        return await self._write(
            partial(postgres_sql.update, id=id, resource=resource, title=title, patch=patch)
        )

    async def delete_thread(self, id: str, *, resource: str | None = None) -> None:
        """Remove the thread and its messages."""
        check_known(id, resource)
        await self._write(partial(postgres_sql.delete, id=id, resource=resource))

    async def list_threads(
        self,
        *,
        resource: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        limit: int | None = 50,
        cursor: int | None = None,
    ) -> Page[MemoryThread]:
        """Threads, the newest first."""
        if not is_plain(resource or ""):
            return Page(items=(), before=None, after=None, has_more=False)
        return await self._read(
            partial(
                postgres_sql.threads,
                resource=resource,
                metadata=metadata or {},
                limit=limit,
                before=cursor,
            )
        )

    async def append(
        self,
        id: str,
        messages: Sequence[Message],
        *,
        metadata: Sequence[Mapping[str, Any]] = (),
        key: str | None = None,
        expected_seq: int | None = None,
        resource: str | None = None,
    ) -> Appended:
        """Add *messages*, all or none; each may have up to 16 MiB."""
        check_known(id, resource)
        check_name("a key", key)
        asked = Append(id, resource, key, expected_seq, rows_of(messages, metadata))
        return await self._write(partial(postgres_sql.append, asked=asked), again=key is not None)

    async def get_messages(
        self,
        id: str,
        params: GetMessagesParams = GetMessagesParams(),
        *,
        resource: str | None = None,
    ) -> Page[Stored]:
        """A page of the thread's messages, oldest first."""
        check_known(id, resource)
        return await self._read(
            partial(postgres_sql.messages, id=id, resource=resource, params=params)
        )

    async def search(
        self,
        query: str,
        *,
        thread: str | None = None,
        resource: str | None = None,
        limit: int | None = 20,
    ) -> tuple[Found, ...]:
        """Messages with all words of *query*. What is searched is indexed first, so the first search
        of many messages takes a while, and each one after it only what is new.
        """
        words = words_of(query)
        if thread is not None:
            check_known(thread, resource)
        if not is_plain(resource or ""):
            return ()
        return await self._read(
            partial(
                postgres_search.search, words=words, thread=thread, resource=resource, limit=limit
            )
        )

    async def _read(self, work: Work[T]) -> T:
        return await self._outcome(self._here().pool, work, again=True)

    async def _write(self, work: Work[T], *, again: bool = False) -> T:
        """Do *work* to its end, so that a caller who is cancelled leaves nothing half done."""
        opened = self._here()
        task = asyncio.ensure_future(self._outcome(opened.pool, work, again=again))
        opened.writing.add(task)
        task.add_done_callback(opened.writing.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await settled(task)
            raise

    async def _outcome(self, pool: Pool, work: Work[T], *, again: bool) -> T:
        """What comes of *work*; with *again* it is done once more if the connection was lost."""
        try:
            return await pool.do(work)
        except LumosError:
            raise
        except Exception as error:
            if again and postgres_server.is_lost(error):
                return await self._outcome(pool, work, again=False)
            raise self._server.explained(error) from error

    def _here(self) -> _Opened:
        """What is open, on the loop that opened it."""
        if self._opened is None:
            raise MemoryStorageError(f"{self.name!r} is not open; use it within `async with`")
        if asyncio.get_running_loop() is not self._opened.loop:
            raise MemoryStorageError(
                f"{self.name!r} was opened on another event loop; open a PostgresStorage of the "
                "same dsn on this one"
            )
        return self._opened
