"""OpenAI's Chat Completions wire: requests to bytes, bytes to replies. No I/O.

Facts: the API reference of OpenAI (chat completions); how other servers differ is `config.Quirks`.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, assert_never

from lumos_agent.config import Quirks
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
from lumos_agent.providers.base import Part, Reply, Request
from lumos_agent.providers.chat_replies import Assembler, decode_answer
from lumos_agent.providers.offered import Offers
from lumos_tools import OpenAIFunction
from lumos_tools.dialects import Offer


class ChatWire:
    """How a server of the name *maker* is asked over Chat Completions."""

    path = "/chat/completions"
    request_id = "x-request-id"

    def __init__(self, maker: str, quirks: Quirks = Quirks()) -> None:
        self.maker = maker
        self.quirks = quirks
        self.offers = Offers(quirks.dialect or "openai", tool_entry)
        self._call_id = re.compile(quirks.call_ids).fullmatch

    def headers(self, key: str | None) -> dict[str, str]:
        """What shows who asks."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def begin(self, model: str, request: Request, *, stream: bool) -> "ChatExchange":
        """Ask *model*."""
        return ChatExchange(self, request, self.encode(model, request, stream=stream))

    def encode(self, model: str, request: Request, *, stream: bool) -> bytes:
        """The body of *request*."""
        head = self.head(request)
        head["model"] = model
        if stream:
            head["stream"] = True
            if self.quirks.stream_usage:
                head["stream_options"] = {"include_usage": True}
        tools = self.offers.of(request.tools).encoded
        if request.options.extra:
            head |= request.options.extra
            tools = [*map(encode, head.pop("tools", ())), *tools]
        parts = [encode(head)[:-1], b',"messages":[', b",".join(self._encoded(request))]
        if tools:
            parts += [b'],"tools":[', b",".join(tools)]
        return b"".join([*parts, b"]}"])

    def head(self, request: Request) -> dict[str, Any]:
        """All of a body but model, messages and tools."""
        options, quirks = request.options, self.quirks
        head: dict[str, Any] = {}
        if options.temperature is not None:
            head["temperature"] = options.temperature
        if options.max_tokens is not None:
            head[quirks.limit] = options.max_tokens
        if options.stop:
            head["stop"] = list(options.stop)
        if options.seed is not None:
            head[quirks.seed] = options.seed
        if request.tools and request.tool_choice != "auto":
            head["tool_choice"] = _choice(request.tool_choice)
        return head

    def _encoded(self, request: Request) -> list[bytes]:
        kept = request.encoded
        for message in request.messages:
            if id(message) not in kept:
                # The message is kept beside its bytes: while it lives, its id() is its own.
                kept[id(message)] = (message, encode_for_others(self.plain(message)))
        return [kept[id(message)][1] for message in request.messages]

    def plain(self, message: Message) -> dict[str, Any]:
        """*message* as OpenAI has it."""
        match message:
            case SystemMessage(text):
                return {"role": "system", "content": text}
            case UserMessage(text):
                return {"role": "user", "content": text}
            case AssistantMessage():
                return self._plain_reply(message)
            case ToolResult(call_id, _, text):
                return {"role": "tool", "tool_call_id": self._id(call_id), "content": text}
            case _:
                assert_never(message)

    def _plain_reply(self, message: AssistantMessage) -> dict[str, Any]:
        native = message.native.get(self.maker, {})
        plain: dict[str, Any] = {"role": "assistant", "content": message.text}
        echo = set(self.quirks.echo) - {"extra_content"}
        fields = {key: value for key, value in native.items() if key in echo}
        if message.calls:
            extra = native.get("extra_content", {})
            calls = [self._plain_call(call, extra.get(call.id)) for call in message.calls]
            if self.quirks.foreign_call and not extra:
                calls[0] |= self.quirks.foreign_call
            fields = self.quirks.foreign_reply | fields
            plain |= {"content": message.text or None, "tool_calls": calls}
        return plain | fields

    def _plain_call(self, call: ToolCall, extra: dict[str, Any] | None) -> dict[str, Any]:
        # Some servers parse the arguments of the history, so text that is no object goes inside one.
        known = isinstance(call.arguments, dict)
        arguments = call.arguments if known else {"invalid": call.arguments}
        function = {
            "name": legal_name(call.name),
            "arguments": encode_for_others(arguments).decode(),
        }
        plain = {"id": self._id(call.id), "type": "function", "function": function}
        return plain | {"extra_content": extra} if extra else plain

    def _id(self, call_id: str) -> str:
        """The id, or one made from it where the server would refuse it: another provider's, say."""
        return call_id if self._call_id(call_id) else short_id(call_id)


def short_id(call_id: str) -> str:
    """Nine characters that stand for *call_id*, always the same; every server takes them."""
    return hashlib.sha256(call_id.encode(errors="replace")).hexdigest()[:9]


def legal_name(name: str) -> str:
    """A tool's name as every server takes it; a model may have made one up that none does."""
    return name if LEGAL(name) else re.sub("[^a-zA-Z0-9_-]", "_", name)[:64] or "_"


LEGAL = re.compile("[a-zA-Z0-9_-]{1,64}").fullmatch


def _choice(choice: str) -> Any:
    if choice in ("none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def tool_entry(offer: Offer) -> dict[str, Any]:
    """A tool as an entry of a request's `tools`."""
    name, told = offer.tool.name, offer.tool.description
    return OpenAIFunction(name, told, offer.lowered.schema, offer.strict).to_wire()


class ChatExchange:
    """One request, and its reply as it comes."""

    def __init__(self, wire: ChatWire, request: Request, body: bytes) -> None:
        self.body: bytes | None = body
        self._assembler = Assembler(
            request.messages,
            maker=wire.maker,
            echo=wire.quirks.echo,
            raised=wire.offers.of(request.tools).raised,
            names=request.tools,
        )
        self._done = False

    @property
    def complete(self) -> bool:
        """Whether the stream says that it is whole."""
        return self._done or self._assembler.finish_reason is not None

    def feed(self, event: bytes) -> Iterable[Part]:
        """Take an event of the stream in; what it adds comes out."""
        if self._done or event == b"[DONE]":
            self._done = True
            return ()
        return self._assembler.feed(decode_answer(event))

    def read(self, answer: bytes) -> None:
        """Take a whole answer in."""
        self._assembler.read(decode_answer(answer))

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply."""
        return self._assembler.reply(request_id)
