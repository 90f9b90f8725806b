"""What every store of threads must do. Subclass `MemoryContract` in your tests, and pytest runs it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest

from lumos_agent.errors import MemoryStorageError, ThreadConflictError, ThreadNotFoundError
from lumos_agent.memory.base import (
    Appended,
    GetMessagesParams,
    Include,
    MemoryStorage,
    Page,
    Stored,
)
from lumos_agent.messages import AssistantMessage, Message, ToolCall, ToolResult, UserMessage

HOSTILE = (
    "",
    "\x00",
    "\uffff",
    "\ud800",
    "e\u0301",
    "\u202e",
    "'\"\\; DROP TABLE threads; --",
    "x" * 100_000,
)


class MemoryContract:
    """Claims about a store that begins empty."""

    def storage(self) -> AbstractAsyncContextManager[MemoryStorage]:
        """Open an empty store."""
        raise NotImplementedError

    async def test_thread(self) -> None:
        """A thread is what it was made as."""
        async with self.storage() as storage:
            made = await storage.create_thread(
                id="t", resource="ada", title="First", metadata={"lang": "en"}
            )

            assert made == await storage.get_thread("t")
            assert ("t", "ada", "First", {"lang": "en"}, 0) == (
                made.id,
                made.resource,
                made.title,
                made.metadata,
                made.last_seq,
            )
            assert abs(made.created_at - datetime.now(UTC)) < timedelta(minutes=1)

    async def test_own_id(self) -> None:
        """Without an id a thread gets one of its own; a taken one is a conflict."""
        async with self.storage() as storage:
            first, second = await storage.create_thread(), await storage.create_thread()

            assert first.id != second.id
            with pytest.raises(ThreadConflictError, match=first.id):
                await storage.create_thread(id=first.id)

    async def test_update(self) -> None:
        """Title and metadata change; a value of None removes its key."""
        async with self.storage() as storage:
            await storage.create_thread(id="t", title="Old", metadata={"a": 1, "b": 2})
            await storage.update_thread("t", metadata={"b": None, "c": [3]})
            await storage.update_thread("t", title="New")
            thread = await storage.get_thread("t")

            assert ("New", {"a": 1, "c": [3]}) == (thread.title, thread.metadata)

    async def test_delete(self) -> None:
        """A deleted thread is gone with its messages, and its id is free."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", [UserMessage("x")])
            await storage.delete_thread("t")

            with pytest.raises(ThreadNotFoundError, match="'t'"):
                await storage.get_thread("t")
            await storage.create_thread(id="t")
            assert () == (await storage.get_messages("t")).items

    async def test_list(self) -> None:
        """Threads are listed newest first, by owner and metadata, a page at a time."""
        async with self.storage() as storage:
            for number in range(5):
                await storage.create_thread(
                    id=f"t{number}",
                    resource="ada" if number % 2 else "bob",
                    metadata={"even": not number % 2},
                )
            page = await storage.list_threads(limit=2)
            rest = await storage.list_threads(limit=None, before=page.before)
            of_ada = await storage.list_threads(resource="ada")
            even = await storage.list_threads(metadata={"even": True})
            none = await storage.list_threads(metadata={"odd": True})

            assert ["t4", "t3"] == [thread.id for thread in page.items]
            assert page.has_more
            assert ["t2", "t1", "t0"] == [thread.id for thread in rest.items]
            assert not rest.has_more
            assert ["t3", "t1"] == [thread.id for thread in of_ada.items]
            assert ["t4", "t2", "t0"] == [thread.id for thread in even.items]
            assert ((), None, False) == (none.items, none.before, none.has_more)

    async def test_append(self) -> None:
        """Messages are numbered 1, 2, 3 ... without a hole, and come back as they were."""
        messages: list[Message] = [
            UserMessage("What?"),
            AssistantMessage("", (ToolCall("1", "add", {"a": [1, {"b": None}]}),), "Hm."),
            ToolResult("1", "add", "no", is_error=True),
            AssistantMessage("Nothing."),
        ]
        async with self.storage() as storage:
            await storage.create_thread(id="t")

            assert Appended(1, 1) == await storage.append("t", messages[:1])
            assert Appended(2, 4) == await storage.append(
                "t", messages[1:], metadata=[{"n": 1}, {"n": 2}, {"n": 3}]
            )
            page = await storage.get_messages("t")
            assert messages == [row.message for row in page.items]
            assert [1, 2, 3, 4] == [row.seq for row in page.items]
            assert [{}, {"n": 1}, {"n": 2}, {"n": 3}] == [row.metadata for row in page.items]
            assert 4 == (await storage.get_thread("t")).last_seq

    async def test_append_nothing(self) -> None:
        """Appending no message does nothing."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", [], key="k")

            assert 0 == (await storage.get_thread("t")).last_seq
            assert Appended(1, 1) == await storage.append("t", [UserMessage("x")], key="k")

    async def test_append_whole_or_not(self) -> None:
        """An append that cannot be is not half done."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            with pytest.raises(MemoryStorageError):
                await storage.append("t", [UserMessage("x"), UserMessage("y")], metadata=[{}])

            assert () == (await storage.get_messages("t")).items

    async def test_key(self) -> None:
        """With a key an append may be repeated; it says what the first did and writes nothing."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            first = await storage.append("t", [UserMessage("x")], key="k", expected_seq=0)
            again = await storage.append("t", [UserMessage("y")], key="k", expected_seq=0)

            assert (Appended(1, 1, False), Appended(1, 1, True)) == (first, again)
            assert ["x"] == [row.message.text for row in (await storage.get_messages("t")).items]

    async def test_expected_seq(self) -> None:
        """Of writers who know the same number one wins; the others write nothing."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            outcomes = await asyncio.gather(
                *(storage.append("t", [UserMessage(str(n))], expected_seq=0) for n in range(8)),
                return_exceptions=True,
            )

            won = [one for one in outcomes if isinstance(one, Appended)]
            assert [Appended(1, 1)] == won
            assert 7 == sum(isinstance(one, ThreadConflictError) for one in outcomes)

    async def test_concurrent_appends(self) -> None:
        """Appends at the same time are each whole, and leave no hole."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await asyncio.gather(
                *(
                    storage.append("t", [UserMessage(f"{n}"), UserMessage(f"{n}")])
                    for n in range(20)
                )
            )
            rows = (await storage.get_messages("t", GetMessagesParams(limit=None))).items

            assert [*range(1, 41)] == [row.seq for row in rows]
            assert all(
                one.message == two.message for one, two in zip(rows[::2], rows[1::2], strict=True)
            )

    async def test_pages(self) -> None:
        """The newest page first, and on either way from it; numbers stay true while others write."""
        async with self.storage() as storage:
            await filled(storage, 10)
            newest = await storage.get_messages("t", GetMessagesParams(limit=3))
            await storage.append("t", [UserMessage("11")])
            older = await storage.get_messages(
                "t", GetMessagesParams(limit=3, before=newest.before)
            )
            newer = await storage.get_messages("t", GetMessagesParams(limit=3, after=newest.after))
            between = await storage.get_messages("t", GetMessagesParams(limit=2, after=2, before=7))
            oldest = await storage.get_messages("t", GetMessagesParams(limit=2, after=0))

            assert [8, 9, 10] == numbers(newest)
            assert newest.has_more
            assert [5, 6, 7] == numbers(older)
            assert [11] == numbers(newer)
            assert not newer.has_more
            assert [5, 6] == numbers(between)
            assert [1, 2] == numbers(oldest)

    async def test_filters(self) -> None:
        """Messages by role, time and metadata."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", [UserMessage("1"), AssistantMessage("2")])
            await storage.append("t", [UserMessage("3")], metadata=[{"kept": True}])
            rows = (await storage.get_messages("t")).items
            later = rows[-1].created_at + timedelta(seconds=1)

            for numbers_, params in (
                ([1, 3], GetMessagesParams(roles=frozenset({"user"}))),
                ([3], GetMessagesParams(metadata={"kept": True})),
                ([1, 2, 3], GetMessagesParams(since=rows[0].created_at, until=later)),
                ([], GetMessagesParams(since=later)),
                ([], GetMessagesParams(until=rows[0].created_at)),
            ):
                assert numbers_ == numbers(await storage.get_messages("t", params))

    async def test_include(self) -> None:
        """Named messages come with their neighbours, once, whatever the page's limits."""
        async with self.storage() as storage:
            await filled(storage, 10)
            params = GetMessagesParams(
                limit=2, include=(Include(3, previous=1, next=1), Include(9))
            )

            assert [2, 3, 4, 9, 10] == numbers(await storage.get_messages("t", params))

    async def test_owner(self) -> None:
        """Another resource's thread is not found, by no method."""
        async with self.storage() as storage:
            await storage.create_thread(id="t", resource="ada")
            for attempt in (
                storage.get_thread("t", resource="bob"),
                storage.update_thread("t", title="x", resource="bob"),
                storage.delete_thread("t", resource="bob"),
                storage.append("t", [UserMessage("x")], resource="bob"),
                storage.get_messages("t", resource="bob"),
            ):
                with pytest.raises(ThreadNotFoundError, match="no thread 't' of 'bob'"):
                    await attempt

            assert 0 == (await storage.get_thread("t", resource="ada")).last_seq

    async def test_unknown(self) -> None:
        """An unknown thread is not found, by no method."""
        async with self.storage() as storage:
            for attempt in (
                storage.get_thread("t"),
                storage.update_thread("t", title="x"),
                storage.delete_thread("t"),
                storage.append("t", [UserMessage("x")]),
                storage.get_messages("t"),
            ):
                with pytest.raises(ThreadNotFoundError, match="no thread 't'"):
                    await attempt

    async def test_content(self) -> None:
        """No store changes what is said."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", [UserMessage(text) for text in HOSTILE])
            rows = (await storage.get_messages("t")).items

            assert [*HOSTILE] == [row.message.text for row in rows]


async def filled(storage: MemoryStorage, count: int) -> None:
    """Make a thread with *count* messages."""
    await storage.create_thread(id="t")
    await storage.append("t", [UserMessage(str(number)) for number in range(1, count + 1)])


def numbers(page: Page[Stored]) -> list[int]:
    """The numbers of the page's messages."""
    return [row.seq for row in page.items]
