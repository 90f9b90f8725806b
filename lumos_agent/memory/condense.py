"""Windows around another window: they sum up what it leaves out, or shorten what it keeps."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from lumos_agent.errors import ConfigError
from lumos_agent.memory.base import Stored
from lumos_agent.memory.groups import Reread, covered, groups, newest_groups, shortened
from lumos_agent.memory.window import (
    Described,
    LastMessages,
    Selection,
    TokenWindow,
    Window,
    WindowContext,
)
from lumos_agent.messages import AssistantMessage, ToolResult, UserMessage

SHARE = 4
"""A summary that is longer than this part of the budget is cut."""
PROMPT = (
    "Sum up the conversation so far for somebody who must go on with it and cannot read it. Keep what "
    "was asked, what was decided, names, numbers and results, and what is still to be done. Leave out "
    "how it came about. Answer with the summary alone."
)
CLEARED = (
    "[A result of about {tokens:,} tokens stood here. It was taken out to make room; "
    "if it is still needed, ask for it again.]"
)


def summary(text: str, last: int) -> tuple[UserMessage, dict[str, Any]]:
    """The message, and its metadata, that `Summarize` shows instead of all up to the number *last*."""
    message = UserMessage(f"[Summary of what was said before]\n{text}")
    return message, {"summary": {"covers": [1, last]}}


class Summarize(Described, frozen=True, tag="summarize"):
    """The window *inner* after a summary of what it left out.

    When *inner* cuts, *keep_turns* turns stay at most. `needs_summary` of the selection is what
    somebody must sum up, together with the summary before it, and append to the thread as a message
    with the metadata `{"summary": {"covers": [1, last]}}`, the user's or the system's. *model*,
    *max_tokens* and *prompt* are for whoever does.
    """

    inner: Window = TokenWindow()
    keep_turns: int = 4
    model: str | None = None
    """The model that sums up; None for the agent's own."""
    max_tokens: int = 1_000
    prompt: str = PROMPT

    def __post_init__(self) -> None:
        if self.keep_turns < 1 or self.max_tokens < 1:
            raise ConfigError(
                f"Summarize(keep_turns={self.keep_turns}, max_tokens={self.max_tokens}): "
                "both must be 1 or more"
            )

    def select(self, rows: Iterable[Stored], context: WindowContext, /) -> Selection:
        """The newest summary, and what *inner* selects of all that it does not cover."""
        read, newest = Reread(rows), context.summary
        while True:
            last, shown = covered(newest) if newest else 0, _shown(newest, context)
            room = context.budget - sum(map(context.size, shown))
            inside = replace(context, budget=room, summary=None)
            selection = self.inner.select(_after(read, last), inside)
            found = _newest(read, newest)
            if found == newest:
                break
            newest = found  # it was met on the way, and takes room
        if selection.jumped:
            selection = _last_turns(selection, self.keep_turns, read.so_far, context)
        return _after_summary(selection, shown, last, read, context)


def _newest(read: Reread, known: Stored | None) -> Stored | None:
    """The summary that was stored last; if none is known, it reads on until there is one."""
    met = next((row for row in read.so_far if row.metadata and covered(row)), None)
    return met or known or next((row for row in read if covered(row)), None)


def _shown(row: Stored | None, context: WindowContext) -> tuple[Stored, ...]:
    """The summary *row*, if there is one, cut where it is too long."""
    most = context.budget // SHARE
    if row and context.size(row) > most:
        row = shortened(row, most, context.size(row), context.count)
    return (row,) if row else ()


def _after(read: Reread, last: int) -> Iterator[Stored]:
    """All after *last*, the newest first; where that begins within a turn, what opens it, too.

    It ends where a summary begins that is met on the way.
    """
    yield from (after := Reread(_uncovered(read, last)))
    if not last:
        return
    whole = [*newest_groups(after)]
    if whole and not whole[-1].opens:
        older = groups(row for row in read if row.seq <= last)
        opener = next((group for group in older if group.opens), None)
        yield from reversed(opener.rows if opener else ())


def _uncovered(rows: Iterable[Stored], last: int) -> Iterator[Stored]:
    for row in rows:
        covers = covered(row)
        last = last or covers
        if row.seq <= last:
            return
        if not covers:
            yield row


def _last_turns(
    selection: Selection, most: int, read: Sequence[Stored], context: WindowContext
) -> Selection:
    """*selection* without its first turns, if it has more than *most*."""
    turns = [group.first for group in groups(read) if group.opens]
    begin = turns[most - 1] if len(turns) >= most else 0
    messages = tuple(row for row in selection.messages if row.seq >= begin)
    if len(messages) == len(selection.messages):
        return selection
    tokens = sum(map(context.size, messages))
    return replace(selection, messages=messages, start_seq=begin, tokens=tokens)


def _after_summary(
    selection: Selection,
    shown: Sequence[Stored],
    last: int,
    read: Reread,
    context: WindowContext,
) -> Selection:
    """*selection* after the summary *shown*, which covers all up to *last*."""
    start, messages = selection.start_seq, (*shown, *selection.messages)
    if start is not None and start <= last:  # of what opens a turn that is not covered to its end
        start = next((row.seq for row in selection.messages if row.seq > last), None)
    return replace(
        selection,
        messages=messages,
        start_seq=start,
        tokens=selection.tokens + sum(map(context.size, shown)),
        dropped=(read.so_far[0].seq if read.so_far else 0) - len(messages),
        needs_summary=_left_out(read, last, start),
    )


def _left_out(read: Reread, last: int, start: int | None) -> tuple[int, int] | None:
    """The numbers between the summary's *last* and the window's *start*, if anything is told there.

    What a thread begins with before the user says anything is worth no summary.
    """
    if start is None or start <= last + 1:
        return None
    between = takewhile(lambda row: row.seq > last, read)
    told = any(group.opens or last for group in groups(row for row in between if row.seq < start))
    return (last + 1, start - 1) if told else None


class ClearToolResults(Described, frozen=True, tag="clear_tool_results"):
    """The window *inner* with a sentence instead of each old result of more than *over_tokens*.

    The newest *keep_last* results stay, and all that the model has not answered yet. Results are only
    taken out when *inner* cuts, so that what the model reads goes on as it began until the next cut.
    """

    inner: Window = TokenWindow()
    keep_last: int = 3
    over_tokens: int = 2_000

    def __post_init__(self) -> None:
        if self.keep_last < 0 or self.over_tokens < 0:
            raise ConfigError(
                f"ClearToolResults(keep_last={self.keep_last}, over_tokens={self.over_tokens}): "
                "both must be 0 or more"
            )

    def select(self, rows: Iterable[Stored], context: WindowContext, /) -> Selection:
        """What *inner* selects; when that is full, the results go first, and then it cuts."""
        read = Reread(rows)
        selection = self.inner.select(self._cleared(read, context.seen, context), context)
        if not selection.jumped:
            return selection
        newest = read.so_far[0].seq
        cut = replace(context, cut=True, seen=newest)
        selection = self.inner.select(self._cleared(read, newest, context), cut)
        return replace(selection, jumped=True, seen=newest)

    def _cleared(
        self, rows: Iterable[Stored], seen: int, context: WindowContext
    ) -> Iterator[Stored]:
        """*rows* with what was old when *seen* was the newest taken out."""
        results, answered = 0, False
        for row in rows:
            if row.seq <= seen and isinstance(row.message, ToolResult):
                results += 1
                if answered and results > self.keep_last:
                    row = self._short(row, row.message, context)
            elif row.seq <= seen and isinstance(row.message, AssistantMessage):
                answered = True
            yield row

    def _short(self, row: Stored, result: ToolResult, context: WindowContext) -> Stored:
        tokens = context.size(row)
        message = replace(result, text=CLEARED.format(tokens=tokens))
        counted = context.count(message)
        if tokens <= max(self.over_tokens, counted):
            return row
        return replace(row, message=message, tokens=counted)


def summarizer(window: Window) -> Summarize | None:
    """The `Summarize` in *window*, if there is one."""
    match window:
        case Summarize():
            return window
        case ClearToolResults(inner=inner):
            return summarizer(inner)
        case _:
            return None


Shipped = LastMessages | TokenWindow | Summarize | ClearToolResults


def window_from(value: object) -> Window:
    """The window that *value* describes: `{"type": "last_messages", "n": 20}`, its `inner` likewise.

    Raises `ConfigError` for one that there is not.
    """
    try:
        window: Window = msgspec.convert(
            value, Shipped, dec_hook=lambda _, inner: window_from(inner)
        )
    except msgspec.ValidationError as error:
        known = ", ".join(str(kind.__struct_config__.tag) for kind in get_args(Shipped))
        raise ConfigError(
            f"{value!r} is no window: {error}; it is an object whose type is one of {known}"
        ) from error
    return window
