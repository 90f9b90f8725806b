"""OpenAI's Chat Completions wire, the way back: replies out of bytes. No I/O.

Facts: the API reference of OpenAI (chat completions, streaming); what servers add to it or leave out
is tested in `tests/agent/providers/test_chat_replies.py`.
"""

import json
import secrets
from collections import deque
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from typing import Any, cast

import msgspec

from lumos_agent.errors import ContentFilterError, ProviderUnavailableError, RefusalError
from lumos_agent.messages import AssistantMessage, Message, ToolCall, Usage, encode
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, Reply, TextPart
from lumos_agent.providers.http import UNREADABLE, failure_within
from lumos_tools import InvalidArgumentsError
from lumos_tools.decoding import decode as decode_arguments


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct, gc=False):
    index: int | str | None = None
    id: str | int | None = None
    function: _Function | None = None
    extra_content: dict[str, Any] | None = None


class _Message(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A message, or a piece of one; what else it has is kept as it is."""

    content: str | list[Any] | None = None
    """Text, or parts of it, as some reasoning models have it."""
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    thinking_blocks: list[dict[str, Any]] | None = None
    tool_calls: list[_Call] | None = None
    role: Any = None
    function_call: Any = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None
    error: dict[str, Any] | str | None = None


class Answer(msgspec.Struct, gc=False):
    """A completion, or a chunk of one."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: dict[str, Any] | str | None = None
    object: str | None = None
    message: str | None = None
    code: str | int | None = None
    others: dict[str, Any] = {}
    """Fields of the message that no other struct here knows."""


_decode = msgspec.json.Decoder(Answer).decode


def decode_answer(data: bytes) -> Answer:
    """A completion or a chunk. Raises `ProviderUnavailableError` if it is neither, or an error."""
    try:
        answer = _decoded(data)
    except UNREADABLE as error:
        text = data[:200].decode(errors="replace")
        raise ProviderUnavailableError(
            f"the answer is not a chat completion: {error}, in {text!r}"
        ) from error
    if said := _error_in(answer):
        raise failure_within(said if isinstance(said, dict) else {"message": said})
    return answer


def _decoded(data: bytes) -> Answer:
    try:
        return _decode(data)
    except msgspec.DecodeError:  # half a surrogate pair, perhaps, or fields that are not known
        return _read_with_care(_loaded(data))


def _loaded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def _read_with_care(value: Any) -> Answer:
    """The answer that *value* is, with what is not known of its message apart."""
    others: dict[str, Any] = {}
    for choice in _list(field(value, "choices"))[:1]:
        for said in (field(choice, "message"), field(choice, "delta")):
            if isinstance(said, dict):
                given = cast("dict[str, Any]", said)
                others |= {name: given.pop(name) for name in given.keys() - KNOWN}
    answer = msgspec.convert(value, Answer)
    answer.others = {name: value for name, value in others.items() if value is not None}
    return answer


def _list(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


KNOWN = {*_Message.__struct_fields__}


def _error_in(answer: Answer) -> dict[str, Any] | str | None:
    """What went wrong, where a server says it within a success."""
    if answer.error:
        return answer.error
    if answer.object == "error" or (answer.choices is None and answer.message):
        return {"message": answer.message, "code": answer.code}
    return answer.choices[0].error if answer.choices else None


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
        self.again = ""
        """The name that was said again when the arguments were whole: perhaps another call's."""
        self.arguments: list[str] = []
        self.extra: dict[str, Any] | None = None

    @property
    def whole(self) -> bool:
        """Whether its arguments are a whole object, so that what follows is another call's."""
        text = paired("".join(self.arguments))
        return text[-1:] == "}" and strict(text) is not None

    def call(self, raised: Raised) -> ToolCall:
        return ToolCall(
            self.id, self.name, raised(self.name, arguments_of(paired("".join(self.arguments))))
        )


def _place(slot: _Slot) -> int:
    return slot.place


class Assembler:
    """Puts a reply together from its chunks, or from one whole answer.

    A call's id that is in the *history* already is made anew. Fields of the message that are not known
    are kept on it under *maker*, and those of *echo*, which the server wants back. *raised* makes a
    call's arguments the tool's; *names* are those of the tools, by which a name in pieces is told from
    one that is said again.
    """

    def __init__(
        self,
        history: Iterable[Message] = (),
        *,
        maker: str = "",
        echo: Collection[str] = (),
        raised: Raised = as_written,
        names: Container[str] = (),
    ) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.slots: list[_Slot] = []
        self.usage: Any = None
        self.finish_reason: str | None = None
        self._at: dict[int, _Slot] = {}
        self._history = history
        self._maker = maker
        self._echo = echo
        self._raised = raised
        self._names = names
        self._others: dict[str, Any] = {}
        self._details: list[dict[str, Any]] = []
        self._thinking: list[dict[str, Any]] = []
        self._spoken: str = ""
        self._half = ""

    def feed(self, chunk: Answer) -> Iterable[Part]:
        """Take *chunk* in; what it adds comes out."""
        text = None if self._half else _only_text(chunk)  # nearly all chunks are that
        if text and not HIGH <= text[-1] < LOW:
            self.text.append(text)
            return (TextPart(text),)
        return self._feed(chunk)

    def _feed(self, chunk: Answer) -> Iterator[Part]:
        self.usage = chunk.usage or self.usage
        if chunk.others:
            self._keep(chunk.others)
        if chunk.choices:
            choice = chunk.choices[0]
            self.finish_reason = choice.finish_reason or self.finish_reason
            if choice.delta:
                yield from self._take(choice.delta)
            if choice.finish_reason and self._half:
                self.text.append(self._half)
                yield TextPart(self._half)
                self._half = ""

    def read(self, answer: Answer) -> None:
        """Take a whole answer in. Raises `ProviderUnavailableError` if there is nothing in it."""
        if not answer.choices:
            raise ProviderUnavailableError("the answer has no choices")
        choice = answer.choices[0]
        message = choice.message or _Message()
        self.usage, self.finish_reason = answer.usage, choice.finish_reason
        self._keep(answer.others)
        for place, call in enumerate(message.tool_calls or ()):
            call.index = place  # a whole answer's calls are apart, whatever it numbers them
        deque(self._take(message), maxlen=0)

    def _take(self, said: _Message) -> Iterator[Part]:
        text, thought = said.content, said.reasoning_content or said.reasoning
        if isinstance(text, list):
            parts = text
            text, thought = _words(parts, "text"), thought or _words(parts, "thinking")
        if text:
            if self._half or HIGH <= text[-1] < LOW:
                text, self._half = cut_pair(self._half + text)
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
        function = call.function or _Function()
        piece = _arguments_text(function.arguments)
        slot = self._slot(call, function.name or "", piece)
        if function.name:
            goes_on = slot.name + function.name in self._names
            if slot.name and slot.whole and not goes_on:
                slot.again = self._joined(slot.again, function.name)
            else:
                slot.name = self._joined(slot.name, function.name)
        slot.extra = call.extra_content or slot.extra
        slot.arguments.append(piece)
        return CallPart(slot.id, slot.name, piece)

    def _joined(self, said: str, piece: str) -> str:
        """The name that was *said* so far, and a *piece*: more of it, or the same again."""
        if piece == said or (said in self._names and said + piece not in self._names):
            return said
        return piece if said and piece.startswith(said) else said + piece

    def _slot(self, call: _Call, name: str, piece: str) -> _Slot:
        """The slot of the call that a piece belongs to: by index, or by id.

        Servers leave either out, say 0 for each call, or another id with each piece; so a piece that
        begins an object after a whole one is of another call, whatever it is numbered.
        """
        place, given = _number(call.index), str(call.id) if call.id else None
        if place is None:
            place = self._place_without(given, name)
        slot = self._at.get(place)
        if slot is None:
            return self._open(place, given)
        other = bool(given and slot.given and given != slot.given)
        begins = piece.lstrip()[:1] == "{" or (other and piece.strip())
        if (other and name) or (begins and slot.whole):
            called = slot.again or ("" if name else slot.name)
            slot = self._open(place, given)
            slot.name = called
        slot.given = slot.given or given
        return slot

    def _place_without(self, given: str | None, name: str) -> int:
        """Where a piece without an index belongs: by its id, else to the last call, if it goes on."""
        for place, slot in self._at.items():
            if given and slot.given == given:
                return place
        if not self._at:
            return 0
        place, last = next(reversed(self._at.items()))
        begins = given and name and (last.given is not None or last.whole)
        return len(self._at) if begins else place

    def _open(self, place: int, given: str | None) -> _Slot:
        taken = used_ids(self._history) | {one.id for one in self.slots}
        slot = self._at[place] = _Slot(place, given, fresh_id(given, taken))
        self.slots.append(slot)
        return slot

    def _keep(self, others: dict[str, Any]) -> None:
        """Put the pieces of fields that are not known together."""
        for name, value in others.items():
            said: Any = self._others.get(name)
            joins = type(said) is type(value) and isinstance(value, str | list)
            self._others[name] = said + value if joins else value

    def reply(self, request_id: str | None) -> Reply:
        """The whole reply. Raises `ContentFilterError` where the model or its provider refuses."""
        text = "".join(self.text) + self._half
        if self.refusal:
            raise refused("".join(self.refusal))
        if self.finish_reason == "content_filter":
            raise filtered(text)
        if self.finish_reason == "error":
            raise ProviderUnavailableError("the provider failed in the middle of its answer")
        native = self._others | self._native() if self._echo or self._others else {}
        message = AssistantMessage(
            text,
            tuple([slot.call(self._raised) for slot in sorted(self.slots, key=_place)]),
            paired("".join(self.reasoning)),
            {self._maker: native} if native else {},
            truncated=self.finish_reason == "length",
        )
        return Reply(
            message=message,
            usage=_neutral(self.usage),
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


HIGH, LOW = "\ud800", "\udc00"
"""Where the first and the second halves of surrogate pairs begin; a server may cut between them."""


def cut_pair(text: str) -> tuple[str, str]:
    """*text* with its pairs put together, and the first half of one at its end apart."""
    half = text[-1] if HIGH <= text[-1] < LOW else ""
    return paired(text[: len(text) - len(half)]), half


def paired(text: str) -> str:
    """*text* whose surrogate pairs, which came in two pieces, are characters; a half stays one."""
    if text.isascii() or not any(HIGH <= one < "\ue000" for one in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _only_text(chunk: Answer) -> str | None:
    """The text of *chunk*, if it has nothing else."""
    if not chunk.choices or chunk.usage is not None or chunk.others:
        return None
    choice = chunk.choices[0]
    said = choice.delta
    if said is None or choice.finish_reason is not None or said.tool_calls is not None:
        return None
    if said.reasoning_content or said.reasoning or said.reasoning_details or said.thinking_blocks:
        return None
    return said.content if isinstance(said.content, str) and not said.refusal else None


def refused(text: str) -> RefusalError:
    """The error of a model that refuses in the words of *text*."""
    error = RefusalError(f"the model refuses: {text or 'no reason given'}")
    error.text = text
    return error


def filtered(text: str) -> ContentFilterError:
    """The error of an answer that was cut off after *text*."""
    error = ContentFilterError("the provider's content filter cut the answer off")
    error.text = text
    return error


def strict(text: str) -> dict[str, Any] | None:
    """The object that *text* is, if it is one."""
    try:
        return decode_arguments(text)
    except InvalidArgumentsError:
        return None


def arguments_of(text: str) -> dict[str, Any] | str:
    """A call's arguments: the object, or the text as it is where it is none.

    An object that is written as a text, or has braces too many at its end, is that object; whether it
    is what the tool takes, its schema decides.
    """
    for written in (text, _inner(text), *_without_braces(text)):
        found = strict(written)
        if found is not None:
            return found
    return text


def _without_braces(text: str) -> Iterator[str]:
    """*text* with one, two and three braces less at its end."""
    for _ in range(3):
        text = text.rstrip()
        if not text.endswith("}"):
            return
        text = text[:-1]
        yield text


def _inner(text: str) -> str:
    """What *text* says, if it is a text written as JSON."""
    if text[:1] != '"':
        return text
    try:
        return str(msgspec.json.decode(text, type=str))
    except msgspec.DecodeError:
        return text


def _number(index: int | str | None) -> int | None:
    if isinstance(index, str):
        return int(index) if index.isdecimal() else None
    return index


def _arguments_text(arguments: Any) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return encode(arguments).decode()


def _words(parts: Sequence[Any], kind: str) -> str:
    """The text of those *parts* of a content that are of *kind*."""
    found = ""
    for part in parts:
        said = cast("dict[str, Any]", part).get(kind, "") if isinstance(part, dict) else ""
        found += said if isinstance(said, str) else _words(_list(said), "text")
    return found


def _neutral(usage: Any) -> Usage:
    """What a server counted; what makes no sense is as if it were not said."""
    read, wrote = field(usage, "prompt_tokens_details"), field(usage, "completion_tokens_details")
    written = field(read, "cache_write_tokens") or field(read, "cache_creation_tokens")
    return Usage(
        count(field(usage, "prompt_tokens")),
        count(field(usage, "completion_tokens")),
        count(field(read, "cached_tokens")),
        count(field(wrote, "reasoning_tokens")),
        count(written),
    )


def field(holder: Any, name: str) -> Any:
    """A field of a JSON object, or of an object; None if there is none."""
    if isinstance(holder, dict):
        return cast("dict[str, Any]", holder).get(name)
    return getattr(holder, name, None)


def count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**53 else 0
