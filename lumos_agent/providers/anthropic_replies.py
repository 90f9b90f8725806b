"""Anthropic's Messages wire, the way back: replies out of blocks. No I/O.

Facts: Anthropic's API reference (streaming, tool use, extended thinking, stop reasons).
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import msgspec

from lumos_agent.errors import ProviderUnavailableError
from lumos_agent.messages import AssistantMessage, Message, ToolCall, Usage, decode
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, Reply, TextPart
from lumos_agent.providers.chat_replies import (
    HIGH,
    LOW,
    Raised,
    arguments_of,
    as_written,
    count,
    cut_pair,
    fresh_id,
    paired,
    refused,
    used_ids,
)
from lumos_agent.providers.http import UNREADABLE, failure_within

FINISHED = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
}
"""Why it stopped, in OpenAI's words."""
CUT = ("max_tokens", "model_context_window_exceeded")
"""Where the limit of tokens cut it off."""

Block = dict[str, Any]
_T = TypeVar("_T")


def said(blocks: Iterable[Block]) -> tuple[str, tuple[ToolCall, ...]]:
    """The text and the calls that *blocks* hold."""
    text = ""
    calls: list[ToolCall] = []
    for block in blocks:
        if block["type"] == "text":
            text += block["text"]
        elif block["type"] == "tool_use":
            calls.append(ToolCall(block["id"], block["name"], block["input"]))
    return text, tuple(calls)


class _Delta(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Block | None = None
    stop_reason: str | None = None
    container: Block | None = None


Counts = dict[str, Any]


class _Message(msgspec.Struct):
    """A whole answer, or the beginning of a streamed one."""

    type: str = "message"
    error: Block | None = None
    content: list[Block] = []
    stop_reason: str | None = None
    usage: Any = None
    container: Block | None = None


class _Event(msgspec.Struct, gc=False):
    """An event of a stream."""

    type: str = ""
    index: int | None = None
    delta: _Delta | None = None
    content_block: Block | None = None
    message: _Message | None = None
    usage: Any = None
    error: Block | None = None


def _tolerant(kind: type[_T]) -> Callable[[bytes], _T]:
    """Decodes JSON, also with half of a surrogate pair in it, which some servers cut in two."""
    quick = msgspec.json.Decoder(kind).decode

    def read(data: bytes) -> _T:
        try:
            return quick(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            found: _T = decode(data, kind)
            return found

    return read


_decode_event = _tolerant(_Event)
_decode_message = _tolerant(_Message)


class _Growing:
    """A block as its pieces come."""

    def __init__(self, given: Block, call_id: str) -> None:
        self.given = given
        self.call_id = call_id
        self.pieces: dict[str, list[str]] = {}
        self._half = ""

    def take(self, delta: _Delta) -> Part | None:
        """Take a piece in; what it adds for a reader comes out."""
        if text := delta.text:
            if self._half or HIGH <= text[-1] < LOW:
                text, self._half = cut_pair(self._half + text)
            self._add("text", text)
            return TextPart(text)
        if delta.partial_json is not None:
            self._add("input", delta.partial_json)
            if self.given["type"] == "tool_use":
                return CallPart(self.call_id, self.given["name"], delta.partial_json)
        elif delta.thinking:
            self._add("thinking", delta.thinking)
            return ReasoningPart(delta.thinking)
        elif delta.signature:
            self._add("signature", delta.signature)
        elif delta.citation:
            self.given["citations"] = [*(self.given.get("citations") or ()), delta.citation]
        return None

    def _add(self, key: str, piece: str) -> None:
        self.pieces.setdefault(key, []).append(piece)

    def whole(self) -> Block:
        """The block with all its pieces."""
        block = self.given | ({"id": self.call_id} if self.given["type"] == "tool_use" else {})
        for key, pieces in self.pieces.items():
            text = paired("".join(pieces)) + (self._half if key == "text" else "")
            if key != "input":
                block[key] = block.get(key, "") + text
            elif text:  # an empty piece adds nothing to what came at the beginning
                block[key] = arguments_of(text)
        return block


class BlockAssembler:
    """Puts a reply together from its blocks: of a stream, or of whole answers."""

    def __init__(self, history: Iterable[Message], raised: Raised = as_written) -> None:
        self.complete = False
        self.stop_reason: str | None = None
        self.container: str | None = None
        """Where the provider's own tools work."""
        self._history = history
        self._raised = raised
        self._blocks: list[_Growing] = []
        self._at: dict[int, _Growing] = {}
        self._counts: list[Counts] = [{}]

    @property
    def blocks(self) -> list[Block]:
        """What was said so far, with the arguments of calls as the tools take them."""
        return [self._as_taken(block.whole()) for block in self._blocks]

    def _as_taken(self, block: Block) -> Block:
        if block["type"] != "tool_use":
            return block
        return block | {"input": self._raised(block["name"], block["input"])}

    def feed(self, event: bytes) -> Iterable[Part]:
        """Take an event of the stream in; what it adds comes out."""
        told = _decoded(_decode_event, event)
        match told.type:
            case "content_block_delta" if told.delta:
                part = self._growing(told.index, told.delta).take(told.delta)
                return (part,) if part else ()
            case "content_block_start" if told.content_block:
                place = len(self._at) if told.index is None else told.index
                return self._begin(place, told.content_block)
            case "message_start" if told.message:
                self._start(told.message)
            case "message_delta" if told.delta:
                self._note_container(told.delta.container)
                self.stop_reason = told.delta.stop_reason or self.stop_reason
                self._count(told.usage)
            case "message_stop":
                self.complete = True
            case "error":
                raise failure_within(told.error or {})
            case _:  # a ping, the end of a block, or what is not known yet
                pass
        return ()

    def _growing(self, index: int | None, delta: _Delta) -> _Growing:
        """The block that *delta* belongs to: without an index the last one; it may not have begun."""
        if index is None and self._at:
            return self._at[max(self._at)]
        place = index or 0
        if place not in self._at:
            kind = "thinking" if delta.thinking or delta.signature else "text"
            self._begin(place, {"type": kind})
        return self._at[place]

    def begins(self, event: bytes) -> bool:
        """Whether *event* is the first of another answer, after a pause."""
        return b'"message_start"' in event

    def read(self, answer: bytes) -> None:
        """Take a whole answer in."""
        message = _decoded(_decode_message, answer)
        if message.error or message.type != "message":
            text = answer[:200].decode(errors="replace")
            raise failure_within(message.error or {"message": text})
        self._start(message)
        for place, block in enumerate(message.content):
            self._begin(place, block)
        self.stop_reason = message.stop_reason
        self.complete = True

    def _start(self, message: _Message) -> None:
        self._at, self.stop_reason, self.complete = {}, None, False
        self._counts.append({})
        self._count(message.usage)
        self._note_container(message.container)

    def _note_container(self, said: Block | None) -> None:
        if said:
            self.container = said.get("id")

    def _begin(self, index: int, given: Block) -> Iterable[Part]:
        block, call_id = _shaped(given), ""
        if block["type"] == "tool_use":
            taken = used_ids(self._history) | {one.call_id for one in self._blocks}
            said_id = block.get("id")
            call_id = fresh_id(str(said_id) if said_id else None, taken)
        self._at[index] = _Growing(block, call_id)
        self._blocks.append(self._at[index])
        if call_id:
            return (CallPart(call_id, block["name"], ""),)
        if block["type"] == "text" and block.get("text"):
            return (TextPart(block["text"]),)
        return ()

    def _count(self, usage: Any) -> None:
        """Take a count in; later ones of one answer replace it."""
        said = cast("Counts", usage) if isinstance(usage, dict) else {}
        self._counts[-1] |= {key: value for key, value in said.items() if value is not None}

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply. Raises `ContentFilterError` where the model refuses."""
        blocks = self.blocks
        text, calls = said(blocks)
        if self.stop_reason == "refusal":
            raise refused(text)
        reason = FINISHED.get(self.stop_reason or "", self.stop_reason)
        thoughts = [block.get("thinking", "") for block in blocks if block["type"] == "thinking"]
        return Reply(
            message=AssistantMessage(
                text, calls, "".join(thoughts), truncated=self.stop_reason in CUT
            ),
            usage=_neutral(self._counts),
            finish_reason=reason,
            request_id=request_id,
        )


SHAPES: dict[Any, Block] = {
    "text": {"text": ""},
    "thinking": {"thinking": ""},
    "tool_use": {"name": "", "input": {}},
}


def _shaped(block: Block) -> Block:
    """*block* with all that is read of its type. Raises `ProviderUnavailableError` if it is none."""
    if not isinstance(block.get("type"), str):
        raise ProviderUnavailableError(f"the answer has a block without a type: {block}")
    given = {key: value for key, value in block.items() if value is not None}
    shaped = SHAPES.get(block["type"], {}) | given
    for key in SHAPES.get(block["type"], {}).keys() - {"input"}:
        if not isinstance(shaped[key], str):
            raise ProviderUnavailableError(
                f"the answer has a block whose {key} is no text: {block}"
            )
    return shaped


def _decoded(decode: Any, data: bytes) -> Any:
    try:
        return decode(data)
    except UNREADABLE as error:
        text = data[:200].decode(errors="replace")
        raise ProviderUnavailableError(
            f"the answer is not one of the Messages API: {error}, in {text!r}"
        ) from error


def _neutral(counts: Iterable[Counts]) -> Usage:
    """Anthropic counts cached tokens apart; here they are among the input."""
    total = Usage()
    for one in counts:
        cached = count(one.get("cache_read_input_tokens"))
        written = count(one.get("cache_creation_input_tokens"))
        read = count(one.get("input_tokens")) + written + cached
        total += Usage(read, count(one.get("output_tokens")), cached, 0, written)
    return total
