"""Tools for models that take none: they are taught to write their calls into their text."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from lumos_agent.errors import BadRequestError
from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
    encode,
)
from lumos_agent.providers.base import CallPart, Part, Provider, Reply, Request, TextPart
from lumos_agent.providers.http import refuses_tools
from lumos_agent.providers.text_calls import TextCallReader, answered, instruction, written
from lumos_tools import ToolRegistry


class TextMode:
    """A `Provider` around *inner* whose model writes its calls into its text.

    With *auto* it does so once *inner* has refused tools, and says so; else from the beginning.
    """

    def __init__(self, inner: Provider, *, auto: bool = False) -> None:
        self.inner = inner
        self.name = inner.name
        self.model = inner.model
        self._native = auto

    def __getattr__(self, name: str) -> Any:
        """What else *inner* has: its address, its price."""
        return getattr(self.inner, name)

    async def generate(self, request: Request) -> Reply:
        """Answer *request*, whole."""
        if self._native or not _has_tools(request):
            try:
                return await self.inner.generate(request)
            except BadRequestError as error:
                self._switch(error, request)
        reply = await self.inner.generate(as_text(request))
        reader = TextCallReader(request.tools)
        return _read_reply(reply, reader.feed(reply.message.text) + reader.finish())

    def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """Answer *request* in pieces; what belongs to a call is no text."""
        return self._stream(request) if _has_tools(request) else self.inner.stream(request)

    async def _stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        if self._native:
            try:
                async with aclosing(self.inner.stream(request)) as items:
                    async for item in items:
                        yield item
                return
            except BadRequestError as error:
                self._switch(error, request)
        async with aclosing(self._read_stream(request)) as items:
            async for item in items:
                yield item

    async def _read_stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        reader, found = TextCallReader(request.tools), list[TextPart | ToolCall]()
        async with aclosing(self.inner.stream(as_text(request))) as items:
            async for item in items:
                match item:
                    case TextPart(text):
                        read = reader.feed(text)
                    case Reply():
                        read = reader.finish()
                    case _:
                        read = []
                        yield item
                found += read
                for one in read:
                    yield one if isinstance(one, TextPart) else _part(one)
                if isinstance(item, Reply):
                    yield _read_reply(item, found)

    def _switch(self, error: BadRequestError, request: Request) -> None:
        """From now on calls are text. Raises *error* where it is about something else."""
        if not (_has_tools(request) and refuses_tools(error)):
            raise error
        told = f"{self.name}/{self.model} takes no tools; it writes its calls into its text"
        self._native = False
        request.notice("text_mode", told, {"refusal": str(error)})

    async def aopen(self) -> None:
        """Get *inner* ready."""
        await self.inner.aopen()

    async def aclose(self) -> None:
        """Let go of *inner*'s connections."""
        await self.inner.aclose()


def _has_tools(request: Request) -> bool:
    """Whether there are tools, or were some, which the transcript shows."""
    return bool(request.tools) or any(isinstance(one, ToolResult) for one in request.messages)


def as_text(request: Request) -> Request:
    """*request* without tools: the instructions teach them, and the transcript has calls as text."""
    before = [one for one in request.messages if isinstance(one, SystemMessage)]
    if request.tools and request.tool_choice != "none":
        taught = instruction(request.tools.values(), choice=request.tool_choice)
        before.append(SystemMessage(taught))
    system = [SystemMessage("\n\n".join(one.text for one in before))] if before else []
    return replace(
        request,
        messages=[*system, *_without_calls(request.messages)],
        tools=ToolRegistry(),
        tool_choice="auto",
        encoded={},  # these messages are made anew for each request
    )


def _without_calls(messages: Iterable[Message]) -> list[Message]:
    """*messages* with calls and results as text; what the user's side says in a row is one message."""
    said: list[Message] = []
    for message in messages:
        match message:
            case SystemMessage():
                continue
            case AssistantMessage(calls=()):
                said.append(message)
            case AssistantMessage():
                said.append(written(message))
            case UserMessage(text):
                _say(said, text)
            case ToolResult():
                _say(said, answered(message))
            case _:
                assert_never(message)
    return said


def _say(said: list[Message], text: str) -> None:
    if said and isinstance(said[-1], UserMessage):
        text = f"{said.pop().text}\n{text}"
    said.append(UserMessage(text))


def _part(call: ToolCall) -> CallPart:
    given = call.arguments
    return CallPart(call.id, call.name, given if isinstance(given, str) else encode(given).decode())


def _read_reply(reply: Reply, items: Iterable[TextPart | ToolCall]) -> Reply:
    """*reply* with what was read in its text."""
    read = [*items]
    calls = tuple(one for one in read if isinstance(one, ToolCall))
    if not calls:
        return reply
    text = "".join(one.text for one in read if isinstance(one, TextPart))
    message = msgspec.structs.replace(reply.message, text=text, calls=calls)
    reason = reply.finish_reason if message.truncated else "tool_calls"
    return replace(reply, message=message, finish_reason=reason)


def unwrapped(provider: Provider) -> Provider:
    """The provider that *provider* stands for."""
    return provider.inner if isinstance(provider, TextMode) else provider
