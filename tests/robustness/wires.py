"""What goes over the wires, made by hand: the bytes of answers that no well-behaved server gives."""

import json
from collections.abc import Mapping
from typing import Any

from tests.servers.chat import Answer

CHAT, CHAT_STREAM = "chat", "chat stream"
MESSAGES, MESSAGES_STREAM = "messages", "messages stream"
DIRECT = (CHAT, CHAT_STREAM, MESSAGES, MESSAGES_STREAM)
"""The two direct wires, whole and streaming."""
LITELLM = "litellm"

Json = dict[str, Any]
Step = Answer | Mapping[str, Answer]
"""An answer of any wire, or one for each wire where it can be given."""

DONE = b"data: [DONE]\n\n"
PLAIN = {"Content-Type": "application/json"}
CHUNK: Json = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "test-model",
}
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "test-model",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 5},
}


def only(*wires: str, answer: Answer) -> dict[str, Answer]:
    """An answer that can be given over these *wires* alone."""
    return dict.fromkeys(wires, answer)


# Chat Completions.


def whole(message: Json, reason: str | None = "stop", **more: Any) -> Answer:
    """A completion with this *message*."""
    said = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "message": said, "finish_reason": reason}
    envelope = {**CHUNK, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    return body({**envelope, **more})


def body(value: Any, **more: Any) -> Answer:
    """JSON, whatever it says."""
    return Answer(raw=json.dumps(value).encode(), headers=PLAIN, **more)


def delta(part: Json | None, reason: str | None = None, **more: Any) -> bytes:
    """A chunk of a completion."""
    choice = {"index": 0, "delta": part, "finish_reason": reason}
    return data({**CHUNK, "choices": [choice], **more})


def data(value: Any) -> bytes:
    """An event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunks(*parts: Json | bytes, reason: str | None = "stop", end: bytes = DONE) -> Answer:
    """A stream of deltas, or of bytes as they are, up to its reason to finish."""
    events = [part if isinstance(part, bytes) else delta(part) for part in parts]
    last = [delta({}, reason)] if reason is not None else []
    return raw(delta({"role": "assistant", "content": ""}), *events, *last, end)


def raw(*pieces: bytes, **more: Any) -> Answer:
    """A stream of these bytes."""
    return Answer(raw=pieces, **more)


def call(index: int | None = None, **more: Any) -> Json:
    """A piece of a call: `id`, and `name` and `arguments` of its function."""
    function = {key: more.pop(key) for key in ("name", "arguments") if key in more}
    place = {} if index is None else {"index": index}
    return {**place, "type": "function", "function": function, **more}


def calls(*pieces: Json) -> Json:
    """A delta, or a message, with these calls."""
    return {"tool_calls": [*pieces]}


def texts(*words: str) -> list[Json]:
    return [{"content": word} for word in words]


# Messages.


def blocks(*content: Json, reason: str | None = "end_turn", **more: Any) -> Answer:
    """A message of these blocks."""
    return body({**MESSAGE, "content": [*content], "stop_reason": reason, **more})


def event(kind: str, **more: Any) -> bytes:
    """An event with its name."""
    return f"event: {kind}\n".encode() + data({"type": kind, **more})


def start(index: int, block: Json) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def piece(index: int, **more: Any) -> bytes:
    return event("content_block_delta", index=index, delta=more)


def stop(index: int) -> bytes:
    return event("content_block_stop", index=index)


def said(*words: str, index: int = 0) -> list[bytes]:
    """A text block."""
    texts = [piece(index, type="text_delta", text=word) for word in words]
    return [start(index, {"type": "text", "text": ""}), *texts, stop(index)]


def tool_use(index: int, *pieces: str, **more: Any) -> list[bytes]:
    """The events of a call, whose *pieces* are those of its input."""
    block = {"type": "tool_use", "id": f"toolu_{index}", "name": "add", "input": {}, **more}
    parts = [piece(index, type="input_json_delta", partial_json=one) for one in pieces]
    return [start(index, block), *parts, stop(index)]


def events(
    *parts: bytes, reason: str | None = "end_turn", usage: Json | None = None, ends: bool = True
) -> Answer:
    """A stream of these events between the first and the last ones."""
    told = {"stop_reason": reason, "stop_sequence": None}
    last = [event("message_delta", delta=told, usage=usage or {"output_tokens": 5})]
    closing = [*(last if reason else []), *([event("message_stop")] if ends else [])]
    return raw(BEGIN, *parts, *closing)


BEGIN = event("message_start", message=MESSAGE)


def together(answer: Answer) -> Answer:
    """The same bytes in one piece."""
    assert answer.raw is not None
    return Answer(raw=b"".join([answer.raw] if isinstance(answer.raw, bytes) else answer.raw))


def apart(answer: Answer, size: int = 1) -> Answer:
    """The same bytes in pieces of *size*."""
    assert answer.raw is not None
    whole = b"".join([answer.raw] if isinstance(answer.raw, bytes) else answer.raw)
    return Answer(raw=[whole[place : place + size] for place in range(0, len(whole), size)])
