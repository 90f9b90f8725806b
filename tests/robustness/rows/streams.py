"""Rows: streams that break, and wires that are odd."""

from typing import Any

from lumos_agent import Usage
from tests.robustness.play import Fails
from tests.robustness.rows.making import (
    AGAIN,
    BOTH_MESSAGES,
    CHAT_CALL,
    CHAT_TEXT,
    MESSAGES_CALL,
    MESSAGES_TEXT,
    OPENED,
    STREAMS,
    SUM,
    TWO_THREE,
    UNAVAILABLE,
    chat,
    first,
    row,
    streamed,
    torn,
)
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
    apart,
    blocks,
    call,
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
from tests.servers.chat import Answer, says

BROKE = Fails(error=UNAVAILABLE, kind="connection")


def reset(*pieces: bytes) -> Answer:
    return raw(*pieces, reset=True)


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
