"""Full-text search in a SQLite store. The index is written when somebody searches, not by appends."""

from collections.abc import Sequence

import msgspec

from lumos_agent.memory.base import Found
from lumos_agent.memory.checks import decoded
from lumos_agent.memory.sqlite_file import SEQ_BITS, Database
from lumos_agent.memory.sqlite_read import MessageRow, find, stored_of

_row = msgspec.json.Decoder(MessageRow)
MOST = 2**63 - 1
PIECE = 400
"""Messages that are indexed at once: appends wait for so many, at most."""

BEHIND = "SELECT pk, indexed_seq, last_seq FROM threads WHERE indexed_seq < last_seq LIMIT ?"
INDEX = """
    INSERT INTO messages_fts(rowid, text)
    SELECT mid, content ->> '$.text' FROM messages WHERE mid > ?1 AND mid <= ?2
"""
ADVANCE = "UPDATE threads SET indexed_seq = ? WHERE pk = ?"
SEARCH = """
    SELECT t.id, '[' || (m.mid - (t.pk << 32)) || ',' || m.created_us || ','
        || coalesce(m.tokens, 'null') || ',' || coalesce(m.metadata, '{}') || ',' || m.content || ']'
    FROM messages_fts f JOIN messages m ON m.mid = f.rowid JOIN threads t ON t.pk = m.mid >> 32
    WHERE messages_fts MATCH :words AND f.rowid BETWEEN :first AND :last
        AND (:resource IS NULL OR t.resource = :resource)
    ORDER BY m.created_us DESC, m.mid DESC LIMIT :limit
"""


def index_some(db: Database) -> bool:
    """Index the next messages, and say whether there may be more."""
    room = PIECE
    for pk, indexed, last in db.execute(BEHIND, (PIECE,)).fetchall():
        end = min(last, indexed + room)
        db.execute(INDEX, ((pk << SEQ_BITS) + indexed, (pk << SEQ_BITS) + end))
        db.execute(ADVANCE, (end, pk))
        room -= end - indexed
        if not room:
            return True
    return False


def search(
    db: Database,
    words: Sequence[str],
    thread: str | None,
    resource: str | None,
    limit: int | None,
) -> tuple[Found, ...]:
    """The messages that have all *words*, the newest first."""
    pk = None if thread is None else find(db, thread, resource).pk
    bound = {
        "words": " ".join(f'"{word}"' for word in words),
        "first": 0 if pk is None else pk << SEQ_BITS,
        "last": MOST if pk is None else (pk + 1 << SEQ_BITS) - 1,
        "resource": resource,
        "limit": -1 if limit is None else max(0, limit),
    }
    return tuple(
        Found(thread=id, stored=stored_of(decoded(row, _row)))
        for id, row in db.execute(SEARCH, bound).fetchall()
    )
