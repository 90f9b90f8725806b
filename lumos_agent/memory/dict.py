"""Threads in the memory of one process: for tests, and for what may be forgotten."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from lumos_agent.errors import ThreadConflictError
from lumos_agent.memory.base import Appended, Found, GetMessagesParams, MemoryThread, Page, Stored
from lumos_agent.memory.checks import (
    Row,
    check_name,
    has,
    merged,
    new_thread,
    not_found,
    patch_of,
    rows_of,
    words_in,
    words_of,
)
from lumos_agent.messages import Message, encode


class _Kept:
    """A thread and what is in it."""

    def __init__(self, thread: MemoryThread, number: int) -> None:
        self.thread = thread
        self.number = number
        self.rows: list[Stored] = []
        self.keys: dict[str, Appended] = {}


class InMemoryStorage:
    """A `MemoryStorage` that lasts as long as the object."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._created = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def create_thread(
        self,
        *,
        id: str | None = None,
        resource: str | None = None,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> MemoryThread:
        """Make a thread."""
        new = new_thread(id, resource, title, metadata)
        id = new.id
        if id in self._kept:
            raise ThreadConflictError(f"there is a thread {id!r} already")
        now = datetime.now(UTC)
        thread = MemoryThread(
            id=id,
            resource=resource,
            title=title,
            metadata=msgspec.json.decode(new.metadata),
            created_at=now,
            updated_at=now,
            last_seq=0,
        )
        self._created += 1
        self._kept[id] = _Kept(thread, self._created)
        return thread

    async def get_thread(self, id: str, *, resource: str | None = None) -> MemoryThread:
        """The thread *id*."""
        return self._find(id, resource).thread

    async def update_thread(
        self,
        id: str,
        *,
        title: str | UnsetType | None = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        resource: str | None = None,
    ) -> MemoryThread:
        """Change title or metadata."""
        kept = self._find(id, resource)
        patch = _copied(patch_of(title, metadata))
        kept.thread = replace(
            kept.thread,
            title=kept.thread.title if title is UNSET else title,
            metadata=merged(kept.thread.metadata, patch),
            updated_at=datetime.now(UTC),
        )
        return kept.thread

    async def delete_thread(self, id: str, *, resource: str | None = None) -> None:
        """Remove the thread and its messages."""
        self._find(id, resource)
        del self._kept[id]

    async def list_threads(
        self,
        *,
        resource: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        limit: int | None = 50,
        cursor: int | None = None,
    ) -> Page[MemoryThread]:
        """Threads, the newest first."""
        fitting = [
            kept
            for kept in reversed(self._kept.values())
            if resource in (None, kept.thread.resource)
            and has(kept.thread.metadata, metadata or {})
            and (cursor is None or kept.number < cursor)
        ]
        page = fitting[: None if limit is None else max(0, limit)]
        return Page(
            items=tuple(kept.thread for kept in page),
            before=page[-1].number if page else None,
            after=page[0].number if page else None,
            has_more=len(page) < len(fitting),
        )

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
        """Add *messages*, all or none."""
        check_name("a key", key)
        rows = rows_of(messages, metadata)
        kept = self._find(id, resource)
        if key is not None and key in kept.keys:
            return replace(kept.keys[key], replayed=True)
        last = kept.thread.last_seq
        if expected_seq is not None and expected_seq != last:
            raise ThreadConflictError(f"thread {id!r} has gone on to {last}, not {expected_seq}")
        appended = Appended(last + 1, last + len(rows))
        if rows:
            _write(kept, rows)
            if key is not None:
                kept.keys[key] = appended
        return appended

    async def get_messages(
        self,
        id: str,
        params: GetMessagesParams = GetMessagesParams(),
        *,
        resource: str | None = None,
    ) -> Page[Stored]:
        """A page of the thread's messages, oldest first."""
        rows = self._find(id, resource).rows
        fitting = [row for row in rows if _fits(row, params)]
        forward = params.after is not None and params.before is None
        limit = len(fitting) if params.limit is None else max(0, params.limit)
        page = fitting[:limit] if forward else fitting[max(0, len(fitting) - limit) :]
        wanted = {row.seq for row in page}
        for include in params.include:
            wanted.update(
                range(
                    include.seq - include.with_previous_messages,
                    include.seq + include.with_next_messages + 1,
                )
            )
        return Page(
            items=tuple(row for row in rows if row.seq in wanted),
            before=page[0].seq if page else None,
            after=page[-1].seq if page else None,
            has_more=len(page) < len(fitting),
        )

    async def search(
        self,
        query: str,
        *,
        thread: str | None = None,
        resource: str | None = None,
        limit: int | None = 20,
    ) -> tuple[Found, ...]:
        """The messages that have all words of *query*, the newest first; it reads every one."""
        words = set(words_of(query))
        inside = self._kept.values() if thread is None else [self._find(thread, resource)]
        found = [
            Found(thread=kept.thread.id, stored=row)
            for kept in inside
            if resource in (None, kept.thread.resource)
            for row in kept.rows
            if words <= words_in(row.message.text)
        ]
        found.sort(key=lambda one: (one.stored.created_at, one.stored.seq), reverse=True)
        return tuple(found[: None if limit is None else max(0, limit)])

    def _find(self, id: str, resource: str | None) -> _Kept:
        kept = self._kept.get(id)
        if kept is None or resource not in (None, kept.thread.resource):
            raise not_found(id, resource)
        return kept


def _write(kept: _Kept, rows: Sequence[Row]) -> None:
    now = datetime.now(UTC)
    for seq, row in enumerate(rows, kept.thread.last_seq + 1):
        described = msgspec.json.decode(row.metadata or "{}")
        kept.rows.append(
            Stored(
                seq=seq,
                message=row.message,
                created_at=now,
                tokens=row.tokens,
                metadata=described,
            )
        )
    kept.thread = replace(kept.thread, last_seq=kept.rows[-1].seq, updated_at=now)


def _copied(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """*metadata* as it would come back from a file."""
    copy: dict[str, Any] = msgspec.json.decode(encode(metadata))
    return copy


def _fits(row: Stored, params: GetMessagesParams) -> bool:
    return (
        (params.before is None or row.seq < params.before)
        and (params.after is None or row.seq > params.after)
        and (params.roles is None or row.message.__struct_config__.tag in params.roles)
        and (params.since is None or row.created_at >= params.since)
        and (params.until is None or row.created_at < params.until)
        and has(row.metadata, params.metadata)
    )
