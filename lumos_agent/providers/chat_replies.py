"""OpenAI's Chat Completions wire, the way back: replies out of bytes. No I/O.

Facts: the API reference of OpenAI (chat completions, streaming); what servers add to it or leave out
is tested in `tests/agent/providers/test_chat_replies.py`.
"""

import secrets
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, cast

import msgspec

from lumos_agent.errors import ContentFilterError, ProviderUnavailableError
from lumos_agent.messages import AssistantMessage, Message, ToolCall, Usage, decode, encode
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, Reply, TextPart
from lumos_agent.providers.http import kind_of
from lumos_tools import InvalidArgumentsError
from lumos_tools.decoding import decode as decode_arguments


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | int | None = None
    function: _Function | None = None
    extra_content: dict[str, Any] | None = None


class _Message(msgspec.Struct, gc=False):
    """A message, or a piece of one."""

    content: str | list[Any] | None = None
    """Text, or parts of it, as some reasoning models have it."""
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    thinking_blocks: list[dict[str, Any]] | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | float | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | float | None = None


class AnswerUsage(msgspec.Struct, gc=False):
    """Tokens, as a server counts them."""

    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class Answer(msgspec.Struct, gc=False):
    """A completion, or a chunk of one."""

    choices: list[_Choice] | None = None
    usage: AnswerUsage | None = None
    error: dict[str, Any] | str | None = None


_decode = msgspec.json.Decoder(Answer).decode


def decode_answer(data: bytes) -> Answer:
    """A completion or a chunk. Raises `ProviderUnavailableError` if it is neither, or an error."""
    try:
        answer = _decoded(data)
    except msgspec.DecodeError as error:
        text = data[:200].decode(errors="replace")
        raise ProviderUnavailableError(
            f"the answer is not a chat completion: {error}, in {text!r}"
        ) from error
    if answer.error:
        kind = kind_of(answer.error) if isinstance(answer.error, dict) else None
        told = f"the answer is an error: {_error_text(answer.error)}"
        raise (kind or ProviderUnavailableError)(told)
    return answer


def _decoded(data: bytes) -> Answer:
    try:
        return _decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # half a surrogate pair, perhaps, which some servers cut in two
        return cast("Answer", decode(data, Answer))


def _error_text(error: dict[str, Any] | str) -> str:
    return error if isinstance(error, str) else str(error.get("message") or error)


Raised = Callable[[str, Any], Any]
"""Makes arguments that a model wrote, by the name of the tool, what the tool takes."""


def as_written(name: str, arguments: Any) -> Any:
    """*arguments* as they are."""
    return arguments


class _Slot:
    """A call as its pieces come."""

    def __init__(self, place: int, given: str | None, call_id: str) -> None:
        self.place = place
        self.given = given
        self.id = call_id
        self.name = ""
        self.arguments: list[str] = []
        self.extra: dict[str, Any] | None = None

    def call(self, raised: Raised) -> ToolCall:
        return ToolCall(
            self.id, self.name, raised(self.name, arguments_of("".join(self.arguments)))
        )


def _place(slot: _Slot) -> int:
    return slot.place


class Assembler:
    """Puts a reply together from its chunks, or from one whole answer.

    A call's id that is in the *history* already is made anew. *echo* names the fields that the server
    wants back; they are kept on the message under *maker*. *raised* makes a call's arguments the tool's.
    """

    def __init__(
        self,
        history: Iterable[Message] = (),
        *,
        maker: str = "",
        echo: Collection[str] = (),
        raised: Raised = as_written,
    ) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.slots: list[_Slot] = []
        self.usage: AnswerUsage | None = None
        self.finish_reason: str | None = None
        self._at: dict[int, _Slot] = {}
        self._history = history
        self._maker = maker
        self._echo = echo
        self._raised = raised
        self._details: list[dict[str, Any]] = []
        self._thinking: list[dict[str, Any]] = []
        self._spoken: str = ""

    def feed(self, chunk: Answer) -> Iterator[Part]:
        """Take *chunk* in; what it adds comes out."""
        self.usage = chunk.usage or self.usage
        if chunk.choices:
            choice = chunk.choices[0]
            self.finish_reason = choice.finish_reason or self.finish_reason
            if choice.delta:
                yield from self._take(choice.delta)

    def read(self, answer: Answer) -> None:
        """Take a whole answer in. Raises `ProviderUnavailableError` if there is nothing in it."""
        if not answer.choices:
            raise ProviderUnavailableError("the answer has no choices")
        choice = answer.choices[0]
        message = choice.message or _Message()
        self.usage, self.finish_reason = answer.usage, choice.finish_reason
        for place, call in enumerate(message.tool_calls or ()):
            call.index = place  # a whole answer's calls are apart, whatever it numbers them
        deque(self._take(message), maxlen=0)

    def _take(self, said: _Message) -> Iterator[Part]:
        text, thought = said.content, said.reasoning_content or said.reasoning
        if isinstance(text, list):
            parts = text
            text, thought = _words(parts, "text"), thought or _words(parts, "thinking")
        if text:
            self.text.append(text)
            yield TextPart(text)
        if thought:
            self._spoken = "reasoning_content" if said.reasoning_content else "reasoning"
            self.reasoning.append(thought)
            yield ReasoningPart(thought)
        if said.reasoning_details:
            self._details += said.reasoning_details
        if said.thinking_blocks:
            self._thinking += said.thinking_blocks
        if said.refusal:
            self.refusal.append(said.refusal)
        for call in said.tool_calls or ():
            yield self._take_call(call)

    def _take_call(self, call: _Call) -> CallPart:
        slot, function = self._slot(call), call.function or _Function()
        if function.name and function.name != slot.name:  # some servers say it with each piece
            slot.name += function.name
        slot.extra = call.extra_content or slot.extra
        piece = _arguments_text(function.arguments)
        slot.arguments.append(piece)
        return CallPart(slot.id, slot.name, piece)

    def _slot(self, call: _Call) -> _Slot:
        """The slot of the call that a piece belongs to: by index; some servers say 0 for each call."""
        place, given = call.index, str(call.id) if call.id else None
        if place is None:
            known = [number for number, one in self._at.items() if not given or one.given == given]
            place = known[-1] if known else len(self._at)
        slot = self._at.get(place)
        if slot is None or (given and slot.given and given != slot.given):
            taken = used_ids(self._history) | {one.id for one in self.slots}
            slot = self._at[place] = _Slot(place, given, fresh_id(given, taken))
            self.slots.append(slot)
        return slot

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply. Raises `ContentFilterError` where the model or its provider refuses."""
        if self.refusal:
            raise ContentFilterError(f"the model refuses: {''.join(self.refusal)}")
        if self.finish_reason == "content_filter":
            raise ContentFilterError("the provider's content filter cut the answer off")
        native = self._native() if self._echo else {}
        message = AssistantMessage(
            "".join(self.text),
            tuple([slot.call(self._raised) for slot in sorted(self.slots, key=_place)]),
            "".join(self.reasoning),
            {self._maker: native} if native else {},
        )
        return Reply(
            message=message,
            usage=_neutral(self.usage) if self.usage else Usage(),
            finish_reason=self.finish_reason,
            request_id=request_id,
        )

    def _native(self) -> dict[str, Any]:
        """What the server wants back, as far as it came."""
        extra = {slot.id: slot.extra for slot in self.slots if slot.extra}
        found = {
            self._spoken: "".join(self.reasoning),
            "reasoning_details": merged(self._details),
            "thinking_blocks": merged(self._thinking),
            "extra_content": extra,
        }
        return {field: value for field, value in found.items() if value and field in self._echo}


def merged(pieces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks whose pieces came one after the other; a signature ends one."""
    whole: list[dict[str, Any]] = []
    for piece in pieces:
        last = whole[-1] if whole else {}
        same = [last.get(key) == piece.get(key) for key in ("type", "index")]
        if not all(same) or last.get("signature"):
            whole.append(dict(piece))
            continue
        for key, value in piece.items():
            joined = key in GROWING and isinstance(last.get(key), str)
            last[key] = f"{last[key]}{value or ''}" if joined else last.get(key) or value
    return whole


GROWING = ("text", "summary", "data", "thinking")
"""What comes in pieces of OpenRouter's `reasoning_details` and LiteLLM's `thinking_blocks`."""


def used_ids(messages: Iterable[Message]) -> set[str]:
    """The ids of the calls in *messages*; some servers count from 0 in each answer."""
    said = [message for message in messages if isinstance(message, AssistantMessage)]
    return {call.id for message in said for call in message.calls}


def fresh_id(call_id: str | None, taken: Collection[str]) -> str:
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


def _words(parts: list[Any], kind: str) -> str:
    """The text of those *parts* of a content that are of *kind*."""
    found = ""
    for part in parts:
        said = cast("dict[str, Any]", part).get(kind, "") if isinstance(part, dict) else ""
        found += said if isinstance(said, str) else _words(said, "text")
    return found


def _neutral(usage: AnswerUsage) -> Usage:
    prompt, output = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        int(usage.prompt_tokens or 0),
        int(usage.completion_tokens or 0),
        int(prompt.cached_tokens or 0) if prompt else 0,
        int(output.reasoning_tokens or 0) if output else 0,
    )
