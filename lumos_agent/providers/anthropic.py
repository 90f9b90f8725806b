"""Anthropic's Messages wire: requests to bytes, bytes to replies. No I/O.

Facts: Anthropic's API reference (messages, streaming, tool use, extended thinking, stop reasons).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, assert_never, cast

from msgspec.structs import replace

from lumos_agent.config import Quirks
from lumos_agent.errors import BadRequestError
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
    encode,
    encode_for_others,
)
from lumos_agent.providers.anthropic_replies import Block, BlockAssembler, said
from lumos_agent.providers.base import Part, Reply, Request
from lumos_agent.providers.chat import legal_name, short_id
from lumos_agent.providers.offered import Offers
from lumos_tools.dialects import Offer

VERSION = "2023-06-01"
MAX_TOKENS = 8_192
"""The limit of a reply where none is given; the wire wants one."""
BEGINNING = "(The conversation begins with your words.)"
UNFORCED = "a model that thinks cannot be made to call a tool; it may call one"
PAUSES = 10
"""How often a turn that pauses is gone on with; a provider's own tools make it pause."""


class AnthropicWire:
    """How a server of the name *maker* is asked over the Messages API."""

    path = "/v1/messages"
    request_id = "request-id"

    def __init__(self, maker: str, quirks: Quirks = Quirks()) -> None:
        self.maker = maker
        self._call_id = re.compile(quirks.call_ids).fullmatch
        self.offers = Offers(quirks.dialect or "anthropic", _entry)

    def headers(self, key: str | None) -> dict[str, str]:
        """What shows who asks."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def begin(self, model: str, request: Request, *, stream: bool) -> "AnthropicExchange":
        """Ask *model*. Raises `BadRequestError` for an option that the wire does not have."""
        head = self._head(request) | {"model": model} | ({"stream": True} if stream else {})
        turns = [*self._turns(request)]
        if not turns:
            raise BadRequestError("there is nothing to answer; the messages are all blank")
        if turns[0][0] == b"assistant":  # the user speaks first here, whoever did in this thread
            turns.insert(0, (b"user", [encode(_text(BEGINNING)[0])]))
        messages = [_turn(role, blocks) for role, blocks in turns]
        offered = self.offers.of(request.tools)
        tools = [*map(encode, head.pop("tools", ())), *offered.encoded]
        if not tools:
            stubs = [encode(_stub(name)) for name in _names(request.messages)]
            tools, choice = stubs, {"tool_choice": {"type": "none"}} if stubs else {}
            head |= choice
        assembler = BlockAssembler(request.messages, offered.raised)
        return AnthropicExchange(self, assembler, head, messages, tools)

    def _head(self, request: Request) -> dict[str, Any]:
        """All of a body but model, messages and our tools."""
        options = request.options
        if options.seed is not None:
            raise BadRequestError(
                "the Messages API has no seed; take it out of this model's options"
            )
        extra = dict(options.extra)
        if cannot_think(request, extra, self._thought):
            del extra["thinking"]
        budget = _thinking(extra).get("budget_tokens", 0)
        limit = options.max_tokens
        head: dict[str, Any] = {"max_tokens": MAX_TOKENS + budget if limit is None else limit}
        if options.temperature is not None:
            head["temperature"] = options.temperature
        if options.stop:
            head["stop_sequences"] = list(options.stop)
        told = [one.text for one in request.messages if isinstance(one, SystemMessage) and one.text]
        if told:
            head["system"] = "\n\n".join(told)
        if request.tools and request.tool_choice != "auto":
            head["tool_choice"] = _choice(request.tool_choice)
            if _thinking(extra).get("type") in ("enabled", "adaptive"):
                self._lower(head, request)
        return head | extra

    def _lower(self, head: dict[str, Any], request: Request) -> None:
        """Thinking and a forced call exclude each other: the model is asked to call, not forced."""
        if request.tool_choice != "none":
            head["tool_choice"] = {"type": "auto"}
            request.notice("tool_choice", UNFORCED, {"tool_choice": request.tool_choice})

    def _thought(self, message: AssistantMessage) -> bool:
        blocks = message.native.get(self.maker) or [{"type": "none"}]
        return blocks[0]["type"] in ("thinking", "redacted_thinking")

    def _turns(self, request: Request) -> Iterator[tuple[bytes, list[bytes]]]:
        """Who speaks, and the blocks of what is said; what one says in a row is one message."""
        kept = request.encoded
        for message in request.messages:
            if id(message) not in kept:
                # The message is kept beside its bytes: while it lives, its id() is its own.
                blocks = encode_for_others(self.blocks(message))[1:-1]
                kept[id(message)] = (message, blocks)
        spoken = [one for one in request.messages if kept[id(one)][1]]
        for role, group in groupby(spoken, _role):
            yield role, [kept[id(one)][1] for one in group]

    def blocks(self, message: Message) -> list[Block]:
        """*message* as blocks; none for what is sent elsewhere, or is empty."""
        match message:
            case SystemMessage():
                return []
            case UserMessage(text):
                return _text(text)
            case AssistantMessage():
                native = message.native.get(self.maker)
                known = native and (message.text, message.calls) == said(native)
                return self.sendable(native) if native and known else self._plain(message)
            case ToolResult(call_id, _, text, is_error):
                block = {"type": "tool_result", "tool_use_id": self._id(call_id), "content": text}
                failed = {"is_error": True, "content": text or "it failed, and gives no reason"}
                return [block | failed if is_error else block]
            case _:
                assert_never(message)

    def sendable(self, blocks: Iterable[Block]) -> list[Block]:
        """*blocks* that a model said, as they may be sent: what was cut off in the middle may not."""
        return [sent for block in blocks for sent in self._sent(block)]

    def _sent(self, block: Block) -> list[Block]:
        match block["type"]:
            case "text":
                return [block] if block["text"].strip() else []
            case "thinking":
                return [block] if block.get("signature") else []
            case "tool_use":
                known = isinstance(block["input"], dict)
                arguments = block["input"] if known else {"invalid": block["input"]}
                name = legal_name(block["name"])
                return [block | {"id": self._id(block["id"]), "name": name, "input": arguments}]
            case _:
                return [block]

    def _plain(self, message: AssistantMessage) -> list[Block]:
        return _text(message.text) + [self._plain_call(call) for call in message.calls]

    def _plain_call(self, call: ToolCall) -> Block:
        known = isinstance(call.arguments, dict)
        arguments = call.arguments if known else {"invalid": call.arguments}
        name = legal_name(call.name)
        return {"type": "tool_use", "id": self._id(call.id), "name": name, "input": arguments}

    def _id(self, call_id: str) -> str:
        return call_id if self._call_id(call_id) else short_id(call_id)


def _text(text: str) -> list[Block]:
    """A block of *text*; blank ones are refused."""
    return [{"type": "text", "text": text}] if text.strip() else []


def _turn(role: bytes, blocks: Iterable[bytes]) -> bytes:
    return b'{"role":"%s","content":[%s]}' % (role, b",".join(blocks))


def _role(message: Message) -> bytes:
    return b"assistant" if isinstance(message, AssistantMessage) else b"user"


def _choice(choice: str) -> Block:
    kinds = {"none": "none", "required": "any"}
    return {"type": kinds[choice]} if choice in kinds else {"type": "tool", "name": choice}


def _entry(offer: Offer) -> dict[str, Any]:
    """A tool as an entry of a request's `tools`."""
    plain = {
        "name": offer.tool.name,
        "description": offer.tool.description,
        "input_schema": offer.lowered.schema,
    }
    return plain | {"strict": True} if offer.strict else plain


def _names(messages: Iterable[Message]) -> list[str]:
    calls = [call for one in messages if isinstance(one, AssistantMessage) for call in one.calls]
    return list(dict.fromkeys(legal_name(call.name) for call in calls))


def _stub(name: str) -> Block:
    """A tool that was called and is not offered any more: a history with calls needs tools."""
    text = "This tool is not available any more."
    return {"name": name, "description": text, "input_schema": {"type": "object"}}


def cannot_think(
    request: Request, extra: dict[str, Any], thought: Callable[[AssistantMessage], bool]
) -> bool:
    """Whether a turn goes on that began without thinking: with another provider, say.

    Thinking cannot be switched on in its middle. *thought* tells of a message whether it has some.
    """
    if _thinking(extra).get("type") != "enabled":
        return False
    if not isinstance(request.messages[-1], ToolResult):
        return False
    said = (one for one in reversed(request.messages) if isinstance(one, AssistantMessage))
    last = next(said, None)
    return last is None or not thought(last)


def _thinking(extra: dict[str, Any]) -> dict[str, Any]:
    said = extra.get("thinking")
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


class AnthropicExchange:
    """One request, and its reply as it comes; a turn that pauses is gone on with."""

    def __init__(
        self,
        wire: AnthropicWire,
        assembler: BlockAssembler,
        head: dict[str, Any],
        messages: list[bytes],
        tools: list[bytes],
    ) -> None:
        self._wire = wire
        self._head = head
        self._messages = messages
        self._tools = tools
        self._assembler = assembler
        self._pauses = 0
        self.body: bytes | None = self._body()

    @property
    def complete(self) -> bool:
        """Whether the stream says that it is whole."""
        return self._assembler.complete

    def feed(self, event: bytes) -> Iterable[Part]:
        """Take an event of the stream in; what it adds comes out."""
        if self._assembler.complete and not self._assembler.begins(event):
            return ()  # some proxies say [DONE] at the end
        parts = self._assembler.feed(event)
        if self._assembler.complete:
            self._go_on()
        return parts

    def read(self, answer: bytes) -> None:
        """Take a whole answer in."""
        self._assembler.read(answer)
        self._go_on()

    def _go_on(self) -> None:
        """Where the answer pauses, the next request goes on with it."""
        if self._assembler.stop_reason == "pause_turn" and self._pauses < PAUSES:
            self._pauses += 1
            if self._assembler.container:
                self._head["container"] = self._assembler.container
            said = encode_for_others(_unfinished(self._wire.sendable(self._assembler.blocks)))
            self.body = self._body(_turn(b"assistant", [said[1:-1]]))

    def _body(self, *more: bytes) -> bytes:
        parts = [encode(self._head)[:-1], b',"messages":[', b",".join([*self._messages, *more])]
        if self._tools:
            parts += [b'],"tools":[', b",".join(self._tools)]
        return b"".join([*parts, b"]}"])

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply, with its blocks where the neutral message says less than they do."""
        reply, blocks = self._assembler.reply(request_id), self._assembler.blocks
        if not blocks or blocks == self._wire.blocks(reply.message):
            return reply
        message = replace(reply.message, native={self._wire.maker: blocks})
        return replace(reply, message=message)


def _unfinished(sent: list[Block]) -> list[Block]:
    """*sent* as the last message of a request may be: without a blank at its end."""
    if sent and sent[-1]["type"] == "text":
        return [*sent[:-1], sent[-1] | {"text": sent[-1]["text"].rstrip()}]
    return sent
