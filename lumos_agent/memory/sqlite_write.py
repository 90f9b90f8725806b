"""What is written into a SQLite store. A refusal comes before anything is written.

Each step of a statement lets go of Python's lock and has to wait for it again, 5 ms where the event
loop is busy. So all appends of a commit share their statements, and there is a step for each of these.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from lumos_agent.errors import MemoryStorageError, ThreadConflictError
from lumos_agent.memory.base import Appended
from lumos_agent.memory.checks import Append, NewThread, merged, not_found
from lumos_agent.memory.sqlite_file import SEQ_BITS, Database
from lumos_agent.memory.sqlite_read import ThreadRow, find
from lumos_agent.messages import encode


class _Head(NamedTuple):
    """Where the thread of an append ends, as the file has it, and what its key has done there."""

    place: int
    pk: int | None
    last_seq: int
    first_of_key: int | None
    last_of_key: int


_heads = msgspec.json.Decoder(list[_Head])
Outcome = Appended | MemoryStorageError

HEADS = """
    SELECT json_group_array(json_array(
        asked.key, t.pk, coalesce(t.last_seq, 0), k.first_seq, coalesce(k.last_seq, 0)
    ))
    FROM json_each(?) asked
    LEFT JOIN threads t ON t.id = asked.value ->> 0
        AND (asked.value ->> 1 IS NULL OR t.resource = asked.value ->> 1)
    LEFT JOIN turns k ON k.tpk = t.pk AND k.key = asked.value ->> 2
"""
ADVANCE = """
    UPDATE threads SET last_seq = new.value ->> 1, updated_us = ?2
    FROM json_each(?1) new WHERE pk = new.value ->> 0
"""
REMEMBER = """
    INSERT INTO turns SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)
"""
SIZES = (64, 16, 4, 1)
"""Messages that one statement writes: few, so that SQLite need not read new ones."""
INSERTS = {
    size: f"INSERT INTO messages VALUES {','.join(['(?, ?, ?, ?, ?, ?)'] * size)}" for size in SIZES
}


class _Batch:
    """What the appends of a commit come to, and then what is written of them."""

    def __init__(self) -> None:
        self.now = now_us()
        self.ends: dict[int, int] = {}
        """The last number of each thread that goes on."""
        self.keys: dict[tuple[int, str], Appended] = {}
        self.messages: list[tuple[int, int, int, int, str | None, str]] = []

    def add(self, append: Append, head: _Head) -> Outcome:
        """The numbers that *append* gets, or why it gets none."""
        if head.pk is None:
            return not_found(append.id, append.resource)
        if append.key is not None and (earlier := self._earlier(head.pk, append.key, head)):
            return Appended(earlier.first_seq, earlier.last_seq, replayed=True)
        last = self.ends.get(head.pk, head.last_seq)
        if append.expected_seq is not None and append.expected_seq != last:
            return ThreadConflictError(
                f"thread {append.id!r} has gone on to {last}, not {append.expected_seq}"
            )
        appended = Appended(last + 1, last + len(append.rows))
        if append.rows:
            self._take(append, head.pk, appended)
        return appended

    def _earlier(self, pk: int, key: str, head: _Head) -> Appended | None:
        if head.first_of_key is not None:
            return Appended(head.first_of_key, head.last_of_key)
        return self.keys.get((pk, key))

    def _take(self, append: Append, pk: int, appended: Appended) -> None:
        self.ends[pk] = appended.last_seq
        if append.key is not None:
            self.keys[pk, append.key] = appended
        first = (pk << SEQ_BITS) + appended.first_seq
        for mid, row in enumerate(append.rows, first):
            self.messages.append((mid, row.role, self.now, row.tokens, row.metadata, row.json))

    def write(self, db: Database) -> None:
        """Write it all, in few statements."""
        _insert(db, self.messages)
        if self.ends:
            db.execute(ADVANCE, (_json(self.ends.items()), self.now))
        if self.keys:
            used = [(*place, one.first_seq, one.last_seq) for place, one in self.keys.items()]
            db.execute(REMEMBER, (_json(used),))


def append_all(db: Database, appends: Sequence[Append]) -> list[Outcome]:
    """Write *appends* in their order; what came of each, or why nothing of it was written."""
    asked = _json((one.id, one.resource, one.key) for one in appends)
    ((found,),) = db.execute(HEADS, (asked,)).fetchall()
    batch = _Batch()
    outcomes = [
        batch.add(append, head)
        for append, head in zip(appends, sorted(_heads.decode(found)), strict=True)
    ]
    batch.write(db)
    return outcomes


def _insert(db: Database, rows: Sequence[tuple[Any, ...]]) -> None:
    begin = 0
    for size in SIZES:
        while len(rows) - begin >= size:
            values = [value for row in rows[begin : begin + size] for value in row]
            db.execute(INSERTS[size], values)
            begin += size


def _json(values: Iterable[Any]) -> str:
    return encode(list(values)).decode()


def create(db: Database, new: NewThread) -> ThreadRow:
    """Make a thread."""
    now = now_us()
    db.execute(
        "INSERT INTO threads(id, resource, title, metadata, created_us, updated_us) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING",
        (*new, now, now),
    )
    if not db.changes():
        raise ThreadConflictError(f"there is a thread {new.id!r} already")
    return find(db, new.id, None)


def update(
    db: Database,
    id: str,
    resource: str | None,
    title: str | UnsetType | None,
    patch: Mapping[str, Any],
) -> ThreadRow:
    """Change a thread's title, if one is given, and merge *patch* into its metadata."""
    old = find(db, id, resource)
    new = old._replace(
        title=old.title if title is UNSET else title,
        metadata=merged(old.metadata, patch),
        updated_us=now_us(),
    )
    db.execute(
        "UPDATE threads SET title = ?, metadata = ?, updated_us = ? WHERE pk = ?",
        (new.title, encode(new.metadata).decode(), new.updated_us, new.pk),
    )
    return new


def delete(db: Database, id: str, resource: str | None) -> None:
    """Remove a thread, its messages and what is known of its keys."""
    pk = find(db, id, resource).pk
    for table, number in (("messages", "mid"), ("messages_fts", "rowid")):
        db.execute(
            f"DELETE FROM {table} WHERE {number} BETWEEN ? AND ?",
            (pk << SEQ_BITS, (pk + 1 << SEQ_BITS) - 1),
        )
    db.execute("DELETE FROM turns WHERE tpk = ?", (pk,))
    db.execute("DELETE FROM threads WHERE pk = ?", (pk,))


def now_us() -> int:
    """The time, in microseconds since 1970."""
    return time.time_ns() // 1000
