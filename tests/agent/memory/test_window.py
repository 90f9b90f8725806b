"""Which of a thread's messages the model reads."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lumos_agent import (
    AssistantMessage,
    ClearToolResults,
    ConfigError,
    ContextLengthError,
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
from lumos_agent.memory.condense import SHARE, summarizer, summary, window_from
from lumos_agent.memory.window import calibrated, estimate
from tests.agent.memory.histories import (
    Counting,
    after,
    budgets,
    called,
    groups_of,
    histories,
    newest_summary,
    numbers,
    opens,
    plain,
    select,
    stored,
    summed_up,
    sums_up,
    sums_up_to,
    thread,
    turn,
    user_before,
    windows,
)

many = settings(max_examples=max(300, settings.default.max_examples * 3 // 2))
"""300, and 3 000 for the proof."""


# Tokens


def test_estimate():
    """A message has about a token for each four bytes of its JSON, however it is written."""
    assert 7 == estimate(UserMessage("ab"))  # {"role":"user","text":"ab"}
    assert 7 == estimate(UserMessage("abc"))
    assert 8 == estimate(UserMessage("ab日"))
    assert 8 == estimate(UserMessage("\udc80"))  # half of a surrogate pair, as an escape


@pytest.mark.parametrize(
    ("reported", "estimated", "factor"),
    [(300, 200, 1.5), (0, 200, 1.0), (300, 0, 1.0), (1, 200, 0.5), (9_000, 200, 4.0)],
)
def test_calibrated(reported: int, estimated: int, factor: float):
    """What the provider reports says how far estimates are off; nonsense says little."""
    assert factor == calibrated(reported, estimated)


def test_count():
    """Tokens that are stored are believed; only the other messages are counted."""
    counted: list[Message] = []

    def count(message: Message) -> int:
        counted.append(message)
        return 7

    rows = [stored(1, UserMessage("a"), 5), stored(2, AssistantMessage("b"), None)]
    selection = select(TokenWindow(), rows, 100, count=count)

    assert (5 + 7, {"b"}) == (selection.tokens, {message.text for message in counted})


# TokenWindow


def test_all_that_fits():
    """A thread that fits is selected whole."""
    selection = select(TokenWindow(), thread(*turn("a"), *turn()), 100)

    assert [1, 2, 3, 4, 5, 6] == numbers(selection)
    assert (1, 60, 0, False, 0) == (
        selection.start_seq,
        selection.tokens,
        selection.dropped,
        selection.jumped,
        selection.seen,
    )


def test_nothing():
    """Of an empty thread nothing is selected."""
    empty = Selection(messages=(), start_seq=None, tokens=0, dropped=0)

    assert [empty] * 3 == [
        select(window, [], 100, cut=cut)
        for window, cut in [(TokenWindow(), False), (TokenWindow(), True), (LastMessages(), False)]
    ]


def test_cuts_in_jumps():
    """It grows up to 90 % of the budget, then turns go until it has 50 % of it, and it grows again."""
    rows, begins, anchor = thread(*turn() * 30), list[int](), None
    for end in range(1, 60, 2):  # each time the user says something; a turn has 20 tokens of 200
        selection = select(TokenWindow(), rows[:end], 200, anchor=anchor)
        anchor = selection.start_seq
        begins.append(anchor or 0)

    assert [1] * 9 + [11] * 5 + [21] * 5 + [31] * 5 + [41] * 5 + [51] == begins


def test_long_turn():
    """A turn that is too long by itself keeps the user's message and its newest steps."""
    rows = thread(*turn(), *turn("a", "b", "c", "d"))
    selection = select(TokenWindow(), rows, 100)

    assert [3, 10, 11, 12] == numbers(selection)  # the user, step d, the answer
    assert (10, 8) == (selection.start_seq, selection.dropped)
    assert [3, 10, 11, 12] == numbers(select(TokenWindow(), rows, 100, **after(selection)))


def test_long_but_fitting_turn():
    """A newest turn between the two marks stays whole."""
    selection = select(TokenWindow(), thread(*turn(), *turn("a", "b", "c")), 100)

    assert [*range(3, 11)] == numbers(selection)


def test_cut_is_asked_for():
    """Whoever knows better than the estimate has it cut, full or not."""
    rows = thread(*turn() * 4)

    assert [1, 2, 3, 4, 5, 6, 7, 8] == numbers(select(TokenWindow(), rows, 100))
    assert [5, 6, 7, 8] == numbers(select(TokenWindow(), rows, 100, cut=True))


def test_largest_results_are_cut():
    """A step that does not fit has its largest results cut, and they say by how much."""
    rows = [
        stored(1, UserMessage("?")),
        stored(2, AssistantMessage("", (ToolCall("a", "look", {}), ToolCall("b", "look", {})))),
        stored(3, ToolResult("a", "look", "a" * 9_000), 2_250),
        stored(4, ToolResult("b", "look", "short")),
    ]
    selection = select(TokenWindow(), rows, 230)
    cut = selection.messages[2].message.text

    assert [1, 2, 3, 4] == numbers(selection)
    assert 190 < selection.tokens <= 230
    kept = cut.count("a" * 10) * 10 + len(cut) % 10
    assert cut.startswith("a" * 600) and "short" == selection.messages[3].message.text
    assert f"a\n[Cut off to make room: {9_000 - cut.index(chr(10)):,} of 9,000 characters.]" in cut
    assert kept


def test_results_of_one_size():
    """Of results that are equally large none is preferred."""
    rows = thread(UserMessage("?"), *called("a", "b", text="x" * 4_000), tokens=None)
    selection = select(TokenWindow(), rows, 500)
    lengths = [len(row.message.text) for row in selection.messages[2:]]

    assert lengths[0] == lengths[1] > 750
    assert selection.tokens <= 500


@pytest.mark.parametrize("window", [TokenWindow(), LastMessages(), ClearToolResults()])
def test_too_long(window: Window):
    """What cannot be made to fit is an error that names the sizes, and what to do."""
    lone = thread(UserMessage("?"), tokens=1_200)
    step = thread(UserMessage("?"), *called("a"), tokens=1_200)
    with pytest.raises(
        ContextLengthError, match=r"message has 1,200 tokens, but .* 1,000; shorten"
    ):
        select(window, lone, 1_000)
    with pytest.raises(ContextLengthError, match=r"step has 2,400 tokens and .* 1,200, .* 1,000;"):
        select(window, step, 1_000)
    with pytest.raises(ContextLengthError, match=r"room for 0;"):
        select(window, lone, -5)


def test_no_text_would_be_left():
    """A result is not cut down to nothing."""
    rows = thread(UserMessage("?"), *called("a", text="x" * 400), tokens=None)
    with pytest.raises(ContextLengthError):
        select(TokenWindow(), rows, 60)


# LastMessages


def test_last_messages():
    """So many of the newest; a step is not torn, and the user's message before it stays."""
    rows = thread(*turn(), *turn("a", "b"))

    assert [3, 8] == numbers(select(LastMessages(1), rows, 1_000))
    assert [3, 6, 7, 8] == numbers(select(LastMessages(2), rows, 1_000))
    assert [3, 4, 5, 6, 7, 8] == numbers(select(LastMessages(5), rows, 1_000))
    assert [*range(1, 9)] == numbers(select(LastMessages(40), rows, 1_000))


def test_last_messages_within_the_budget():
    """Where so many do not fit it is fewer."""
    rows = thread(*turn(), *turn("a", "b"))

    assert [3, 6, 7, 8] == numbers(select(LastMessages(40), rows, 45))
    assert [3, 8] == numbers(select(LastMessages(40), rows, 25))


def test_last_messages_and_a_long_question():
    """Where the user's message does not fit besides its last step, the next turn is what is left."""
    rows = [stored(1, UserMessage("?"), 90), *thread(*turn("a"), *turn("b"))[1:]]

    assert [5, 6, 7, 8] == numbers(select(LastMessages(40), rows, 100))


def test_last_messages_go_on():
    """What an earlier selection left out does not come back."""
    selection = select(LastMessages(40), thread(*turn() * 4), 1_000, anchor=5)

    assert ([5, 6, 7, 8], False) == (numbers(selection), selection.jumped)
    assert select(LastMessages(3), thread(*turn() * 4), 1_000, anchor=1).jumped


# What is torn, and where a selection begins


TORN: dict[str, tuple[Sequence[Message], list[int]]] = {
    "at the end": ([*turn(), UserMessage("?"), called("a")[0]], [1, 2, 3]),
    "in the middle": ([UserMessage("?"), called("a")[0], *turn()], [1, 3, 4]),
    "one of two": ([UserMessage("?"), *called("a", "b")[:2], *turn()], [1, 4, 5]),
    "a result alone": ([UserMessage("?"), called("a")[1], *turn()], [1, 3, 4]),
    "a result too late": ([*turn(), called("a")[0], *turn(), called("a")[1]], [1, 2, 4, 5]),
    "a result twice": ([*turn("a")[:3], called("a")[1], *turn()], [1, 2, 3, 5, 6]),
    "an id twice": ([UserMessage("?"), *called("a", "a")], [1, 2, 3, 4]),
    "an id twice, answered once": ([UserMessage("?"), *called("a", "a")[:2]], [1]),
    "nobody asks": ([AssistantMessage("Hello"), *turn("a")], [2, 3, 4, 5]),
    "nobody ever asks": ([AssistantMessage("Hello"), SystemMessage("x")], []),
    "results alone": ([called("a")[1], called("b")[1]], []),
}


@pytest.mark.parametrize("window", [TokenWindow(), LastMessages(), Summarize()])
@pytest.mark.parametrize(("messages", "whole"), TORN.values(), ids=TORN)
def test_torn(window: Window, messages: Sequence[Message], whole: list[int]):
    """Never a call without its result, never a result without its call, and the user is first."""
    assert whole == numbers(select(window, thread(*messages), 1_000))


def test_the_system_speaks_first():
    """What the system says right before the user goes with it."""
    rows = thread(*turn(), SystemMessage("a"), SystemMessage("b"), *turn(), SystemMessage("c"))
    rows += [stored(8, UserMessage("?"))]

    assert [*range(1, 9)] == numbers(select(TokenWindow(), rows, 1_000))
    assert [3, 4, 5, 6, 7, 8] == numbers(select(TokenWindow(low=0.8), rows, 80))
    assert [7, 8] == numbers(select(LastMessages(1), rows, 1_000))


def test_summaries_are_for_those_who_ask():
    """A window that does not sum up leaves summaries out, wherever they stand."""
    call, result = called("a")
    rows = [
        *thread(UserMessage("?"), call),
        summed_up(3, 1),
        stored(4, result),
    ]

    assert [1, 2, 4] == numbers(select(TokenWindow(), rows, 1_000))


@pytest.mark.parametrize("anchor", [2, 3, 9])
def test_any_anchor(anchor: int):
    """An anchor within a step, or beyond the end, is taken as the step that is there."""
    assert [1, 2, 3] == numbers(select(TokenWindow(), thread(*turn("a")[:3]), 100, anchor=anchor))


WRONG: dict[str, tuple[Callable[..., Window], dict[str, Any]]] = {
    "n": (LastMessages, {"n": 0}),
    "low above high": (TokenWindow, {"high": 0.5, "low": 0.9}),
    "high": (TokenWindow, {"high": 1.1}),
    "low": (TokenWindow, {"low": 0.0}),
    "keep_turns": (Summarize, {"keep_turns": 0}),
    "max_tokens": (Summarize, {"max_tokens": 0}),
    "keep_last": (ClearToolResults, {"keep_last": -1}),
    "over_tokens": (ClearToolResults, {"over_tokens": -1}),
}


@pytest.mark.parametrize(("window", "options"), WRONG.values(), ids=WRONG)
def test_wrong_options(window: Callable[..., Window], options: dict[str, Any]):
    """An option that makes no sense is an error at once, which names it."""
    with pytest.raises(ConfigError, match=f"{next(iter(options))}=.*must be"):
        window(**options)


# Summarize


def test_what_needs_a_summary():
    """What was cut off is what somebody must sum up; what fits needs no summary."""
    rows = thread(*turn() * 10)
    selection = select(Summarize(keep_turns=1), rows, 100)

    assert ([19, 20], (1, 18)) == (numbers(selection), selection.needs_summary)
    assert None is select(Summarize(), rows, 1_000).needs_summary


def test_a_summary_is_read_first():
    """The newest summary comes first, then all that it does not cover."""
    message, metadata = summary("they met", 16)
    rows = [*thread(*turn() * 10), summed_up(21, 4), stored(22, message, **metadata)]
    selection = select(Summarize(), rows, 100, anchor=17)

    assert [22, 17, 18, 19, 20] == numbers(selection)
    assert (17, 50, None) == (selection.start_seq, selection.tokens, selection.needs_summary)
    assert "[Summary of what was said before]\nthey met" == selection.messages[0].message.text


def test_a_summary_takes_room():
    """What the summary has of the budget is not there for the rest."""
    rows = [*thread(*turn() * 5), summed_up(11, 2, 25)]

    assert [11, 7, 8, 9, 10] == numbers(select(Summarize(TokenWindow(0.9, 0.6)), rows, 100))


def test_a_summary_within_a_turn():
    """What opens the turn that a summary ends in stays, and nothing asks for it again."""
    rows = [*thread(*turn(), *turn("a", "b")), summed_up(9, 5)]
    selection = select(Summarize(), rows, 1_000)

    assert [9, 3, 6, 7, 8] == numbers(selection)
    assert (6, None) == (selection.start_seq, selection.needs_summary)


def test_only_a_summary_is_left():
    """Where all is summed up there is only the summary."""
    selection = select(Summarize(), [*thread(*turn()), summed_up(3, 2)], 100)

    assert ([3], None) == (numbers(selection), selection.start_seq)


def test_a_long_summary_is_cut():
    """A summary has a quarter of the budget at most, and says what was cut off."""
    rows = [*thread(*turn() * 2), summed_up(5, 2, None, text="x" * 9_000)]
    first = select(Summarize(), rows, 400).messages[0]

    assert 70 < (first.tokens or 0) <= 100
    assert "[Cut off to make room: " in first.message.text


# ClearToolResults


def test_old_results_are_cleared():
    """When the window is full, old large results go, and that may be enough to keep the rest."""
    rows = [
        stored(row.seq, row.message, 300 if isinstance(row.message, ToolResult) else 10)
        for row in thread(*turn("a", "b"), *turn("c"))
    ]
    window = ClearToolResults(TokenWindow(0.9, 0.8), keep_last=1, over_tokens=100)
    cleared = [row for row in select(window, rows, 900).messages if "taken out" in row.message.text]

    assert [*range(1, 11)] == numbers(select(window, rows, 900))
    assert [3, 5] == [row.seq for row in cleared]
    assert "A result of about 300 tokens stood here" in cleared[0].message.text


def test_results_stay_while_there_is_room():
    """As long as nothing is cut, nothing is cleared; then it stays so until the next cut."""
    rows = [
        stored(row.seq, row.message, 300 if isinstance(row.message, ToolResult) else 10)
        for row in thread(*turn("a"), *turn("b"), *turn("c"))
    ]
    window = ClearToolResults(TokenWindow(0.9, 0.8), keep_last=0, over_tokens=100)

    assert rows == [*select(window, rows, 1_200).messages]
    first = select(window, rows[:8], 600)
    assert first.jumped
    assert first.messages == select(window, rows[:8], 600, **after(first)).messages
    grown = select(window, rows[:10], 600, **after(first))
    assert first.messages == grown.messages[: len(first.messages)]


def test_what_was_not_answered_stays():
    """Results that the model has not answered yet are never cleared."""
    rows = [
        stored(row.seq, row.message, 300 if isinstance(row.message, ToolResult) else 10)
        for row in thread(*turn("a"), *turn("b", answer=False))
    ]
    window = ClearToolResults(keep_last=0, over_tokens=100)
    texts = [row.message.text for row in select(window, rows, 420).messages]

    assert "found" == texts[-1]


def test_small_results_stay():
    """What is not over the limit is never cleared."""
    rows = thread(*turn("a"), tokens=100)
    window = ClearToolResults(keep_last=0, over_tokens=100)

    assert rows == [*select(window, rows, 1_000, cut=True).messages]


# Windows described by JSON


@pytest.mark.parametrize(
    ("value", "window"),
    [
        ({"type": "last_messages", "n": 10}, LastMessages(10)),
        ({"type": "token_window", "low": 0.2}, TokenWindow(low=0.2)),
        (
            {
                "type": "clear_tool_results",
                "inner": {"type": "summarize", "inner": {"type": "last_messages"}},
                "keep_last": 1,
            },
            ClearToolResults(Summarize(LastMessages()), keep_last=1),
        ),
    ],
)
def test_window_from(value: dict[str, Any], window: Window):
    """A window is described by its type and its options, and is written so."""
    assert window == window_from(value)
    assert window == window_from(msgspec.to_builtins(window))


KNOWN = "one of last_messages, token_window, summarize, clear_tool_results"
NO_WINDOW: dict[str, tuple[object, str]] = {
    "no object": (3, f"3 is no window: Expected `object`, got `int`; .*{KNOWN}"),
    "no type": ({"n": 3}, f"missing required field `type`; .*{KNOWN}"),
    "no such type": ({"type": "all"}, f"Invalid value 'all' - at `..type`; .*{KNOWN}"),
    "no such option": ({"type": "last_messages", "m": 3}, "unknown field `m`"),
    "wrong option": ({"type": "last_messages", "n": "3"}, "Expected `int`, got `str` - at `..n`"),
    "a value that makes no sense": ({"type": "last_messages", "n": 0}, r"LastMessages\(n=0\)"),
    "within": ({"type": "summarize", "inner": {"type": "all"}}, "^{'type': 'all'} is no window"),
}


@pytest.mark.parametrize(("value", "fault"), NO_WINDOW.values(), ids=NO_WINDOW)
def test_no_window(value: object, fault: str):
    """A description that is none is an error that names the fault, and the types there are."""
    with pytest.raises(ConfigError, match=fault):
        window_from(value)


def test_summarizer():
    """The window that sums up is found within others, if there is one."""
    window = Summarize(keep_turns=2)

    assert [window, window, None, None] == [
        summarizer(one)
        for one in (window, ClearToolResults(window), ClearToolResults(), LastMessages())
    ]


# How much work it is


@pytest.mark.parametrize("most", [10**9, 1_000])
@pytest.mark.parametrize("messages", [turn() * 400, turn(*["a"] * 400)], ids=["turns", "steps"])
@pytest.mark.parametrize(
    "window", [LastMessages(900), TokenWindow(), Summarize(), ClearToolResults()], ids=repr
)
def test_linear(window: Window, messages: Sequence[Message], most: int):
    """However long a thread is, no message is counted more than a few times."""
    counted = 0

    def count(message: Message) -> int:
        nonlocal counted
        counted += 1
        return 10

    select(window, thread(*messages, tokens=None), most, count=count)

    assert counted <= 4 * len(messages)


# Properties, of any window and any thread


@many
@given(histories(), windows, budgets, st.data())
def test_selections(rows: list[Stored], window: Window, budget: int, data: st.DataObject):
    """Whole groups, all from `start_seq` on, begun by the user, as they are stored, in the budget."""
    context = drawn_context(rows, budget, data)
    try:
        selection = window.select(reversed(rows), context)
    except ContextLengthError:
        check_error(rows, window, context)
        return

    check(rows, window, context, selection)


def drawn_context(rows: Sequence[Stored], budget: int, data: st.DataObject) -> WindowContext:
    place = st.integers(1, len(rows) + 1)
    known = newest_summary(rows) if data.draw(st.booleans()) else None
    return WindowContext(
        budget=budget,
        anchor=data.draw(st.none() | place),
        seen=data.draw(st.just(0) | place),
        summary=known,
        cut=data.draw(st.booleans()),
    )


def check(
    rows: Sequence[Stored], window: Window, context: WindowContext, selection: Selection
) -> None:
    summary = newest_summary(rows) if sums_up(window) else None
    last = sums_up_to(summary) if summary else 0
    kept = check_begin(rows, summary, selection)
    check_pairs(rows, last, kept, selection.start_seq)
    check_texts(rows, selection)

    assert selection.tokens == sum(map(context.size, selection.messages)) <= context.budget
    assert len(rows) - len(selection.messages) == selection.dropped
    expected = uncovered(rows, last, selection.start_seq) if sums_up(window) else None
    assert expected == selection.needs_summary


def check_begin(
    rows: Sequence[Stored], summary: Stored | None, selection: Selection
) -> list[Stored]:
    """It begins with the summary and then the user; what follows the summary is returned."""
    kept = list(selection.messages)
    if kept and summary and kept[0].seq == summary.seq:
        del kept[0]
    said = [row.message for row in kept if not isinstance(row.message, SystemMessage)]

    assert not any(map(sums_up_to, kept))
    assert not kept or isinstance(said[0], UserMessage)
    return kept


def check_pairs(
    rows: Sequence[Stored], last: int, kept: Sequence[Stored], start: int | None
) -> None:
    """All that is whole is there from *start* on, and before it only what opens the turn."""
    after_start = [row.seq for row in kept if start is not None and row.seq >= start]
    whole = [row.seq for group in groups_of(rows) for row in group]
    opened = [row.seq for row in kept[: len(kept) - len(after_start)]]

    assert [seq for seq in whole if start is not None and seq >= start] == after_start
    assert start is None or (start > last and start in whole)
    if start is None or opens(rows, start):
        assert [] == opened or start is None
    else:
        assert user_before(rows, start) == opened[-1]
        assert all(isinstance(rows[seq - 1].message, SystemMessage) for seq in opened[:-1])


def check_texts(rows: Sequence[Stored], selection: Selection) -> None:
    """Nothing is changed but results and summaries that are too long, and those say it."""
    for row in selection.messages:
        origin = rows[row.seq - 1]
        if row != origin:
            assert isinstance(row.message, ToolResult) or sums_up_to(row)
            assert "to make room" in row.message.text
            assert len(str(origin.message)) > 0 and type(origin.message) is type(row.message)


def uncovered(rows: Sequence[Stored], last: int, start: int | None) -> tuple[int, int] | None:
    """What is left out between a summary up to *last* and *start*."""
    left_out = [
        group for group in groups_of(rows) if start is not None and last < group[0].seq < start
    ]
    if not last and not any(isinstance(group[0].message, UserMessage) for group in left_out):
        return None
    return (last + 1, start - 1) if left_out and start is not None else None


def check_error(rows: Sequence[Stored], window: Window, context: WindowContext) -> None:
    """There is an error only where the newest step with the user's message does not fit as it is."""
    newest = groups_of(rows)[-1]
    user = user_before(rows, newest[0].seq)
    opener = [rows[user - 1]] if user and not opens(rows, newest[0].seq) else []
    while (
        opener and opener[0].seq > 1 and isinstance(rows[opener[0].seq - 2].message, SystemMessage)
    ):
        opener.insert(0, rows[opener[0].seq - 2])
    while newest[0].seq > 1 and isinstance(rows[newest[0].seq - 2].message, SystemMessage):
        newest.insert(0, rows[newest[0].seq - 2])
    room = context.budget - (context.budget // SHARE if sums_up(window) else 0)

    assert sum(map(context.size, [*opener, *newest])) > room


@many
@given(histories(), windows, budgets, st.data())
def test_selecting_again(rows: list[Stored], window: Window, budget: int, data: st.DataObject):
    """The same thread, after its selection, is selected in the same way."""
    context = drawn_context(rows, budget, data)
    try:
        first = window.select(reversed(rows), context)
    except ContextLengthError:
        return
    again = select(window, rows, budget, summary=context.summary, **after(first))

    assert (first.messages, first.start_seq) == (again.messages, again.start_seq)
    assert (first.tokens, first.needs_summary) == (again.tokens, again.needs_summary)


@many
@given(histories(), windows, budgets)
def test_growing(rows: list[Stored], window: Window, budget: int):
    """While a thread grows message by message, its window goes on as it began, but for jumps."""
    before: Selection | None = None
    summary, state = newest_summary([]), dict[str, Any]()
    for end in range(1, len(rows) + 1):
        context = WindowContext(budget=budget, **state)
        try:
            selection = window.select(reversed(rows[:end]), context)
        except ContextLengthError:
            check_error(rows[:end], window, context)
            before = None
            continue
        check(rows[:end], window, context, selection)
        same = summary == (summary := newest_summary(rows[:end]))
        if before and not selection.jumped and (same or not sums_up(window)):
            assert before.messages == selection.messages[: len(before.messages)]
        assert (selection.start_seq or end) >= (state.get("anchor") or 0)
        before, state = selection, after(selection)


@many
@given(histories(), st.builds(TokenWindow), budgets)
def test_jumps(rows: list[Stored], window: TokenWindow, budget: int):
    """There is a jump only where it is full, and then there is room: one turn is left, or little."""
    state: dict[str, Any] = {}
    for end in range(1, len(rows) + 1):
        context = WindowContext(budget=budget, **state)
        try:
            selection = window.select(reversed(rows[:end]), context)
        except ContextLengthError:
            continue
        if selection.jumped:
            users = [one for one in selection.messages if isinstance(one.message, UserMessage)]
            assert selection.tokens <= budget * window.low or 1 == len(users)
            assert full(rows[:end], context) > budget * window.high
        state = after(selection)


def full(rows: Sequence[Stored], context: WindowContext) -> int:
    """The tokens of all that is whole from the anchor on, with what opens the turn."""
    anchor = context.anchor or 1
    kept = [row for group in groups_of(rows) for row in group if row.seq >= anchor]
    user = user_before(rows, anchor)
    while user and not opens(rows, anchor) and user >= 1:
        kept.append(rows[user - 1])
        user = user - 1 if user > 1 and isinstance(rows[user - 2].message, SystemMessage) else None
    return sum(map(context.size, kept))


@many
@given(histories(), plain, budgets, st.integers(1, 4))
def test_summing_up(rows: list[Stored], inner: Window, budget: int, keep_turns: int):
    """Once somebody has summed up what was asked for, nothing is asked for."""
    window = Summarize(inner, keep_turns)
    try:
        selection = select(window, rows, budget)
        if not selection.needs_summary:
            return
        told = summed_up(len(rows) + 1, selection.needs_summary[1], tokens=1)
        summed = select(window, [*rows, told], budget, **after(selection))
    except ContextLengthError:
        return

    assert told == summed.messages[0]
    assert summed.jumped or None is summed.needs_summary


@many
@given(st.randoms(use_true_random=False), windows, st.booleans())
def test_laziness(random: Any, window: Window, known: bool):
    """A window reads no more than 26 messages past what it could select."""
    said: list[Message] = []
    while len(said) < 300:
        said += turn(*(f"c{place}" for place in range(random.randint(0, 3))))
    rows = thread(*said)
    summary = summed_up(301, random.randint(1, 240))
    newest = [*rows[:300], *([summary] if known else [])]
    counting = Counting(newest)
    assume(not (isinstance(window, Summarize) and sums_up(window.inner)))
    window.select(counting, WindowContext(budget=500, summary=summary))

    assert counting.read <= 50 + 26
