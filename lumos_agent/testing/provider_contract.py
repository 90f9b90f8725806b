"""What every provider must do. Subclass `ProviderContract` in your tests, and pytest runs it.

The tests are async: pytest-asyncio in auto mode, or anyio's plugin, runs them.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

from lumos_agent.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
    decode,
    encode,
)
from lumos_agent.options import GenerateOptions
from lumos_agent.providers.base import (
    CallPart,
    Part,
    Provider,
    ReasoningPart,
    Reply,
    Request,
    TextPart,
)
from lumos_tools import ToolRegistry, function_tool

QUESTION = "What is 2 + 3? Use add with 2 and 3."


@function_tool
def add(a: int, b: int) -> int:
    """Add two numbers: what is 2 + 3?"""
    return a + b


class ProviderContract:
    """Claims about a provider that calls `add` with 2 and 3 for `QUESTION`, and then answers 5."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        """Open the provider under test."""
        raise NotImplementedError

    async def test_calls(self) -> None:
        """Asked, it calls the tool with decoded arguments, under an id."""
        async with self.provider() as provider:
            reply = await provider.generate(request(UserMessage(QUESTION)))

        (call,) = reply.message.calls
        assert ("add", {"a": 2, "b": 3}) == (call.name, call.arguments)
        assert call.id

    async def test_answers(self) -> None:
        """Given the result, it answers with text and calls nothing."""
        async with self.provider() as provider:
            reply = await provider.generate(await conversation(provider))

        assert "5" in reply.message.text
        assert () == reply.message.calls

    async def test_stream_is_the_reply(self) -> None:
        """A stream's pieces add up to its last item, which is the reply that is given whole."""
        async with self.provider() as provider:
            for asked in (request(UserMessage(QUESTION)), await conversation(provider)):
                *parts, last = [item async for item in provider.stream(asked)]
                whole = await provider.generate(asked)

                assert isinstance(last, Reply)
                assert shape(whole.message) == shape(last.message)
                assert last.message.text == texts(parts, TextPart)
                assert last.message.reasoning == texts(parts, ReasoningPart)
                ids = [part.call_id for part in parts if isinstance(part, CallPart)]
                assert [call.id for call in last.message.calls] == [*dict.fromkeys(ids)]

    async def test_usage(self) -> None:
        """Tokens are counted, or 0; cached ones are among the input, reasoning among the output."""
        async with self.provider() as provider:
            usage = (await provider.generate(request(UserMessage(QUESTION)))).usage

        assert 0 <= usage.cached_tokens <= usage.input_tokens
        assert 0 <= usage.reasoning_tokens <= usage.output_tokens

    async def test_request_stays(self) -> None:
        """Answering changes neither the request's messages nor its tools."""
        async with self.provider() as provider:
            asked = await conversation(provider)
            before = list(asked.messages)
            await provider.generate(asked)

            assert before == list(asked.messages)
            assert ["add"] == list(asked.tools)

    async def test_many_at_once(self) -> None:
        """Runs that ask at the same time get each their own answer."""
        async with self.provider() as provider:
            asked = [request(UserMessage(QUESTION)), await conversation(provider)] * 8
            replies = await asyncio.gather(*(provider.generate(one) for one in asked))

        assert [1, 0] * 8 == [len(reply.message.calls) for reply in replies]

    async def test_leaving_a_stream(self) -> None:
        """A reader may leave a stream at once, and the provider goes on answering."""
        async with self.provider() as provider:
            asked = await conversation(provider)
            async with aclosing(provider.stream(asked)) as stream:
                await anext(stream)
            reply = await provider.generate(asked)

        assert "5" in reply.message.text

    async def test_closing(self) -> None:
        """Closing twice is fine, and a closed provider opens again when it is asked."""
        async with self.provider() as provider:
            asked = await conversation(provider)
            await provider.aclose()
            await provider.aclose()

            assert "5" in (await provider.generate(asked)).message.text

    async def test_opening(self) -> None:
        """It may be made ready before it is asked, and twice."""
        async with self.provider() as provider:
            await provider.aopen()
            await provider.aopen()

            assert "5" in (await provider.generate(await conversation(provider))).message.text

    async def test_history_of_others(self) -> None:
        """It takes what other providers said: their ids, their thinking, calls that were no JSON."""
        async with self.provider() as provider:
            reply = await provider.generate(await conversation(provider, FOREIGN))

        assert "5" in reply.message.text

    async def test_history_of_its_own(self) -> None:
        """What it streamed may be sent to it again, from JSON too."""
        async with self.provider() as provider:
            *_, reply = [item async for item in provider.stream(request(UserMessage(QUESTION)))]
            assert isinstance(reply, Reply)
            message = decode(encode(reply.message), AssistantMessage)
            results = [ToolResult(call.id, call.name, "5") for call in message.calls]
            answer = await provider.generate(request(UserMessage(QUESTION), message, *results))

        assert message == reply.message
        assert "5" in answer.message.text

    async def test_names_itself(self) -> None:
        """Provider and model have names, which stand in events."""
        async with self.provider() as provider:
            assert provider.name
            assert provider.model


def request(*messages: Message) -> Request:
    """A request with the tool `add`."""
    return Request(messages=messages, tools=ToolRegistry(add), options=GenerateOptions())


SIGNED = {"type": "thinking", "thinking": "Hm", "signature": "of another"}
FOREIGN: tuple[Message, ...] = (
    SystemMessage("Be brief."),
    UserMessage("Which day is it?"),
    AssistantMessage(
        "Let me see.",
        (ToolCall("x" * 64, "what day", {}), ToolCall("functions.day:0", "day", "{broken")),
        "Hm",
        {"another": [SIGNED]},
    ),
    ToolResult("x" * 64, "what day", "there is no tool 'what day'", is_error=True),
    ToolResult("functions.day:0", "day", "not JSON", is_error=True),
    AssistantMessage("", reasoning="Hm"),
    UserMessage("Never mind."),
    AssistantMessage("It is Monday."),
)
"""A history that no one provider made."""


async def conversation(provider: Provider, before: Sequence[Message] = ()) -> Request:
    """The request after *before* and a call of `add`."""
    said = [*before, UserMessage(QUESTION)]
    reply = await provider.generate(request(*said))
    results = [ToolResult(call.id, call.name, "5") for call in reply.message.calls]
    return request(*said, reply.message, *results)


def shape(message: AssistantMessage) -> tuple[str, list[tuple[str, object]]]:
    """What two replies to one request have in common: all but the ids."""
    return message.text, [(call.name, call.arguments) for call in message.calls]


def texts(parts: Sequence[Part | Reply], kind: type[TextPart | ReasoningPart]) -> str:
    """The pieces of one kind, joined."""
    return "".join(part.text for part in parts if isinstance(part, kind))


@asynccontextmanager
async def opened(provider: Provider) -> AsyncGenerator[Provider]:
    """*provider*, closed at the end."""
    try:
        yield provider
    finally:
        await provider.aclose()
