"""The table: what models and servers do, and what comes of it. Rows as data; `play` plays them."""

import json
from email.utils import formatdate
from time import time
from typing import Any

import pytest

from lumos_agent import Timeouts, Usage
from tests.robustness.play import Fails, Row
from tests.robustness.wires import (
    BEGIN,
    CHAT,
    CHAT_STREAM,
    CHUNK,
    DONE,
    MESSAGES,
    MESSAGES_STREAM,
    PLAIN,
    USAGE,
    Json,
    apart,
    blocks,
    body,
    call,
    calls,
    chunks,
    data,
    delta,
    event,
    events,
    only,
    piece,
    raw,
    said,
    start,
    stop,
    texts,
    together,
    tool_use,
    whole,
)
from tests.servers.chat import Answer, Call, says, wants

TWO_THREE = '{"a": 2, "b": 3}'
ADD = Call("add", TWO_THREE)
SUM = says("It is 5.")
WHOLE = (CHAT, MESSAGES)
STREAMS = (CHAT_STREAM, MESSAGES_STREAM)
BOTH_CHAT = (CHAT, CHAT_STREAM)
BOTH_MESSAGES = (MESSAGES, MESSAGES_STREAM)
OPENED = {"role": "assistant", "content": ""}


def row(id: str, does: str, *steps: Any, **more: Any) -> Row:
    return Row(id=id, does=does, steps=steps, **more)


def asks(arguments: str, name: str = "add", **more: Any) -> Answer:
    """An answer that calls a tool with these *arguments*, as they are written."""
    return wants(Call(name, arguments), **more)


def written(arguments: str, name: str = "add", reason: str = "tool_calls") -> dict[str, Answer]:
    """The same where what is written may be no JSON: a whole message of Anthropic's cannot have it."""
    end = "max_tokens" if reason == "length" else "tool_use"
    chat = asks(arguments, name, finish_reason=reason)
    return {
        **only(*BOTH_CHAT, answer=chat),
        MESSAGES_STREAM: asks(arguments, name, finish_reason=end),
    }


def ends(reason: str, other: str, **more: Any) -> dict[str, Answer]:
    """An answer that ends for a *reason*, which is called *other* by Anthropic."""
    return {
        **only(*BOTH_CHAT, answer=Answer(**more, finish_reason=reason)),
        **only(*BOTH_MESSAGES, answer=Answer(**more, finish_reason=other)),
    }


def chat(*pieces: Json, reason: str = "tool_calls") -> dict[str, Answer]:
    """Calls over Chat Completions: as the message of a whole answer, each in a delta of a stream."""
    return {
        CHAT: whole(calls(*pieces), reason),
        CHAT_STREAM: chunks(*(calls(one) for one in pieces), reason=reason),
    }


def streamed(*deltas: Json | bytes, reason: str | None = "tool_calls") -> dict[str, Answer]:
    """A stream over Chat Completions."""
    return {CHAT_STREAM: chunks(*deltas, reason=reason)}


def fails(status: int, message: str = "no", **more: Any) -> Answer:
    """An answer that is a failure."""
    headers = more.pop("headers", {})
    return Answer(status=status, error={"message": message, **more}, headers=headers)


def page(status: int, text: str) -> Answer:
    """An answer of a machine in between: a page for people."""
    raw = f"<html><body><h1>{text}</h1></body></html>".encode()
    return Answer(raw=raw, status=status, headers={"Content-Type": "text/html"})


def latin(answer: Answer) -> Answer:
    """A body with letters of Latin-1 in it."""
    assert isinstance(answer.raw, bytes)
    return Answer(raw=answer.raw.replace(b"\\u00e9", b"\xe9"), headers=PLAIN)


def soon(body: dict[str, Any]) -> Answer:
    """Too many requests, until a moment in three seconds."""
    date = formatdate(time() + 3, usegmt=True)
    return fails(429, "slow down", headers={"Retry-After": date})


def first(place: int, id: str | None = None, **more: Any) -> Json:
    """The first piece of a call; the others have but its place and arguments."""
    named = {} if id is None else {"id": id}
    return calls(call(place, **named, name="add", **more))


def rest(place: int, arguments: str) -> Json:
    return calls({"index": place, "function": {"arguments": arguments}})


UNAVAILABLE = "ProviderUnavailableError"
HALF = '{"a": 2, "b"'

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
FIVE: dict[str, Any] = {"reads": ("^5$",), "ran": ("add",)}


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

NOTHING = {
    **only(*BOTH_CHAT, answer=says("")),
    **only(*BOTH_MESSAGES, answer=says("")),
}
EMPTY = Fails(error=UNAVAILABLE, kind="empty", says="answered with nothing")
AGAIN: dict[str, Any] = {"notices": ("retry",), "waits": (0.5,)}
"""What is asked for again after the first wait."""
ONCE_MORE: dict[str, Any] = {"notices": ("retry",), "waits": (0.0,)}
FILTERED = Fails(error="ContentFilterError", kind="filter", says="content filter|filter")

SILENT = [
    row("empty-once", "answers nothing, once", NOTHING, SUM, **ONCE_MORE, attempts=0),
    row("empty-twice", "answers nothing, twice", NOTHING, NOTHING, fails=EMPTY, **ONCE_MORE),
    row("blank", "answers blanks", says(" \n "), SUM, **ONCE_MORE),
    row(
        "empty-after-a-tool",
        "answers nothing after a tool's result",
        asks(TWO_THREE),
        says(""),
        SUM,
        **FIVE,
        **ONCE_MORE,
    ),
    row(
        "only-thoughts",
        "thinks, and answers nothing",
        says("", reasoning="Hm."),
        SUM,
        **ONCE_MORE,
        attempts=1,
        reasoning="",
    ),
    row(
        "null-content",
        "answers null",
        {CHAT: whole({"content": None}), CHAT_STREAM: chunks({"content": None})},
        SUM,
        **ONCE_MORE,
    ),
    row(
        "no-choices",
        "answers without any choice",
        {CHAT: body({"object": "chat.completion", "choices": []}), CHAT_STREAM: raw(DONE)},
        SUM,
        notices=("retry",),
        waits=(pytest.approx(0.25, abs=0.25),),
    ),
    row(
        "no-blocks",
        "answers without any block",
        {MESSAGES: blocks(), MESSAGES_STREAM: events()},
        SUM,
        **ONCE_MORE,
    ),
    row(
        "refusal",
        "refuses, in words of its own",
        {
            **only(*BOTH_CHAT, answer=Answer(refusal="I would rather not.")),
            **only(*BOTH_MESSAGES, answer=says("I would rather not.", finish_reason="refusal")),
        },
        fails=Fails(
            error="RefusalError",
            kind="filter",
            says="the model refuses: I would rather not.",
            text="I would rather not.",
        ),
    ),
    row(
        "refusal-without-words",
        "refuses, and says nothing",
        only(*BOTH_MESSAGES, answer=says("", finish_reason="refusal")),
        fails=Fails(error="RefusalError", kind="filter", says="the model refuses"),
    ),
    row(
        "filter-before-text",
        "is stopped by a content filter before its first word",
        only(*BOTH_CHAT, answer=says("", finish_reason="content_filter")),
        fails=FILTERED,
    ),
    row(
        "filter-after-text",
        "is stopped by a content filter in its words",
        only(*BOTH_CHAT, answer=says("First, take", finish_reason="content_filter")),
        fails=Fails(error="ContentFilterError", kind="filter", text="First, take"),
        shown="First, take",
    ),
    row(
        "filter-in-a-call",
        "is stopped by a content filter in a call",
        only(*BOTH_CHAT, answer=asks(HALF, finish_reason="content_filter")),
        fails=FILTERED,
    ),
    row(
        "filter-of-the-prompt",
        "refuses what it was asked, by a content filter",
        only(*BOTH_CHAT, answer=fails(400, "filtered", code="content_filter")),
        fails=FILTERED,
    ),
]


def limited(**headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fails(429, "slow down", headers=named)


REFUSED: dict[str, Any] = {"shown": ""}

SERVER = [
    row(
        "busy-seconds",
        "429, and says to wait 3 seconds",
        limited(Retry_After="3"),
        SUM,
        notices=("retry",),
        waits=(3.0,),
    ),
    row(
        "busy-date",
        "429, and says to wait until a date",
        soon,
        SUM,
        notices=("retry",),
        waits=(pytest.approx(2.3, abs=0.9),),
    ),
    row(
        "busy-milliseconds",
        "429, and says to wait 1500 milliseconds",
        limited(Retry_After_Ms="1500"),
        SUM,
        notices=("retry",),
        waits=(1.5,),
    ),
    row("busy", "429, and says no more", limited(), SUM, **AGAIN),
    row(
        "busy-nonsense",
        "429, and says to wait `a while`",
        limited(Retry_After="a while"),
        SUM,
        **AGAIN,
    ),
    row(
        "busy-negative",
        "429, and says to wait -5 seconds",
        limited(Retry_After="-5"),
        SUM,
        notices=("retry",),
        waits=(0.0,),
    ),
    row(
        "busy-for-hours",
        "429, and says to wait an hour",
        limited(Retry_After="3600"),
        fails=Fails(error="RateLimitError", kind="rate_limit", says="slow down"),
    ),
    row(
        "busy-forever",
        "429, again and again",
        *[limited()] * 3,
        fails=Fails(error="RateLimitError", kind="rate_limit", says="slow down"),
        notices=("retry", "retry"),
        waits=(0.5, 1.0),
    ),
    row(
        "quota",
        "429, because the quota is spent",
        only(*BOTH_CHAT, answer=fails(429, "You exceeded your quota", code="insufficient_quota")),
        fails=Fails(error="RateLimitError", kind="quota", says="You exceeded your quota"),
    ),
    row(
        "quota-type",
        "429 of the type `insufficient_quota`",
        only(*BOTH_CHAT, answer=fails(429, "no money", type="insufficient_quota")),
        fails=Fails(error="RateLimitError", kind="quota"),
    ),
    row(
        "payment",
        "402, because nobody paid",
        fails(402, "pay first"),
        fails=Fails(error="RateLimitError", kind="quota", says="pay first"),
    ),
    row(
        "billing",
        "400, because the credit is spent",
        only(
            *BOTH_MESSAGES,
            answer=fails(400, "Your credit balance is too low", type="billing_error"),
        ),
        fails=Fails(error="RateLimitError", kind="quota", says="credit balance"),
    ),
    row("500", "500", fails(500, "oops"), SUM, **AGAIN),
    row(
        "500-forever",
        "500, again and again",
        *[fails(500, "oops")] * 3,
        fails=Fails(error=UNAVAILABLE, kind="server", says="oops"),
        notices=("retry", "retry"),
        waits=(0.5, 1.0),
    ),
    row("502-page", "502, with a page for people", page(502, "Bad Gateway"), SUM, **AGAIN),
    row("503", "503", fails(503, "busy"), SUM, **AGAIN),
    row(
        "503-wait",
        "503, and says to wait 2 seconds",
        fails(503, "busy", headers={"Retry-After": "2"}),
        SUM,
        notices=("retry",),
        waits=(2.0,),
    ),
    row("529", "529, because it is overloaded", fails(529, "Overloaded"), SUM, **AGAIN),
    row("409", "409", fails(409, "try again"), SUM, **AGAIN),
    row(
        "advice-not-to",
        "500, with the advice not to ask again",
        fails(500, "oops", headers={"x-should-retry": "false"}),
        fails=Fails(error=UNAVAILABLE, kind="server", says="oops"),
    ),
    row(
        "advice-to",
        "400, with the advice to ask again",
        fails(400, "not yet", headers={"x-should-retry": "true"}),
        SUM,
        **AGAIN,
    ),
    row("408", "408, because the request took too long", fails(408, "too slow"), SUM, **AGAIN),
    row("504-page", "504, with a page for people", page(504, "Gateway Timeout"), SUM, **AGAIN),
    row(
        "504-forever",
        "504, again and again",
        *[page(504, "Gateway Timeout")] * 3,
        fails=Fails(error=UNAVAILABLE, kind="timeout", says="Gateway Timeout"),
        notices=("retry", "retry"),
        waits=(0.5, 1.0),
    ),
    row(
        "401",
        "401, because the key is wrong",
        fails(401, "Incorrect API key provided"),
        fails=Fails(error="AuthenticationError", kind="auth", says="Incorrect API key"),
    ),
    row(
        "403",
        "403, because the key may not",
        fails(403, "not allowed"),
        fails=Fails(error="AuthenticationError", kind="auth", says="not allowed"),
    ),
    row(
        "404",
        "404, because there is no such model",
        fails(404, "The model does not exist", code="model_not_found"),
        fails=Fails(error="BadRequestError", kind="request", says="The model does not exist"),
    ),
    row(
        "404-page",
        "404, with a page for people",
        page(404, "Not Found"),
        fails=Fails(error="BadRequestError", kind="request", says="Not Found"),
    ),
    row(
        "400",
        "400, because of something in the request",
        fails(400, "Unknown parameter: 'x'"),
        fails=Fails(error="BadRequestError", kind="request", says="Unknown parameter"),
    ),
    row(
        "422",
        "422, in words of its own",
        Answer(status=422, raw=b'{"detail": "nope"}', headers=PLAIN),
        fails=Fails(error="BadRequestError", kind="request", says="nope"),
    ),
    row(
        "too-long-by-code",
        "400 with the code of a full window",
        only(
            *BOTH_CHAT,
            answer=fails(400, "too many tokens", code="context_length_exceeded"),
        ),
        fails=Fails(error="ContextLengthError", kind="context", says="too many tokens"),
    ),
    row(
        "too-long-by-words",
        "400 that says in words that the window is full",
        {
            **only(
                *BOTH_CHAT,
                answer=fails(
                    400,
                    "This model's maximum context length is 8192 tokens. However, you requested "
                    "9000 tokens. Please reduce the length of the messages.",
                ),
            ),
            **only(
                *BOTH_MESSAGES,
                answer=fails(400, "prompt is too long: 210000 tokens > 200000 maximum"),
            ),
        },
        fails=Fails(error="ContextLengthError", kind="context"),
    ),
    row(
        "too-large",
        "413",
        fails(413, "request too large"),
        fails=Fails(error="ContextLengthError", kind="context"),
    ),
    row(
        "redirect",
        "302, to somewhere else",
        Answer(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}),
        fails=Fails(error="BadRequestError", kind="request", says="moved to .*correct base_url"),
    ),
    row(
        "nobody-there",
        "is not there",
        SUM,
        dead=True,
        requests=0,
        fails=Fails(error=UNAVAILABLE, kind="connection", says="nothing answers at"),
        notices=("retry", "retry"),
        waits=(0.5, 1.0),
    ),
    row("reset", "breaks the connection before it answers", Answer(reset=True), SUM, **AGAIN),
    row(
        "reset-forever",
        "breaks the connection, again and again",
        *[Answer(reset=True)] * 3,
        fails=Fails(error=UNAVAILABLE, kind="connection"),
        notices=("retry", "retry"),
        waits=(0.5, 1.0),
    ),
    row(
        "reset-in-the-body",
        "breaks the connection in the middle of its answer",
        only(*WHOLE, answer=Answer(raw=b'{"id": "1", "choices": [', reset=True)),
        SUM,
        **AGAIN,
    ),
    row(
        "page-for-an-answer",
        "200, with a page for people",
        page(200, "Please sign in"),
        SUM,
        **AGAIN,
    ),
    row("no-body", "200, with nothing", Answer(raw=b"", headers=PLAIN, chunk=0), SUM, **AGAIN),
    row(
        "half-a-body",
        "200, with half of an answer",
        Answer(raw=b'{"id": "1", "choices": [{"mess', headers=PLAIN, chunk=0),
        SUM,
        **AGAIN,
    ),
    row("other-json", "200, with another JSON", body([1, 2], chunk=0), SUM, **AGAIN),
    row(
        "no-utf-8",
        "200, in an encoding that is no UTF-8",
        {
            CHAT: latin(whole({"content": "caf\xe9"})),
            CHAT_STREAM: raw(b'data: {"choices": [{"delta": {"content": "\xe9"}}]}\n\n', DONE),
            MESSAGES: latin(blocks({"type": "text", "text": "caf\xe9"})),
            MESSAGES_STREAM: raw(BEGIN, b'data: {"type": "caf\xe9"}\n\n', event("message_stop")),
        },
        SUM,
        **AGAIN,
    ),
    row(
        "error-no-utf-8",
        "500, in an encoding that is no UTF-8",
        Answer(status=500, raw=b'{"error": {"message": "caf\xe9"}}', headers=PLAIN),
        SUM,
        **AGAIN,
    ),
    row(
        "error-odd",
        "500, with an error of an odd shape",
        Answer(
            status=500,
            raw=b'{"error": {"message": {"a": 1}, "code": [1], "type": {}}}',
            headers=PLAIN,
        ),
        SUM,
        **AGAIN,
    ),
    row("error-empty", "500, with nothing", Answer(status=500, raw=b""), SUM, **AGAIN),
    row(
        "error-deep",
        "500, with ten thousand brackets",
        Answer(status=500, raw=b"[" * 10_000, headers=PLAIN),
        SUM,
        **AGAIN,
    ),
    row(
        "deep",
        "200, with ten thousand brackets",
        {
            **only(*WHOLE, answer=Answer(raw=b"[" * 10_000, headers=PLAIN)),
            **only(*STREAMS, answer=raw(b"data: " + b"[" * 10_000 + b"\n\n")),
        },
        SUM,
        **AGAIN,
    ),
    row(
        "error-for-an-answer",
        "200, with an error inside",
        body({"error": {"message": "upstream failed", "code": 502}}, chunk=0),
        SUM,
        **AGAIN,
    ),
]

BROKE = Fails(error=UNAVAILABLE, kind="connection")
TORN: dict[str, Any] = {"text": "It is 5.", **AGAIN}


def torn(chat: Answer, messages: Answer) -> dict[str, Answer]:
    return {CHAT_STREAM: chat, MESSAGES_STREAM: messages}


def reset(*pieces: bytes) -> Answer:
    return raw(*pieces, reset=True)


CHAT_TEXT = [delta(OPENED), *(delta(one) for one in texts("It is ", "fi"))]
MESSAGES_TEXT = [BEGIN, *said("It is ", "fi")[:-1]]
CHAT_CALL = [delta(OPENED), delta(first(0, "c")), delta(rest(0, HALF))]
MESSAGES_CALL = [BEGIN, *tool_use(0, HALF)[:-1]]
CHAT_CALLED = [delta(OPENED), delta(first(0, "c", arguments=TWO_THREE))]
MESSAGES_CALLED = [BEGIN, *tool_use(0, TWO_THREE)]

STREAM = [
    row(
        "reset-before-text",
        "breaks the connection before its first word",
        torn(reset(delta(OPENED)), reset(BEGIN)),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "reset-after-text",
        "breaks the connection in its words",
        torn(reset(*CHAT_TEXT), reset(*MESSAGES_TEXT)),
        fails=BROKE,
        shown="It is fi",
    ),
    row(
        "reset-after-text-restart",
        "the same, where its words may be taken back",
        torn(reset(*CHAT_TEXT), reset(*MESSAGES_TEXT)),
        SUM,
        options={"restart": True},
        **AGAIN,
        attempts=1,
    ),
    row(
        "end-before-anything",
        "ends politely before it says anything",
        only(*STREAMS, answer=raw()),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "end-before-text",
        "ends politely before its first word",
        torn(raw(delta(OPENED)), raw(BEGIN)),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "end-in-text",
        "ends politely in the middle of a word",
        torn(raw(*CHAT_TEXT), raw(*MESSAGES_TEXT)),
        fails=BROKE,
        shown="It is fi",
    ),
    row(
        "end-in-text-restart",
        "the same, where its words may be taken back",
        torn(raw(*CHAT_TEXT), raw(*MESSAGES_TEXT)),
        SUM,
        options={"restart": True},
        **AGAIN,
        attempts=1,
    ),
    row(
        "end-after-text",
        "ends politely after its last word, and does not say that it was the last",
        torn(raw(delta(OPENED), delta({"content": "It is 5."})), raw(BEGIN, *said("It is 5."))),
        fails=BROKE,
        shown="It is 5.",
    ),
    row(
        "end-in-a-call",
        "ends politely in the middle of a call",
        torn(raw(*CHAT_CALL), raw(*MESSAGES_CALL)),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "end-after-a-call",
        "ends politely after a whole call",
        torn(raw(*CHAT_CALLED), raw(*MESSAGES_CALLED)),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "end-in-thought",
        "ends politely while it thinks",
        torn(
            raw(delta(OPENED), delta({"reasoning_content": "Hm"})),
            raw(
                BEGIN,
                start(0, {"type": "thinking", "thinking": "", "signature": ""}),
                piece(0, type="thinking_delta", thinking="Hm"),
            ),
        ),
        SUM,
        **AGAIN,
        attempts=1,
    ),
    row(
        "garbage-before-text",
        "sends a line that is no JSON before its first word",
        torn(
            raw(
                delta(OPENED), b"data: {oops\n\n", delta({"content": "It"}), delta({}, "stop"), DONE
            ),
            raw(BEGIN, b"data: {oops\n\n"),
        ),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "garbage-after-text",
        "sends a line that is no JSON in its words",
        torn(
            raw(*CHAT_TEXT, b"data: {oops\n\n", delta({}, "stop"), DONE),
            raw(*MESSAGES_TEXT, b"data: {oops\n\n", event("message_stop")),
        ),
        fails=Fails(error=UNAVAILABLE, kind="server", says="oops"),
        shown="It is fi",
    ),
    row(
        "error-before-text",
        "sends an error in a stream before its first word",
        torn(
            raw(data({"error": {"message": "upstream failed", "code": 502}})),
            raw(
                BEGIN,
                event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
            ),
        ),
        SUM,
        **AGAIN,
        attempts=0,
    ),
    row(
        "error-after-text",
        "sends an error in a stream in its words",
        torn(
            raw(*CHAT_TEXT, data({"error": {"message": "upstream failed", "code": 502}})),
            raw(
                *MESSAGES_TEXT,
                event("error", error={"type": "api_error", "message": "upstream failed"}),
            ),
        ),
        fails=Fails(error=UNAVAILABLE, kind="server", says="upstream failed"),
        shown="It is fi",
    ),
    row(
        "error-after-text-restart",
        "the same, where its words may be taken back",
        torn(
            raw(*CHAT_TEXT, data({"error": {"message": "upstream failed", "code": 502}})),
            raw(
                *MESSAGES_TEXT,
                event("error", error={"type": "api_error", "message": "upstream failed"}),
            ),
        ),
        SUM,
        options={"restart": True},
        **AGAIN,
        attempts=1,
    ),
    row(
        "error-text",
        "sends an error in a stream that is a text",
        streamed(data({"error": "upstream failed"}), reason=None),
        SUM,
        **AGAIN,
    ),
    row(
        "error-bare",
        "sends an error in a stream without `data:` before it",
        {CHAT_STREAM: raw(b'{"error": {"message": "upstream failed", "code": 502}}\n')},
        SUM,
        **AGAIN,
    ),
    row(
        "error-rate-limit",
        "sends 429 inside a stream",
        torn(
            raw(data({"error": {"message": "slow down", "code": 429}})),
            raw(event("error", error={"type": "rate_limit_error", "message": "slow down"})),
        ),
        SUM,
        **AGAIN,
    ),
    row(
        "error-quota",
        "says inside a stream that the quota is spent",
        {
            CHAT_STREAM: raw(
                data({"error": {"message": "no money", "code": "insufficient_quota"}})
            ),
            MESSAGES_STREAM: raw(
                event("error", error={"type": "billing_error", "message": "no money"})
            ),
        },
        fails=Fails(error="RateLimitError", kind="quota", says="no money"),
        shown="",
    ),
    row(
        "reason-error",
        "gives `error` for its reason before its first word",
        streamed(reason="error"),
        SUM,
        **AGAIN,
    ),
    row(
        "reason-error-after-text",
        "gives `error` for its reason after words",
        {CHAT_STREAM: chunks(*texts("It is fi"), reason="error")},
        fails=Fails(error=UNAVAILABLE, kind="server"),
        shown="It is fi",
    ),
]

NONSENSE = [None, 5, {"type": "text", "text": None}, {"type": 5}, {"type": "text"}, []]
FIVE_CHUNKS = chunks(*texts("It is ", "5."))
FIVE_EVENTS = events(*said("It is ", "5."))
FIVES = {CHAT_STREAM: FIVE_CHUNKS, MESSAGES_STREAM: FIVE_EVENTS}
SAID: dict[str, Any] = {"usage": Usage(10, 5)}


def edited(old: bytes, new: bytes) -> dict[str, Answer]:
    """Both streams with other bytes in the place of some."""
    return {
        wire: raw(*(one.replace(old, new) for one in answer.raw)) for wire, answer in FIVES.items()
    }


def between(*odd: bytes) -> dict[str, Answer]:
    """Both streams with something odd before each event."""
    return {
        wire: raw(*(part for one in answer.raw for part in (*odd, one)))
        for wire, answer in FIVES.items()
    }


def unstreamed(answer: Answer) -> Answer:
    """A whole answer, to whoever asked for a stream."""
    return Answer(raw=answer.raw, headers=PLAIN, chunk=0)


WIRE = [
    row(
        "usage-last",
        "counts in a chunk of its own at the end",
        {
            CHAT_STREAM: chunks(
                *texts("It is 5."), end=data({**CHUNK, "choices": [], "usage": USAGE}) + DONE
            )
        },
        **SAID,
    ),
    row(
        "usage-each",
        "counts in each chunk",
        {
            CHAT_STREAM: raw(
                delta(OPENED, usage={**USAGE, "completion_tokens": 1}),
                delta({"content": "It is 5."}, usage={**USAGE, "completion_tokens": 4}),
                delta({}, "stop", usage=USAGE),
                DONE,
            )
        },
        **SAID,
    ),
    row(
        "usage-null",
        "counts null after it counted",
        {
            CHAT_STREAM: raw(
                delta({"content": "It is 5."}, usage=USAGE), delta({}, "stop", usage=None), DONE
            )
        },
        **SAID,
    ),
    row(
        "usage-none",
        "counts nothing",
        {
            CHAT: whole({"content": "It is 5."}, usage=None),
            CHAT_STREAM: FIVE_CHUNKS,
            MESSAGES: blocks({"type": "text", "text": "It is 5."}, usage=None),
        },
        usage=Usage(),
    ),
    row(
        "usage-text",
        "counts in texts",
        {
            CHAT: whole(
                {"content": "It is 5."}, usage={"prompt_tokens": "10", "completion_tokens": "5"}
            ),
            CHAT_STREAM: raw(
                delta({"content": "It is 5."}, usage={"prompt_tokens": "10"}),
                delta({}, "stop"),
                DONE,
            ),
            MESSAGES: blocks({"type": "text", "text": "It is 5."}, usage={"input_tokens": "10"}),
        },
    ),
    row(
        "usage-endless",
        "counts without end",
        {
            CHAT: whole({"content": "It is 5."}, usage={"prompt_tokens": float("inf")}),
            CHAT_STREAM: raw(
                b'data: {"choices": [{"delta": {"content": "It is 5."}}], '
                b'"usage": {"prompt_tokens": 1e400, "completion_tokens": -1}}\n\n',
                delta({}, "stop"),
                DONE,
            ),
        },
    ),
    row(
        "reasoning-content",
        "thinks in `reasoning_content`",
        {
            CHAT: whole({"content": "It is 5.", "reasoning_content": "Two and three."}),
            CHAT_STREAM: chunks(
                {"reasoning_content": "Two and "},
                {"reasoning_content": "three."},
                *texts("It is 5."),
            ),
        },
        reasoning="Two and three.",
    ),
    row(
        "reasoning",
        "thinks in `reasoning`",
        {
            CHAT: whole({"content": "It is 5.", "reasoning": "Two and three."}),
            CHAT_STREAM: chunks(
                {"reasoning": "Two and "}, {"reasoning": "three."}, *texts("It is 5.")
            ),
        },
        reasoning="Two and three.",
    ),
    row(
        "content-in-parts",
        "answers in a list of parts",
        {
            CHAT: whole({"content": [{"type": "text", "text": "It is 5."}]}),
            CHAT_STREAM: chunks({"content": [{"type": "text", "text": "It is 5."}]}),
        },
    ),
    row(
        "parts-nonsense",
        "answers in a list of parts, some of which make no sense",
        {
            CHAT: whole({"content": [*NONSENSE, {"type": "text", "text": "It is 5."}]}),
            CHAT_STREAM: chunks({"content": [*NONSENSE, {"type": "text", "text": "It is 5."}]}),
        },
    ),
    row(
        "text-number",
        "answers with a number for a text",
        {
            CHAT: whole({"content": 5}),
            CHAT_STREAM: chunks({"content": 5}),
            MESSAGES: blocks({"type": "text", "text": 5}),
            MESSAGES_STREAM: events(start(0, {"type": "text", "text": 5}), stop(0)),
        },
        SUM,
        **AGAIN,
    ),
    row(
        "thought-number",
        "thinks a number",
        {
            CHAT: whole({"reasoning_content": 5}),
            CHAT_STREAM: chunks({"reasoning_content": 5}),
            MESSAGES: blocks({"type": "thinking", "thinking": 5}),
            MESSAGES_STREAM: events(start(0, {"type": "thinking", "thinking": 5}), stop(0)),
        },
        SUM,
        **AGAIN,
    ),
    row(
        "name-number",
        "calls a number",
        {
            **chat(call(0, id="c", name=5, arguments="{}")),
            MESSAGES: blocks(
                {"type": "tool_use", "id": "t", "name": 5, "input": {}}, reason="tool_use"
            ),
            MESSAGES_STREAM: events(*tool_use(0, "{}", name=5), reason="tool_use"),
        },
        SUM,
        **AGAIN,
    ),
    row(
        "unknown-fields",
        "sends fields that nobody knows",
        {
            CHAT: whole({"content": "It is 5.", "mood": {"x": 1}}, what=[1], provider="x"),
            CHAT_STREAM: raw(
                delta({"content": "It is ", "mood": "good", "audio": None}, what=1),
                delta({"content": "5."}, obfuscation="abc"),
                delta({}, "stop", service_tier="x"),
                DONE,
            ),
            MESSAGES: blocks({"type": "text", "text": "It is 5.", "mood": 1}, what=[1]),
            MESSAGES_STREAM: events(
                start(0, {"type": "text", "text": "", "mood": 1}),
                piece(0, type="text_delta", text="It is 5.", mood=1),
                stop(0),
            ),
        },
        own=({"type": "text", "text": "It is 5.", "mood": 1},),
    ),
    row(
        "unknown-events",
        "sends events, deltas and blocks that nobody knows",
        {
            MESSAGES_STREAM: events(
                event("weather", index=0, data={"x": 1}),
                start(0, {"type": "daydream", "x": 1}),
                piece(0, type="daydream_delta", dream="sheep"),
                stop(0),
                *said("It is ", "5.", index=1),
            )
        },
        own=({"type": "daydream", "x": 1},),
    ),
    row(
        "unknown-block",
        "answers with a block that nobody knows",
        {MESSAGES: blocks({"type": "daydream", "x": 1}, {"type": "text", "text": "It is 5."})},
        own=({"type": "daydream", "x": 1},),
    ),
    row(
        "no-choices-first",
        "sends a first chunk without choices, as Azure does",
        {
            CHAT_STREAM: raw(
                data({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
                *FIVE_CHUNKS.raw,
            )
        },
    ),
    row(
        "nulls",
        "sends null for all that a chunk does not have",
        {
            CHAT_STREAM: raw(
                delta(None),
                data({"choices": None, "usage": None}),
                delta({"content": None, "tool_calls": None, "refusal": None}),
                delta({"content": "It is 5."}, usage=None),
                delta({}, "stop"),
                DONE,
            )
        },
    ),
    row(
        "reason-empty",
        "gives an empty reason with each piece",
        {
            CHAT_STREAM: raw(
                delta({"content": "It is "}, ""),
                delta({"content": "5."}, ""),
                delta({}, "stop"),
                DONE,
            )
        },
    ),
    row("comments", "sends comments to keep the line open", between(b": ping\n\n", b":\n")),
    row("pings", "sends pings", {MESSAGES_STREAM: events(event("ping"), *said("It is 5."))}),
    row("crlf", "ends lines with CR and LF", edited(b"\n", b"\r\n")),
    row("cr", "ends lines with CR", edited(b"\n", b"\r")),
    row("no-blank-lines", "leaves out the blank lines", edited(b"\n\n", b"\n")),
    row("no-blank-after-colon", "leaves out the blank after `data:`", edited(b"data: ", b"data:")),
    row("other-fields", "sends `id:` and `retry:` lines", between(b"id: 7\nretry: 100\n")),
    row(
        "lines-of-an-event",
        "sends one event in several `data:` lines",
        edited(b', "', b',\ndata: "'),
    ),
    row(
        "no-last-newline",
        "leaves out the end of the last line",
        {CHAT_STREAM: chunks(*texts("It is 5."), end=b"data: [DONE]")},
    ),
    row(
        "byte-order-mark",
        "begins with a byte order mark",
        torn(raw(b"\xef\xbb\xbf", *FIVE_CHUNKS.raw), raw(b"\xef\xbb\xbf", *FIVE_EVENTS.raw)),
    ),
    row(
        "cut-anywhere",
        "sends each byte by itself, letters of several bytes too",
        torn(
            apart(
                chunks(b'data: {"choices": [{"delta": {"content": "It is \xe2\x98\xba 5."}}]}\n\n')
            ),
            apart(events(*(one.replace(b"FIVE", "It is ☺ 5.".encode()) for one in said("FIVE")))),
        ),
        text="It is ☺ 5.",
    ),
    row(
        "all-in-one",
        "sends the whole stream in one piece",
        torn(together(FIVE_CHUNKS), together(FIVE_EVENTS)),
    ),
    row(
        "emoji-cut-in-two",
        "cuts an escaped pair of surrogates in two",
        torn(
            raw(
                b'data: {"choices": [{"delta": {"content": "It is \\ud83d"}}]}\n\n',
                b'data: {"choices": [{"delta": {"content": "\\ude00."}}]}\n\n',
                delta({}, "stop"),
                DONE,
            ),
            events(
                start(0, {"type": "text", "text": ""}),
                b'data: {"type": "content_block_delta", "index": 0, "delta": '
                b'{"type": "text_delta", "text": "It is \\ud83d"}}\n\n',
                b'data: {"type": "content_block_delta", "index": 0, "delta": '
                b'{"type": "text_delta", "text": "\\ude00."}}\n\n',
                stop(0),
            ),
        ),
        text="It is 😀.",
    ),
    row(
        "whole-for-a-stream",
        "answers whole although it was asked for a stream",
        {
            CHAT_STREAM: unstreamed(whole({"content": "It is 5."})),
            MESSAGES_STREAM: unstreamed(blocks({"type": "text", "text": "It is 5."})),
        },
        **SAID,
    ),
    row(
        "done-at-the-end",
        "ends a stream of Anthropic's with [DONE], as some proxies do",
        {MESSAGES_STREAM: raw(*FIVE_EVENTS.raw, DONE)},
    ),
    row(
        "pause",
        "pauses its turn, to be gone on with",
        only(*BOTH_MESSAGES, answer=says("It is ", finish_reason="pause_turn")),
        says("5."),
    ),
]

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

GROUPS: dict[str, list[Row]] = {
    "Tools that do not exist": UNKNOWN,
    "Arguments": ARGUMENTS,
    "Cut off by the token limit": CUT,
    "Ids of calls": IDS,
    "Pieces of a reply": PIECES,
    "Silence and refusal": SILENT,
    "What a server answers": SERVER,
    "Streams that break": STREAM,
    "Odd wires": WIRE,
    "Tools that fail": TOOL,
    "Runs that do not end": LOOP,
    "Time": TIME,
    "What a provider lacks": LACKS,
}
ROWS = [one for rows in GROUPS.values() for one in rows]
CASES = [(one, wire) for one in ROWS for wire in one.wires]

HIDDEN: dict[str, str] = {
    "id-number": "a call whose id is a number is dropped from a stream",
    "id-zero": "a call whose id is a number is dropped from a stream",
    "done-without-a-reason": "[DONE] is not told, and a reason is made up where there is none",
    "refusal": "the words of a refusal in a stream are dropped",
    "redirect": "LiteLLM follows it, so that the request is made elsewhere",
    "garbage-after-text": "the line is not in the error",
    "content-in-parts": "parts of a content in a stream are dropped",
    "no-blank-lines": "events without blank lines between them are not told apart",
    "whole-for-a-stream": "LiteLLM reads a whole answer as an empty stream",
}
"""What LiteLLM hides or changes, by the rows that do not hold through it: once they do, a test fails."""
LITELLM_ROWS = [one for one in ROWS if {CHAT, CHAT_STREAM} & {*one.wires}]
