"""Threads of messages, and what a store of them does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from lumos_agent.messages import Message

T = TypeVar("T")
Role = Literal["system", "user", "assistant", "tool"]


class MemoryThread(msgspec.Struct, frozen=True, kw_only=True):
    """Messages kept under an id."""

    id: str
    resource: str | None
    """Who it belongs to, a user for example."""
    title: str | None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    last_seq: int
    """The number of its newest message; 0 if it has none."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A message in its thread."""

    seq: int
    """1, 2, 3 ... in its thread, without a hole, never used again."""
    message: Message
    created_at: datetime
    tokens: int | None = None
    """About how many it is for a model, estimated when it was stored; None where nobody has counted."""
    metadata: dict[str, Any] = {}


class Include(msgspec.Struct, frozen=True):
    """A message that a page has whatever its limits, with its neighbours."""

    seq: int
    with_previous_messages: int = 0
    with_next_messages: int = 0


class GetMessagesParams(msgspec.Struct, frozen=True, kw_only=True):
    """A page asked for: the newest `limit` messages that fit, in their order.

    With `after` alone it is the oldest that follow it. `before` and `after` are numbers of messages
    that are not in the page, so a page stays what it was while others write.
    """

    limit: int | None = 50
    """None for all."""
    before: int | None = None
    after: int | None = None
    roles: frozenset[Role] | None = None
    since: datetime | None = None
    """Messages stored at or after this time; `until`: before it."""
    until: datetime | None = None
    metadata: Mapping[str, Any] = {}
    """Keys that a message's metadata must have, with these values."""
    include: tuple[Include, ...] = ()


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of the items, and where to go on."""

    items: tuple[T, ...]
    before: int | None
    """Pass it as `before` for the page before this one; None on an empty page."""
    after: int | None
    """Pass it as `after` for the page after this one."""
    has_more: bool
    """Whether more fit than the limit let in."""


class Appended(msgspec.Struct, frozen=True):
    """The numbers that the messages of an append got."""

    first_seq: int
    last_seq: int
    replayed: bool = False
    """Whether the key had been used, so that these are the numbers of then."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a search has found, and where."""

    thread: str
    stored: Stored


class MemorySearch(Protocol):
    """What a store may do besides; those that ship do."""

    async def search(
        self,
        query: str,
        *,
        thread: str | None = None,
        resource: str | None = None,
        limit: int | None = 20,
    ) -> tuple[Found, ...]:
        """The messages whose text has all words of *query*, the newest first.

        Words are letters and digits, large or small is the same. Raises `MemoryStorageError` for a
        query without any.
        """
        ...


class MemoryStorage(Protocol):
    """Keeps threads; the suite `lumos_agent.testing.memory_contract` says when one is right.

    Where *resource* is given, another resource's thread is a `ThreadNotFoundError`, as is an unknown
    one. A store is opened with `async with`. No method blocks the event loop.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...

    async def create_thread(
        self,
        *,
        id: str | None = None,
        resource: str | None = None,
        title: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> MemoryThread:
        """Make a thread; without *id* it gets one. Raises `ThreadConflictError` if there is one."""
        ...

    async def get_thread(self, id: str, *, resource: str | None = None) -> MemoryThread:
        """The thread *id*."""
        ...

    async def update_thread(
        self,
        id: str,
        *,
        title: str | UnsetType | None = UNSET,
        metadata: Mapping[str, Any] | UnsetType = UNSET,
        resource: str | None = None,
    ) -> MemoryThread:
        """Change the title, or merge *metadata* into the thread's, as a JSON merge patch (RFC 7396):
        a value of None removes its key, an object is merged in turn.
        """
        ...

    async def delete_thread(self, id: str, *, resource: str | None = None) -> None:
        """Remove the thread and its messages."""
        ...

    async def list_threads(
        self,
        *,
        resource: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        limit: int | None = 50,
        cursor: int | None = None,
    ) -> Page[MemoryThread]:
        """Threads, the newest first; with `Page.before` as *cursor* it goes on with older ones."""
        ...

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
        """Add *messages*, all or none, each with its *metadata* if that is given.

        A *key* makes it safe to repeat: the second time it changes nothing and says what the first
        did. *expected_seq* is the last number the caller knows; if the thread has gone on, it is a
        `ThreadConflictError` and nothing is written. Adding no message does nothing.
        """
        ...

    async def get_messages(
        self,
        id: str,
        params: GetMessagesParams = GetMessagesParams(),
        *,
        resource: str | None = None,
    ) -> Page[Stored]:
        """A page of the thread's messages, oldest first."""
        ...
