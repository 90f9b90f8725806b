"""OpenAI's Chat Completions wire: messages to bytes, bytes to replies. No I/O.

Facts: the API reference of OpenAI (chat completions, streaming); what servers add to it or leave out
is tested in `tests/agent/providers/test_chat.py`.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, assert_never
from weakref import WeakKeyDictionary

import msgspec

from lumos_agent.errors import ContentFilterError, ProviderUnavailableError
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
    encode,
)
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, Reply, Request, TextPart
from lumos_tools import InvalidArgumentsError, OpenAIFunction, Tool
from lumos_tools.schema import decode as decode_arguments

_tools: WeakKeyDictionary[Tool, bytes] = WeakKeyDictionary()


def encode_request(
    model: str, request: Request, *, stream: bool, limit: str = "max_tokens"
) -> bytes:
    """The body of a request. *limit* is what the server calls the limit of output tokens."""
    head: dict[str, Any] = {"model": model}
    options = request.options
    for key, value in (
        ("temperature", options.temperature),
        (limit, options.max_tokens),
        ("stop", list(options.stop) or None),
        ("seed", options.seed),
    ):
        if value is not None:
            head[key] = value
    if stream:
        head |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.tools and request.tool_choice != "auto":
        head["tool_choice"] = _choice(request.tool_choice)
    parts = [encode(head | options.extra)[:-1], b',"messages":[']
    parts.append(b",".join(_encoded(request)))
    if request.tools:
        parts += [b'],"tools":[', b",".join(map(_encoded_tool, request.tools.values()))]
    return b"".join([*parts, b"]}"])


def _choice(choice: str) -> Any:
    if choice in ("none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _encoded_tool(tool: Tool) -> bytes:
    data = _tools.get(tool)
    if data is None:
        data = _tools[tool] = encode(OpenAIFunction.of(tool).to_wire())
    return data


def _encoded(request: Request) -> list[bytes]:
    kept = request.encoded
    for message in request.messages:
        if id(message) not in kept:
            # The message is kept beside its bytes: while it lives, its id() is its own.
            kept[id(message)] = (message, encode(_plain(message)))
    return [kept[id(message)][1] for message in request.messages]


def _plain(message: Message) -> dict[str, Any]:
    match message:
        case SystemMessage(text):
            return {"role": "system", "content": text}
        case UserMessage(text):
            return {"role": "user", "content": text}
        case AssistantMessage(text, ()):
            return {"role": "assistant", "content": text}
        case AssistantMessage(text, calls):
            plain = [_plain_call(call) for call in calls]
            return {"role": "assistant", "content": text or None, "tool_calls": plain}
        case ToolResult(call_id, _, text):
            return {"role": "tool", "tool_call_id": call_id, "content": text}
        case _:
            assert_never(message)


def _plain_call(call: ToolCall) -> dict[str, Any]:
    # Some servers parse the arguments of the history, so text that is no object goes inside one.
    arguments = call.arguments if isinstance(call.arguments, dict) else {"invalid": call.arguments}
    function = {"name": call.name, "arguments": encode(arguments).decode()}
    return {"id": call.id, "type": "function", "function": function}


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct, gc=False):
    """A message, or a piece of one."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct, gc=False):
    message: _Message = msgspec.field(default_factory=_Message)
    delta: _Message = msgspec.field(default_factory=_Message)
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _Answer(msgspec.Struct, gc=False):
    """A completion, or a chunk of one."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: dict[str, Any] | str | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def decode_answer(data: bytes) -> _Answer:
    """A completion or a chunk. Raises `ProviderUnavailableError` if it is neither, or an error."""
    try:
        answer = _decode(data)
    except msgspec.DecodeError as error:
        text = data[:200].decode(errors="replace")
        raise ProviderUnavailableError(
            f"the answer is not a chat completion: {error}, in {text!r}"
        ) from error
    if answer.error:
        raise ProviderUnavailableError(f"the answer is an error: {_error_text(answer.error)}")
    return answer


def _error_text(error: dict[str, Any] | str) -> str:
    return error if isinstance(error, str) else str(error.get("message") or error)


class _Slot:
    """A call as its pieces come."""

    def __init__(self, call_id: str) -> None:
        self.id = call_id
        self.name = ""
        self.arguments: list[str] = []


class Assembler:
    """Puts a reply together from its chunks."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.slots: dict[int, _Slot] = {}
        self.usage: _Usage | None = None
        self.finish_reason: str | None = None
        self.done = False

    def feed(self, chunk: _Answer) -> Iterator[Part]:
        """Take *chunk* in; what it adds comes out."""
        self.usage = chunk.usage or self.usage
        if not chunk.choices:
            return
        choice = chunk.choices[0]
        self.finish_reason = choice.finish_reason or self.finish_reason
        delta = choice.delta
        if delta.content:
            self.text.append(delta.content)
            yield TextPart(delta.content)
        if thought := delta.reasoning_content or delta.reasoning:
            self.reasoning.append(thought)
            yield ReasoningPart(thought)
        if delta.refusal:
            self.refusal.append(delta.refusal)
        for call in delta.tool_calls or ():
            yield self._take(call)

    def _take(self, call: _Call) -> CallPart:
        place = len(self.slots) if call.index is None else call.index
        slot = self.slots.get(place)
        if slot is None:
            taken = [slot.id for slot in self.slots.values()]
            slot = self.slots[place] = _Slot(_fresh(call.id, taken))
        slot.name += call.function.name or ""
        piece = _arguments_text(call.function.arguments)
        slot.arguments.append(piece)
        return CallPart(slot.id, slot.name, piece)

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply. Raises `ContentFilterError` where the model or its provider refuses."""
        message = AssistantMessage(
            "".join(self.text),
            tuple(
                ToolCall(slot.id, slot.name, arguments_of("".join(slot.arguments)))
                for _, slot in sorted(self.slots.items())
            ),
            "".join(self.reasoning),
        )
        return _reply(message, "".join(self.refusal), self.usage, self.finish_reason, request_id)


def decode_reply(data: bytes, request_id: str | None = None) -> Reply:
    """The reply that a whole answer holds."""
    answer = decode_answer(data)
    if not answer.choices:
        raise ProviderUnavailableError("the answer has no choices")
    choice = answer.choices[0]
    said = choice.message
    calls: list[ToolCall] = []
    for call in said.tool_calls or ():
        call_id = _fresh(call.id, [one.id for one in calls])
        arguments = arguments_of(_arguments_text(call.function.arguments))
        calls.append(ToolCall(call_id, call.function.name or "", arguments))
    reasoning = said.reasoning_content or said.reasoning or ""
    message = AssistantMessage(said.content or "", tuple(calls), reasoning)
    return _reply(message, said.refusal, answer.usage, choice.finish_reason, request_id)


def _reply(
    message: AssistantMessage,
    refusal: str | None,
    usage: _Usage | None,
    finish_reason: str | None,
    request_id: str | None,
) -> Reply:
    if refusal:
        raise ContentFilterError(f"the model refuses: {refusal}")
    if finish_reason == "content_filter":
        raise ContentFilterError("the provider's content filter cut the answer off")
    return Reply(
        message=message,
        usage=_neutral(usage) if usage else Usage(),
        finish_reason=finish_reason,
        request_id=request_id,
    )


def _fresh(call_id: str | None, taken: Sequence[str]) -> str:
    """The server's id, or one of ours where it gave none or the same twice."""
    return call_id if call_id and call_id not in taken else f"call_{secrets.token_hex(12)}"


def arguments_of(text: str) -> dict[str, Any] | str:
    """A call's arguments: the object, or the text as it is where it is none."""
    try:
        return decode_arguments(text)
    except InvalidArgumentsError:
        return text


def _arguments_text(arguments: Any) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return encode(arguments).decode()


def _neutral(usage: _Usage) -> Usage:
    prompt, output = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        usage.prompt_tokens or 0,
        usage.completion_tokens or 0,
        (prompt.cached_tokens or 0) if prompt else 0,
        (output.reasoning_tokens or 0) if output else 0,
    )
