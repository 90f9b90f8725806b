"""Rows: what models do to calls."""

import json
from typing import Any

from tests.robustness.play import Fails
from tests.robustness.rows.making import (
    ADD,
    BOTH_CHAT,
    BOTH_MESSAGES,
    FIVE,
    HALF,
    SUM,
    TWO_THREE,
    asks,
    chat,
    ends,
    first,
    rest,
    row,
    streamed,
    written,
)
from tests.robustness.wires import (
    CHAT,
    CHAT_STREAM,
    DONE,
    MESSAGES,
    MESSAGES_STREAM,
    Json,
    blocks,
    call,
    calls,
    chunks,
    delta,
    events,
    only,
    piece,
    said,
    start,
    stop,
    texts,
    tool_use,
)
from tests.servers.chat import Answer, Call, says, wants

UNKNOWN = [
    row(
        "unknown-tool",
        "calls a tool that does not exist, whose name is near one that does",
        asks(TWO_THREE, "ad"),
        asks(TWO_THREE),
        SUM,
        reads=("no tool named 'ad'; did you mean 'add'", "^5$"),
        ran=("add",),
    ),
    row(
        "unknown-tool-far",
        "calls a tool that is like none there is",
        asks("{}", "search_the_web"),
        SUM,
        reads=("no tool named 'search_the_web'; known: add, look, double",),
    ),
    row(
        "unknown-beside-known",
        "calls an unknown tool beside a known one",
        wants(ADD, Call("nope")),
        SUM,
        reads=("^5$", "no tool named 'nope'"),
        ran=("add",),
    ),
    row(
        "unknown-forever",
        "calls unknown tools again and again",
        *[asks("{}", f"nope_{number}") for number in range(3)],
        reads=("no tool",) * 3,
        fails=Fails(error="StepLimitError", says="only tools that do not exist in 3 replies"),
    ),
    row(
        "illegal-name",
        "calls a name that no provider takes back",
        asks("{}", "functions.add numbers!"),
        SUM,
        reads=("no tool named 'functions.add numbers!'",),
    ),
    row(
        "endless-name",
        "calls a name of 300 letters",
        asks("{}", "x" * 300),
        SUM,
        reads=("no tool named 'xxx",),
    ),
    row(
        "no-name",
        "calls without a name",
        {
            **chat(call(0, id="c", arguments="{}")),
            MESSAGES: blocks(
                {"type": "tool_use", "id": "t", "name": "", "input": {}}, reason="tool_use"
            ),
            MESSAGES_STREAM: events(*tool_use(0, "{}", name=""), reason="tool_use"),
        },
        SUM,
        reads=("no tool named ''",),
    ),
    row(
        "tool-without-tools",
        "calls a tool although there are none",
        asks("{}", "look"),
        SUM,
        reads=("no tool named 'look'; known: none",),
        tools=(),
    ),
]

ARGUMENTS = [
    row(
        "broken-json",
        "writes arguments that are no JSON",
        written('{"a": 2, "b": }'),
        asks(TWO_THREE),
        SUM,
        reads=(r"not JSON: .*column 15.*in '\{\"a\": 2, \"b\": \}'", "^5$"),
        ran=("add",),
    ),
    row(
        "python-json",
        "writes arguments as Python does",
        written("{'a': 2, 'b': None}"),
        SUM,
        reads=("not JSON: Expecting property name enclosed in double quotes: line 1 column 2",),
    ),
    row(
        "half-json",
        "leaves off in the middle of the arguments, and says that it is done",
        written(HALF),
        SUM,
        reads=("not JSON: Expecting ':' delimiter: line 1 column 13",),
    ),
    row(
        "arguments-array",
        "writes an array for arguments",
        asks("[2, 3]"),
        SUM,
        reads=(r"expected (a JSON|an) object, got .*\[2, 3\]",),
    ),
    row(
        "arguments-number",
        "writes a number for arguments",
        asks("5"),
        SUM,
        reads=(r"expected (a JSON|an) object, got '?5'?",),
    ),
    row(
        "arguments-text",
        "writes a text for arguments",
        asks('"five"'),
        SUM,
        reads=("five",),
    ),
    row(
        "wrong-type",
        "writes a text where a number belongs",
        asks('{"a": "two", "b": 3}'),
        asks(TWO_THREE),
        SUM,
        reads=('^a: expected an integer, got "two"$', "^5$"),
        ran=("add",),
    ),
    row(
        "missing",
        "leaves an argument out",
        asks('{"a": 2}'),
        SUM,
        reads=("^b: it is missing$",),
    ),
    row(
        "extra",
        "writes an argument that the tool does not have",
        asks('{"a": 2, "b": 3, "c": 4}'),
        SUM,
        reads=("^c: there is no such key; known: a, b$",),
    ),
    row(
        "all-wrong",
        "does all of this at once",
        asks('{"a": "two", "c": 4}'),
        SUM,
        reads=("(?s)a: expected.*b: it is missing|b: it is missing",),
    ),
    row(
        "twice-the-same-key",
        "writes a key twice",
        written('{"a": 1, "a": 2, "b": 3}'),
        SUM,
        reads=("key 'a' given twice",),
    ),
    row(
        "not-a-number",
        "writes a number that JSON does not have",
        written('{"a": NaN, "b": 3}'),
        SUM,
        reads=("NaN is not a number that JSON has",),
    ),
    row(
        "too-large-a-number",
        "writes a number that no float holds",
        written('{"a": 1e999, "b": 3}'),
        SUM,
        reads=("too large for a float: 1e999",),
    ),
    row(
        "too-deep",
        "writes ten thousand lists inside each other",
        {
            **only(*BOTH_CHAT, answer=asks("[" * 10_000, chunk=10_000)),
            MESSAGES_STREAM: events(*tool_use(0, "[" * 10_000), reason="tool_use"),
        },
        SUM,
        reads=("not JSON",),
    ),
    row(
        "too-long",
        "writes a megabyte",
        only(CHAT, answer=asks(json.dumps({"a": "x" * 1_000_001}))),
        SUM,
        reads=("too long: 1000010 characters, at most 1000000",),
    ),
    row(
        "half-a-surrogate-pair",
        "writes half of a surrogate pair",
        asks('{"a": "\\ud83d", "b": 3}'),
        SUM,
        reads=("surrogate|expected an integer|not JSON",),
    ),
    row(
        "arguments-object",
        "gives the arguments as an object, not as text",
        chat(call(0, id="c", name="add", arguments={"a": 2, "b": 3})),
        SUM,
        reads=("^5$",),
        ran=("add",),
    ),
    row(
        "input-as-text",
        "gives the arguments as text, not as an object",
        {
            MESSAGES: blocks(
                {"type": "tool_use", "id": "t", "name": "add", "input": TWO_THREE},
                reason="tool_use",
            )
        },
        SUM,
        reads=("^5$",),
        ran=("add",),
    ),
    row(
        "arguments-empty",
        "gives empty text for no arguments",
        {
            **chat(call(0, id="c", name="look", arguments="")),
            MESSAGES_STREAM: events(*tool_use(0, "", name="look"), reason="tool_use"),
        },
        SUM,
        reads=("^nothing$",),
        ran=("look",),
    ),
    row(
        "arguments-null",
        "gives null for no arguments",
        {
            **chat(call(0, id="c", name="look", arguments=None)),
            MESSAGES: blocks(
                {"type": "tool_use", "id": "t", "name": "look", "input": None}, reason="tool_use"
            ),
        },
        SUM,
        reads=("^nothing$",),
        ran=("look",),
    ),
    row(
        "arguments-absent",
        "gives no arguments at all",
        {
            **chat(call(0, id="c", name="look")),
            MESSAGES: blocks({"type": "tool_use", "id": "t", "name": "look"}, reason="tool_use"),
            MESSAGES_STREAM: events(
                start(0, {"type": "tool_use", "id": "t", "name": "look"}),
                stop(0),
                reason="tool_use",
            ),
        },
        SUM,
        reads=("^nothing$",),
        ran=("look",),
    ),
    row(
        "arguments-empty-for-required",
        "gives empty text where arguments are required",
        written(""),
        SUM,
        reads=("(?s)a: it is missing.*b: it is missing",),
    ),
    row(
        "json-in-json",
        "writes the arguments as JSON inside JSON",
        asks(json.dumps(TWO_THREE)),
        SUM,
        reads=("^5$",),
        ran=("add",),
    ),
    row(
        "brace-too-many",
        "writes a brace too many at the end",
        written(TWO_THREE + "}"),
        SUM,
        reads=("^5$",),
        ran=("add",),
    ),
    row(
        "brace-too-many-and-wrong",
        "writes a brace too many, and a wrong type",
        written('{"a": "two", "b": 3}}'),
        SUM,
        reads=("^a: expected an integer",),
    ),
]

CUT = [
    row(
        "cut-call",
        "is cut off by its token limit in the middle of a call",
        written(HALF, reason="length"),
        asks(TWO_THREE),
        SUM,
        reads=("cut off", "^5$"),
        ran=("add",),
    ),
    row(
        "cut-valid-call",
        "is cut off by its limit, and what there is of the call happens to be valid",
        {
            **written(TWO_THREE, reason="length"),
            MESSAGES: asks(TWO_THREE, finish_reason="max_tokens"),
        },
        asks(TWO_THREE),
        SUM,
        reads=("cut off", "^5$"),
        ran=("add",),
    ),
    row(
        "cut-last-of-two",
        "is cut off in the second of two calls",
        ends("length", "max_tokens", calls=(ADD, Call("look"))),
        SUM,
        reads=("^5$", "cut off"),
        ran=("add",),
    ),
    row(
        "cut-unknown",
        "is cut off in a call of an unknown tool",
        written(HALF, "ad", reason="length"),
        SUM,
        reads=("cut off",),
    ),
    row(
        "cut-twice",
        "is cut off in a call, and again",
        written(HALF, reason="length"),
        written(HALF, reason="length"),
        reads=("cut off",) * 2,
        fails=Fails(error="BudgetError", says="max_tokens"),
    ),
    row(
        "cut-text",
        "is cut off in its text",
        ends("length", "max_tokens", text="It is fi"),
        text="It is fi",
        status="truncated",
    ),
    row(
        "cut-before-a-word",
        "is cut off before its first word",
        ends("length", "max_tokens", text=""),
        text="",
        status="truncated",
    ),
    row(
        "cut-in-thought",
        "is cut off while it thinks",
        ends("length", "max_tokens", reasoning="Two and three are"),
        text="",
        status="truncated",
        reasoning="Two and three are",
    ),
    row(
        "full-window",
        "is cut off because its window is full",
        only(
            *BOTH_MESSAGES,
            answer=says("It is fi", finish_reason="model_context_window_exceeded"),
        ),
        text="It is fi",
        status="truncated",
    ),
]

TWICE = (Call("add", '{"a": 1, "b": 1}', "call_1"), Call("add", TWO_THREE, "call_1"))
TWO_RESULTS: dict[str, Any] = {"reads": ("^2$", "^5$"), "ran": ("add", "add")}


def with_id(**given: Any) -> dict[str, Answer]:
    """A call whose id is *given*, or is not."""
    block = {"type": "tool_use", "name": "add", "input": {"a": 2, "b": 3}, **given}
    began = {**block, "input": {}}
    return {
        **chat(call(0, name="add", arguments=TWO_THREE, **given)),
        MESSAGES: blocks(block, reason="tool_use"),
        MESSAGES_STREAM: events(
            start(0, began),
            piece(0, type="input_json_delta", partial_json=TWO_THREE),
            stop(0),
            reason="tool_use",
        ),
    }


IDS = [
    row("ids-twice", "gives two calls of a turn the same id", wants(*TWICE), SUM, **TWO_RESULTS),
    row("id-missing", "gives a call no id", with_id(), SUM, **FIVE),
    row("id-null", "gives a call the id null", with_id(id=None), SUM, **FIVE),
    row("id-empty", "gives a call an empty id", with_id(id=""), SUM, **FIVE),
    row("id-number", "gives a call a number for an id", with_id(id=7), SUM, **FIVE),
    row("id-zero", "gives a call the number 0 for an id", with_id(id=0), SUM, **FIVE),
    row(
        "id-odd", "gives a call an id with odd signs", with_id(id="functions.add:0 ü"), SUM, **FIVE
    ),
    row("id-long", "gives a call an id of 300 characters", with_id(id="x" * 300), SUM, **FIVE),
    row(
        "id-again",
        "gives a call the id that one of an earlier turn has",
        wants(TWICE[0]),
        wants(TWICE[1]),
        SUM,
        **TWO_RESULTS,
    ),
    row(
        "ids-missing",
        "gives two calls of a turn no id",
        {
            **chat(
                call(0, name="add", arguments='{"a": 1, "b": 1}'),
                call(1, name="add", arguments=TWO_THREE),
            ),
            MESSAGES: blocks(
                {"type": "tool_use", "name": "add", "input": {"a": 1, "b": 1}},
                {"type": "tool_use", "name": "add", "input": {"a": 2, "b": 3}},
                reason="tool_use",
            ),
        },
        SUM,
        **TWO_RESULTS,
    ),
    row(
        "id-late",
        "gives the id after the arguments have begun",
        streamed(first(0, arguments='{"a"'), calls(call(0, id="c", arguments=': 2, "b": 3}'))),
        SUM,
        **FIVE,
    ),
    row(
        "id-in-each-piece",
        "gives the id with each piece",
        streamed(first(0, "c", arguments='{"a"'), calls(call(0, id="c", arguments=': 2, "b": 3}'))),
        SUM,
        **FIVE,
    ),
    row(
        "id-another-in-each-piece",
        "gives another id with each piece",
        streamed(
            first(0, "c1", arguments='{"a"'), calls(call(0, id="c2", arguments=': 2, "b": 3}'))
        ),
        SUM,
        **FIVE,
    ),
]

ONE = '{"a": 1, "b": 1}'


def halves(first_place: int | None, second: int | None, **more: Any) -> list[Json]:
    """Two calls one after the other in pieces, with these places."""
    return [
        calls(call(first_place, id="c1", name="add", arguments='{"a": 1,')),
        calls(call(first_place, arguments=' "b": 1}')),
        calls(call(second, id="c2", name="add", arguments='{"a": 2,')),
        calls(call(second, arguments=' "b": 3}')),
    ]


PIECES = [
    row(
        "interleaved",
        "sends the pieces of two calls by turns",
        {
            CHAT_STREAM: chunks(
                first(0, "c1"),
                first(1, "c2"),
                rest(0, '{"a": 1,'),
                rest(1, '{"a": 2,'),
                rest(1, ' "b": 3}'),
                rest(0, ' "b": 1}'),
                reason="tool_calls",
            ),
            MESSAGES_STREAM: events(
                tool_use(0)[0],
                tool_use(1)[0],
                piece(0, type="input_json_delta", partial_json='{"a": 1,'),
                piece(1, type="input_json_delta", partial_json='{"a": 2,'),
                piece(1, type="input_json_delta", partial_json=' "b": 3}'),
                piece(0, type="input_json_delta", partial_json=' "b": 1}'),
                stop(1),
                stop(0),
                reason="tool_use",
            ),
        },
        SUM,
        **TWO_RESULTS,
    ),
    row("index-missing", "numbers no call", streamed(*halves(None, None)), SUM, **TWO_RESULTS),
    row("index-zero", "numbers each call 0", streamed(*halves(0, 0)), SUM, **TWO_RESULTS),
    row(
        "index-zero-no-ids",
        "numbers each call 0, and gives no ids",
        streamed(first(0, arguments=ONE), first(0, arguments=TWO_THREE)),
        SUM,
        **TWO_RESULTS,
    ),
    row(
        "index-missing-no-ids",
        "numbers no call, and gives no ids",
        streamed(
            calls(call(name="add", arguments=ONE)), calls(call(name="add", arguments=TWO_THREE))
        ),
        SUM,
        **TWO_RESULTS,
    ),
    row("index-from-one", "numbers calls from 1", streamed(*halves(1, 2)), SUM, **TWO_RESULTS),
    row("index-gaps", "leaves numbers out", streamed(*halves(0, 7)), SUM, **TWO_RESULTS),
    row("index-text", "numbers calls with texts", streamed(*halves("0", "1")), SUM, **TWO_RESULTS),
    row(
        "index-of-blocks",
        "leaves out numbers of blocks",
        {
            MESSAGES_STREAM: events(
                *said("So: ", index=3), *tool_use(9, TWO_THREE), reason="tool_use"
            )
        },
        SUM,
        **FIVE,
    ),
    row(
        "in-one-delta",
        "sends two calls in one piece",
        streamed(
            calls(
                call(0, id="c1", name="add", arguments=ONE),
                call(1, id="c2", name="add", arguments=TWO_THREE),
            )
        ),
        SUM,
        **TWO_RESULTS,
    ),
    row(
        "with-the-reason",
        "sends a call together with the reason to stop",
        streamed(
            delta(calls(call(0, id="c", name="add", arguments=TWO_THREE)), "tool_calls"),
            reason=None,
        ),
        SUM,
        **FIVE,
    ),
    row(
        "name-repeated",
        "says the name with each piece",
        streamed(first(0, "c", arguments='{"a": 2,'), first(0, arguments=' "b": 3}')),
        SUM,
        **FIVE,
    ),
    row(
        "name-split",
        "sends the name in pieces",
        streamed(
            calls(call(0, id="c", name="a")),
            calls(call(0, name="dd")),
            rest(0, TWO_THREE),
        ),
        SUM,
        **FIVE,
    ),
    row(
        "name-grows",
        "sends the name so far with each piece",
        streamed(
            calls(call(0, id="c", name="a")),
            calls(call(0, name="add")),
            rest(0, TWO_THREE),
        ),
        SUM,
        **FIVE,
    ),
    row(
        "name-late",
        "says the name after the arguments",
        streamed(calls(call(0, id="c", arguments='{"a": 2, ')), first(0, arguments='"b": 3}')),
        SUM,
        **FIVE,
    ),
    row(
        "name-last",
        "says the name when the arguments are whole",
        streamed(calls(call(0, id="c", arguments=TWO_THREE)), first(0, arguments="")),
        SUM,
        **FIVE,
    ),
    row(
        "object-in-a-stream",
        "sends arguments as an object in a stream",
        streamed(first(0, "c", arguments={"a": 2, "b": 3})),
        SUM,
        **FIVE,
    ),
    row(
        "text-and-call",
        "says something before it calls",
        wants(ADD, text="Let me see."),
        SUM,
        **FIVE,
    ),
    row(
        "call-then-text",
        "says something after it calls",
        {
            CHAT_STREAM: chunks(
                first(0, "c", arguments=TWO_THREE), *texts("Let me see."), reason="tool_calls"
            ),
            MESSAGES_STREAM: events(
                *tool_use(0, TWO_THREE), *said("Let me see.", index=1), reason="tool_use"
            ),
        },
        SUM,
        **FIVE,
    ),
    row(
        "stop-with-calls",
        "calls a tool, and gives `stop` for its reason",
        ends("stop", "end_turn", calls=(ADD,)),
        SUM,
        **FIVE,
    ),
    row(
        "calls-without-a-call",
        "gives `tool_calls` for its reason, and calls none",
        ends("tool_calls", "tool_use", text="It is 5."),
    ),
    row(
        "done-without-a-reason",
        "ends a stream with [DONE], and gives no reason",
        streamed(*texts("It is ", "5."), reason=None),
    ),
    row(
        "reason-without-done",
        "gives its reason, and leaves [DONE] out",
        {CHAT_STREAM: chunks(*texts("It is ", "5."), end=b"")},
    ),
    row(
        "reason-twice",
        "gives its reason twice",
        streamed(*texts("It is ", "5."), delta({}, "stop"), reason="stop"),
    ),
    row(
        "more-after-done",
        "goes on after [DONE]",
        {CHAT_STREAM: chunks(*texts("It is 5."), end=DONE + delta({"content": "No!"}) + DONE)},
    ),
    row(
        "empty-input",
        "calls a tool without arguments in one empty piece",
        {MESSAGES_STREAM: events(*tool_use(0, "", name="look"), reason="tool_use")},
        SUM,
        reads=("^nothing$",),
        ran=("look",),
    ),
    row(
        "input-at-the-start",
        "sends all of a call's arguments as its block begins",
        {
            MESSAGES_STREAM: events(
                start(0, {"type": "tool_use", "id": "t", "name": "add", "input": {"a": 2, "b": 3}}),
                stop(0),
                reason="tool_use",
            )
        },
        SUM,
        **FIVE,
    ),
]
