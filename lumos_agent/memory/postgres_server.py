"""The server of a PostgreSQL store: how it is reached, what stands in it, what its failures mean."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Protocol, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from lumos_agent.errors import ConfigError, MemoryStorageError

CONNECTING = 10.0
"""Seconds that the server has to take a connection."""
ANSWERING = 60.0
"""Seconds that the server has to answer; an append may wait as long for what locks its thread."""
LOCK = int.from_bytes(b"Lums", "big")
"""The advisory lock under which the schema is made, so that of two starters one waits; the next number
is for those that index.
"""
MIGRATIONS = (
    # No foreign keys: they are looked up for each message of an append, and rows are written under the
    # lock of their thread's row anyway. No index on updated_at, without which an append need not touch
    # any index of the thread's row. Metadata is json, for jsonb makes an integer of 1e23.
    """
    CREATE TABLE lumos_threads(
        pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, resource text,
        title text, metadata json NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), last_seq bigint NOT NULL DEFAULT 0,
        indexed_seq bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor=80);
    CREATE INDEX lumos_threads_resource ON lumos_threads(resource, pk);
    CREATE TABLE lumos_messages(
        tpk bigint NOT NULL, seq bigint NOT NULL, role smallint NOT NULL,
        created_at timestamptz NOT NULL, tokens int, metadata json, content text NOT NULL,
        PRIMARY KEY(tpk, seq)
    );
    CREATE TABLE lumos_turns(
        tpk bigint NOT NULL, key text NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL,
        PRIMARY KEY(tpk, key)
    );
    CREATE TABLE lumos_words(
        tpk bigint NOT NULL, seq bigint NOT NULL, words text[] NOT NULL, PRIMARY KEY(tpk, seq)
    );
    CREATE INDEX lumos_words_words ON lumos_words USING gin(words);
    """,
)
"""What makes version 1 of nothing, 2 of 1 and so on: they only add, so an older version's data stays."""
# Not to_regclass, which may remember that there was no table before it waited for the lock.
MADE = "SELECT 1 FROM pg_class WHERE relname = 'lumos_schema' AND pg_table_is_visible(oid)"

Record = Sequence[Any]


class Connection(Protocol):
    """What we use of asyncpg's connections, which has no types."""

    async def execute(self, sql: str, *values: Any) -> str: ...

    async def fetch(self, sql: str, *values: Any) -> list[Record]: ...

    async def fetchrow(self, sql: str, *values: Any) -> Record | None: ...

    def transaction(self) -> AbstractAsyncContextManager[None]: ...

    def is_closed(self) -> bool: ...

    def terminate(self) -> None: ...

    async def close(self) -> None: ...


class UnreachableError(MemoryStorageError):
    """The server is not there, or went away; the same request may do better later."""

    retryable: ClassVar[bool] = True


def driver() -> Any:
    """The library asyncpg. Raises `ImportError` that says how to get it."""
    try:
        return import_module("asyncpg")
    except ImportError as error:
        raise ImportError(
            "PostgresStorage needs asyncpg; run: pip install 'lumos-agent[postgres]'"
        ) from error


class PostgresServer(NamedTuple):
    """Where the threads are."""

    dsn: str
    name: str
    """Host, port and database: what may be shown of the dsn."""
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return self.name

    async def connect(self) -> Connection:
        """A connection. Raises what asyncpg does."""
        connection = await driver().connect(self.dsn, timeout=CONNECTING, command_timeout=ANSWERING)
        return cast("Connection", connection)

    async def prepare(self, connection: Connection) -> None:
        """Bring the schema up to date, if it is not. Raises `MemoryStorageError` for a newer one."""
        if await self._version(connection) == len(MIGRATIONS):
            return
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            version = await self._version(connection)  # another process may have been quicker
            for sql in MIGRATIONS[version:]:
                await connection.execute(sql)
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS lumos_schema(version int NOT NULL)"
            )
            await connection.execute("DELETE FROM lumos_schema")
            await connection.execute("INSERT INTO lumos_schema VALUES ($1)", len(MIGRATIONS))

    async def _version(self, connection: Connection) -> int:
        """The version of the schema, 0 if there is none."""
        if not await connection.fetch(MADE):
            return 0
        rows = await connection.fetch("SELECT version FROM lumos_schema")
        version = int(rows[0][0])
        if version > len(MIGRATIONS):
            raise MemoryStorageError(
                f"{self.name!r} was written by a newer Lumos: its schema is {version}, this one knows "
                f"{len(MIGRATIONS)}; update lumos-agent"
            )
        return version

    def explained(self, error: Exception) -> Exception:
        """What asyncpg's *error* means and what to do; any other error as it is."""
        asyncpg = driver()
        if isinstance(error, TimeoutError):
            return UnreachableError(
                f"{self.name!r} does not answer; is the server overloaded, is a transaction left open "
                "that locks the thread? Try again, an append with its key, for it may have been done"
            )
        if is_lost(error):
            return UnreachableError(
                f"cannot reach {self.name!r}, or was cut off: {self._said(error)}; is the server "
                "running? Try again, an append with its key, for it may have been done"
            )
        for kind, way_out in (
            ("InvalidAuthorizationSpecificationError", "check user and password of the dsn"),
            ("InvalidCatalogNameError", "make the database first, with createdb for example"),
            ("ClientConfigurationError", "mend the dsn"),
            ("InsufficientPrivilegeError", "let the user of the dsn make and use tables there"),
            ("ReadOnlySQLTransactionError", "it takes no writes; give the dsn of the primary"),
            ("InsufficientResourcesError", "make room, or allow more, and try again"),
            ("PostgresError", "see the server's log"),
        ):
            if isinstance(error, getattr(asyncpg, kind)):
                refused = ConfigError if kind == "ClientConfigurationError" else MemoryStorageError
                return refused(f"{self.name!r}: PostgreSQL says: {self._said(error)}; {way_out}")
        return error

    def _said(self, error: Exception) -> str:
        """The words of *error*, without the password if they have it."""
        said = str(error) or type(error).__name__
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return said


def is_lost(error: BaseException) -> bool:
    """Whether *error* says that the connection is gone, or that there is none to have."""
    asyncpg = driver()
    lost = (
        OSError,
        asyncpg.PostgresConnectionError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.CannotConnectNowError,
        asyncpg.TooManyConnectionsError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # it has heard of the end, but not yet that the socket is closed
    )
    not_lost = (TimeoutError, asyncpg.DataError, asyncpg.ClientConfigurationError)
    return isinstance(error, lost) and not isinstance(error, not_lost)


def server_of(dsn: str) -> PostgresServer:
    """The server at *dsn*. Raises `ConfigError` for what is no address, without repeating it."""
    try:
        parts = urlsplit(dsn)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        name = _name(parts, options)
    except (ValueError, AttributeError, TypeError):  # whose words may be those of the password
        raise ConfigError(
            "the dsn of a PostgresStorage is postgresql://user:password@host:port/database, and what "
            "is special in the password is written as %XX: urllib.parse.quote(password, safe='')"
        ) from None
    given = [parts.password or "", *options.get("password", [])]
    secrets = {secret for one in given for secret in (one, unquote(one)) if secret}
    return PostgresServer(dsn, name, tuple(sorted(secrets, key=len, reverse=True)))


def _name(parts: SplitResult, options: dict[str, list[str]]) -> str:
    """Host, port and database. Raises `ValueError` where something is out of its place, a half of the
    password for example, which is not to be shown.
    """
    database = options.get("dbname", options.get("database", [unquote(parts.path[1:])]))[0]
    odd = parts.fragment or "@" in parts.path + parts.query or "/" in database
    if odd or parts.scheme not in ("postgresql", "postgres"):
        raise ValueError
    hosts = parts.netloc.rpartition("@")[2] or options.get("host", ["localhost"])[0]
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts.split(",")]
    if not all(port.isdigit() or not port for port in ports):
        raise ValueError
    port = f":{options.get('port', ['5432'])[0]}" if ports == [""] else ""
    return f"{hosts}{port}/{database}"
