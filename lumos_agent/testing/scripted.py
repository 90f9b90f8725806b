"""A provider that says what a test wrote down."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from msgspec.structs import replace

from lumos_agent.errors import ProviderError
from lumos_agent.messages import AssistantMessage, ToolCall, Usage
from lumos_agent.providers.base import AlwaysReady, Part, Reply, Request, pieces


def says(
    text: str, *, reasoning: str = "", usage: Usage = Usage(), finish_reason: str = "stop"
) -> Reply:
    """A reply of *text*."""
    cut = finish_reason == "length"
    message = AssistantMessage(text, reasoning=reasoning, truncated=cut)
    return Reply(message=message, usage=usage, finish_reason=finish_reason)


def calls(name: str, /, **arguments: Any) -> Reply:
    """A reply that calls one tool; `together` makes it several."""
    call = ToolCall("", name, arguments)
    return Reply(message=AssistantMessage("", (call,)), finish_reason="tool_calls")


def together(*replies: Reply) -> Reply:
    """One reply with the texts and calls of *replies*."""
    messages = [reply.message for reply in replies]
    message = AssistantMessage(
        "".join(message.text for message in messages),
        tuple(call for message in messages for call in message.calls),
    )
    return replace(replies[-1], message=message)


class ScriptedProvider(AlwaysReady):
    """A `Provider` that gives *replies* in their order; an exception among them is raised.

    A function among them makes its reply from the request; the last one, if it is a function or an
    exception, does so for ever. An agent asks again after failures that pass: give it `retries=0`, or
    a `pace` that does not wait. Calls without an id get one: call_1, call_2 ... What was asked is in
    `requests`.
    """

    name = "scripted"
    model = "script"

    def __init__(self, *replies: Reply | Exception | Callable[[Request], Reply]) -> None:
        self.requests: list[Request] = []
        self._replies = list(replies)
        self._calls = 0

    async def generate(self, request: Request) -> Reply:
        """The next reply."""
        return self._next(request)

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """The next reply, a word at a time."""
        for part in pieces(self._next(request)):
            yield part

    def _next(self, request: Request) -> Reply:
        self.requests.append(replace(request, messages=tuple(request.messages)))
        place, last = len(self.requests) - 1, len(self._replies) - 1
        if place > last and (not self._replies or isinstance(self._replies[last], Reply)):
            raise ProviderError(f"the script has {last + 1} replies, and this is one more")
        scripted = self._replies[min(place, last)]
        reply = scripted(request) if callable(scripted) else scripted
        if isinstance(reply, Exception):
            raise reply
        named = tuple(self._named(call) for call in reply.message.calls)
        return replace(reply, message=replace(reply.message, calls=named))

    def _named(self, call: ToolCall) -> ToolCall:
        self._calls += 1
        return call if call.id else replace(call, id=f"call_{self._calls}")
