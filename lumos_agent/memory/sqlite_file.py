"""The file of a SQLite store: how it is opened, what stands in it, and what its failures mean."""

import os
import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, cast

from lumos_agent.errors import MemoryStorageError

Durability = Literal["normal", "full"]

APPLICATION = int.from_bytes(b"Lums", "big")
"""What the file says of who wrote it, where the command `file` looks."""
MIGRATIONS = (
    # A message's number is its thread's, shifted, plus its own: a thread is one stretch of one tree,
    # and needs no index. AUTOINCREMENT, so that no thread gets the stretch of a deleted one.
    """
    CREATE TABLE threads(
        pk INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, resource TEXT, title TEXT,
        metadata TEXT NOT NULL, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
        last_seq INTEGER NOT NULL DEFAULT 0, indexed_seq INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX threads_resource ON threads(resource);
    CREATE TABLE messages(
        mid INTEGER PRIMARY KEY, role INTEGER NOT NULL, created_us INTEGER NOT NULL, tokens INTEGER,
        metadata TEXT, content TEXT NOT NULL
    ) STRICT;
    CREATE TABLE turns(
        tpk INTEGER NOT NULL, key TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
        PRIMARY KEY(tpk, key)
    ) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE messages_fts USING fts5(text, content='', contentless_delete=1);
    """,
)
"""What makes version 1 of nothing, 2 of 1 and so on: they only add, so an older version's data stays."""
POLL = 0.005
"""Seconds between two looks at what another process holds."""
SEQ_BITS = 32
CACHE = -16384
"""KiB of pages that a connection keeps, as SQLite counts them."""


class Rows(Protocol):
    """What a statement answers."""

    def fetchall(self) -> list[tuple[Any, ...]]: ...


class Database(Protocol):
    """What we use of apsw's connections, whose own types are not known on Python 3.11."""

    def execute(self, statements: str, bindings: Any = None, /) -> Rows: ...

    def pragma(self, name: str, value: Any = None, /) -> Any: ...

    def changes(self) -> int: ...

    def readonly(self, name: str, /) -> bool: ...

    def set_busy_timeout(self, milliseconds: int, /) -> None: ...

    def set_wal_hook(self, hook: Callable[["Database", str, int], int], /) -> None: ...

    def wal_checkpoint(self) -> tuple[int, int]: ...

    def close(self) -> None: ...

    def __enter__(self) -> "Database": ...

    def __exit__(self, *error: Any) -> bool | None: ...


class LockedError(MemoryStorageError):
    """Another process holds the file; the same request may do better later."""

    retryable: ClassVar[bool] = True


class SQLiteFile(NamedTuple):
    """Where the threads are, and how they are written."""

    path: str
    durability: Durability
    lock_timeout: float
    """Seconds that a connection waits for what another process holds."""

    def open(self, readers: int) -> list[Database]:
        """A connection that writes, and so many that read; the file is made or brought up to date.

        Raises `MemoryStorageError` for a file that cannot be used.
        """
        import apsw

        opened: list[Database] = []
        try:
            opened.append(self._connect(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE))
            self._prepare(opened[0])
            for _ in range(readers):
                opened.append(self._connect(apsw.SQLITE_OPEN_READWRITE))
                opened[-1].pragma("query_only", True)
        except BaseException as error:
            for connection in opened:
                connection.close()
            if isinstance(error, apsw.Error):
                raise self.explained(error) from error
            raise
        return opened

    def _connect(self, flags: int) -> Database:
        import apsw

        connection = cast("Database", apsw.Connection(self.path, flags=flags))
        connection.set_busy_timeout(round(self.lock_timeout * 1000))
        connection.pragma("cache_size", CACHE)
        connection.pragma("temp_store", "MEMORY")
        return connection

    def _prepare(self, db: Database) -> None:
        """Bring the file up to date, if it is ours and we may write to it."""
        if db.readonly("main"):
            raise MemoryStorageError(
                f"{self.path!r} is read-only; let this user write to the file and to its folder"
            )
        version = self._version(db)
        if (mode := self._write_ahead(db)) != "wal":
            raise MemoryStorageError(
                f"{self.path!r} cannot have a write-ahead log, its journal stays {mode!r}; choose a "
                "path on a disk of this machine, or InMemoryStorage for what may be forgotten"
            )
        db.pragma("synchronous", self.durability)
        if version < len(MIGRATIONS):
            self._migrate(db)

    def _write_ahead(self, db: Database) -> str:
        """Have a write-ahead log, if the file can; the journal that it has then.

        For this SQLite itself does not wait, for another process that makes the same file, for example.
        """
        import apsw

        until = time.monotonic() + self.lock_timeout
        while True:
            try:
                return str(db.pragma("journal_mode", "WAL"))
            except apsw.BusyError:
                if time.monotonic() >= until:
                    raise
                time.sleep(POLL)

    def _migrate(self, db: Database) -> None:
        """Go on from the version that the file has; where it fails, closing takes all of it back."""
        db.execute("BEGIN EXCLUSIVE")
        for sql in MIGRATIONS[self._version(db) :]:  # another process may have been quicker
            db.execute(sql)
        db.pragma("application_id", APPLICATION)
        db.pragma("user_version", len(MIGRATIONS))
        db.execute("COMMIT")

    def _version(self, db: Database) -> int:
        """The version of the file, 0 if nothing is in it."""
        with db:  # one state of the file: another process may be making it
            application, version = db.pragma("application_id"), db.pragma("user_version")
            tables = db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        if application != APPLICATION and (application or version or tables):
            raise MemoryStorageError(
                f"{self.path!r} is a database of another program; choose a file of its own"
            )
        if version > len(MIGRATIONS):
            raise MemoryStorageError(
                f"{self.path!r} was written by a newer Lumos: its schema is {version}, this one knows "
                f"{len(MIGRATIONS)}; update lumos-agent"
            )
        return int(version)

    def explained(self, error: Exception) -> MemoryStorageError:
        """What SQLite's *error* means, and what to do."""
        import apsw

        match error:
            case apsw.BusyError() | apsw.LockedError():
                return LockedError(
                    f"{self.path!r} has been locked by another process for {self.lock_timeout:g} s; "
                    "end what holds it, an open transaction or a copy for example, and try again"
                )
            case apsw.FullError() | apsw.IOError():
                return MemoryStorageError(
                    f"cannot write or read {self.path!r}: {error}; is the disk full, or is there "
                    "a limit on the size of files? Make room and try again: what was acknowledged is kept"
                )
            case apsw.NotADBError():
                return MemoryStorageError(
                    f"{self.path!r} is no SQLite database; choose another path, or move that file away"
                )
            case apsw.CorruptError():
                return MemoryStorageError(
                    f"{self.path!r} is damaged: {error}; bring back a copy, or save what can be "
                    "read with the command `.recover` of SQLite's shell"
                )
            case apsw.ReadOnlyError() | apsw.CantOpenError():
                return MemoryStorageError(f"cannot open {self.path!r}: {_reason(self.path)}")
            case _:
                return MemoryStorageError(f"{self.path!r}: SQLite says: {error}")


def _reason(path: str) -> str:
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        return "it is a folder; name a file in it"
    if os.path.isdir(folder):
        return "this user may not write to it or to its folder; give it the right, or choose another path"
    if os.path.exists(folder):
        return f"{folder!r} is a file, not a folder; choose another path"
    return f"there is no folder {folder!r}; make it first"
