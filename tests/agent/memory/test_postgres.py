"""Threads in PostgreSQL."""

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest

from lumos_agent import (
    Appended,
    ConfigError,
    GetMessagesParams,
    InMemoryStorage,
    MemoryStorageError,
    PostgresStorage,
    ThreadConflictError,
    ThreadNotFoundError,
    UserMessage,
)
from lumos_agent.memory import postgres_pool, postgres_search, postgres_server, postgres_sql
from lumos_agent.memory.base import MemorySearch
from lumos_agent.memory.checks import rows_of
from lumos_agent.testing.memory_contract import MemorySearchContract
from tests.agent.memory.postgres import PASSWORD, Postgres, free_port
from tests.agent.memory.prove_postgres import cancelled, client_kills, server_ends


class TestPostgresStorage(MemorySearchContract):
    """It does what every store must."""

    @pytest.fixture(autouse=True)
    def database(self, postgres: Postgres) -> None:
        self.dsn = asyncio.run(postgres.database())

    def storage(self) -> PostgresStorage:
        return PostgresStorage(self.dsn)


@pytest.fixture
async def dsn(postgres: Postgres) -> str:
    """An empty database."""
    return await postgres.database()


@pytest.fixture
async def storage(dsn: str) -> AsyncIterator[PostgresStorage]:
    """A store with an empty thread `t`."""
    async with PostgresStorage(dsn) as storage:
        await storage.create_thread(id="t")
        yield storage


@asynccontextmanager
async def beside(dsn: str) -> AsyncIterator[Any]:
    """A connection that is not the store's."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def locked(
    dsn: str, sql: str = "SELECT 1 FROM lumos_threads FOR UPDATE"
) -> AsyncIterator[Any]:
    """Somebody else is in a transaction that locks the threads."""
    async with beside(dsn) as connection, connection.transaction():
        await connection.execute(sql)
        yield connection


async def waiting(connection: Any, count: int) -> None:
    """Wait until so many wait for a lock."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while await connection.fetchval("SELECT pg_stat_clear_snapshot()") or (
            await connection.fetchval(f"{sql} AND datname = current_database()") < count
        ):
            await asyncio.sleep(0.01)


def says(text: str) -> list[Any]:
    return [UserMessage(text)]


# Opening


async def test_two_starters(dsn: str):
    """Of several that start at once one makes the schema, and all can use it."""

    async def start(name: str) -> int:
        async with PostgresStorage(dsn, pool_size=1) as storage:
            await storage.create_thread(id=name)
            return (await storage.append(name, says("x"))).last_seq

    assert [1] * 6 == await asyncio.gather(*(start(str(number)) for number in range(6)))
    async with beside(dsn) as connection:
        versions = await connection.fetch("SELECT version FROM lumos_schema")

    assert [1] == [row[0] for row in versions]


async def test_newer(dsn: str):
    """A database of a newer version is refused, as it is."""
    async with PostgresStorage(dsn):
        pass
    async with beside(dsn) as connection:
        await connection.execute("UPDATE lumos_schema SET version = 99")
    with pytest.raises(
        MemoryStorageError,
        match="was written by a newer Lumos: its schema is 99, this one knows 1; update lumos-agent",
    ):
        await PostgresStorage(dsn).__aenter__()


async def test_search_path(dsn: str):
    """The tables may stand in a schema of their own."""
    async with beside(dsn) as connection:
        await connection.execute("CREATE SCHEMA memory")
        async with PostgresStorage(f"{dsn}?search_path=memory") as storage:
            await storage.create_thread(id="t")
        assert "t" == await connection.fetchval("SELECT id FROM memory.lumos_threads")


def test_extra(monkeypatch: pytest.MonkeyPatch):
    """Without asyncpg the error says how to get it."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ImportError, match=r"pip install 'lumos-agent\[postgres\]'"):
        PostgresStorage("postgresql://localhost/x")


@pytest.mark.parametrize(
    ("dsn", "name"),
    [
        ("postgresql://ada:pw@db.example/chat", "db.example:5432/chat"),
        ("postgres://db.example:6432/chat", "db.example:6432/chat"),
        ("postgresql://ada:p%40w@[::1]:6432/chat", "[::1]:6432/chat"),
        ("postgresql://ada:p@w@db/chat", "db:5432/chat"),
        ("postgresql://a:1,b:2/chat", "a:1,b:2/chat"),
        ("postgresql:///chat?host=/run/pg&port=6432&password=pw", "/run/pg:6432/chat"),
        ("postgresql://db/?dbname=chat", "db:5432/chat"),
    ],
)
def test_name(dsn: str, name: str):
    """What is said of a dsn is host, port and database."""
    storage = PostgresStorage(dsn)

    assert (name, name) == (storage.name, repr(storage._server))


@pytest.mark.parametrize(
    "dsn",
    [
        "threads.db",
        "mysql://ada:secret@db/chat",
        "postgresql://ada:sec/ret@db/chat",
        "postgresql://ada:12/34@db/chat",
        "postgresql://ada:12#34@db/chat",
        "postgresql://ada:12?34@db/chat",
        "postgresql://ada:12?secret=34@db/chat",
        "postgresql://ada:sec[ret@db/chat",
        "postgresql://db:secret/chat",
        "postgresql://db/chat/secret",
        None,
    ],
)
def test_odd_dsn(dsn: Any):
    """What is no dsn is refused at once, with how one is written, and not repeated."""
    with pytest.raises(ConfigError, match="postgresql://user:password@host:port/database") as told:
        PostgresStorage(dsn)

    assert told.value.__suppress_context__
    assert "secret" not in str(told.value)


def test_odd_pool():
    """A pool has a connection at least."""
    with pytest.raises(ConfigError, match="1 or more, not 0"):
        PostgresStorage("postgresql://db/chat", pool_size=0)


async def test_refused(postgres: Postgres, dsn: str):
    """What cannot be used says why, and never the password."""
    for bad, error, message in (
        (postgres.dsn("nowhere"), MemoryStorageError, 'database "nowhere" does not exist; make'),
        (postgres.dsn(password="wrong-one"), MemoryStorageError, "check user and password"),
        (f"{dsn}?sslmode=odd", ConfigError, "mend the dsn"),
        (f"{dsn}?default_transaction_read_only=on", MemoryStorageError, "takes no writes"),
        (f"{dsn}?{PASSWORD}=1".replace("w@", ""), MemoryStorageError, "see the server's log"),
        (f"postgresql://lumos:pass-word@127.0.0.1:{free_port()}/x", MemoryStorageError, "running?"),
        ("postgresql://lumos:pass-word@no-host.invalid/x", MemoryStorageError, "running?"),
    ):
        storage = PostgresStorage(bad)
        with pytest.raises(error, match=message) as told:
            await storage.__aenter__()
        shown = "".join(traceback.format_exception(told.value))

        assert storage.name in str(told.value)
        for secret in (PASSWORD, "s3cret", "wrong-one", "pass-word"):
            assert secret not in shown.replace("s3cret/rd", "")
    with pytest.raises(MemoryStorageError, match="is not open"):
        await storage.get_thread("t")


async def test_password_in_answer(dsn: str):
    """Where the server itself repeats the password, it is left out."""
    storage = PostgresStorage(dsn)
    told = storage._server.explained(asyncpg.PostgresError(f"odd: {PASSWORD}"))

    assert "odd: ***; see" in str(told)
    assert "TypeError" == type(storage._server.explained(TypeError())).__name__


async def test_opened(storage: PostgresStorage, dsn: str):
    """It is opened once, by one event loop, and used while it is open."""
    with pytest.raises(MemoryStorageError, match="is open already"):
        await storage.__aenter__()
    with pytest.raises(MemoryStorageError, match="opened on another event loop"):
        await asyncio.to_thread(asyncio.run, storage.get_thread("t"))
    other = PostgresStorage(dsn)
    with pytest.raises(MemoryStorageError, match="is not open; use it within `async with`"):
        await other.append("t", says("x"))


# Racing


async def test_racing_replays(storage: PostgresStorage, dsn: str):
    """Of two that wait with one key the second finds that it was used, though it looked before."""
    async with locked(dsn) as other:
        racing = [asyncio.create_task(storage.append("t", says("x"), key="k")) for _ in range(2)]
        await waiting(other, 2)
    done = sorted([await one for one in racing], key=lambda one: one.replayed)

    assert [Appended(1, 1), Appended(1, 1, replayed=True)] == done


async def test_replay_before_expected(storage: PostgresStorage, dsn: str):
    """A racing replay is answered, though the thread has gone on from what it expected."""
    async with locked(dsn) as other:
        racing = [
            asyncio.create_task(storage.append("t", says("x"), key="k", expected_seq=0))
            for _ in range(2)
        ]
        await waiting(other, 2)
    done = sorted([await one for one in racing], key=lambda one: one.replayed)

    assert [Appended(1, 1), Appended(1, 1, replayed=True)] == done


async def test_expected_comes_true(storage: PostgresStorage, dsn: str):
    """What another makes true between two looks is tried again."""

    class Overtaken:
        """A connection before whose second statement somebody else appends."""

        asked = 0

        def __init__(self, connection: Any) -> None:
            self._connection = connection

        async def fetchrow(self, sql: str, *values: Any) -> Any:
            self.asked += 1
            if self.asked == 2:
                await storage.append("t", says("first"))
            return await self._connection.fetchrow(sql, *values)

    async with beside(dsn) as connection:
        overtaken: Any = Overtaken(connection)
        rows = rows_of(says("second"), ())
        done = await postgres_sql.append(overtaken, postgres_sql.Append("t", None, None, 1, rows))

    assert (Appended(2, 2), 3) == (done, overtaken.asked)


async def test_deleted_meanwhile(storage: PostgresStorage, dsn: str):
    """An append that waits for a thread that is deleted finds none, and leaves nothing."""
    async with locked(dsn) as other:
        append = asyncio.create_task(storage.append("t", says("x"), key="k"))
        await waiting(other, 1)
        await other.execute("DELETE FROM lumos_threads")
    with pytest.raises(ThreadNotFoundError, match="no thread 't'"):
        await append
    async with beside(dsn) as connection:
        assert 0 == await connection.fetchval("SELECT count(*) FROM lumos_messages")


async def test_nothing_to_append(storage: PostgresStorage):
    """Appending nothing still says where the thread is, and whether it is where it was expected."""
    await storage.append("t", says("x"), key="k")

    assert Appended(2, 1) == await storage.append("t", [], expected_seq=1)
    assert Appended(1, 1, replayed=True) == await storage.append("t", [], key="k")
    with pytest.raises(ThreadConflictError, match="has gone on to 1, not 0"):
        await storage.append("t", [], expected_seq=0)
    with pytest.raises(ThreadConflictError, match=f"has gone on to 1, not {10**30}"):
        await storage.append("t", says("y"), expected_seq=10**30)


async def test_times(storage: PostgresStorage, dsn: str):
    """Times follow the numbers, also of those that waited."""
    async with locked(dsn) as other:
        racing = [asyncio.create_task(storage.append("t", says("x"))) for _ in range(4)]
        await waiting(other, 4)
    await asyncio.gather(*racing)
    rows = (await storage.get_messages("t")).items

    assert sorted(row.created_at for row in rows) == [row.created_at for row in rows]
    assert rows[-1].created_at == (await storage.get_thread("t")).updated_at


async def test_small_pool(dsn: str):
    """Many more requests than connections are all answered."""
    async with PostgresStorage(dsn, pool_size=2) as storage:
        await storage.create_thread(id="t")
        done = await asyncio.gather(*(storage.append("t", says(f"{n}")) for n in range(60)))
        rows = await asyncio.gather(
            *(storage.get_messages("t", GetMessagesParams(limit=None)) for _ in range(20))
        )

    assert [*range(1, 61)] == sorted(one.last_seq for one in done)
    assert {60} == {len(page.items) for page in rows}


# Breaking


async def test_connection_lost(storage: PostgresStorage, dsn: str):
    """An append whose connection breaks is repeated if it has a key; without, nobody knows."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with locked(dsn) as other:
        keyed = asyncio.create_task(storage.append("t", says("x"), key="k"))
        await waiting(other, 1)
        await other.execute(cut)
        await asyncio.sleep(0.2)
        await waiting(other, 1)
        plain = asyncio.create_task(storage.append("t", says("x")))
        await waiting(other, 2)
        await other.execute(cut)
        with pytest.raises(MemoryStorageError, match="was cut off: .*; is the server") as told:
            await plain
        with pytest.raises(MemoryStorageError, match="was cut off") as second:
            await keyed

    assert (True, True) == (told.value.retryable, second.value.retryable)
    assert Appended(1, 1) == await storage.append("t", says("x"), key="k")


async def test_repeated(storage: PostgresStorage, dsn: str):
    """An append with a key whose connection breaks once is there once."""
    async with locked(dsn) as other:
        append = asyncio.create_task(storage.append("t", says("x"), key="k"))
        await waiting(other, 1)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )

    assert Appended(1, 1) == await append
    assert 1 == (await storage.get_thread("t")).last_seq


async def test_idle_connections_lost(storage: PostgresStorage, dsn: str):
    """Connections that end while nobody uses them are replaced, and nobody is told."""
    await asyncio.gather(*(storage.append("t", says("x")) for _ in range(3)))
    async with beside(dsn) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid != pg_backend_pid() AND datname = current_database()"
        )
    await asyncio.sleep(0.2)

    assert Appended(4, 4) == await storage.append("t", says("x"))


async def test_no_answer(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """A thread that stays locked is an error in the end, and the store goes on."""
    monkeypatch.setattr(postgres_server, "ANSWERING", 0.3)
    async with PostgresStorage(dsn) as storage:
        await storage.create_thread(id="t")
        async with locked(dsn):
            with pytest.raises(MemoryStorageError, match="does not answer") as told:
                await storage.append("t", says("x"), key="k")

        again = await storage.append("t", says("x"), key="k")

        assert told.value.retryable
        assert (1, 1) == (again.first_seq, again.last_seq)


async def test_closing(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """Closing finishes what is written, and ends what is still read after a while."""
    monkeypatch.setattr(postgres_pool, "CLOSING", 0.2)
    storage = await PostgresStorage(dsn).__aenter__()
    await storage.create_thread(id="t")
    await storage.append("t", says("x"))
    async with locked(dsn, f"SELECT pg_advisory_xact_lock({postgres_server.LOCK + 1})") as other:
        search = asyncio.create_task(storage.search("x"))
        await waiting(other, 1)
        append = asyncio.create_task(storage.append("t", says("y")))
        await asyncio.sleep(0)
        await storage.__aexit__()
        with pytest.raises(MemoryStorageError, match="was closed meanwhile"):
            await search

    assert Appended(2, 2) == await append


async def test_cancelled_reads(storage: PostgresStorage):
    """A read that is cancelled leaves no broken connection."""
    await storage.append("t", [UserMessage("x" * 1000)] * 100)
    for number in range(20):
        task = asyncio.create_task(storage.get_messages("t"))
        await asyncio.sleep(0.0003 * (number % 7))
        task.cancel()
        await asyncio.wait([task])
        with suppress(asyncio.CancelledError):
            assert 50 == len((await task).items)

    assert 50 == len((await storage.get_messages("t")).items)


async def test_cancelled_twice(storage: PostgresStorage, dsn: str):
    """However often an append is cancelled, it is done before its caller goes on."""
    async with locked(dsn) as other:
        task = asyncio.create_task(storage.append("t", says("x")))
        await waiting(other, 1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done()
    await asyncio.wait([task])

    assert task.cancelled()
    assert 1 == (await storage.get_thread("t")).last_seq


async def test_cancelled_at_random(dsn: str):
    """A tenth of the proof's 200 appends that are cancelled."""
    found = await cancelled(dsn, 20)

    assert 20 == found["cancelled"]


async def test_client_killed(dsn: str):
    """A tenth of the proof's processes that are ended while they write."""
    said, there = await client_kills(dsn, 2)

    assert 20 < said <= there


async def test_server_killed():
    """A tenth of the proof's servers that are ended under load, and one that is restarted."""
    with Postgres(fsync="off") as server:
        killed, _ = await server_ends(server, server.kill, 1)
        restarted, _ = await server_ends(server, server.stop, 1)

    assert killed > 100
    assert restarted > 100


# Reading


async def test_numbers_stay(storage: PostgresStorage):
    """Metadata comes back as it was written, large numbers too."""
    metadata = {"b": 1e23, "a": [1.0, -0.0, 2**70, "é"]}
    await storage.append("t", says("x"), metadata=[metadata])
    thread = await storage.update_thread("t", metadata=metadata)
    row = (await storage.get_messages("t", GetMessagesParams(metadata={"b": 1e23}))).items[0]

    assert [repr(metadata)] * 2 == [repr(row.metadata), repr(thread.metadata)]


async def test_unkept_metadata(storage: PostgresStorage):
    """What no metadata can have is not asked for."""
    with pytest.raises(MemoryStorageError, match="without NUL"):
        await storage.list_threads(metadata={"x": "\x00"})


async def test_odd_resource(storage: PostgresStorage):
    """A resource that cannot be has nothing."""
    await storage.append("t", says("x"))

    assert () == (await storage.list_threads(resource="\x00")).items
    assert () == await storage.search("x", resource="\x00")
    with pytest.raises(ThreadNotFoundError):
        await storage.search("x", thread="\x00")


async def test_unknown_row(storage: PostgresStorage, dsn: str):
    """A message of a later version is named as such."""
    await storage.append("t", says("x"))
    async with beside(dsn) as connection:
        await connection.execute("""UPDATE lumos_messages SET content = '{"role":"later"}'""")
    with pytest.raises(MemoryStorageError, match="nothing that this version knows.*update lumos"):
        await storage.get_messages("t")


async def test_page_of_uncounted(storage: PostgresStorage, dsn: str):
    """A page is read alone, also where PostgreSQL has not counted the thread's messages yet."""
    await storage.append("t", [UserMessage("x")] * 5_000)
    sql = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'lumos_messages_pkey'"
    async with beside(dsn) as other:
        for params in (GetMessagesParams(), GetMessagesParams(after=100, limit=50)):
            async with PostgresStorage(dsn, pool_size=1) as reader:
                await other.fetchval("SELECT pg_stat_clear_snapshot()")
                before = await other.fetchval(sql)
                assert 50 == len((await reader.get_messages("t", params)).items)
            async with asyncio.timeout(10):  # it is told when the connection ends
                while before == (read := await other.fetchval(sql)):
                    await asyncio.sleep(0.01)
            assert 51 == read - before


async def test_long_page(storage: PostgresStorage):
    """While a long page is decoded, others have their turns."""
    await storage.append("t", [UserMessage("x" * 200_000)] * 20)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    page = await storage.get_messages("t")
    task.cancel()

    assert 20 == len(page.items)
    assert turns > 20


# Searching

TEXTS = (
    "Mail ada@example.com, or see https://example.com/milk?x=1",
    "-5 degrees, 3.14 and 1e5; snake_case, kebab-case",
    "İstanbul Straße ŒUVRE 日本 \x00milk\ud800",
    "w" * 5_000,
)
QUERIES = (
    *("example", "example com", "ada", "milk", "5", "14", "1e5", "snake_case", "kebab", "strasse"),
    *("istanbul", "œuvre", "日本", "w" * 5_000, "w" * 4_999, "x 1", "case"),
)


async def test_words(storage: PostgresStorage):
    """Words are what they are to other stores, in addresses, numbers and any script."""
    async with InMemoryStorage() as memory:
        await memory.create_thread(id="t")
        found: list[list[list[int]]] = []
        both: list[Any] = [storage, memory]
        for each in both:
            await each.append("t", [UserMessage(text) for text in TEXTS])
            search: MemorySearch = each
            found.append([[one.stored.seq for one in await search.search(q)] for q in QUERIES])

    assert found[0] == found[1]
    assert [1] == found[0][0]


async def test_index_of_many(storage: PostgresStorage, monkeypatch: pytest.MonkeyPatch):
    """Long and many messages are indexed piece by piece, by all who search; each once."""
    monkeypatch.setattr(postgres_search, "PIECE", 7)
    monkeypatch.setattr(postgres_search, "ENOUGH", 1000)
    for thread in ("u", "v"):
        await storage.create_thread(id=thread, resource=thread)
        await storage.append(thread, [UserMessage(f"word {n}") for n in range(20)])
    many = UserMessage(" ".join(f"word{n}" for n in range(200_000)))
    await storage.append("t", [many, UserMessage("word")])
    all_of_v = await storage.search("word", resource="v", limit=None)
    found = await asyncio.gather(*(storage.search("word", limit=None) for _ in range(4)))
    last = await storage.search("word199999")

    assert 20 == len(all_of_v)
    assert [41] * 4 == [len(one) for one in found]
    assert [("t", 1)] == [(one.thread, one.stored.seq) for one in last]
