"""What every store of threads must do. Subclass `MemoryContract` in your tests, and pytest runs it; or
`MemorySearchContract` for a store with `search`.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from lumos_agent.errors import MemoryStorageError, ThreadConflictError, ThreadNotFoundError
from lumos_agent.memory.base import (
    Appended,
    GetMessagesParams,
    Include,
    MemorySearch,
    MemoryStorage,
    Page,
    Stored,
)
from lumos_agent.memory.window import estimate
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

    async def test_other_id(self) -> None:
        """Any text is an id: quotes, spaces, other scripts, 500 characters of it."""
        async with self.storage() as storage:
            ids = ["'; --", " ", "%_", "日本", "🙂", "a/b?c#d", "\n", "e\u0301", "é", "x" * 500]
            for id in ids:
                await storage.create_thread(id=id)
                await storage.append(id, [UserMessage(id)], key=id, resource=None)

            for id in ids:
                assert id == (await storage.get_thread(id)).id
                assert [id] == [row.message.text for row in (await storage.get_messages(id)).items]

    async def test_bad_id(self) -> None:
        """An id that some database cannot look up is refused, and the sentence says which."""
        async with self.storage() as storage:
            for id, says in (
                ("", "1 to 500 characters, not 0"),
                ("x" * 501, "1 to 500 characters, not 501"),
                ("a\x00", "without NUL"),
                ("\ud800", "half surrogate"),
            ):
                with pytest.raises(MemoryStorageError, match=says):
                    await storage.create_thread(id=id)
                with pytest.raises(ThreadNotFoundError, match="no thread"):
                    await storage.append(id, [UserMessage("x")])
            await storage.create_thread(id="t")
            with pytest.raises(MemoryStorageError, match="a key has 1 to 500 characters, not 501"):
                await storage.append("t", [UserMessage("x")], key="k" * 501)

            assert 0 == (await storage.get_thread("t")).last_seq

    async def test_bad_metadata(self) -> None:
        """Metadata is JSON that every database takes; what is not is refused, with its place."""
        async with self.storage() as storage:
            await storage.create_thread(id="t", metadata={"kept": 1})
            bad: list[tuple[Any, str]] = [
                ({"a": ["b", "\x00"]}, r"metadata\['a'\]\[1\] is text without NUL"),
                ({"a": "\udfff"}, "half surrogate"),
                ({"\x00": 1}, "a key of metadata"),
                ({1: 1}, "a key of metadata is a str, not 1"),
                ({"a": float("nan")}, "is nan, which JSON has not"),
                ({"a": object()}, "is JSON, not object"),
                ({"a": deep(60)}, "nested deeper than 50"),
            ]
            metadata: Any
            for metadata, says in bad:
                with pytest.raises(MemoryStorageError, match=says):
                    await storage.append("t", [UserMessage("x")], metadata=[metadata])
                with pytest.raises(MemoryStorageError, match=says):
                    await storage.update_thread("t", metadata=metadata)
                with pytest.raises(MemoryStorageError, match=says):
                    await storage.create_thread(metadata=metadata)

            assert (0, {"kept": 1}) == (
                (await storage.get_thread("t")).last_seq,
                (await storage.get_thread("t")).metadata,
            )

    async def test_update(self) -> None:
        """Title and metadata change; a value of None removes its key."""
        async with self.storage() as storage:
            await storage.create_thread(id="t", title="Old", metadata={"a": 1, "b": 2})
            await storage.update_thread("t", metadata={"b": None, "c": {"d": [3], "e": 4}})
            await storage.update_thread("t", metadata={"c": {"e": None, "f": {"g": None}}})
            await storage.update_thread("t", title="New")
            thread = await storage.get_thread("t")
            untitled = await storage.update_thread("t", title=None)

            assert ("New", {"a": 1, "c": {"d": [3], "f": {}}}) == (thread.title, thread.metadata)
            assert (None, thread.metadata) == (untitled.title, untitled.metadata)
            assert untitled == await storage.get_thread("t")

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
            rest = await storage.list_threads(limit=None, cursor=page.before)
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

    async def test_tokens(self) -> None:
        """A message is stored with about how many tokens it has: a quarter of its JSON's bytes."""
        messages: list[Message] = [UserMessage("ab"), AssistantMessage("x" * 4000)]
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", messages)
            rows = (await storage.get_messages("t")).items

            assert [estimate(message) for message in messages] == [row.tokens for row in rows]

    async def test_large(self) -> None:
        """16 MiB of text are a message; 17 MB are too large, and nothing of that append is kept."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.append("t", [UserMessage("x" * 2**24)])
            with pytest.raises(
                MemoryStorageError, match=r"message of 17\.0 MB is more than the 16\.8"
            ):
                await storage.append("t", [UserMessage("y"), UserMessage("x" * 17_000_000)])
            rows = (await storage.get_messages("t")).items

            assert [2**24] == [len(row.message.text) for row in rows]

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

    async def test_key_of_thread(self) -> None:
        """A key is its thread's alone, and gone with it; racing repeats agree."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            await storage.create_thread(id="u")
            racing = await asyncio.gather(
                *(storage.append("t", [UserMessage("x")], key="k") for _ in range(8))
            )
            other = await storage.append("u", [UserMessage("x")], key="k")
            await storage.delete_thread("t")
            await storage.create_thread(id="t")
            anew = await storage.append("t", [UserMessage("y")], key="k")

            assert [(1, 1)] * 8 == [(one.first_seq, one.last_seq) for one in racing]
            assert 7 == sum(one.replayed for one in racing)
            assert (Appended(1, 1), Appended(1, 1)) == (other, anew)

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
                limit=2,
                include=(Include(3, with_previous_messages=1, with_next_messages=1), Include(9)),
            )

            assert [2, 3, 4, 9, 10] == numbers(await storage.get_messages("t", params))

    async def test_no_bounds(self) -> None:
        """A page has as many messages as asked for, even none; bounds beyond the thread do no harm."""
        async with self.storage() as storage:
            await filled(storage, 600)
            for expected, params in (
                (600, GetMessagesParams(limit=10_000)),
                (600, GetMessagesParams(limit=None, after=-(10**30), before=10**30)),
                (0, GetMessagesParams(limit=0)),
                (0, GetMessagesParams(limit=-1)),
                (0, GetMessagesParams(after=600)),
                (0, GetMessagesParams(before=1)),
            ):
                assert expected == len((await storage.get_messages("t", params)).items)
            nothing = await storage.get_messages("t", GetMessagesParams(limit=0))
            assert (None, None, True) == (nothing.before, nothing.after, nothing.has_more)

    async def test_metadata_values(self) -> None:
        """A value is found that is equal: 1 is no True, objects as a whole, in any order of keys."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            values: list[Any] = [1, True, "1", 1.5, None, [1, 2], {"a": 1, "b": [2]}, {"a": 1}]
            await storage.append(
                "t", [UserMessage("x")] * 8, metadata=[{"v": one, "n": 0} for one in values]
            )
            for seq, value in enumerate(values, 1):
                params = GetMessagesParams(metadata={"v": value}, limit=1)
                page = await storage.get_messages("t", params)
                assert [seq] == numbers(page), value
                assert not page.has_more

    async def test_reader_sees_prefix(self) -> None:
        """What a reader saw stays the beginning of what it sees later, while many write."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            writing = asyncio.gather(
                *(
                    storage.append("t", [UserMessage(f"{n}"), UserMessage(f"{n}")])
                    for n in range(40)
                )
            )
            seen: list[Stored] = []
            while len(seen) < 80:
                rows = list((await storage.get_messages("t", GetMessagesParams(limit=None))).items)
                assert seen == rows[: len(seen)]
                assert not len(rows) % 2
                seen = rows
                await asyncio.sleep(0)
            await writing

    async def test_cancelled(self) -> None:
        """An append that is cancelled is there whole or not at all; its key settles which."""
        async with self.storage() as storage:
            await storage.create_thread(id="t")
            for number in range(20):
                messages = [UserMessage(f"{number}"), UserMessage(f"{number}")]
                task = asyncio.ensure_future(storage.append("t", messages, key=f"{number}"))
                for _ in range(number % 5):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                again = await storage.append("t", messages, key=f"{number}")
                assert (2 * number + 1, 2 * number + 2) == (again.first_seq, again.last_seq)

            assert 40 == (await storage.get_thread("t")).last_seq

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


class MemorySearchContract(MemoryContract):
    """Claims about a store that can be searched, too."""

    async def test_search(self) -> None:
        """Messages that have all the words, the newest first, within a thread or a resource."""
        async with self.storage() as storage:
            search: MemorySearch = cast("MemorySearch", storage)
            await storage.create_thread(id="a", resource="ada")
            await storage.create_thread(id="b", resource="bob")
            await storage.append("a", [UserMessage("Cats like milk."), AssistantMessage("MILK?")])
            await storage.append("b", [UserMessage("Milk for cats; \x00 \ud800"), UserMessage("é")])

            async def found(query: str, **options: Any) -> list[tuple[str, int]]:
                some = await search.search(query, **options)
                return [(one.thread, one.stored.seq) for one in some]

            assert [("b", 1), ("a", 2), ("a", 1)] == await found("milk")
            assert [("b", 1), ("a", 1)] == await found('cats "MILK" (*) -')
            assert [] == await found("cats zebra")
            assert [] == await found("aardvark cats")
            assert [("b", 1)] == await found("milk", limit=1)
            assert [] == await found("milk", limit=0)
            assert 3 == len(await found("milk", limit=None))
            assert [("a", 2), ("a", 1)] == await found("milk", thread="a")
            assert [("b", 1)] == await found("milk", resource="bob")
            assert [] == await found("mil")
            with pytest.raises(ThreadNotFoundError, match="no thread 'a' of 'bob'"):
                await found("milk", thread="a", resource="bob")
            with pytest.raises(MemoryStorageError, match="has none"):
                await found("?!")
            await storage.append("a", [UserMessage("Milk again.")])
            await storage.delete_thread("b")
            assert [("a", 3), ("a", 2), ("a", 1)] == await found("milk")


def deep(levels: int) -> list[Any]:
    """Lists within each other."""
    return [deep(levels - 1)] if levels else []


async def filled(storage: MemoryStorage, count: int) -> None:
    """Make a thread with *count* messages."""
    await storage.create_thread(id="t")
    await storage.append("t", [UserMessage(str(number)) for number in range(1, count + 1)])


def numbers(page: Page[Stored]) -> list[int]:
    """The numbers of the page's messages."""
    return [row.seq for row in page.items]
