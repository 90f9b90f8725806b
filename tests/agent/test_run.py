"""A run, and what comes next in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    AgentError,
    AssistantMessage,
    GenerateOptions,
    Message,
    Notice,
    Run,
    StepLimitError,
    SystemMessage,
    TextDelta,
    ToolCall,
    ToolResult,
    UserMessage,
)
from lumos_agent.run import (
    Act,
    Ask,
    Finish,
    in_call_order,
    last_step,
    next_action,
    open_calls,
)
from lumos_agent.testing import ScriptedProvider

A, B = ToolCall("a", "add", {}), ToolCall("b", "add", {})
ASKED = AssistantMessage("", (A, B))
RESULT_A, RESULT_B = ToolResult("a", "add", "1"), ToolResult("b", "add", "2")


def a_run(**options: int) -> Run:
    return Run(GenerateOptions(**options), agent="a", provider=ScriptedProvider())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("messages", "action"),
    [
        ([UserMessage("?")], Ask()),
        ([SystemMessage("."), UserMessage("?")], Ask()),
        ([UserMessage("?"), ASKED], Act((A, B))),
        ([UserMessage("?"), ASKED, RESULT_B], Act((A,))),
        ([UserMessage("?"), ASKED, RESULT_B, RESULT_A], Ask()),
        ([UserMessage("?"), AssistantMessage("!")], Finish()),
        ([UserMessage("?"), AssistantMessage("!"), UserMessage("?")], Ask()),
    ],
)
def test_next_action(messages: list[Message], action: object):
    """What comes next is a pure function of the transcript."""
    assert action == next_action(messages)


@pytest.mark.parametrize("messages", [[], [SystemMessage("Be brief.")]])
def test_nothing_to_answer(messages: list[Message]):
    """A transcript in which nobody asked is an error."""
    with pytest.raises(AgentError, match="nothing to answer"):
        next_action(messages)


def test_open_calls():
    """Only the last reply's calls can be open."""
    assert () == open_calls([UserMessage("?")])
    assert () == open_calls([ASKED, RESULT_A, RESULT_B])
    assert (B,) == open_calls([ASKED, RESULT_A])


@given(st.permutations([RESULT_A, RESULT_B]), st.permutations(range(4)))
def test_in_call_order(results: list[ToolResult], ids: list[int]):
    """Results come in the order of their calls, whichever tool ended first; nothing else moves."""
    many = tuple(ToolCall(str(place), "add", {}) for place in range(4))
    late = [ToolResult(str(place), "add", "") for place in ids]
    before = [UserMessage("?"), ASKED, *results, AssistantMessage("", many), *late]
    after = [UserMessage("?"), ASKED, RESULT_A, RESULT_B, AssistantMessage("", many)]

    ordered = in_call_order(before)

    assert [*after, *sorted(late, key=lambda one: int(one.call_id))] == ordered
    assert ordered == in_call_order(ordered)


def test_last_step():
    """Steps are counted from the user's last message."""
    assert 0 == last_step([])
    assert 0 == last_step([ASKED, RESULT_A, UserMessage("?")])
    assert 2 == last_step([UserMessage("?"), ASKED, RESULT_A, AssistantMessage("!")])


def test_step_limit():
    """No step begins beyond the limit; the error carries the run."""
    run = a_run(max_steps=1)
    run.begin_step()

    with pytest.raises(StepLimitError, match="after 1 step; allow more max_steps") as caught:
        run.begin_step()

    assert run is caught.value.run


def test_stamp():
    """Events are numbered without a hole, timed, and named after their run."""
    run = a_run()
    events = [run.stamp(TextDelta(step=1, delta="x")) for _ in range(3)]

    assert [1, 2, 3] == [event.seq for event in events]
    assert {run.id} == {event.run_id for event in events}
    assert events[0].time <= events[-1].time
    assert events[0].time > 1_700_000_000


def test_tell():
    """What is told waits, in order, until somebody takes it; whoever waits is woken."""
    run, woken = a_run(), []
    run.on_tell = lambda: woken.append(1)
    for code in ("a", "b"):
        run.tell(Notice, code=code, message="")

    assert ["a", "b"] == [notice.code for notice in run.told() if isinstance(notice, Notice)]
    assert [] == [*run.told()]
    assert [1, 1] == woken


def test_ids():
    """Every run has an id and a trace id of its own, in OpenTelemetry's length."""
    runs = [a_run() for _ in range(3)]

    assert 3 == len({run.id for run in runs}) == len({run.trace_id for run in runs})
    assert 32 == len(runs[0].trace_id)


def test_no_reply():
    """A step without a reply cannot be summed up."""
    with pytest.raises(AgentError, match="no reply"):
        a_run().complete_step()


def test_failed():
    """The last event of a failed run says what and whether to try again."""
    failed = a_run().failed(StepLimitError("too many"))
    bare = a_run().failed(ValueError())

    assert ("step_limit", "too many", False, 0) == (
        failed.code,
        failed.message,
        failed.retryable,
        failed.step,
    )
    assert ("internal", "ValueError") == (bare.code, bare.message)
