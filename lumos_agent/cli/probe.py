"""What a model can do, found out by asking it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from lumos_agent.errors import AuthenticationError, ProviderError, ProviderUnavailableError
from lumos_agent.messages import AssistantMessage, Message, ToolResult, UserMessage
from lumos_agent.options import GenerateOptions, ToolChoice
from lumos_agent.providers.base import Provider, Reply, Request
from lumos_tools import ToolRegistry, function_tool

Verdict = tuple[bool | None, str, str]
"""Whether it is as it should be, or just worth knowing; what was found; what mends it."""


@function_tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


SAY = "Say: hello"
ONE = "Call add with a=2 and b=3."
TWO = "Call add two times at once: with a=2 and b=3, and with a=4 and b=5."


async def probe(provider: Provider, name: str) -> AsyncIterator[Verdict]:
    """Ask *provider* one thing after the other; *name* is what the configuration calls it."""
    asked = _Asked(provider, name)
    for question in (asked.words, asked.stream, asked.call, asked.forced, asked.both):
        began = time.perf_counter()
        try:
            good, text, mend = await question()
        except ProviderError as error:
            good, text, mend = False, str(error).partition("; ")[0], asked.mend(error, question)
        yield good, f"{text} ({time.perf_counter() - began:.1f} s)", mend
        if question == asked.words and good is False:
            return  # what cannot say hello can do nothing else


class _Asked:
    """The questions, each with what mends it where the answer is not right."""

    def __init__(self, provider: Provider, name: str) -> None:
        self._provider = provider
        self._table = "models.NAME" if "/" in name else f"models.{name}"
        self._variable = f"[providers.{provider.name}]"

    async def words(self) -> Verdict:
        reply = await self._provider.generate(_request(SAY, tools=False))
        if not reply.message.text:
            return False, "answers, and says nothing", "ask again, or use another model"
        return True, f"answers: {reply.message.text[:40]!r}", ""

    async def stream(self) -> Verdict:
        items = [item async for item in self._provider.stream(_request(SAY, tools=False))]
        last = items[-1]
        counted = isinstance(last, Reply) and last.usage.output_tokens
        if counted:
            return True, f"streams, in {len(items) - 1} pieces", ""
        return None, "streams, and does not say its usage", ""

    async def call(self) -> Verdict:
        asked = _request(ONE)
        reply = await self._provider.generate(asked)
        if not _right(reply.message, 1):
            return False, f"calls no tool: {reply.message.text[:40]!r}", self._no_tools
        results = [
            ToolResult(one.id, one.name, await add.call(one.arguments))
            for one in reply.message.calls
        ]
        messages = [*asked.messages, reply.message, *results]
        last = await self._provider.generate(_request("", before=messages))
        return True, f"calls a tool, and takes its result: {last.message.text[:40]!r}", ""

    async def forced(self) -> Verdict:
        reply = await self._provider.generate(_request(SAY, choice="add"))
        if reply.message.calls:
            return True, "calls the tool that it must", ""
        return None, "does not call the tool that it must: tool_choice is only a hint to it", ""

    async def both(self) -> Verdict:
        reply = await self._provider.generate(_request(TWO))
        if _right(reply.message, 2):
            return True, "calls two tools at once", ""
        return None, "calls one tool at a time", ""

    @property
    def _no_tools(self) -> str:
        return "use a model that takes tools, or [features] function_calling = false"

    def mend(self, error: ProviderError, question: Callable[[], Awaitable[Verdict]]) -> str:
        """What may help against *error*."""
        if isinstance(error, AuthenticationError):
            return f"export the right key, or name its variable: {self._variable} api_key_env = ..."
        if isinstance(error, ProviderUnavailableError) and error.status is None:
            return f"start the server, or say where it is: {self._variable} base_url = ..."
        if question == self.stream:
            return f"[{self._table}] quirks = {{ stream = false }}, or {{ stream_usage = false }}"
        if question == self.words:
            return f'name a model that it has: [{self._table}] use = "{self._provider.name}/..."'
        return self._no_tools


def _request(
    text: str,
    *,
    tools: bool = True,
    choice: ToolChoice = "auto",
    before: Sequence[Message] = (),
) -> Request:
    return Request(
        messages=[*before, *([UserMessage(text)] if text else [])],
        tools=ToolRegistry(*([add] if tools else [])),
        tool_choice=choice,
        options=GenerateOptions(max_tokens=2_000),
    )


def _right(message: AssistantMessage, number: int) -> bool:
    """Whether *message* calls `add` so often, with arguments that it takes."""
    calls = [one for one in message.calls if one.name == "add" and isinstance(one.arguments, dict)]
    return len(calls) >= number and all({"a", "b"} == {*call.arguments} for call in calls)
