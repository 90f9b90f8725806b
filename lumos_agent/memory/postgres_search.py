"""Full-text search in a PostgreSQL store. The index is written when somebody searches, not by appends.

Words are found here, as other stores find them, and not by PostgreSQL's parser, to which an address or
a number with its sign is one word, and which takes no NUL; its inverted index (GIN) finds the messages.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

from lumos_agent.memory.base import Found
from lumos_agent.memory.checks import words_in
from lumos_agent.memory.postgres_server import LOCK, Connection, Record
from lumos_agent.memory.postgres_sql import (
    MESSAGE,
    at_most,
    find,
    message_of,
    stored_of,
)

PIECE = 200
"""Messages that are indexed in one transaction, at most."""
ENOUGH = 1 << 20
"""Bytes after which a transaction is large enough with fewer."""
LONGEST = 100
"""Characters of a word that an index takes as it is, in any script."""

# What is not indexed of the threads in question: a piece of it.
BEHIND = """
    SELECT tpk, seq, content FROM (
        SELECT *, sum(octet_length(content)) OVER (ORDER BY tpk, seq) - octet_length(content) AS sum
        FROM (
            SELECT m.tpk, m.seq, m.content FROM (
                SELECT pk, indexed_seq FROM lumos_threads
                WHERE indexed_seq < last_seq AND ($1::text IS NULL OR id = $1)
                    AND ($2::text IS NULL OR resource = $2)
                ORDER BY pk LIMIT $3
            ) t CROSS JOIN LATERAL (
                SELECT * FROM lumos_messages
                WHERE tpk = t.pk AND seq > t.indexed_seq ORDER BY seq LIMIT $3
            ) m ORDER BY m.tpk, m.seq LIMIT $3
        ) piece
    ) summed WHERE sum < $4 ORDER BY tpk, seq
"""
# The lock keeps the thread from being deleted meanwhile; appends do not wait for it.
INDEX = """
    WITH here AS (SELECT pk FROM lumos_threads WHERE pk = ANY($1::bigint[]) FOR KEY SHARE)
    INSERT INTO lumos_words(tpk, seq, words)
    SELECT tpk, seq, string_to_array(words, ' ')
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS w(tpk, seq, words) JOIN here ON pk = tpk
"""
ADVANCE = """
    UPDATE lumos_threads SET indexed_seq = done.seq
    FROM unnest($1::bigint[], $2::bigint[]) AS done(tpk, seq) WHERE pk = done.tpk
"""
SEARCH = f"""
    SELECT t.id, {", ".join(f"m.{column}" for column in MESSAGE.split(", "))}
    FROM lumos_words w JOIN lumos_messages m USING (tpk, seq) JOIN lumos_threads t ON t.pk = w.tpk
    WHERE w.words @> $1::text[] AND ($2::text IS NULL OR t.id = $2)
        AND ($3::text IS NULL OR t.resource = $3)
    ORDER BY m.created_at DESC, m.tpk DESC, m.seq DESC LIMIT $4
"""


async def index_some(db: Connection, thread: str | None, resource: str | None) -> bool:
    """Index the next messages of what is searched, and say whether there may be more."""
    if not await db.fetch(BEHIND, thread, resource, 1, 1):
        return False
    async with db.transaction():
        # One at a time, so that two that search do not index the same.
        await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK + 1)
        rows = await db.fetch(BEHIND, thread, resource, PIECE, ENOUGH)
        words = await asyncio.to_thread(_words_of_all, [row[2] for row in rows])
        pks, seqs = [row[0] for row in rows], [row[1] for row in rows]
        await db.execute(INDEX, pks, seqs, words)
        ends = dict(zip(pks, seqs, strict=True))  # the last of each
        await db.execute(ADVANCE, list(ends), list(ends.values()))
    return True


async def search(
    db: Connection,
    words: Sequence[str],
    thread: str | None,
    resource: str | None,
    limit: int | None,
) -> tuple[Found, ...]:
    """The messages that have all *words*, the newest first."""
    if thread is not None:
        await find(db, thread, resource)
    while await index_some(db, thread, resource):
        pass
    wanted = list(map(_entry, words))
    rows = await db.fetch(SEARCH, wanted, thread, resource, at_most(limit))
    return tuple(map(_found, rows))


def _found(row: Record) -> Found:
    return Found(thread=row[0], stored=stored_of(*row[1:]))


def _words_of_all(contents: Sequence[str]) -> list[str]:
    return [_words(message_of(content).text) for content in contents]


def _words(text: str) -> str:
    """The words of *text*, each once, with spaces between them."""
    return " ".join(map(_entry, words_in(text)))


def _entry(word: str) -> str:
    """What the index has for *word*: the word, or a digest of one that is too long for it."""
    return word if len(word) <= LONGEST else sha256(word.encode()).hexdigest()
