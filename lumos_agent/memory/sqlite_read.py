"""What is read out of a SQLite store.

Each step of a statement lets go of Python's lock and has to wait for it again, 5 ms where the event
loop is busy. So a page comes as one row of JSON, which is quicker to decode, too.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from lumos_agent.memory.base import GetMessagesParams, Include, MemoryThread, Page, Stored
from lumos_agent.memory.checks import ROLES, decoded, has, not_found
from lumos_agent.memory.sqlite_file import SEQ_BITS, Database
from lumos_agent.messages import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLICE = 128
"""Rows that are read and decoded at once, at most: others wait so long."""
END = 1 << SEQ_BITS
"""A number that no message has, nor any thread: it is after all of them."""

Bound = dict[str, Any]

# One row, if the thread is there: its messages as JSON, or NULL.
MESSAGES = """
    SELECT (
        SELECT '[' || group_concat(
            '[' || (mid - (t.pk << 32)) || ',' || created_us || ',' || coalesce(tokens, 'null') || ','
            || coalesce(metadata, '{{}}') || ',' || content || ']', ','
        ) || ']'
        FROM (
            SELECT * FROM messages
            WHERE mid > (t.pk << 32) + :after AND mid < (t.pk << 32) + :before
                AND (:roles >> role) & 1 AND (metadata IS NOT NULL OR NOT :described)
                AND (:since IS NULL OR created_us >= :since)
                AND (:until IS NULL OR created_us < :until)
            ORDER BY mid {order} LIMIT :size
        )
    )
    FROM threads t WHERE t.id = :id AND (:resource IS NULL OR t.resource = :resource)
"""
FORWARD, BACKWARD = MESSAGES.format(order="ASC"), MESSAGES.format(order="DESC")
THREAD = "pk, id, resource, title, json(metadata), created_us, updated_us, last_seq"
THREADS = f"""
    SELECT '[' || group_concat(thread, ',') || ']' FROM (
        SELECT json_array({THREAD}) AS thread FROM threads
        WHERE pk < :before {{owner}} ORDER BY pk DESC LIMIT :size
    )
"""
ALL_THREADS, OWNED_THREADS = (
    THREADS.format(owner=owner) for owner in ("", "AND resource = :resource")
)
FIND = f"""
    SELECT json_array({THREAD}) FROM threads
    WHERE id = ?1 AND (?2 IS NULL OR resource = ?2)
"""


class MessageRow(NamedTuple):
    """A message as a page has it."""

    seq: int
    created_us: int
    tokens: int | None
    metadata: dict[str, Any]
    message: Message


class ThreadRow(NamedTuple):
    """A thread as a list has it."""

    pk: int
    id: str
    resource: str | None
    title: str | None
    metadata: dict[str, Any]
    created_us: int
    updated_us: int
    last_seq: int


R = TypeVar("R", MessageRow, ThreadRow)
_number = itemgetter(0)
_message_rows = msgspec.json.Decoder(list[MessageRow])
_thread_rows = msgspec.json.Decoder(list[ThreadRow])
_thread_row = msgspec.json.Decoder(ThreadRow)


def messages(
    db: Database, id: str, resource: str | None, params: GetMessagesParams
) -> Page[Stored]:
    """A page of a thread's messages, oldest first."""
    bound = {"id": id, "resource": resource, **_bounds(params)}
    sql = FORWARD if params.before is None and params.after is not None else BACKWARD
    size = SLICE if params.metadata else min(SLICE, _one_more(params.limit))
    # One statement sees one state of the file; several need a transaction for that.
    with db if size == SLICE or params.include else nullcontext():
        rows = _scan(db, sql, bound, _message_rows, size)
        if params.metadata:
            rows = (row for row in rows if has(row.metadata, params.metadata))
        page, more = _first(rows, params.limit)
        page.sort(key=_number)
        shown = page
        for include in params.include:
            around = {**bound, **_bounds(_neighbours(include))}
            shown = [*shown, *_scan(db, FORWARD, around, _message_rows, SLICE)]
    if shown is not page:
        shown = sorted({row.seq: row for row in shown}.values(), key=_number)
    return Page(
        items=tuple(map(stored_of, shown)),
        before=page[0].seq if page else None,
        after=page[-1].seq if page else None,
        has_more=more,
    )


def _bounds(params: GetMessagesParams) -> Bound:
    roles = ROLES if params.roles is None else params.roles
    return {
        "after": _within(params.after, 0),
        "before": _within(params.before, END),
        "roles": sum(1 << ROLES[role] for role in roles),
        "described": bool(params.metadata),
        "since": params.since and _us(params.since),
        "until": params.until and _us(params.until),
    }


def _within(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else max(0, min(number, END))


def _neighbours(include: Include) -> GetMessagesParams:
    return GetMessagesParams(
        after=include.seq - include.with_previous_messages - 1,
        before=include.seq + include.with_next_messages + 1,
    )


def _us(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def _time(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC)  # exact for some centuries, and the quickest way


def _one_more(limit: int | None) -> int:
    """How many rows tell whether there are more than *limit*."""
    return END if limit is None else max(0, limit) + 1


def _first(rows: Iterator[R], limit: int | None) -> tuple[list[R], bool]:
    """The first rows, and whether there are more."""
    some = list(islice(rows, _one_more(limit)))
    return some[:limit], limit is not None and len(some) > limit


def _scan(
    db: Database,
    sql: str,
    bound: Bound,
    decoder: "msgspec.json.Decoder[list[R]]",
    size: int,
) -> Iterator[R]:
    """The rows of *sql* in the order of their numbers, read *size* at a time."""
    while True:
        rows, size = _slice(db, sql, {**bound, "size": size}, decoder)
        yield from rows
        if len(rows) < size:
            return
        bound = {**bound, "after" if sql is FORWARD else "before": rows[-1][0]}


def _slice(
    db: Database, sql: str, bound: Bound, decoder: "msgspec.json.Decoder[list[R]]"
) -> tuple[list[R], int]:
    """The next rows and how many were asked for: fewer where they are too large for one text."""
    import apsw

    try:
        found = db.execute(sql, bound).fetchall()
    except apsw.TooBigError:
        if bound["size"] == 1:
            raise
        return _slice(db, sql, {**bound, "size": bound["size"] // 2}, decoder)
    if not found:
        raise not_found(bound["id"], bound["resource"])
    rows = decoded(found[0][0] or "[]", decoder)
    rows.sort(key=_number, reverse=sql is not FORWARD)
    return rows, bound["size"]


def stored_of(row: MessageRow) -> Stored:
    """The message as callers see it."""
    seq, created_us, tokens, metadata, message = row
    created_at = _time(created_us)
    return Stored(seq=seq, message=message, created_at=created_at, tokens=tokens, metadata=metadata)


def threads(
    db: Database,
    resource: str | None,
    metadata: Mapping[str, Any],
    limit: int | None,
    before: int | None,
) -> Page[MemoryThread]:
    """A page of threads, the newest first."""
    sql = ALL_THREADS if resource is None else OWNED_THREADS
    bound = {"resource": resource, "before": _within(before, END)}
    size = SLICE if metadata else min(SLICE, _one_more(limit))
    with db if size == SLICE else nullcontext():
        rows = _scan(db, sql, bound, _thread_rows, size)
        page, more = _first((row for row in rows if has(row.metadata, metadata)), limit)
    return Page(
        items=tuple(map(thread_of, page)),
        before=page[-1].pk if page else None,
        after=page[0].pk if page else None,
        has_more=more,
    )


def find(db: Database, id: str, resource: str | None) -> ThreadRow:
    """The thread *id*, if it is there and belongs to *resource*."""
    found = db.execute(FIND, (id, resource)).fetchall()
    if not found:
        raise not_found(id, resource)
    return decoded(found[0][0], _thread_row)


def thread_of(row: ThreadRow) -> MemoryThread:
    """The thread as callers see it."""
    return MemoryThread(
        id=row.id,
        resource=row.resource,
        title=row.title,
        metadata=row.metadata,
        created_at=_time(row.created_us),
        updated_at=_time(row.updated_us),
        last_seq=row.last_seq,
    )
