"""Threads in a SQLite file: what every store must do, and what a file can do to it."""

# ruff: noqa: ASYNC240  # a test may wait for a file

import asyncio
import logging
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest

from lumos_agent import (
    Appended,
    ConfigError,
    GetMessagesParams,
    MemoryStorageError,
    ThreadNotFoundError,
    UserMessage,
)
from lumos_agent.memory import sqlite_file, sqlite_read
from lumos_agent.memory.sqlite import SQLiteStorage
from lumos_agent.memory.sqlite_search import PIECE
from lumos_agent.testing.memory_contract import HOSTILE, MemorySearchContract, numbers
from tests.agent.memory import golden
from tests.agent.memory.lives import LIVES, ended, lived, started

MIB = 2**20
ALL = GetMessagesParams(limit=None)


class TestSQLiteStorage(MemorySearchContract):
    """It does what every store must."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "threads.db"

    def storage(self) -> SQLiteStorage:
        return SQLiteStorage(self.path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where there is no file yet."""
    return tmp_path / "threads.db"


@asynccontextmanager
async def filled(path: Path, count: int = 1, size: int = 1, **options: Any) -> AsyncIterator[Any]:
    """A store with a thread `t` of *count* messages of *size* characters."""
    async with SQLiteStorage(path, **options) as storage:
        await storage.create_thread(id="t")
        for _ in range(count):
            await storage.append("t", [UserMessage("x" * size)])
        yield storage


async def refusal(path: Any, **options: Any) -> MemoryStorageError:
    """Why a file cannot be opened."""
    with pytest.raises(MemoryStorageError) as caught:
        async with SQLiteStorage(path, **options):
            pass
    assert caught.value.__cause__ is not caught.value
    return caught.value


@contextmanager
def by_hand(path: Path) -> Iterator[apsw.Connection]:
    """Another program's connection to the file."""
    connection = apsw.Connection(str(path))
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """Another program's open transaction."""
    with by_hand(path) as connection:
        connection.execute(f"BEGIN {how}")
        yield


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file of this process may become larger: like a disk that is full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody comes to, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be nobody if we are root, whom no mode of a file stops."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


# Files that it cannot use


async def test_no_database(path: Path) -> None:
    """A file that is no database is left as it is, and the sentence says so."""
    path.write_text("Dear diary, ...")

    assert "is no SQLite database; choose another path" in str(await refusal(path))
    assert "Dear diary, ..." == path.read_text()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE notes(text)", "PRAGMA application_id = 77", "PRAGMA user_version = 1"],
)
async def test_another_program(path: Path, statement: str) -> None:
    """Another program's database is left as it is."""
    with by_hand(path) as connection:
        connection.execute(statement)
    before = path.read_bytes()

    assert "is a database of another program" in str(await refusal(path))
    assert before == path.read_bytes()


async def test_newer(path: Path) -> None:
    """A schema that a newer Lumos wrote is refused, and left as it is."""
    async with filled(path):
        pass
    with by_hand(path) as connection:
        connection.pragma("user_version", 2)

    assert "its schema is 2, this one knows 1; update lumos-agent" in str(await refusal(path))
    with by_hand(path) as connection:
        assert 2 == connection.pragma("user_version")


async def test_no_path(path: Path) -> None:
    """A path where no file can be says what stands in its way."""
    path.write_text("")
    assert "is a file, not a folder" in str(await refusal(path / "threads.db"))
    assert "make it first" in str(await refusal(path.parent / "none" / "threads.db"))
    assert "it is a folder; name a file in it" in str(await refusal(path.parent))
    assert "it is a folder" in str(await refusal(""))
    assert "may not write" in str(await refusal(path.parent / ("x" * 300)))
    assert "may not write" in str(await refusal("/proc/threads.db"))


@pytest.mark.parametrize(
    ("file", "folder"), [(0o444, 0o777), (0o444, 0o555), (0o666, 0o555), (0o000, 0o777)]
)
async def test_read_only(public_folder: Path, file: int, folder: int) -> None:
    """A file or folder without the right to write is refused when it is opened, not later."""
    path = public_folder / "threads.db"
    async with filled(path):
        pass
    path.chmod(file)
    public_folder.chmod(folder)
    with ordinary_user():
        told = str(await refusal(path))
    public_folder.chmod(0o777)

    assert "write to" in told or "may not write" in told
    async with SQLiteStorage(path) as storage:
        assert 1 == (await storage.get_thread("t")).last_seq


async def test_folder_without_right(public_folder: Path) -> None:
    """A folder that one may not look into is no reason for another error."""
    public_folder.chmod(0)
    with ordinary_user():
        told = str(await refusal(public_folder / "threads.db"))
    public_folder.chmod(0o777)

    assert "this user may not write" in told


async def test_no_log() -> None:
    """Where SQLite keeps no log, as in memory, others could not read meanwhile: it is refused."""
    assert "its journal stays 'memory'" in str(await refusal(":memory:"))


def test_bad_options() -> None:
    """Options that mean nothing are refused at once."""
    with pytest.raises(ConfigError, match="durability is 'normal' or 'full', not 'none'"):
        SQLiteStorage("threads.db", durability="none")  # type: ignore[arg-type]
    for wait in (-1, float("nan"), 1e9):
        with pytest.raises(ConfigError, match="lock_timeout is seconds, 0 to 2,000,000, not"):
            SQLiteStorage("threads.db", lock_timeout=wait)
    for path in ("a\x00", "\ud800", b"\xff"):
        with pytest.raises(ConfigError, match="text without NUL, in UTF-8"):
            SQLiteStorage(path)  # type: ignore[arg-type]


async def test_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path stays what it was when the working directory changes."""
    monkeypatch.chdir(path.parent)
    storage = SQLiteStorage(path.name)
    monkeypatch.chdir("/")

    assert str(path) == storage.path
    async with storage:
        assert path.exists()


async def test_damaged(path: Path) -> None:
    """A damaged file says so: when it is opened, or when the damage is met."""
    async with filled(path, count=50, size=3000):
        pass
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in str(await refusal(path))

    path.write_bytes(whole[: 25 * 4096] + b"\x55" * 4096 * 10 + whole[35 * 4096 :])
    async with SQLiteStorage(path) as storage:
        with pytest.raises(MemoryStorageError, match=r"is damaged: .*\.recover"):
            await storage.get_messages("t", ALL)
        assert 50 == (await storage.get_thread("t")).last_seq


@pytest.mark.parametrize("content", ['{"type":"user","text":', '{"type":"video"}', '{"type":1}'])
async def test_strange_rows(path: Path, content: str) -> None:
    """A row that this version cannot read is an error with a sentence, in pages and searches."""
    async with filled(path) as storage:
        await storage.append("t", [UserMessage("milk")])
        await storage.search("milk")
        with by_hand(path) as connection:
            connection.execute("UPDATE messages SET content = ? WHERE mid & 1 = 0", (content,))

        with pytest.raises(MemoryStorageError, match="a row of the database is nothing that"):
            await storage.get_messages("t")
        with pytest.raises(MemoryStorageError, match="a row of the database is nothing that"):
            await storage.search("milk")
        assert [1] == numbers(await storage.get_messages("t", GetMessagesParams(before=2)))


async def test_strange_threads(path: Path) -> None:
    """So is a thread whose metadata is no object."""
    async with filled(path) as storage:
        for metadata, says in (("[1]", "nothing that this version knows"), ("{", "SQLite says")):
            with by_hand(path) as connection:
                connection.execute("UPDATE threads SET metadata = ?", (metadata,))
            with pytest.raises(MemoryStorageError, match=says):
                await storage.get_thread("t")
            with pytest.raises(MemoryStorageError, match=says):
                await storage.list_threads()


# Opening and closing


async def test_not_open(path: Path) -> None:
    """A store is used between opening and closing, and says so else."""
    storage = SQLiteStorage(path)
    for _ in range(2):
        with pytest.raises(MemoryStorageError, match=r"is not open; use it within `async with`"):
            await storage.get_thread("t")
        with pytest.raises(MemoryStorageError, match="is not open"):
            await storage.append("t", [UserMessage("x")])
        with pytest.raises(MemoryStorageError, match="is not open"):
            await storage.__aexit__()
        async with storage:
            await storage.list_threads()


async def test_opened_twice(path: Path) -> None:
    """It is open once at a time, also for two tasks that come at the same moment."""
    storage = SQLiteStorage(path)
    first, second = await asyncio.gather(
        storage.__aenter__(), storage.__aenter__(), return_exceptions=True
    )
    assert first is storage
    assert isinstance(second, MemoryStorageError)
    with pytest.raises(MemoryStorageError, match="is open already; open it once"):
        await storage.__aenter__()
    await storage.__aexit__()

    async with storage:
        await storage.list_threads()


async def test_failed_opening(path: Path) -> None:
    """A store that could not be opened can be once the cause is gone."""
    storage = SQLiteStorage(path.parent / "later" / "threads.db")
    with pytest.raises(MemoryStorageError, match="make it first"):
        await storage.__aenter__()
    (path.parent / "later").mkdir()

    async with storage:
        await storage.list_threads()


async def test_closed_at_work(path: Path) -> None:
    """Closing waits for what was asked for; nothing more is accepted."""
    async with filled(path) as storage:
        tasks = [
            asyncio.ensure_future(storage.append("t", [UserMessage(str(n))])) for n in range(50)
        ]
        reads = [asyncio.ensure_future(storage.get_messages("t")) for _ in range(10)]
        await asyncio.sleep(0)
    assert [*range(2, 52)] == [task.result().first_seq for task in tasks]
    assert all(read.result().items for read in reads)

    async with SQLiteStorage(path) as storage:
        assert 51 == (await storage.get_thread("t")).last_seq


async def test_left_behind(path: Path) -> None:
    """A closed store is one file, without a log, and no thread is left; also if closing is cancelled."""
    for number in range(2):
        storage = SQLiteStorage(path)
        await storage.__aenter__()
        await storage.create_thread()
        closing = asyncio.ensure_future(storage.__aexit__())
        await asyncio.sleep(0)
        if number:
            closing.cancel()
        await asyncio.wait([closing])

        assert closing.cancelled() == bool(number)
        assert ["threads.db"] == os.listdir(path.parent)
        while any(thread.name == "lumos-sqlite" for thread in threading.enumerate()):
            await asyncio.sleep(0.001)


async def test_other_loop(path: Path) -> None:
    """Another event loop is told to open a store of its own, and then both work."""
    async with filled(path) as storage:

        async def elsewhere() -> int:
            with pytest.raises(MemoryStorageError, match="was opened on another event loop"):
                await storage.get_thread("t")
            async with SQLiteStorage(path) as own:
                return (await own.append("t", [UserMessage("y")])).last_seq

        assert 2 == await asyncio.to_thread(asyncio.run, elsewhere())
        assert 2 == (await storage.get_thread("t")).last_seq


def leave_open(path: Path) -> None:
    """Work with a store that nobody closes; its readers are busy when its loop ends."""

    async def work() -> None:
        storage = await SQLiteStorage(path).__aenter__()
        await storage.create_thread(id="t")
        await storage.append("t", [UserMessage("x")] * 1000)
        pages = [asyncio.ensure_future(storage.get_messages("t", ALL)) for _ in range(100)]
        await asyncio.wait(pages, return_when=asyncio.FIRST_COMPLETED)

    asyncio.run(work())


async def test_never_closed(path: Path) -> None:
    """A store that is never closed holds up no program's end, and loses nothing."""
    assert 0 == lived(leave_open, path)

    async with SQLiteStorage(path) as storage:
        assert 1000 == (await storage.get_thread("t")).last_seq


# Cancelling


async def test_cancelled_append(path: Path) -> None:
    """An append that is cancelled is done when its task ends."""
    async with filled(path) as storage:
        for number in range(1, 21):
            task = asyncio.ensure_future(storage.append("t", [UserMessage("y")]))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

            assert task.cancelled()
            assert number + 1 == (await storage.get_thread("t")).last_seq


async def test_cancelled_read(path: Path) -> None:
    """A page that nobody waits for any more goes nowhere, and the next one comes."""
    async with filled(path) as storage:
        for _ in range(20):
            task = asyncio.ensure_future(storage.get_messages("t"))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

        assert [1] == numbers(await storage.get_messages("t"))


# Locks, full disks and other failures


async def test_foreign_lock(path: Path) -> None:
    """A lock that lasts longer than `lock_timeout` is an error that may be retried; reads go on."""
    async with filled(path, lock_timeout=0.05) as storage:
        with locked(path):
            appends = [storage.append("t", [UserMessage("y")], key=str(n)) for n in range(3)]
            *errors, page = await asyncio.gather(
                *appends, storage.get_messages("t"), return_exceptions=True
            )
            assert [1] == numbers(page)  # type: ignore[arg-type]
            for error in errors:
                assert isinstance(error, MemoryStorageError)
                assert error.retryable
                assert "locked by another process for 0.05 s" in str(error)

        assert Appended(2, 2) == await storage.append("t", [UserMessage("y")], key="0")


async def test_short_lock(path: Path) -> None:
    """A shorter one is waited for."""
    async with filled(path) as storage:
        with locked(path):
            task = asyncio.ensure_future(storage.append("t", [UserMessage("y")]))
            await asyncio.sleep(0.05)
            assert not task.done()
        assert Appended(2, 2) == await task


async def test_locked_opening(path: Path) -> None:
    """A new file that somebody has locked is a lock, too, not another program's."""
    with locked(path, "EXCLUSIVE"):
        error = await refusal(path, lock_timeout=0.05)
    assert error.retryable
    assert "has been locked by another process" in str(error)


async def test_full_disk(path: Path) -> None:
    """A full disk is an error with a sentence; what was acknowledged is there, and it goes on after."""
    async with filled(path, count=5, size=1000) as storage:
        with file_limit(2 * MIB):
            with pytest.raises(MemoryStorageError, match="is the disk full.* acknowledged is kept"):
                await storage.append("t", [UserMessage("y" * 4 * MIB)])
            assert 5 == len((await storage.get_messages("t", ALL)).items)
        assert Appended(6, 6) == await storage.append("t", [UserMessage("y" * 4 * MIB)])

    async with SQLiteStorage(path) as storage:
        assert [*range(1, 7)] == numbers(await storage.get_messages("t", ALL))


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK", "FAIL"])
async def test_one_of_a_batch(path: Path, how: str) -> None:
    """Where one append of a batch breaks its transaction, the others are done, once."""
    async with filled(path) as storage:
        with by_hand(path) as connection:
            connection.execute(
                "CREATE TRIGGER poison BEFORE INSERT ON messages WHEN new.content LIKE '%poison%' "
                f"BEGIN SELECT RAISE({how}, 'this is poison'); END"
            )
        texts = [*"abc", "poison", *"def"]
        outcomes = await asyncio.gather(
            *(storage.append("t", [UserMessage("y"), UserMessage(text)]) for text in texts),
            return_exceptions=True,
        )

        bad = [str(outcome) for outcome in outcomes if not isinstance(outcome, Appended)]
        assert [f"{str(path)!r}: SQLite says: this is poison"] == bad
        said = [row.message.text for row in (await storage.get_messages("t", ALL)).items]
        assert sorted(["x", *"yyyyyyabcdef"]) == sorted(said)


async def test_wrong_argument(path: Path) -> None:
    """An error of the caller is raised where it called; the reader lives on."""
    async with filled(path) as storage:
        for _ in range(5):
            with pytest.raises(TypeError):
                await storage.list_threads(cursor="x")  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                await storage.get_messages("t", GetMessagesParams(limit="x"))  # type: ignore[arg-type]

        assert [1] == numbers(await storage.get_messages("t"))


async def test_checkpoint(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log is carried into the file while the store is open; where that fails, it only grows."""
    caplog.set_level(logging.INFO, "lumos_agent")
    async with filled(path) as storage:
        for _ in range(12):
            await storage.append("t", [UserMessage("y" * MIB)])
        await storage.get_thread("t")
        assert 8 * MIB < path.stat().st_size

        with file_limit(15 * MIB):
            for _ in range(6):
                await storage.append("t", [UserMessage("y" * MIB)])
                await storage.update_thread("t", title="Full")  # which comes after a checkpoint
        assert "SQLite's log was not carried into its file" in caplog.text

        for _ in range(30):
            await storage.append("t", [UserMessage("y" * MIB)])
        await storage.update_thread("t", title="Long")
        assert 40 * MIB < path.stat().st_size
        assert Path(f"{path}-wal").stat().st_size < 24 * MIB
        assert 49 == len((await storage.get_messages("t", ALL)).items)


# Pages and searches


async def test_large_page(path: Path) -> None:
    """Rows that together are too large for one text are read in smaller slices."""
    async with filled(path, count=9, size=100_000):
        pass
    with by_hand(path) as connection:
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, 350_000)
        assert [*range(1, 10)] == numbers(sqlite_read.messages(connection, "t", None, ALL))  # type: ignore[arg-type]
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, 50_000)
        with pytest.raises(apsw.TooBigError):
            sqlite_read.messages(connection, "t", None, ALL)  # type: ignore[arg-type]


async def test_large_search(path: Path) -> None:
    """An index that is far behind is brought up to date in pieces, all of it."""
    async with filled(path) as storage:
        some = [UserMessage(f"word{n}") for n in range(2 * PIECE + 10)]
        await storage.append("t", some)
        await storage.create_thread(id="u")
        await storage.append("u", some[:5])

        for word, found in (("word0", 2), (f"word{2 * PIECE + 9}", 1), ("x", 1), ("none", 0)):
            assert found == len(await storage.search(word))


async def test_not_found(path: Path) -> None:
    """A name that cannot be kept is of no thread."""
    async with filled(path) as storage:
        for id, owner in (("\x00", None), ("t", "\ud800"), (5, None), ("t", 5)):
            with pytest.raises(ThreadNotFoundError, match="no thread"):
                await storage.get_thread(id, resource=owner)
        with pytest.raises(
            MemoryStorageError, match=r"the id of a thread is a str, not 5; use str"
        ):
            await storage.create_thread(id=5)  # type: ignore[arg-type]


# Several processes, and other versions


def open_at_once(path: Path, barrier: Any) -> None:
    """Open the store when the others do."""

    async def work() -> None:
        barrier.wait(30)
        async with SQLiteStorage(path) as storage:
            await storage.create_thread()

    asyncio.run(work())


@pytest.mark.parametrize("number", range(5))
async def test_two_starters(path: Path, number: int) -> None:
    """Processes that make the same file at the same moment all get it."""
    starters = 4
    barrier = LIVES.Barrier(starters)
    processes = [started(open_at_once, path, barrier) for _ in range(starters)]

    assert [0] * starters == [ended(process) for process in processes]
    async with SQLiteStorage(path) as storage:
        assert starters == len((await storage.list_threads()).items)


async def test_waits_for_who_makes_the_file(path: Path) -> None:
    """A file that another process writes to before it has its write-ahead log is waited for, so long."""
    with by_hand(path) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(MemoryStorageError, match="locked by another process for 0.05 s"):
            await SQLiteStorage(path, lock_timeout=0.05).__aenter__()
        assert time.monotonic() - began >= 0.05

        asyncio.get_running_loop().call_later(0.05, other.execute, "COMMIT")
        async with SQLiteStorage(path) as storage:
            assert () == (await storage.list_threads()).items


async def test_migration(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older file is brought up to date, with all that is in it; a migration that fails leaves it."""
    async with filled(path):
        pass
    first = sqlite_file.MIGRATIONS
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*first, "CREATE TABLE new(x); nonsense"))
    assert "SQLite says: near" in str(await refusal(path))
    with by_hand(path) as connection:
        assert 1 == connection.pragma("user_version")
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'new'").fetchall()

    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*first, "CREATE TABLE new(x)"))
    async with SQLiteStorage(path) as storage:
        assert 1 == (await storage.get_thread("t")).last_seq
    monkeypatch.undo()
    assert "its schema is 2" in str(await refusal(path))


async def test_golden(path: Path) -> None:
    """The file that version 1 wrote is read as it was meant, and goes on."""
    shutil.copy(golden.FILE, path)
    async with SQLiteStorage(path) as storage:
        thread = (await storage.list_threads(resource="ada")).items[0]
        rows = (await storage.get_messages(thread.id, ALL, resource="ada")).items

        assert ["empty", "日本 '; --"] == [one.id for one in (await storage.list_threads()).items]
        assert ("First", {"window": {"start": 5}}, 11) == (
            thread.title,
            thread.metadata,
            thread.last_seq,
        )
        assert datetime(2026, 11, 1, tzinfo=UTC) < thread.created_at <= thread.updated_at
        assert [*range(1, 12)] == [row.seq for row in rows]
        assert [*golden.MESSAGES, golden.SUMMED] == [row.message for row in rows[:-1]]
        assert [*golden.METADATA, golden.COVERS, {}] == [row.metadata for row in rows]
        assert all(row.tokens is not None and row.tokens > 0 for row in rows)
        assert all(thread.created_at <= row.created_at <= thread.updated_at for row in rows)

        again = await storage.append(thread.id, golden.MESSAGES, key=golden.KEY)
        assert Appended(1, 9, replayed=True) == again
        assert [11, 1] == [found.stored.seq for found in await storage.search("kind")]
        assert () == await storage.search("forget")
        new = [UserMessage(text) for text in HOSTILE]
        assert Appended(12, 19) == await storage.append(thread.id, new, expected_seq=11)


async def test_golden_schema(path: Path) -> None:
    """What is made now has the schema of the golden file, so version 1 is still version 1."""
    async with filled(path):
        pass
    shutil.copy(golden.FILE, path.parent / "golden.db")
    schemas: list[Any] = []
    for one in (path, path.parent / "golden.db"):
        with by_hand(one) as connection:
            names = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
            schemas.append(
                (
                    connection.execute(names).fetchall(),
                    connection.pragma("application_id"),
                    connection.pragma("user_version"),
                )
            )
    assert schemas[0] == schemas[1]
