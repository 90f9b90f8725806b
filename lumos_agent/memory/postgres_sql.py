"""What is asked of PostgreSQL, each with the fewest round trips that are right whoever races."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from lumos_agent.errors import ThreadConflictError
from lumos_agent.memory.base import (
    Appended,
    GetMessagesParams,
    MemoryThread,
    Page,
    Stored,
)
from lumos_agent.memory.checks import (
    ROLES,
    Append,
    NewThread,
    decoded,
    merged,
    metadata_json,
    not_found,
)
from lumos_agent.memory.postgres_server import Connection, Record, driver
from lumos_agent.messages import Message, encode

END = 1 << 62
"""A number that no message has, nor any thread: it is after all of them."""
SLICE = 1 << 17
"""Characters of JSON that are decoded at once: others wait so long, half a millisecond."""

THIS = "id = $1 AND ($2::text IS NULL OR resource = $2)"
# The update locks the thread until all is committed, so numbers follow the order of commits. Whoever
# waited for the lock looks at the row anew, but not at the keys: that a key was used meanwhile is told
# by their index, and nothing of the statement stays. The time is taken under the lock, too.
APPEND = f"""
    WITH head AS (
        UPDATE lumos_threads t
        SET last_seq = last_seq + {{count}}, updated_at = greatest(updated_at, clock_timestamp())
        WHERE {THIS} AND ($4::bigint IS NULL OR last_seq = $4)
            AND (SELECT true FROM lumos_turns k WHERE k.tpk = t.pk AND k.key = $3::text) IS NULL
        RETURNING pk, last_seq - {{count}} AS base, last_seq, updated_at
    ), messages AS (
        INSERT INTO lumos_messages(tpk, seq, role, created_at, tokens, metadata, content)
        SELECT pk, base + place, role, updated_at, tokens, metadata::json, content
        FROM head, {{rows}} AS m(role, tokens, metadata, content, place)
    ), turn AS (
        INSERT INTO lumos_turns(tpk, key, first_seq, last_seq)
        SELECT pk, $3::text, base + 1, last_seq FROM head WHERE $3::text IS NOT NULL
    )
    SELECT base FROM head
"""
ROW = ("smallint", "int", "text", "text")
FEW = 8
"""Messages that are quicker to pass one by one than as lists."""
MANY = APPEND.format(
    count="cardinality($5::smallint[])",
    rows="unnest($5::smallint[], $6::int[], $7::text[], $8::text[]) WITH ORDINALITY",
)
HEAD = f"""
    SELECT t.last_seq, k.first_seq, k.last_seq FROM lumos_threads t
    LEFT JOIN lumos_turns k ON k.tpk = t.pk AND k.key = $3::text WHERE {THIS}
"""
THREAD = "pk, id, resource, title, metadata, created_at, updated_at, last_seq"
FIND = f"SELECT {THREAD} FROM lumos_threads WHERE {THIS}"
CREATE = f"""
    INSERT INTO lumos_threads(id, resource, title, metadata) VALUES ($1, $2, $3, $4::text::json)
    ON CONFLICT(id) DO NOTHING RETURNING {THREAD}
"""
UPDATE = f"""
    UPDATE lumos_threads SET title = $2, metadata = $3::text::json,
        updated_at = greatest(updated_at, clock_timestamp())
    WHERE pk = $1 RETURNING {THREAD}
"""
MESSAGE = "seq, created_at, tokens, metadata, content"

_message: "msgspec.json.Decoder[Message]" = msgspec.json.Decoder(Message)


async def append(db: Connection, asked: Append) -> Appended:
    """Write the messages, in one statement; more are needed only to say why they were not."""
    while True:
        if asked.rows and (base := await _written(db, asked)) is not None:
            return Appended(base + 1, base + len(asked.rows))
        head = await db.fetchrow(HEAD, asked.id, asked.resource, asked.key)
        if head is None:
            raise not_found(asked.id, asked.resource)
        last, first_of_key, last_of_key = head
        if first_of_key is not None:
            return Appended(first_of_key, last_of_key, replayed=True)
        if asked.expected_seq not in (None, last):
            raise ThreadConflictError(
                f"thread {asked.id!r} has gone on to {last}, not {asked.expected_seq}"
            )
        if not asked.rows:
            return Appended(last + 1, last)


@cache
def _few(count: int) -> str:
    """The statement for so many messages."""
    places = iter(range(5, 5 + count * len(ROW)))
    rows = (
        f"({', '.join(f'${next(places)}::{kind}' for kind in ROW)}, {place})"
        for place in range(1, count + 1)
    )
    return APPEND.format(count=count, rows=f"(VALUES {', '.join(rows)})")


def _statement(asked: Append) -> tuple[str, list[Any]]:
    """What appends the messages."""
    expected = None if asked.expected_seq is None else max(-1, min(asked.expected_seq, END))
    values: list[Any] = [asked.id, asked.resource, asked.key, expected]
    rows = [(row.role, row.tokens, row.metadata, row.json) for row in asked.rows]
    if len(rows) > FEW:
        return MANY, [*values, *map(list, zip(*rows, strict=True))]
    return _few(len(rows)), [*values, *chain.from_iterable(rows)]


async def _written(db: Connection, asked: Append) -> int | None:
    """The number before the first that was written; None if nothing was."""
    sql, values = _statement(asked)
    try:
        row = await db.fetchrow(sql, *values)
    except driver().UniqueViolationError:  # the key was used while this waited for the thread
        return None
    return None if row is None else int(row[0])


async def create(db: Connection, new: NewThread) -> MemoryThread:
    """Make a thread."""
    row = await db.fetchrow(CREATE, *new)
    if row is None:
        raise ThreadConflictError(f"there is a thread {new.id!r} already")
    return thread_of(row)


async def find(db: Connection, id: str, resource: str | None, lock: str = "") -> Record:
    """The row of the thread *id*, if it is there and belongs to *resource*."""
    row = await db.fetchrow(FIND + lock, id, resource)
    if row is None:
        raise not_found(id, resource)
    return row


async def update(
    db: Connection,
    id: str,
    resource: str | None,
    title: str | UnsetType | None,
    patch: Mapping[str, Any],
) -> MemoryThread:
    """Change a thread's title, if one is given, and merge *patch* into its metadata."""
    async with db.transaction():
        pk, _, _, old_title, metadata, *_ = await find(db, id, resource, " FOR NO KEY UPDATE")
        new = encode(merged(msgspec.json.decode(metadata), patch)).decode()
        row = await db.fetchrow(UPDATE, pk, old_title if title is UNSET else title, new)
    assert row is not None  # it is locked
    return thread_of(row)


async def delete(db: Connection, id: str, resource: str | None) -> None:
    """Remove a thread and all that is known of it. What waits for its lock finds it gone."""
    async with db.transaction():
        pk, *_ = await find(db, id, resource, " FOR UPDATE")
        for table in ("lumos_words", "lumos_messages", "lumos_turns"):
            await db.execute(f"DELETE FROM {table} WHERE tpk = $1", pk)
        await db.execute("DELETE FROM lumos_threads WHERE pk = $1", pk)


def thread_of(row: Record) -> MemoryThread:
    """The thread as callers see it."""
    _, id, resource, title, metadata, created_at, updated_at, last_seq = row
    return MemoryThread(
        id=id,
        resource=resource,
        title=title,
        metadata=msgspec.json.decode(metadata),
        created_at=created_at,
        updated_at=updated_at,
        last_seq=last_seq,
    )


class _Query:
    """A statement that grows by what is asked for; there are few forms, so each stays prepared."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:
        """The place of *value* in the statement."""
        self.values.append(value)
        return f"${len(self.values)}"

    def has(self, metadata: Mapping[str, Any]) -> str:
        """That a row has *metadata*: its keys, with values that are the same JSON."""
        if not metadata:
            return ""
        keys = self(list(metadata))
        wanted = self([metadata_json({"": value})[4:-1] for value in metadata.values()])
        return f"""
            AND metadata IS NOT NULL AND NOT EXISTS (
                SELECT FROM unnest({keys}::text[], {wanted}::text[]) AS w(key, value)
                WHERE metadata::jsonb -> w.key IS DISTINCT FROM w.value::jsonb
            )
        """


def within(number: int | None, otherwise: int) -> int:
    """*number* where a bigint takes it."""
    return otherwise if number is None else max(0, min(number, END))


def at_most(limit: int | None, more: int = 0) -> int | None:
    """What LIMIT takes."""
    return None if limit is None else within(limit, 0) + more


async def threads(
    db: Connection,
    resource: str | None,
    metadata: Mapping[str, Any],
    limit: int | None,
    before: int | None,
) -> Page[MemoryThread]:
    """A page of threads, the newest first."""
    query = _Query()
    sql = f"SELECT {THREAD} FROM lumos_threads WHERE pk < {query(within(before, END))}"
    if resource is not None:
        sql += f" AND resource = {query(resource)}"
    sql += query.has(metadata) + f" ORDER BY pk DESC LIMIT {query(at_most(limit, 1))}"
    rows = await db.fetch(sql, *query.values)
    page = rows if limit is None else rows[: max(0, limit)]
    return Page(
        items=tuple(map(thread_of, page)),
        before=page[-1][0] if page else None,
        after=page[0][0] if page else None,
        has_more=len(page) < len(rows),
    )


async def messages(
    db: Connection, id: str, resource: str | None, params: GetMessagesParams
) -> Page[Stored]:
    """A page of a thread's messages, oldest first: one statement, so it sees one state of them."""
    forward = params.before is None and params.after is not None
    query = _Query()
    rows = await db.fetch(_messages_sql(query, id, resource, params, forward), *query.values)
    if not rows:
        raise not_found(id, resource)
    paged = sorted(row[0] for row in rows if row[-1])
    limit = len(paged) if params.limit is None else max(0, params.limit)
    seqs = paged[:limit] if forward else paged[max(0, len(paged) - limit) :]
    inside = set(seqs)
    shown = {row[0]: row for row in rows if row[-1] is False or row[0] in inside}
    return Page(
        items=tuple(await _decoded([shown[seq] for seq in sorted(shown)])),
        before=seqs[0] if seqs else None,
        after=seqs[-1] if seqs else None,
        has_more=len(seqs) < len(paged),
    )


def _messages_sql(
    query: _Query, id: str, resource: str | None, params: GetMessagesParams, forward: bool
) -> str:
    """The messages of the page and one more, and those around; an empty row for an empty page."""
    this = THIS.replace("$1", query(id)).replace("$2", query(resource))
    after, before = query(within(params.after, 0)), query(within(params.before, END))
    limit = query(at_most(params.limit, 1))
    sql = f"""
        SELECT m.* FROM (SELECT pk, last_seq FROM lumos_threads WHERE {this}) t LEFT JOIN LATERAL (
        (SELECT {MESSAGE}, true FROM lumos_messages
        WHERE tpk = t.pk AND seq > {after}::bigint AND seq < {before}::bigint
    """
    if params.limit is not None and not _filters(params):
        # Numbers have no hole, so the page is where it ends. A planner that has not counted the messages
        # would sort all of them.
        sql += (
            f" AND seq <= {after} + {limit}::bigint"
            if forward
            else f" AND seq >= least({before}, t.last_seq + 1) - {limit}::bigint"
        )
    if params.roles is not None:
        sql += f" AND role = ANY({query([ROLES[role] for role in params.roles])}::smallint[])"
    for time, compared in ((params.since, ">="), (params.until, "<")):
        if time is not None:
            sql += f" AND created_at {compared} {query(time)}"
    sql += query.has(params.metadata)
    sql += f" ORDER BY seq {'ASC' if forward else 'DESC'} LIMIT {limit}::bigint)"
    if params.include:
        first = query([within(one.seq - one.with_previous_messages, 0) for one in params.include])
        last = query([within(one.seq + one.with_next_messages, 0) for one in params.include])
        sql += f"""
            UNION ALL SELECT {MESSAGE}, false FROM lumos_messages
            JOIN unnest({first}::bigint[], {last}::bigint[]) AS i(low, high) ON seq BETWEEN low AND high
            WHERE tpk = t.pk
        """
    return sql + ") m ON true"


def _filters(params: GetMessagesParams) -> bool:
    """Whether only some messages fit, wherever they stand."""
    some = params.roles is not None or params.since is not None or params.until is not None
    return some or bool(params.metadata)


async def _decoded(rows: Sequence[Record]) -> list[Stored]:
    """The messages in *rows*; others have their turn in between."""
    found: list[Stored] = []
    size = 0
    for row in rows:
        found.append(stored_of(*row[:5]))
        size += len(row[4])
        if size > SLICE:
            await asyncio.sleep(0)
            size = 0
    return found


def stored_of(
    seq: int, created_at: datetime, tokens: int | None, metadata: str | None, content: str
) -> Stored:
    """The message as callers see it."""
    return Stored(
        seq=seq,
        message=message_of(content),
        created_at=created_at,
        tokens=tokens,
        metadata={} if metadata is None else msgspec.json.decode(metadata),
    )


def message_of(content: str) -> Message:
    """The message of a row."""
    return decoded(content, _message)
