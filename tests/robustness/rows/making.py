"""What the rows are made of: answers that misbehave, over each wire where they can."""

from email.utils import formatdate
from time import time
from typing import Any

from tests.robustness.play import Row
from tests.robustness.wires import (
    BEGIN,
    CHAT,
    CHAT_STREAM,
    MESSAGES,
    MESSAGES_STREAM,
    PLAIN,
    Json,
    call,
    calls,
    chunks,
    delta,
    only,
    said,
    texts,
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
AGAIN: dict[str, Any] = {"notices": ("retry",), "waits": (0.5,)}
"""What is asked for again after the first wait."""
FIVE: dict[str, Any] = {"reads": ("^5$",), "ran": ("add",)}
"""What comes of one call of `add`."""
CHAT_TEXT = [delta(OPENED), *(delta(one) for one in texts("It is ", "fi"))]
MESSAGES_TEXT = [BEGIN, *said("It is ", "fi")[:-1]]
CHAT_CALL = [delta(OPENED), delta(first(0, "c")), delta(rest(0, HALF))]
MESSAGES_CALL = [BEGIN, *tool_use(0, HALF)[:-1]]
"""Streams that have begun to say something, or to call."""


def torn(chat: Answer, messages: Answer) -> dict[str, Answer]:
    """A stream of each wire."""
    return {CHAT_STREAM: chat, MESSAGES_STREAM: messages}
