"""Rows: replies of nothing, refusals, and what servers answer."""

from typing import Any

import pytest

from tests.robustness.play import Fails
from tests.robustness.rows.making import (
    AGAIN,
    BOTH_CHAT,
    BOTH_MESSAGES,
    FIVE,
    HALF,
    STREAMS,
    SUM,
    TWO_THREE,
    UNAVAILABLE,
    WHOLE,
    asks,
    fails,
    latin,
    page,
    row,
    soon,
)
from tests.robustness.wires import (
    BEGIN,
    CHAT,
    CHAT_STREAM,
    DONE,
    MESSAGES,
    MESSAGES_STREAM,
    PLAIN,
    blocks,
    body,
    chunks,
    event,
    events,
    only,
    raw,
    whole,
)
from tests.servers.chat import Answer, says

NOTHING = {
    **only(*BOTH_CHAT, answer=says("")),
    **only(*BOTH_MESSAGES, answer=says("")),
}
EMPTY = Fails(error=UNAVAILABLE, kind="empty", says="answered with nothing")
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
        fails=Fails(
            error=UNAVAILABLE, kind="connection", says="nothing answers at|Connection error"
        ),
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
