"""Threads in a file: the store for one machine, with nothing to set up."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple, Self, get_args

from msgspec import UNSET, UnsetType

from lumos_agent.errors import ConfigError, MemoryStorageError
from lumos_agent.memory import sqlite_read, sqlite_search, sqlite_write
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
from lumos_agent.memory.sqlite_file import Durability, SQLiteFile
from lumos_agent.memory.sqlite_read import thread_of
from lumos_agent.memory.sqlite_worker import Job, Jobs, Settled, Work, Worker, Writer
from lumos_agent.messages import Message

LONGEST_WAIT = 2_000_000
"""Seconds; SQLite counts milliseconds with 31 bits."""
READERS = 2
"""Threads that read, so that a long page does not hold up a short one."""


class _Opened(NamedTuple):
    """What there is between opening and closing."""

    loop: asyncio.AbstractEventLoop
    writing: Jobs
    reading: Jobs
    readers: list[Worker]
    writer: Worker


class SQLiteStorage:
    """A `MemoryStorage` in a SQLite file, which other processes may use at the same time.

    What an append has acknowledged outlives `kill -9`; with durability `full` it outlives the loss of
    power, too, for the price of waiting for the disk. A thread writes, all that waits in one
    transaction, and others read, so the event loop is never held up. An append that is cancelled is
    done to its end first; one that has not been acknowledged is there whole or not at all.

    `lock_timeout` is how many seconds it waits for a file that another process has locked. It raises
    `MemoryStorageError` for a file that it cannot use. It belongs to the event loop that opened it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Durability = "normal",
        lock_timeout: float = 5.0,
    ) -> None:
        if durability not in get_args(Durability):
            raise ConfigError(f"durability is 'normal' or 'full', not {durability!r}")
        if not 0 <= lock_timeout <= LONGEST_WAIT:
            raise ConfigError(
                f"lock_timeout is seconds, 0 to {LONGEST_WAIT:,}, not {lock_timeout!r}"
            )
        name = os.fsdecode(path)
        if not is_plain(name):
            raise ConfigError(f"the path of a store is text without NUL, in UTF-8, not {name!r}")
        # The file is opened more than once, and the working directory may change meanwhile.
        name = name if name == ":memory:" else os.path.abspath(name)
        self._file = SQLiteFile(name, durability, lock_timeout)
        self._opening = False
        self._opened: _Opened | None = None

    @property
    def path(self) -> str:
        """The file, as an absolute path."""
        return self._file.path

    async def __aenter__(self) -> Self:
        if self._opening or self._opened:
            raise MemoryStorageError(f"{self.path!r} is open already; open it once")
        self._opening = True
        try:
            writer, *readers = await asyncio.to_thread(self._file.open, READERS)
        finally:
            self._opening = False
        loop = asyncio.get_running_loop()
        writing: Jobs = SimpleQueue()
        reading: Jobs = SimpleQueue()
        self._opened = _Opened(
            loop,
            writing,
            reading,
            [Worker(reader, reading, loop) for reader in readers],
            Writer(writer, writing, loop),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        """Finish what was asked for, then close the file. Nothing more is accepted."""
        opened = self._here()
        self._opened = None
        for _ in opened.readers:
            opened.reading.put(None)
        try:
            await asyncio.gather(*(reader.ended for reader in opened.readers))
        finally:  # also of a task that is cancelled
            opened.writing.put(None)  # the last to close carries the log into the file
            await opened.writer.ended

    async def create_thread(
        self,
        *,
        id: str | None = None,
        resource: str | None = None,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> MemoryThread:
        """Make a thread."""
        work = partial(sqlite_write.create, new=new_thread(id, resource, title, metadata))
        return thread_of(await self._write(work))

    async def get_thread(self, id: str, *, resource: str | None = None) -> MemoryThread:
        """The thread *id*."""
        check_known(id, resource)
        return thread_of(await self._read(partial(sqlite_read.find, id=id, resource=resource)))

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
        work = partial(sqlite_write.update, id=id, resource=resource, title=title, patch=patch)
        return thread_of(await self._write(work))

    async def delete_thread(self, id: str, *, resource: str | None = None) -> None:
        """Remove the thread and its messages."""
        check_known(id, resource)
        await self._write(partial(sqlite_write.delete, id=id, resource=resource))

    async def list_threads(
        self,
        *,
        resource: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        limit: int | None = 50,
        cursor: int | None = None,
    ) -> Page[MemoryThread]:
        """Threads, the newest first."""
        work = partial(
            sqlite_read.threads,
            resource=resource,
            metadata=metadata or {},
            limit=limit,
            before=cursor,
        )
        page: Page[MemoryThread] = await self._read(work)
        return page

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
        work = Append(id, resource, key, expected_seq, rows_of(messages, metadata))
        appended: Appended = await self._write(work)
        return appended

    async def get_messages(
        self,
        id: str,
        params: GetMessagesParams = GetMessagesParams(),
        *,
        resource: str | None = None,
    ) -> Page[Stored]:
        """A page of the thread's messages, oldest first."""
        check_known(id, resource)
        work = partial(sqlite_read.messages, id=id, resource=resource, params=params)
        page: Page[Stored] = await self._read(work)
        return page

    async def search(
        self,
        query: str,
        *,
        thread: str | None = None,
        resource: str | None = None,
        limit: int | None = 20,
    ) -> tuple[Found, ...]:
        """Messages with all words of *query*. The index is brought up to date first, so a file that
        was never searched takes a while, about 20 s for a million messages.
        """
        work = partial(
            sqlite_search.search,
            words=words_of(query),
            thread=thread,
            resource=resource,
            limit=limit,
        )
        if thread is not None:
            await self.get_thread(thread, resource=resource)
        while await self._write(sqlite_search.index_some):
            pass  # others' appends are written in between
        found: tuple[Found, ...] = await self._read(work)
        return found

    async def _read(self, work: Work) -> Any:
        opened = self._here()
        return await self._outcome(opened.reading, Job(work, opened.loop.create_future()))

    async def _write(self, work: Work | Append) -> Any:
        opened = self._here()
        return await self._outcome(opened.writing, Job(work, Settled(loop=opened.loop)))

    async def _outcome(self, jobs: Jobs, job: Job) -> Any:
        import apsw

        jobs.put(job)
        try:
            return await job.future
        except apsw.Error as error:
            raise self._file.explained(error) from error

    def _here(self) -> _Opened:
        """What is open, on the loop that opened it."""
        if self._opened is None:
            raise MemoryStorageError(f"{self.path!r} is not open; use it within `async with`")
        if asyncio.get_running_loop() is not self._opened.loop:
            raise MemoryStorageError(
                f"{self.path!r} was opened on another event loop; open a SQLiteStorage of the "
                "same file on this one"
            )
        return self._opened
