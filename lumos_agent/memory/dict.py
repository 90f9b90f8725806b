"""Threads in the memory of one process: for tests, and for what may be forgotten."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

from msgspec.structs import replace

from lumos_agent.errors import MemoryStorageError, ThreadConflictError, ThreadNotFoundError
from lumos_agent.memory.base import Appended, GetMessagesParams, MemoryThread, Page, Stored
from lumos_agent.messages import Message


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
        id = uuid4().hex if id is None else id
        if id in self._kept:
            raise ThreadConflictError(f"there is a thread {id!r} already")
        now = datetime.now(UTC)
        thread = MemoryThread(
            id=id,
            resource=resource,
            title=title,
            metadata=dict(metadata or {}),
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
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        resource: str | None = None,
    ) -> MemoryThread:
        """Change title or metadata."""
        kept = self._find(id, resource)
        merged = {**kept.thread.metadata, **(metadata or {})}
        kept.thread = replace(
            kept.thread,
            title=kept.thread.title if title is None else title,
            metadata={key: value for key, value in merged.items() if value is not None},
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
        before: int | None = None,
    ) -> Page[MemoryThread]:
        """Threads, the newest first."""
        fitting = [
            kept
            for kept in reversed(self._kept.values())
            if resource in (None, kept.thread.resource)
            and _has(kept.thread.metadata, metadata or {})
            and (before is None or kept.number < before)
        ]
        page = fitting[:limit]
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
        kept = self._find(id, resource)
        if key is not None and key in kept.keys:
            return replace(kept.keys[key], replayed=True)
        last = kept.thread.last_seq
        if expected_seq is not None and expected_seq != last:
            raise ThreadConflictError(f"thread {id!r} has gone on to {last}, not {expected_seq}")
        if metadata and len(metadata) != len(messages):
            raise MemoryStorageError(f"{len(messages)} messages, but metadata for {len(metadata)}")
        appended = Appended(last + 1, last + len(messages))
        if messages:
            self._write(kept, messages, metadata or [dict[str, Any]()] * len(messages))
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
        limit = len(fitting) if params.limit is None else params.limit
        page = fitting[:limit] if forward else fitting[max(0, len(fitting) - limit) :]
        wanted = {row.seq for row in page}
        for include in params.include:
            wanted.update(range(include.seq - include.previous, include.seq + include.next + 1))
        return Page(
            items=tuple(row for row in rows if row.seq in wanted),
            before=page[0].seq if page else None,
            after=page[-1].seq if page else None,
            has_more=len(page) < len(fitting),
        )

    def _write(
        self, kept: _Kept, messages: Sequence[Message], metadata: Sequence[Mapping[str, Any]]
    ) -> None:
        now = datetime.now(UTC)
        first = kept.thread.last_seq + 1
        for seq, (message, its) in enumerate(zip(messages, metadata, strict=True), first):
            kept.rows.append(Stored(seq=seq, message=message, created_at=now, metadata=dict(its)))
        kept.thread = replace(kept.thread, last_seq=kept.rows[-1].seq, updated_at=now)

    def _find(self, id: str, resource: str | None) -> _Kept:
        kept = self._kept.get(id)
        if kept is None or resource not in (None, kept.thread.resource):
            raise ThreadNotFoundError(
                f"no thread {id!r}" + (f" of {resource!r}" if resource else "")
            )
        return kept


def _fits(row: Stored, params: GetMessagesParams) -> bool:
    return (
        (params.before is None or row.seq < params.before)
        and (params.after is None or row.seq > params.after)
        and (params.roles is None or row.message.__struct_config__.tag in params.roles)
        and (params.since is None or row.created_at >= params.since)
        and (params.until is None or row.created_at < params.until)
        and _has(row.metadata, params.metadata)
    )


def _has(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    missing = object()
    return all(metadata.get(key, missing) == value for key, value in wanted.items())
