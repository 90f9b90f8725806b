"""A thread as one run knows it: read back as far as the window goes, written as things are said."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from lumos_agent.errors import ProviderError, ThreadConflictError, ThreadNotFoundError
from lumos_agent.events import MemoryUpdate
from lumos_agent.memory.base import (
    Appended,
    GetMessagesParams,
    MemoryStorage,
    MemoryThread,
    Stored,
)
from lumos_agent.memory.checks import BYTES, estimated
from lumos_agent.memory.condense import Summarize, summarizer, summary
from lumos_agent.memory.groups import covered
from lumos_agent.memory.settings import Memory
from lumos_agent.memory.settled import settled
from lumos_agent.memory.window import Selection, WindowContext, calibrated, estimate
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    ToolCall,
    ToolResult,
    UserMessage,
    encode,
)
from lumos_agent.run import Run, in_call_order
from lumos_tools.registry import ToolRegistry

T = TypeVar("T")
FIRST = 64
"""Messages that are read at first; each further time as many again as are there."""
KEY = "window"
"""Where a thread's metadata says where the window was cut."""
USUAL = 128_000
"""Tokens that a model takes of which nothing is known."""
OFF = 0.1
"""How far the estimate of tokens must be off, other than noted, to be noted in the thread."""
ANSWER = 4_096
"""Tokens left for the answer where `max_tokens` does not say; of a small model an eighth."""


class _Turn:
    """Whose turn it is in a thread, and how many have it or wait for it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.runs = 0


_turns: WeakKeyDictionary[MemoryStorage, dict[str, _Turn]] = WeakKeyDictionary()
"""The threads of each store in which a run of this process goes on."""


class _Cut(msgspec.Struct, frozen=True):
    """Where the window began last, as the thread's metadata says it."""

    start: int | None = None
    seen: int = 0
    factor: float = 1.0
    """Tokens that the provider counts for one that is estimated."""


class Remembering:
    """The thread of *run*; *fixed* is the tokens of what is sent with each request.

    Whoever makes it calls `open` first and `release` in the end.
    """

    def __init__(self, run: Run, memory: Memory, fixed: int) -> None:
        self._run = run
        self._memory = memory
        self._storage = memory.storage
        self._id = run.options.thread or ""
        self._rows: list[Stored] = []
        """The messages known, oldest first: read, or said in this run."""
        self._more = False
        """Whether there are older ones."""
        self._last_seq = 0
        self._unsaved: list[Message] = []
        self._appends = 0
        self._cut = _Cut()
        self._noted = 1.0
        """The factor of the cut as the thread has it."""
        self._told = False
        self._fixed = fixed
        self._asked = 0
        """Tokens that the last request was taken for."""
        self._turn: _Turn | None = None

    async def open(self) -> None:
        """Find the thread, or make it, have it alone, and read its end."""
        began = time.perf_counter()
        thread = await self._find()
        self._memory = self._memory.of(thread)
        if await self._hold():
            thread = await self._find()  # it has gone on while we waited
        self._cut = _read_cut(thread.metadata.get(KEY))
        self._noted = self._cut.factor
        since = thread.last_seq - self._cut.start if self._cut.start else 0
        await self._read(max(FIRST, since + FIRST // 2))
        while self._more and not any(map(_is_users, self._rows)):
            await self._read(len(self._rows))
        if self._rows:
            self._last_seq = self._rows[-1].seq
            self._tell("read", len(self._rows), began)

    def release(self) -> None:
        """Let others go on in the thread."""
        if self._turn:
            self._turn.lock.release()
            self._leave(self._turn)
            self._turn = None

    async def keep(self, message: Message) -> None:
        """Store *message*, at once or when its step is complete."""
        self._unsaved.append(message)
        if self._memory.autosave == "message" or not self._run.open_calls:
            said, self._unsaved = self._unsaved, []
            await self._append(said)

    async def fit(self, context: int | None, ask: "Ask") -> None:
        """Choose what the model reads: `run.view`.

        *context* is the tokens that the model takes; *ask* gets a summary from a model.
        """
        room = self._room(context)
        budget = int(room / self._cut.factor) - self._fixed
        selection = await self._select(budget)
        window = summarizer(self._memory.window)
        lacking = selection.needs_summary if window else None
        if window and lacking and await self._summarize(selection, lacking, window, room, ask):
            selection = await self._select(budget)
        await self._show(selection)

    async def shorten(self) -> bool:
        """Cut what the model reads, since it was too much for it; whether anything could go."""
        tokens = self._asked - self._fixed
        selection = await self._select(tokens, cut=True)
        if selection.tokens >= tokens:
            return False
        await self._show(selection)
        return True

    async def correct(self) -> None:
        """Learn from the last reply how far the estimate of tokens is off."""
        reply = self._run.reply
        if reply and reply.usage.input_tokens:
            factor = round(calibrated(reply.usage.input_tokens, self._asked), 3)
            self._cut = msgspec.structs.replace(self._cut, factor=factor)
            if abs(factor / self._noted - 1) > OFF:
                await self._note_cut()

    # Finding, and having alone

    async def _find(self) -> MemoryThread:
        resource = self._run.options.resource
        try:
            return await self._storage.get_thread(self._id, resource=resource)
        except ThreadNotFoundError:
            if self._run.resumed:
                raise
        try:
            return await self._storage.create_thread(id=self._id, resource=resource)
        except ThreadConflictError:  # another was quicker; or it is another's, and that shows now
            return await self._storage.get_thread(self._id, resource=resource)

    async def _hold(self) -> bool:
        """Have the thread alone in this process, and say whether that took waiting."""
        turn = _turns.setdefault(self._storage, {}).setdefault(self._id, _Turn())
        others = turn.runs > 0
        if others and self._memory.busy == "error":
            raise ThreadConflictError(
                f"thread {self._id!r} is busy: another run goes on in it; wait for its end, "
                "or use Memory(storage, busy='wait')"
            )
        turn.runs += 1
        try:
            await turn.lock.acquire()
        except asyncio.CancelledError:
            self._leave(turn)
            raise
        self._turn = turn
        return others

    def _leave(self, turn: _Turn) -> None:
        turn.runs -= 1
        if not turn.runs:
            del _turns[self._storage][self._id]

    # Reading

    async def _read(self, limit: int) -> None:
        """Read *limit* older messages, too."""
        params = GetMessagesParams(limit=limit, before=self._rows[0].seq if self._rows else None)
        resource = self._run.options.resource
        page = await self._storage.get_messages(self._id, params, resource=resource)
        self._rows[:0] = page.items
        self._more = page.has_more
        said = [row.message for row in self._rows if not covered(row)]
        self._run.messages[:] = in_call_order(said)

    async def _select(self, budget: int, *, cut: bool = False) -> Selection:
        anchor, seen = self._cut.start, self._cut.seen
        context = WindowContext(budget=budget, anchor=anchor, seen=seen, cut=cut)
        while True:
            newest_first = _Rows(self._rows)
            selection = self._memory.window.select(newest_first, context)
            if not (newest_first.ended and self._more):
                return selection
            await self._read(len(self._rows))

    def _room(self, context: int | None) -> int:
        """Tokens that a request may have."""
        whole = self._memory.context or context or USUAL
        return whole - (self._run.options.max_tokens or min(ANSWER, whole // 8))

    async def _show(self, selection: Selection) -> None:
        """Have the model read the *selection*."""
        await self._note(selection)
        self._asked = self._fixed + selection.tokens
        self._run.view = in_call_order([row.message for row in selection.messages])

    async def _note(self, selection: Selection) -> None:
        """Remember where the window begins, for the runs to come, too, if it was cut anew."""
        self._cut = msgspec.structs.replace(
            self._cut, start=selection.start_seq, seen=selection.seen
        )
        if not selection.jumped:
            return
        await self._note_cut()
        if selection.dropped and not self._told:
            self._told = True
            self._run.notice(
                "window_cut",
                f"the model reads thread {self._id!r} from message {selection.start_seq} on; "
                f"{selection.dropped} are left out",
                {"start": selection.start_seq, "dropped": selection.dropped},
            )

    async def _note_cut(self) -> None:
        self._noted = self._cut.factor
        cut = {"start": self._cut.start, "seen": self._cut.seen, "factor": self._cut.factor}
        await self._storage.update_thread(
            self._id, metadata={KEY: cut}, resource=self._run.options.resource
        )

    # Summing up

    async def _summarize(
        self,
        selection: Selection,
        lacking: tuple[int, int],
        window: Summarize,
        room: int,
        ask: "Ask",
    ) -> bool:
        """Get a summary of what is *lacking* into the thread, if a model gives one."""
        first, last = lacking
        began = time.perf_counter()
        resource, params = (
            self._run.options.resource,
            GetMessagesParams(limit=None, after=first - 1, before=last + 1),
        )
        page = await self._storage.get_messages(self._id, params, resource=resource)
        before = "".join(_told(row.message) for row in selection.messages if covered(row))
        told = "\n\n".join(_told(row.message) for row in page.items)
        most = int(max(room - window.max_tokens, 0) * BYTES / self._cut.factor)
        try:
            text = await ask(window, _fitting(before, told, most))
        except ProviderError as error:
            self._run.notice(
                "summary_failed",
                f"{error}; the model reads no summary of messages {first} to {last}",
                {"first": first, "last": last},
            )
            return False
        message, metadata = summary(text, last)
        await self._append([message], [metadata])
        self._tell("summarize", last - first + 1, began)
        return True

    # Writing

    async def _append(
        self, messages: Sequence[Message], metadata: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Append *messages*, even if the run is cancelled meanwhile."""
        began = time.perf_counter()
        self._appends += 1
        appending = asyncio.ensure_future(
            self._storage.append(
                self._id,
                messages,
                metadata=metadata,
                key=f"{self._run.id}:{self._appends}",
                expected_seq=self._last_seq,
                resource=self._run.options.resource,
            )
        )
        cancelled = await settled(appending)
        self._add(messages, metadata, appending.result())
        self._tell("append", len(messages), began)
        if cancelled:
            raise asyncio.CancelledError

    def _add(
        self,
        messages: Sequence[Message],
        metadata: Sequence[Mapping[str, Any]],
        appended: Appended,
    ) -> None:
        self._last_seq = appended.last_seq
        now = datetime.now(UTC)
        for place, message in enumerate(messages):
            self._rows.append(
                Stored(
                    seq=appended.first_seq + place,
                    message=message,
                    created_at=now,
                    tokens=estimate(message),
                    metadata=dict(metadata[place]) if metadata else {},
                )
            )

    def _tell(
        self, operation: Literal["read", "append", "summarize"], messages: int, began: float
    ) -> None:
        self._run.tell(
            MemoryUpdate,
            operation=operation,
            thread=self._id,
            messages=messages,
            duration=time.perf_counter() - began,
        )


Ask = Callable[[Summarize, str], Awaitable[str]]


def size_of(instructions: Sequence[Message], tools: ToolRegistry) -> int:
    """About how many tokens all that is which is sent with each request."""
    described = (
        len(encode(tool.parameters)) + len(tool.name) + len(tool.description)
        for tool in tools.values()
    )
    return sum(map(estimate, instructions)) + sum(map(estimated, described))


class _Rows:
    """Rows, the newest first, that know whether somebody read them to their end."""

    def __init__(self, rows: Sequence[Stored]) -> None:
        self.ended = False
        self._rows = rows

    def __iter__(self) -> Iterator[Stored]:
        yield from reversed(self._rows)
        self.ended = True


def _is_users(row: Stored) -> bool:
    return isinstance(row.message, UserMessage) and not covered(row)


def _read_cut(value: object) -> _Cut:
    """What an earlier run noted; nonsense is taken for nothing, for the window then begins anew."""
    try:
        return msgspec.convert(value or {}, _Cut)
    except msgspec.ValidationError:
        return _Cut()


def _fitting(before: str, told: str, most: int) -> str:
    """The summary *before* and the end of what was *told* since, in *most* characters."""
    both = before + "\n\n" + told if before else told
    return both if len(both) <= most else before + "\n\n[...]" + told[len(both) + 5 - most :]


def _told(message: Message) -> str:
    """*message* for the eyes of whoever sums it up."""
    match message:
        case AssistantMessage(text=text, calls=calls):
            return "\n".join(["assistant: " + text, *map(_called, calls)])
        case ToolResult(name=name, text=text):
            return f"result of {name}: {text}"
        case _:
            return f"{message.__struct_config__.tag}: {message.text}"


def _called(call: ToolCall) -> str:
    return f"calls {call.name} with {encode(call.arguments).decode()}"
