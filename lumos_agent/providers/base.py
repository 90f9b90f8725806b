"""What a provider of models does: answer one request, whole or streaming."""

import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from lumos_agent.messages import AssistantMessage, Message, Usage, encode
from lumos_agent.options import GenerateOptions, ToolChoice
from lumos_tools import ToolRegistry

WORD = r"\s*\S+(?:\s+\Z)?|\A\s+\Z"


def unheard(code: str, message: str, data: Any) -> None:
    """Nobody listens to what a provider says."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider is asked."""

    messages: Sequence[Message]
    """The instructions first, if there are any; each call is answered directly after it."""
    tools: ToolRegistry
    tool_choice: ToolChoice = "auto"
    options: GenerateOptions = GenerateOptions()
    encoded: dict[int, tuple[Message, bytes]] = msgspec.field(
        default_factory=dict[int, tuple[Message, bytes]]
    )
    """The provider's bytes of each message, by its `id()`, kept for the run: history is encoded once."""
    notice: Callable[[str, str, Any], object] = unheard
    """Where a provider says what is worth knowing and no failure: a `Notice`'s code, message and data."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider answers, whole."""

    message: AssistantMessage
    usage: Usage = Usage()
    finish_reason: str | None = None
    """In OpenAI's words: stop, tool_calls, length, content_filter."""
    request_id: str | None = None


class TextPart(msgspec.Struct, frozen=True):
    """A piece of the text."""

    text: str


class ReasoningPart(msgspec.Struct, frozen=True):
    """A piece of the reasoning."""

    text: str


class CallPart(msgspec.Struct, frozen=True):
    """A piece of a call's arguments."""

    call_id: str
    name: str
    text: str


Part = TextPart | ReasoningPart | CallPart


def pieces(reply: Reply) -> Iterator[Part | Reply]:
    """*reply* as a stream of it would come: word by word, and then whole."""
    message = reply.message
    for word in re.findall(WORD, message.reasoning):
        yield ReasoningPart(word)
    for word in re.findall(WORD, message.text):
        yield TextPart(word)
    for call in message.calls:
        text = (
            call.arguments if isinstance(call.arguments, str) else encode(call.arguments).decode()
        )
        yield CallPart(call.id, call.name, text)
    yield reply


class Provider(Protocol):
    """Answers requests; the suite `lumos_agent.testing.provider_contract` says when one is right.

    Both ways to answer raise `ProviderError`, keep nothing between requests, and may be used by many
    runs at once. They ask once: whether to ask again is the agent's to decide. A provider may have a
    `price`, a `Price` or None; without it what a run costs is not known.
    """

    name: str
    """For example `openai`."""
    model: str
    """The model's name as the provider knows it."""

    async def generate(self, request: Request) -> Reply:
        """Answer *request*, whole."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """Answer *request* in pieces as they come; the last item is the whole `Reply`."""
        ...

    async def aopen(self) -> None:
        """Get ready: load what is heavy. Called before each run, so a second time it does nothing."""
        ...

    async def aclose(self) -> None:
        """Let go of connections; a later request opens new ones. May be called twice."""
        ...


class Candidate(msgspec.Struct, frozen=True):
    """A model that may answer, and the options of an agent that go with it."""

    provider: Provider
    options: GenerateOptions


class AlwaysReady:
    """A provider that has nothing to open or to close."""

    async def aopen(self) -> None:
        """Nothing has to be made ready."""

    async def aclose(self) -> None:
        """Nothing is open."""
