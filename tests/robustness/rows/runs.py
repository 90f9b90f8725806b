"""Rows: tools that fail, runs that do not end, time, and what providers lack."""

import json
from typing import Any

from lumos_agent import Timeouts
from tests.robustness.play import Fails
from tests.robustness.rows.making import (
    ADD,
    AGAIN,
    BOTH_CHAT,
    CHAT_CALL,
    CHAT_TEXT,
    FIVE,
    MESSAGES_CALL,
    MESSAGES_TEXT,
    OPENED,
    STREAMS,
    SUM,
    TWO_THREE,
    UNAVAILABLE,
    WHOLE,
    asks,
    ends,
    fails,
    row,
    torn,
)
from tests.robustness.wires import (
    BEGIN,
    CHAT_STREAM,
    MESSAGES_STREAM,
    delta,
    event,
    only,
    piece,
    raw,
)
from tests.servers.chat import Answer, Call, says, wants

TOOL = [
    row(
        "tool-raises",
        "a tool fails",
        asks("{}", "boom"),
        SUM,
        tools=("boom",),
        reads=("^ValueError: the machine is broken$",),
        ran=("boom",),
    ),
    row(
        "tool-raises-nothing",
        "a tool fails and gives no reason",
        asks("{}", "mute"),
        SUM,
        tools=("mute",),
        reads=("^ValueError",),
        ran=("mute",),
    ),
    row(
        "tool-refuses",
        "a tool raises `ToolError`, in words for the model",
        asks("{}", "refuse"),
        SUM,
        tools=("refuse",),
        reads=("^closed on Sundays; try tomorrow$",),
        ran=("refuse",),
    ),
    row(
        "tool-digs",
        "a tool calls itself without end",
        asks("{}", "deep"),
        SUM,
        tools=("deep",),
        reads=("^RecursionError",),
        ran=("deep",),
    ),
    row(
        "tool-exits",
        "a tool calls `sys.exit`",
        asks("{}", "leave"),
        SUM,
        tools=("leave",),
        reads=("^SystemExit",),
        ran=("leave",),
    ),
    row(
        "tool-cancels-itself",
        "a tool raises `CancelledError`",
        asks("{}", "stop"),
        SUM,
        tools=("stop",),
        reads=("'stop' was cancelled",),
        ran=("stop",),
    ),
    row(
        "tool-hangs",
        "a tool does not end",
        asks("{}", "stuck"),
        SUM,
        tools=("stuck",),
        reads=("'stuck' did not end within 0.03 s; what it did is unknown",),
        ran=("stuck",),
    ),
    row(
        "tool-is-slow",
        "a sync tool ends too late",
        asks("{}", "slow"),
        SUM,
        tools=("slow",),
        reads=("'slow' did not end within 0.03 s; what it did is unknown",),
        ran=("slow",),
    ),
    row(
        "tool-hangs-beside",
        "a tool does not end, and others do",
        wants(ADD, Call("stuck"), Call("boom")),
        SUM,
        tools=("add", "stuck", "boom"),
        reads=("^5$", "did not end within", "^ValueError"),
        ran=("add", "stuck", "boom"),
    ),
    row(
        "tool-returns-nothing",
        "a tool returns None",
        asks("{}", "nothing"),
        SUM,
        tools=("nothing",),
        reads=("^null$",),
        ran=("nothing",),
    ),
    row(
        "tool-returns-odd",
        "a tool returns what no JSON holds",
        asks("{}", "odd"),
        SUM,
        tools=("odd",),
        reads=("object",),
        ran=("odd",),
    ),
    row(
        "tool-returns-infinity",
        "a tool returns infinity, and bytes",
        asks("{}", "infinite"),
        SUM,
        tools=("infinite",),
        reads=('"a": ?null, ?"b": ?null',),
        ran=("infinite",),
    ),
    row(
        "tool-returns-half",
        "a tool returns half of a surrogate pair",
        asks("{}", "half"),
        SUM,
        tools=("half",),
        reads=("^half ",),
        ran=("half",),
    ),
]


def unforced(requests: list[dict[str, Any]]) -> bool:
    """The choice is forced in the first request alone."""
    return [True, False] == ["tool_choice" in one for one in requests]


LOOP = [
    row(
        "required",
        'calls a tool whenever it must, and it must: `tool_choice="required"`',
        asks(TWO_THREE),
        SUM,
        options={"tool_choice": "required"},
        sent=unforced,
        **FIVE,
    ),
    row(
        "required-by-name",
        "the same with a tool's name",
        ends("stop", "tool_use", calls=(ADD,)),
        SUM,
        options={"tool_choice": "add"},
        sent=unforced,
        **FIVE,
    ),
    row(
        "forever",
        "calls tools for ever",
        *[asks(json.dumps({"a": number, "b": 0})) for number in range(4)],
        options={"max_steps": 4},
        reads=("^0$", "^1$", "^2$", "^3$"),
        ran=("add",) * 4,
        fails=Fails(error="StepLimitError", says="after 4 steps; allow more max_steps"),
    ),
    row(
        "calls-by-the-dozen",
        "calls more tools than it may",
        wants(*[ADD] * 3),
        wants(*[ADD] * 3),
        options={"max_calls": 4},
        fails=Fails(error="BudgetError", says="max_calls"),
        reads=("^5$",) * 4 + ("not run: this run may make 4 calls",) * 2,
        ran=("add",) * 4,
    ),
    row(
        "the-same-again",
        "makes the same call again and again",
        *[asks(TWO_THREE)] * 3,
        SUM,
        reads=("^5$", "^5$", "(?s)^5.+"),
        ran=("add",) * 3,
        notices=("repeat",),
    ),
    row(
        "cancelled",
        "the run is cancelled while a tool runs",
        wants(ADD, Call("hold")),
        tools=("add", "hold"),
        leaves="tool",
        reads=("^5$", "'hold' was cancelled"),
        ran=("add", "hold"),
        fails=Fails(error="CancelledError"),
    ),
    row(
        "left",
        "the reader leaves in the middle of a word",
        {
            CHAT_STREAM: raw(*CHAT_TEXT, hang=True),
            MESSAGES_STREAM: raw(*MESSAGES_TEXT, hang=True),
        },
        leaves="text",
        text="",
        status="",
    ),
]

SHORT = Timeouts(first_token=0.1, idle=0.1, total=0.1)
LATE = Fails(error=UNAVAILABLE, kind="timeout")
FIRST_TOKEN = Timeouts(first_token=0.1)
SLOW_TEXT = torn(
    raw(*CHAT_TEXT, *[delta({"content": "."})] * 40, pause=0.02),
    raw(*MESSAGES_TEXT, *[piece(0, type="text_delta", text=".")] * 40, pause=0.02),
)

TIME = [
    row(
        "no-head",
        "does not answer at all",
        Answer(delay=9),
        SUM,
        options={"timeout": SHORT},
        **AGAIN,
    ),
    row(
        "no-head-forever",
        "does not answer at all, again and again",
        *[Answer(delay=9)] * 2,
        options={"timeout": SHORT, "retries": 1},
        fails=LATE,
        **AGAIN,
    ),
    row(
        "no-first-token",
        "begins to answer, and then says nothing",
        torn(raw(delta(OPENED), hang=True), raw(BEGIN, hang=True)),
        SUM,
        options={"timeout": FIRST_TOKEN},
        **AGAIN,
        attempts=0,
    ),
    row(
        "only-comments",
        "begins to answer, and then sends nothing but comments",
        only(*STREAMS, answer=raw(*[b": ping\n\n"] * 100, pause=0.01)),
        SUM,
        options={"timeout": FIRST_TOKEN},
        **AGAIN,
        attempts=0,
    ),
    row(
        "only-pings",
        "begins to answer, and then sends nothing but pings",
        {MESSAGES_STREAM: raw(BEGIN, *[event("ping")] * 100, pause=0.01)},
        SUM,
        options={"timeout": FIRST_TOKEN},
        **AGAIN,
        attempts=0,
    ),
    row(
        "stops-in-text",
        "falls silent in the middle of a word",
        torn(raw(*CHAT_TEXT, hang=True), raw(*MESSAGES_TEXT, hang=True)),
        options={"timeout": Timeouts(idle=0.1)},
        fails=LATE,
        shown="It is fi",
    ),
    row(
        "stops-in-text-restart",
        "the same, where its words may be taken back",
        torn(raw(*CHAT_TEXT, hang=True), raw(*MESSAGES_TEXT, hang=True)),
        SUM,
        options={"timeout": Timeouts(idle=0.1), "restart": True},
        **AGAIN,
        attempts=1,
    ),
    row(
        "stops-in-a-call",
        "falls silent in the middle of a call",
        torn(raw(*CHAT_CALL, hang=True), raw(*MESSAGES_CALL, hang=True)),
        SUM,
        options={"timeout": Timeouts(idle=0.1)},
        **AGAIN,
        attempts=0,
    ),
    row(
        "drips",
        "speaks on and on, a letter now and then",
        SLOW_TEXT,
        options={"timeout": Timeouts(total=0.1)},
        fails=LATE,
    ),
    row(
        "half-a-body-and-silence",
        "sends half of its answer, and falls silent",
        only(*WHOLE, answer=Answer(raw=b'{"id": "1", "choices": [', hang=True)),
        SUM,
        options={"timeout": Timeouts(total=0.1)},
        **AGAIN,
    ),
    row(
        "run-out-of-time",
        "takes longer than the run may",
        Answer(delay=9),
        options={"max_seconds": 0.1},
        fails=Fails(error="BudgetError", says="allow more max_seconds"),
    ),
]

NO_TOOLS = fails(400, "test-model does not support tools")
IN_TEXT = '<tool_call>{"name": "add", "arguments": {"a": 2, "b": 3}}</tool_call>'

LACKS = [
    row(
        "no-tools",
        "refuses tools, and calls them in its text once it is told how",
        only(*BOTH_CHAT, answer=NO_TOOLS),
        says(IN_TEXT),
        SUM,
        notices=("text_mode",),
        sent=lambda requests: [True, False, False] == ["tools" in one for one in requests],
        **FIVE,
    ),
    row(
        "no-forced-choice",
        "refuses to be forced to call a tool",
        only(*BOTH_CHAT, answer=fails(400, "tool_choice 'required' is not supported")),
        asks(TWO_THREE),
        SUM,
        options={"tool_choice": "required"},
        notices=("tool_choice",),
        sent=lambda requests: [True, False, False] == ["tool_choice" in one for one in requests],
        **FIVE,
    ),
]
