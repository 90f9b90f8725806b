"""Windows: which of a thread's messages the model reads. Pure: messages in, messages out.

A provider keeps what it read last time, so a request that begins as the one before is cheap. A window
therefore stays where it began, its `anchor`, until it is full; then it lets go of much at once.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

import msgspec

from lumos_agent.errors import ConfigError
from lumos_agent.memory.base import Stored
from lumos_agent.memory.checks import estimated
from lumos_agent.memory.groups import Tail
from lumos_agent.messages import Message, encode

TRUSTED = (0.5, 4.0)
"""How far off an estimate may be found; a provider that reports nonsense must not close the window."""


def estimate(message: Message) -> int:
    """About how many tokens *message* has: a quarter of the bytes of its JSON, rounded up.

    It is an estimate, far off for some languages; `calibrated` says how far.
    """
    return estimated(len(encode(message)))


def calibrated(reported: int, estimated: int) -> float:
    """How many tokens the provider counts for one that is estimated; divide a budget by it.

    *reported* is a reply's `usage.input_tokens`, *estimated* what all that was asked with it was taken
    for. It is 1.0 where either is not known, and never below 0.5 or above 4.
    """
    if reported <= 0 or estimated <= 0:
        return 1.0
    least, most = TRUSTED
    return min(max(reported / estimated, least), most)


class WindowContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a window has to know besides the messages; of the selection before it, if there was one."""

    budget: int
    """Tokens that the messages may have: what instructions, tools and the answer leave over."""
    anchor: int | None = None
    """The `start_seq` of the selection before."""
    seen: int = 0
    """The `seen` of the selection before."""
    summary: Stored | None = None
    """The newest summary stored, if it is known; `Summarize` reads back to it else."""
    cut: bool = False
    """Whether to let go of much now, full or not; after a `ContextLengthError`, for example."""
    count: Callable[[Message], int] = estimate
    """The tokens of a message, for those that are stored without."""

    def size(self, row: Stored) -> int:
        """The tokens of *row*."""
        return self.count(row.message) if row.tokens is None else row.tokens


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What the model reads of a thread."""

    messages: tuple[Stored, ...]
    """In their order, whole groups that begin with the user; a summary comes before all. Where not all
    of the first turn fits, there is a gap after the user's message. Some texts may be shortened."""
    start_seq: int | None
    """The number from which on nothing is left out; None where only a summary is left, or nothing."""
    tokens: int
    dropped: int
    """How many messages of the thread are not in it."""
    jumped: bool = False
    """Whether it was cut anew, so that it does not begin as the selection before it."""
    seen: int = 0
    """The newest number when it was last cut anew; 0 if it never was."""
    needs_summary: tuple[int, int] | None = None
    """The first and the last number of what is left out and in no summary, if somebody asks for one."""


@runtime_checkable
class Window(Protocol):
    """Chooses which messages of a thread the model reads.

    What is torn is never among them: calls that lack a result, results that lack their call. So calls
    at the end of a thread, which a run may still answer, are answered first.
    """

    def select(self, rows: Iterable[Stored], context: WindowContext, /) -> Selection:
        """Choose from *rows*, the newest first, reading no further than need be.

        The user's newest message must be among them. Raises `ContextLengthError` where even the
        newest step is too long.
        """
        ...


class Described(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """A window that JSON can describe, as in `{"type": "last_messages", "n": 20}`."""


class LastMessages(Described, frozen=True, tag="last_messages"):
    """The newest *n* messages, and what is needed to make them whole; fewer where the budget is less.

    It moves with each message, so that a provider keeps nothing of it: take `TokenWindow` for that.
    """

    n: int = 40

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"LastMessages(n={self.n}): it must be 1 or more")

    def select(self, rows: Iterable[Stored], context: WindowContext, /) -> Selection:
        """The newest messages, but none from before the anchor."""
        tail, budget, anchor = Tail(rows, context.size), context.budget, context.anchor or 1
        count = tail.read(anchor, budget, self.n)
        if count > 1 and tail.tokens(count) > budget:
            count -= 1
        opened = tail.opened(count)
        count = tail.fitting(opened, budget)
        cut = not tail.reached or count < opened
        start = tail.take(count)[1] or 0
        return _selected(tail, count, context, jumped=cut and start > anchor)


class TokenWindow(Described, frozen=True, tag="token_window"):
    """As many turns as fit; when *high* of the budget is full, whole turns go until *low* of it is.

    A turn that is longer than *high* by itself loses its oldest steps, never the user's message.
    """

    high: float = 0.9
    low: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high <= 1:
            raise ConfigError(
                f"TokenWindow(high={self.high}, low={self.low}): it must be 0 < low < high <= 1"
            )

    def select(self, rows: Iterable[Stored], context: WindowContext, /) -> Selection:
        """All from the anchor on, while it fits."""
        tail = Tail(rows, context.size)
        high, low = context.budget * self.high, context.budget * self.low
        count = tail.read(context.anchor or 1, high)
        if tail.reached and not context.cut:
            opened = tail.opened(count)
            if tail.tokens(opened) + tail.before(opened) <= high:
                return _selected(tail, opened, context, jumped=False)
        return _selected(tail, _kept(tail, count, high, low), context, jumped=True)


def _kept(tail: Tail, count: int, high: float, low: float) -> int:
    """How many of *count* groups stay: turns within *low*, or else the newest, whole or its end."""
    turns = tail.turns(count)
    short = [turn for turn in turns if tail.tokens(turn) <= low]
    if short:
        return short[-1]
    if turns and (turns[0] == 1 or tail.tokens(turns[0]) <= high):
        return turns[0]
    return tail.fitting(tail.opened(turns[0] - 1 if turns else count), low)


def _selected(tail: Tail, count: int, context: WindowContext, *, jumped: bool) -> Selection:
    """The *count* newest groups; the newest is shortened where it has to be."""
    if count == 1 and tail.tokens(1) + tail.before(1) > context.budget:
        tail.shorten(context.budget, context.count)
    messages, start = tail.take(count)
    return Selection(
        messages=messages,
        start_seq=start,
        tokens=tail.tokens(count) + tail.before(count),
        dropped=tail.newest - len(messages),
        jumped=jumped and count > 0,
        seen=tail.newest if jumped and count else context.seen,
    )
