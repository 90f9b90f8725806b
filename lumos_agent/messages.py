"""What is said in a run: messages, calls, results, and what came of it all.

Messages are neutral: no provider's shape is in them. All data is frozen and plain, and its JSON
decodes to an equal value.
"""

import json
from typing import Any, Literal

import msgspec

Status = Literal["complete", "truncated"]


class ToolCall(msgspec.Struct, frozen=True):
    """A call that the model asks for."""

    id: str
    name: str
    arguments: dict[str, Any] | str
    """The decoded object, or the text as the model wrote it where it is no JSON object."""


class SystemMessage(msgspec.Struct, frozen=True, tag_field="role", tag="system"):
    """What the developer tells the model; an agent's `instructions` are sent as one."""

    text: str


class UserMessage(msgspec.Struct, frozen=True, tag_field="role", tag="user"):
    """What the user says."""

    text: str


class AssistantMessage(msgspec.Struct, frozen=True, tag_field="role", tag="assistant"):
    """What the model says, and the tools it calls."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    """The model's thinking, where its provider shows it."""
    native: dict[str, Any] = {}
    """What only its maker understands (signatures, encrypted thinking), under the maker's name: given
    back to that provider as it came, and to no other."""
    truncated: bool = False
    """Whether the limit of its tokens cut it off; the last of its calls is not whole then."""


class ToolResult(msgspec.Struct, frozen=True, tag_field="role", tag="tool"):
    """Our answer to a call."""

    call_id: str
    name: str
    text: str
    is_error: bool = False


Message = SystemMessage | UserMessage | AssistantMessage | ToolResult


class Usage(msgspec.Struct, frozen=True):
    """Tokens, as the provider counted them; 0 where it does not say."""

    input_tokens: int = 0
    """Cached ones included."""
    output_tokens: int = 0
    """Reasoning included."""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    """Input that was written into a cache, which some providers charge more for."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


class AgentStep(msgspec.Struct, frozen=True, kw_only=True):
    """One reply of the model and the calls it asked for."""

    step: int
    attempt: int
    provider: str
    model: str
    text: str
    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]
    usage: Usage
    finish_reason: str | None
    """As the provider says it; None for a step that an earlier run began."""
    request_id: str | None
    first_token: float | None
    """Seconds from asking to the first word or call; None where the reply was not streamed."""
    duration: float
    """Seconds from asking to the last result."""


class GenerateResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a run."""

    text: str
    output: Any
    """The checked answer, if an `output` type was asked for."""
    status: Status
    """`truncated` if the model's answer was cut by its token limit."""
    usage: Usage
    steps: int
    cost: float | None
    """US dollars, None where the price is not known."""
    trace_id: str
    messages: tuple[Message, ...] = ()
    """The whole transcript; not in events, whose readers have it already."""


_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """The JSON of *value*: structs and what they hold.

    Half a surrogate pair, which file names can hold and UTF-8 cannot, is written as an escape.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def encode_for_others(value: Any) -> bytes:
    """The JSON of *value* for other people's programs, few of which take half a surrogate pair.

    It is U+FFFD, the sign for what cannot be shown.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def decode(data: bytes | str, type_: Any) -> Any:
    """The value of *type_* that `encode` wrote. Raises `msgspec.ValidationError`."""
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # an escaped half of a surrogate pair, or no JSON at all
        try:
            return msgspec.convert(json.loads(data), type_)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from error
