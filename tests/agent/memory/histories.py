"""Threads for the tests of windows, random and by hand, and what is whole in them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from lumos_agent import (
    AssistantMessage,
    ClearToolResults,
    LastMessages,
    Message,
    Selection,
    Stored,
    Summarize,
    SystemMessage,
    TokenWindow,
    ToolCall,
    ToolResult,
    UserMessage,
    Window,
    WindowContext,
)
from lumos_agent.memory.window import estimate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stored(seq: int, message: Message, tokens: int | None = 10, **metadata: Any) -> Stored:
    """A row of a thread."""
    return Stored(seq=seq, message=message, created_at=NOW, tokens=tokens, metadata=metadata)


def thread(*messages: Message, tokens: int | None = 10) -> list[Stored]:
    """The rows of a thread, oldest first, of so many tokens each."""
    return [stored(seq, message, tokens) for seq, message in enumerate(messages, 1)]


def summed_up(seq: int, last: int, tokens: int | None = 10, text: str = "in short") -> Stored:
    """A stored summary of all up to *last*."""
    return stored(seq, UserMessage(text), tokens, summary={"covers": [1, last]})


def turn(*steps: str, answer: bool = True) -> list[Message]:
    """A user's message, a call and its result for each of *steps*, and an answer: 2 and more."""
    said: list[Message] = [UserMessage("?")]
    for id in steps:
        said += called(id)
    return [*said, AssistantMessage("!")] if answer else said


def called(*ids: str, text: str = "found") -> list[Message]:
    """A reply that makes these calls, and their results."""
    calls = tuple(ToolCall(id, "look", {}) for id in ids)
    return [AssistantMessage("", calls), *(ToolResult(id, "look", text) for id in ids)]


def select(window: Window, rows: Sequence[Stored], budget: int, **context: Any) -> Selection:
    """What *window* selects of *rows*, which are the oldest first."""
    return window.select(reversed(rows), WindowContext(budget=budget, **context))


def after(selection: Selection) -> dict[str, Any]:
    """What the next selection has to know of this one."""
    return {"anchor": selection.start_seq, "seen": selection.seen}


def numbers(selection: Selection) -> list[int]:
    """The numbers of what was selected."""
    return [row.seq for row in selection.messages]


class Counting:
    """Rows, the newest first, that count how many of them were read."""

    def __init__(self, rows: Sequence[Stored]) -> None:
        self.read = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Stored]:
        for row in reversed(self._rows):
            self.read += 1
            yield row


# What is whole, worked out forward


def groups_of(rows: Iterable[Stored]) -> list[list[Stored]]:
    """The whole groups of a thread, in their order."""
    found: list[list[Stored]] = []
    for row in rows:
        if sums_up_to(row):
            continue
        if not isinstance(row.message, ToolResult):
            found.append([row])
        elif found and unanswered(found[-1])[row.message.call_id] > 0:
            found[-1].append(row)
    whole = [group for group in found if not +unanswered(group)]
    while whole and isinstance(whole[-1][0].message, SystemMessage):
        del whole[-1]  # it may belong to what the user says next
    return whole


def unanswered(group: Sequence[Stored]) -> Counter[str]:
    """The calls of *group* that lack a result, by their ids."""
    reply = group[0].message
    missing = Counter(
        call.id for call in (reply.calls if isinstance(reply, AssistantMessage) else ())
    )
    missing.subtract(row.message.call_id for row in group if isinstance(row.message, ToolResult))
    return missing


def sums_up_to(row: Stored) -> int:
    """The number up to which *row* is a summary; 0 for any other message."""
    last: int = row.metadata.get("summary", {}).get("covers", [1, 0])[1]
    return last if last < row.seq else 0


def newest_summary(rows: Iterable[Stored]) -> Stored | None:
    """The summary that was stored last."""
    return max(filter(sums_up_to, rows), key=lambda row: row.seq, default=None)


def user_before(rows: Sequence[Stored], seq: int) -> int | None:
    """The number of the user's message that *seq* follows."""
    users = [row.seq for row in rows if isinstance(row.message, UserMessage)]
    summaries = [row.seq for row in rows if sums_up_to(row)]
    return max((user for user in users if user < seq and user not in summaries), default=None)


def opens(rows: Sequence[Stored], seq: int) -> bool:
    """Whether a turn begins at the number *seq*: with the user, or the system right before."""
    for row in rows[seq - 1 :]:
        if not isinstance(row.message, SystemMessage) and not sums_up_to(row):
            return isinstance(row.message, UserMessage)
    return False


# Random ones


EVENTS = [
    *["user"] * 6,
    *["answer"] * 4,
    *["step"] * 8,
    *["torn", "result", "system", "summary"],
]


@st.composite
def histories(draw: st.DrawFn) -> list[Stored]:
    """A thread as it may be found: turns with steps, now and then torn or summed up."""
    events = draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=24))
    messages: list[tuple[Message, dict[str, Any]]] = []
    for number, event in enumerate(events):
        if event == "summary":
            last = draw(st.integers(0, len(messages) + 1))  # 0 or its own: that is none
            message = draw(st.sampled_from([UserMessage, SystemMessage]))(draw_text(draw, 300))
            messages.append((message, {"summary": {"covers": [1, last]}}))
        messages += [(one, {}) for one in draw_messages(draw, event, f"c{number}")]
    rows: list[Stored] = []
    for seq, (message, metadata) in enumerate(messages, 1):
        tokens = draw(st.sampled_from([None, estimate(message), estimate(message) + 9]))
        rows.append(stored(seq, message, tokens, **metadata))
    return rows


def draw_messages(draw: st.DrawFn, event: str, id: str) -> list[Message]:
    match event:
        case "user":
            return [UserMessage(draw_text(draw, 200))]
        case "answer":
            return [AssistantMessage(draw_text(draw, 200))]
        case "system":
            return [SystemMessage(draw_text(draw, 60))]
        case "result":
            return [ToolResult(draw(st.sampled_from([id, "c0", "c1"])), "look", "late")]
        case "step" | "torn":
            return draw_step(draw, id, torn=event == "torn")
        case _:
            return []


def draw_step(draw: st.DrawFn, id: str, *, torn: bool) -> list[Message]:
    """A reply and its results, in any order; where it is torn, some are missing or come too late."""
    ids = [draw(st.sampled_from([id, f"{id}-{place}"])) for place in range(draw(st.integers(1, 4)))]
    calls = AssistantMessage("", tuple(ToolCall(one, "look", {}) for one in ids))
    results: list[Message] = [ToolResult(one, "look", draw_text(draw, 900)) for one in ids]
    results = draw(st.permutations(results))
    if not torn:
        return [calls, *results]
    between = draw(st.sampled_from([[], [UserMessage("stop")], [SystemMessage("day 2")]]))
    return [calls, *between, *results[draw(st.integers(0, len(results))) :]]


def draw_text(draw: st.DrawFn, most: int) -> str:
    return "x" * draw(st.integers(0, most))


budgets = st.sampled_from([80, 150, 300, 600, 1_000, 3_000])
plain: st.SearchStrategy[Window] = st.one_of(
    st.builds(LastMessages, st.integers(1, 12)),
    st.builds(TokenWindow),
    st.builds(TokenWindow, st.sampled_from([0.7, 1.0]), st.sampled_from([0.1, 0.6])),
)


def around(inner: st.SearchStrategy[Window]) -> st.SearchStrategy[Window]:
    """A window around another."""
    some = st.sampled_from([0, 60, 150])
    return st.one_of(
        st.builds(Summarize, inner, st.integers(1, 4)),
        st.builds(ClearToolResults, inner, keep_last=st.integers(0, 3), over_tokens=some),
    )


windows = st.one_of(plain, around(plain), around(around(plain)))


def sums_up(window: Window) -> bool:
    """Whether *window* shows summaries."""
    match window:
        case Summarize():
            return True
        case ClearToolResults(inner=inner):
            return sums_up(inner)
        case _:
            return False
