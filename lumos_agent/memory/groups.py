"""Messages that stand or fall together, read from a thread's newest back: what windows are cut from.

A group is a reply with all results of its calls, or a message alone. What is torn is in none: a reply
of which a call has no result, a result without its call.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import dropwhile

import msgspec
from msgspec.structs import replace

from lumos_agent.errors import ContextLengthError
from lumos_agent.memory.base import Stored
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolResult,
    UserMessage,
)

CUT = "\n[Cut off to make room: {left_out:,} of {length:,} characters.]"


def covered(row: Stored) -> int:
    """The last number that *row* sums up, where it is a summary of all up to there; else 0.

    A summary is a message with the metadata `{"summary": {"covers": [1, last]}}`, stored after `last`.
    """
    match row.metadata:
        case {"summary": {"covers": [1, int(last)]}} if 1 <= last < row.seq:
            return last
        case _:
            return 0


class Group(msgspec.Struct, frozen=True):
    """Stored messages that stand or fall together, in their order."""

    rows: tuple[Stored, ...]
    opens: bool
    """Whether a turn begins here: it is a user's message, with the system's right before it."""

    @property
    def first(self) -> int:
        """The number of its first message."""
        return self.rows[0].seq


def newest_groups(rows: Iterable[Stored]) -> Iterator[Group]:
    """The groups of a thread, both newest first.

    What the system says at its end is not yet there: it may belong to the user's next message.
    """
    return dropwhile(_waits, groups(rows))


def _waits(group: Group) -> bool:
    return isinstance(group.rows[-1].message, SystemMessage)


def groups(rows: Iterable[Stored]) -> Iterator[Group]:
    """The groups of *rows*, both newest first. Summaries are in none."""
    results: list[tuple[str, Stored]] = []
    """Those whose call is yet to come, newest first, each after the id of its call."""
    opening: list[Stored] = []
    """A user's message and what may belong before it, newest first."""
    for row in rows:
        message = row.message
        if row.metadata and covered(row):
            continue
        if opening and not isinstance(message, SystemMessage):
            yield Group((*reversed(opening),), True)
            opening = []
        if isinstance(message, ToolResult):
            results.append((message.call_id, row))
            continue
        if opening or isinstance(message, UserMessage):
            opening.append(row)
        elif (answers := _answers(message, results)) is not None:
            yield Group((row, *answers), False)
        results = []
    if opening:
        yield Group((*reversed(opening),), True)


def _answers(message: Message, results: Sequence[tuple[str, Stored]]) -> list[Stored] | None:
    """Those of *results*, newest first, that answer the calls of *message*; None if one lacks its."""
    if not isinstance(message, AssistantMessage) or not message.calls:
        return []
    missing = [call.id for call in message.calls]
    answers: list[Stored] = []
    for id, row in reversed(results):
        if id in missing:
            missing.remove(id)
            answers.append(row)
    return None if missing else answers


class Reread:
    """Messages that are read from an iterator once, and can be read again."""

    def __init__(self, rows: Iterable[Stored]) -> None:
        self.so_far: list[Stored] = []
        self._rest = iter(rows)

    def __iter__(self) -> Iterator[Stored]:
        yield from self.so_far
        for row in self._rest:
            self.so_far.append(row)
            yield row


class Tail:
    """The newest groups of a thread, read as far back as somebody asks.

    *size* is the tokens of a message. Groups are counted from the newest.
    """

    def __init__(self, rows: Iterable[Stored], size: Callable[[Stored], int]) -> None:
        self._rows = Reread(rows)
        self._older = newest_groups(self._rows)
        self._size = size
        self._groups: list[Group] = []
        self._tokens = [0]
        """Of the newest 0, 1, 2 ... groups, as many as were asked for."""
        self.reached = False
        """Whether all was read that was asked for, and within its limit."""

    @property
    def newest(self) -> int:
        """The number of the newest message, torn or not; 0 where there is none."""
        return self._rows.so_far[0].seq if self._rows.so_far else 0

    def read(self, anchor: int, limit: float, messages: float = math.inf) -> int:
        """Read back to *anchor*, or until there are more than *limit* tokens or enough *messages*.

        It is the number of groups read, one at least if there is one; they `reached` the anchor or the
        thread's beginning, or not.
        """
        tokens = found = 0
        for group in self._older:
            tokens += self._sum(group)
            found += len(group.rows)
            self._groups.append(group)
            self._tokens.append(tokens)
            self.reached = group.first <= anchor
            if self.reached or tokens > limit or found >= messages:
                break
        else:
            self.reached = True
        self.reached &= tokens <= limit
        return len(self._groups)

    def tokens(self, count: int) -> int:
        """The tokens of *count* groups."""
        return self._tokens[count]

    def turns(self, count: int) -> list[int]:
        """How many groups, *count* at most, it can be so that they begin with a turn."""
        return [place for place in range(1, count + 1) if self._groups[place - 1].opens]

    def opener(self, count: int) -> Group | None:
        """What opens the turn in which the oldest of *count* groups stands; None if nothing does.

        It may be that group itself, or one that is read for it: there is no other `read` after this.
        """
        if not count:
            return None
        for place in range(count - 1, len(self._groups)):
            if self._groups[place].opens:
                return self._groups[place]
        for group in self._older:
            self._groups.append(group)
            if group.opens:
                return group
        return None

    def opened(self, count: int) -> int:
        """As many of *count* groups as some turn has; a thread may begin with what is in none."""
        if self.opener(count):
            return count
        return max(self.turns(count), default=0)

    def before(self, count: int) -> int:
        """The tokens of what opens the turn of *count* groups, if it is none of them."""
        opener = self.opener(count)
        return self._sum(opener) if opener and opener is not self._groups[count - 1] else 0

    def fitting(self, count: int, limit: float) -> int:
        """As many of *count* groups, one at least, as fit *limit* with what opens their turn."""
        before = self.before(count)
        while count > 1 and self._tokens[count] + before > limit:
            count -= 1
            if any(group.opens for group in self._groups[count - 1 : count + 1]):
                before = self.before(count)
        return count

    def take(self, count: int) -> tuple[tuple[Stored, ...], int | None]:
        """The messages of *count* groups, after what opens their turn, and the number of the first.

        It is the first from which on nothing is left out; None if there is none.
        """
        opener = self.opener(count)
        if opener is None:
            return (), None
        chosen = self._groups[:count]
        if opener is chosen[-1]:
            return _rows(chosen), opener.first
        first = opener.first if opener is self._groups[count] else chosen[-1].first
        return _rows([*chosen, opener]), first

    def shorten(self, budget: int, count: Callable[[Message], int]) -> None:
        """Cut the results of the newest group so that it fits *budget* with what opens its turn.

        Raises `ContextLengthError` where that is not enough.
        """
        before = self.before(1)
        shorter = _shorter(self._groups[0], budget - before, self._size, count)
        if shorter is None:
            raise _too_long(self._tokens[1], before, budget)
        self._groups[0] = shorter
        self._tokens[1] = self._sum(shorter)

    def _sum(self, group: Group) -> int:
        return sum(map(self._size, group.rows))


def _rows(newest_first: Sequence[Group]) -> tuple[Stored, ...]:
    return tuple(row for group in reversed(newest_first) for row in group.rows)


def _too_long(tokens: int, before: int, budget: int) -> ContextLengthError:
    room = f"the window has room for {max(budget, 0):,}"
    if not before:
        return ContextLengthError(
            f"the newest message has {tokens:,} tokens, but {room}; shorten it, take a model with a "
            "larger window, or give the agent fewer tools or shorter instructions"
        )
    return ContextLengthError(
        f"the newest step has {tokens:,} tokens and the user's message {before:,}, but {room}; ask "
        "for less at once, take a model with a larger window, or give the agent fewer tools"
    )


def _shorter(
    group: Group, room: int, size: Callable[[Stored], int], count: Callable[[Message], int]
) -> Group | None:
    """*group* with its largest results cut so that it fits *room* tokens; None if that cannot be."""
    results = [row for row in group.rows if isinstance(row.message, ToolResult)]
    room -= sum(size(row) for row in group.rows if not isinstance(row.message, ToolResult))
    if room <= 0 or not results:
        return None
    most = _level(sorted(map(size, results)), room)
    rows: list[Stored] = []
    for row in group.rows:
        long = isinstance(row.message, ToolResult) and size(row) > most
        shorter = shortened(row, most, size(row), count) if long else row
        if shorter is None:
            return None
        rows.append(shorter)
    return Group(tuple(rows), group.opens)


def _level(sizes: Sequence[int], room: int) -> int:
    """What the larger of *sizes*, smallest first, must be cut to, so that all together fit *room*."""
    return max((room - sum(sizes[:whole])) // (len(sizes) - whole) for whole in range(len(sizes)))


def shortened(
    row: Stored, most: int, tokens: int, count: Callable[[Message], int]
) -> Stored | None:
    """*row*, which has *tokens*, its text cut to have at most *most*; None if no text would be left.

    The text ends by saying how much was cut off.
    """
    text = row.message.text
    keep = len(text) * most // max(tokens, 1)
    while keep > 0:
        note = CUT.format(left_out=len(text) - keep, length=len(text))
        message = replace(row.message, text=text[:keep] + note)
        counted = count(message)
        if counted <= most:
            return replace(row, message=message, tokens=counted)
        keep -= max(keep * (counted - most) // counted, keep // 16, 1)
    return None
