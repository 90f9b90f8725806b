"""LiteLLM, over OpenAI's and Anthropic's wires, against the suite's own strict servers.

What it cannot do is claimed here too: `docs/reference/litellm.md` lists these tests.
"""

import asyncio
import gc
import json
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace as changed
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from lumos_agent import (
    Agent,
    AssistantMessage,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ContentFilterError,
    ContextLengthError,
    GenerateOptions,
    Provider,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    Reply,
    Timeouts,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.providers import litellm as ours
from lumos_agent.providers.base import TextPart
from lumos_agent.providers.litellm import LiteLLMProvider, load
from lumos_agent.providers.text_mode import TextMode
from lumos_agent.testing.provider_contract import ProviderContract, add, request
from tests.servers.chat import Answer, Call, ChatServer, says, turns, wants
from tests.servers.messages import MessagesServer

ADD = Call("add", '{"a": 2, "b": 3}')
WIRES = {"openai": ChatServer, "anthropic": MessagesServer}
both = pytest.mark.parametrize("wire", WIRES)
whole_and_streaming = pytest.mark.parametrize("stream", [False, True])


class TestOverOpenAI(ProviderContract):
    """It does what every provider must, over Chat Completions."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served("openai")


class TestOverAnthropic(ProviderContract):
    """It does what every provider must, over Messages."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served("anthropic")


class TestOverAnthropicThinking(ProviderContract):
    """The same where the model thinks before it answers."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served("anthropic", reasoning="A sum.")


@asynccontextmanager
async def served(wire: str, reasoning: str = "") -> AsyncGenerator[Provider]:
    script = turns(1, ADD, "It is 5.")
    thinking = lambda body: changed(script(body), reasoning=reasoning)  # noqa: E731
    async with WIRES[wire](thinking) as server:
        provider = through(server, wire)
        yield provider
        await provider.aclose()
    assert [] == server.refusals


def through(server: ChatServer, wire: str, **more: Any) -> LiteLLMProvider:
    settings = {"name": wire, "base_url": server.base_url, "api_key": "test-key", **more}
    return LiteLLMProvider("test-model", **settings)


async def ask(wire: str, *script: Answer, stream: bool = False, **more: Any) -> Reply:
    async with WIRES[wire](list(script)) as server:
        return await asked(through(server, wire, **more), stream)


async def asked(
    provider: LiteLLMProvider,
    stream: bool,
    *,
    timeouts: Timeouts = Timeouts(),
    tool_choice: str = "auto",
) -> Reply:
    options = GenerateOptions(timeout=timeouts)
    made = replace(request(UserMessage("?")), options=options, tool_choice=tool_choice)
    if not stream:
        return await provider.generate(made)
    *_, last = [item async for item in provider.stream(made)]
    assert isinstance(last, Reply)
    return last


@whole_and_streaming
@both
async def test_reply(wire: str, stream: bool):
    """Whole and streaming, over both wires, the reply has what the server says."""
    answer = Answer(text="Hi", calls=(ADD, ADD), reasoning="Hm…", usage=(9, 4, 3, 0))
    reply = await ask(wire, answer, stream=stream)

    assert ("Hi", "Hm…", "tool_calls") == (
        reply.message.text,
        reply.message.reasoning,
        reply.finish_reason,
    )
    assert [{"a": 2, "b": 3}] * 2 == [call.arguments for call in reply.message.calls]
    assert Usage(9, 4, 3, reply.usage.reasoning_tokens) == reply.usage
    assert 2 == len({call.id for call in reply.message.calls})


def test_no_request_id():
    """A server may tell no id."""
    assert ours._request_id(SimpleNamespace()) is None


async def test_a_model_without_tools():
    """Where its server refuses tools, the model writes its calls into its text from then on."""
    refused = Answer(status=400, error={"message": "m does not support tools"})
    call = '<tool_call>{"name": "add", "arguments": {"a": 2, "b": 3}}</tool_call>'
    async with ChatServer([refused, says(call)]) as server:
        provider = TextMode(through(server, "openai"), auto=True)
        reply = await provider.generate(request(UserMessage("?")))

    assert [{"a": 2, "b": 3}] == [one.arguments for one in reply.message.calls]


async def test_missing_package():
    """A package that LiteLLM needs for a provider, and does not install, is named."""
    with pytest.raises(BadRequestError, match="install the package that LiteLLM needs for it"):
        await LiteLLMProvider("gemini-x", name="vertex_ai").generate(request(UserMessage("?")))


async def test_extra_tools():
    """A provider's own tools stand beside ours, and other keys go as they are."""
    mine = {"type": "function", "function": {"name": "mine", "parameters": {"type": "object"}}}
    async with ChatServer([says("Hi")]) as server:
        extra = {"tools": [mine], "user": "ada"}
        asked_for = replace(request(UserMessage("?")), options=GenerateOptions(extra=extra))
        await through(server, "openai", quirks={"stream_usage": False}).generate(asked_for)

    assert ["mine", "add"] == [one["function"]["name"] for one in server.requests[0]["tools"]]
    assert "ada" == server.requests[0]["user"]


async def test_no_usage_asked_for():
    """A server that does not know `stream_options` is not sent them."""
    async with ChatServer([says("Hi")]) as server:
        await asked(through(server, "openai", quirks={"stream_usage": False}), stream=True)

    assert "stream_options" not in server.requests[0]


@whole_and_streaming
@both
async def test_request_id(wire: str, stream: bool):
    """The reply has the server's id of the request."""
    assert "req_1" == (await ask(wire, says("Hi"), stream=stream)).request_id


@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_returns(stream: bool):
    """Thinking blocks go back to Anthropic unchanged, and only to it."""
    script = [wants(ADD, reasoning="First."), says("It is 5.", reasoning="Second.")]
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    async with MessagesServer(script) as server:
        async with Agent(through(server, "anthropic"), tools=[add], extra=thinking) as agent:
            if stream:
                async with agent.stream("2 + 3?") as events:
                    await events.finish()
                result = events.result
            else:
                result = await agent.generate("2 + 3?")

        assert [] == server.refusals
        assert "It is 5." == result.text
        sent = [block for body in server.requests[1]["messages"] for block in body["content"]]
    said = result.messages[1]
    assert isinstance(said, AssistantMessage)
    assert server.given[:1] == [one for one in sent if one["type"] == "thinking"]
    assert server.given[:1] == said.native["litellm/anthropic"]["thinking_blocks"]


async def test_tools_of_the_history():
    """A history with calls is taken by an agent that offers no tools any more."""
    history = [
        UserMessage("2 + 3?"),
        AssistantMessage("", (ToolCall("1", "add", {"a": 2, "b": 3}),)),
        ToolResult("1", "add", "5"),
    ]
    async with MessagesServer([says("It is 5.")]) as server:
        agent = Agent(through(server, "anthropic"))
        result = await agent.resume(messages=history)

        assert "It is 5." == result.text
        assert [] == server.refusals
    assert {"type": "none"} == server.requests[0]["tool_choice"]


FAILURES: list[tuple[int, type[ProviderError]]] = [
    (401, AuthenticationError),
    (403, AuthenticationError),
    (404, BadRequestError),
    (400, BadRequestError),
    (429, RateLimitError),
    (500, ProviderUnavailableError),
    (503, ProviderUnavailableError),
]


@whole_and_streaming
@both
@pytest.mark.parametrize(("status", "kind"), FAILURES)
async def test_failures(wire: str, status: int, kind: type[ProviderError], stream: bool):
    """What the server refuses is an error of our tree, which names the model and not LiteLLM's parts."""
    with pytest.raises(ProviderError) as caught:
        await ask(wire, Answer(status=status, error={"message": "no"}), stream=stream)

    assert kind is type(caught.value)
    assert str(caught.value).startswith(f"{wire}/test-model: ")
    assert str(caught.value).endswith("/test-model: no")
    assert (f"{wire}/test-model", status) == (caught.value.model, caught.value.status)


@pytest.mark.parametrize(
    ("wire", "error", "kind"),
    [
        ("openai", {"message": "long", "code": "context_length_exceeded"}, ContextLengthError),
        (
            "openai",
            {"message": "This model's maximum context length is 8 tokens."},
            ContextLengthError,
        ),
        ("anthropic", {"message": "prompt is too long: 9 tokens > 8 maximum"}, ContextLengthError),
        (
            "openai",
            {"message": "Prompt contains 9 tokens, too large for model with 8"},
            ContextLengthError,
        ),
        ("openai", {"message": "input length exceeds the context length"}, ContextLengthError),
        ("openai", {"message": "no", "code": "content_policy_violation"}, ContentFilterError),
    ],
)
async def test_kinds_of_bad_request(wire: str, error: dict[str, Any], kind: type[ProviderError]):
    """A window that is full and a content that is refused are told apart."""
    with pytest.raises(kind):
        await ask(wire, Answer(status=400, error=error))


async def test_retry_after():
    """The error says when to come back, and nothing was tried twice."""
    answer = Answer(status=429, error={"message": "slow"}, headers={"retry-after": "1.5"})
    async with ChatServer([answer]) as server:
        with pytest.raises(RateLimitError) as caught:
            await asked(through(server, "openai"), stream=False)

    assert (1.5, 1) == (caught.value.retry_after, len(server.requests))


@whole_and_streaming
async def test_dead_server(stream: bool):
    """Where nothing answers, the run may try again later."""
    provider = LiteLLMProvider("m", name="openai", base_url="http://127.0.0.1:9/v1", api_key="k")
    with pytest.raises(ProviderUnavailableError) as caught:
        await asked(provider, stream)

    assert caught.value.retryable


@pytest.mark.parametrize("status", [408, 504])
async def test_a_server_that_waited(status: int):
    """A server, or one before it, that waited too long is a time-out."""
    with pytest.raises(ProviderUnavailableError) as caught:
        await ask("openai", Answer(status=status, error={"message": "slow"}))

    assert ("timeout", status) == (caught.value.kind, caught.value.status)
    assert str(caught.value).endswith(": slow")


# What LiteLLM hides or breaks, and what is done about it.


@both
async def test_made_up_finish(wire: str):
    """It makes a finish reason up for a stream that breaks off; here that is an error."""
    cut = {"openai": 3, "anthropic": 4}[wire]
    answer = says("Hello, world", cut_after=cut)
    async with WIRES[wire]([answer]) as server:
        chunks = await load().acompletion(
            model=f"{wire}/test-model",
            api_base=server.base_url,
            api_key="test-key",
            messages=[{"role": "user", "content": "?"}],
            stream=True,
        )
        reasons = [chunk.choices[0].finish_reason async for chunk in chunks]

    assert "stop" == reasons[-1], "LiteLLM tells the truth now: the guard can go"
    with pytest.raises(
        ProviderUnavailableError, match="broke off before it was complete"
    ) as caught:
        await ask(wire, answer, stream=True)
    assert caught.value is not caught.value.__cause__


async def test_made_up_usage():
    """It estimates the usage that a server does not tell; here that is 0."""
    raw = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    assert Usage() == (await ask("openai", Answer(raw=raw), stream=True)).usage


async def test_replaced_usage():
    """A last chunk that has a choice, too, keeps the server's usage."""
    last = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 2612,
            "completion_tokens": 8,
            "total_tokens": 2620,
            "prompt_tokens_details": {"cached_tokens": 2560},
        },
    }
    raw = f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode()

    assert Usage(2612, 8, 2560, 0) == (await ask("openai", Answer(raw=raw), stream=True)).usage


async def test_history_that_is_no_json():
    """It fails on a history whose arguments are no JSON; here they are always an object."""
    broken = ToolCall("1", "add", "{broken")
    history = [UserMessage("?"), AssistantMessage("", (broken,)), ToolResult("1", "add", "no JSON")]
    async with MessagesServer([says("Sorry.")]) as server:
        reply = await through(server, "anthropic").generate(request(*history))

        assert "Sorry." == reply.message.text
        sent = server.requests[0]["messages"][1]["content"][0]["input"]
    assert {"invalid": "{broken"} == sent


def test_index_of_calls():
    """It may say index 0 for each parallel call; they stay apart by their ids."""
    delta = lambda call_id: SimpleNamespace(  # noqa: E731
        tool_calls=[
            SimpleNamespace(
                index=0, id=call_id, function=SimpleNamespace(name="add", arguments="{}")
            )
        ]
    )
    assembler = ours.Assembler()
    for call_id in ("x", "y"):
        choice = SimpleNamespace(delta=delta(call_id), finish_reason=None)
        list(assembler.feed(ours.plain_answer(SimpleNamespace(choices=[choice], usage=None))))

    assert ["x", "y"] == [call.id for call in assembler.reply(None).message.calls]


async def test_refusal_is_text():
    """It tells a refusal over Anthropic's wire as a finish reason; here it is the same error."""
    with pytest.raises(ContentFilterError):
        await ask("anthropic", says("I won't", finish_reason="refusal"))


async def test_seed():
    """An option that it cannot pass on is refused, never dropped."""
    async with MessagesServer([]) as server:
        with pytest.raises(BadRequestError, match="seed"):
            async with Agent(through(server, "anthropic"), seed=1) as agent:
                await agent.generate("?")


async def test_whole_only():
    """A model that cannot stream is asked whole, and streams all the same."""
    async with ChatServer([says("Hello you")]) as server:
        provider = through(server, "openai", quirks={"stream": False})
        items = [item async for item in provider.stream(request(UserMessage("?")))]

    assert [TextPart("Hello"), TextPart(" you")] == items[:2]
    assert "stream" not in server.requests[0]


async def test_leaving_a_stream():
    """Leaving a stream hangs up."""
    async with ChatServer([says("Hello, world", hang=True, chunk=3)]) as server:
        stream = through(server, "openai").stream(request(UserMessage("?")))
        assert TextPart("Hel") == await anext(stream)
        await stream.aclose()


async def test_unknown_provider():
    """A provider that nobody knows is told when the agent is opened, with the nearest name."""
    with pytest.raises(ConfigError, match=r"no provider 'gorq'.*did you mean 'groq'\?"):
        async with Agent("gorq/llama"):
            pass
    with pytest.raises(ConfigError, match=r"no provider 'zzzzzz'.*see docs/guides/providers\.md"):
        await Agent("zzzzzz/x").generate("?")


def test_settings():
    """It is made silent, and neither retries nor tells anybody."""
    litellm = load()

    assert (False, True) == (litellm.telemetry, litellm.suppress_debug_info)
    assert litellm is load()
    sent = LiteLLMProvider("m", headers={"X-Team": "a"})._arguments(request(UserMessage("?")))
    assert {
        "num_retries": 0,
        "max_retries": 0,
        "extra_headers": {"X-Team": "a"},
    }.items() <= sent.items()


def test_loading_leaves_the_collector_as_it_was():
    """The garbage collector rests while LiteLLM is imported, and is as it was after it."""
    gc.disable()
    try:
        ours._imported.__wrapped__()
        assert not gc.isenabled()
    finally:
        gc.enable()
    ours._imported.__wrapped__()
    assert gc.isenabled()


@whole_and_streaming
async def test_mended_in_vain(stream: bool):
    """Each thing is mended once; then the refusal is raised."""
    refusal = Answer(status=400, error={"message": "strict and tool_choice are not known"})
    async with ChatServer(lambda body: refusal) as server:
        provider = through(server, "openai", quirks={"dialect": "openai-strict"})
        with pytest.raises(BadRequestError):
            await asked(provider, stream, tool_choice="required")

    assert [("required", True), (None, True), (None, None)] == [
        (body.get("tool_choice"), body["tools"][0]["function"].get("strict"))
        for body in server.requests
    ]


async def test_not_mended_after_words(monkeypatch: pytest.MonkeyPatch):
    """What was said is not said again: a refusal that comes after words is raised."""
    requests: list[Any] = []

    async def late(self: Any, asked: Any) -> AsyncGenerator[TextPart]:
        requests.append(asked)
        yield TextPart("Hi")
        raise BadRequestError("tool_choice is not known")

    monkeypatch.setattr(LiteLLMProvider, "_stream", late)
    provider = LiteLLMProvider("m", name="openai", api_key="test-key")
    with pytest.raises(BadRequestError, match="tool_choice is not known"):
        await asked(provider, True, tool_choice="required")

    assert 1 == len(requests)


async def test_time_outs():
    """It has one limit for all; here each has its own, and the error names the one that ran out."""
    slow = says("Hello, world", hang=True)
    silent = says("Hi", delay=5.0)
    for answer, stream, name in (
        (silent, False, "total"),
        (silent, True, "first_token"),
        (slow, True, "idle"),
    ):
        timeouts = Timeouts(**{name: 0.05})
        with pytest.raises(
            ProviderUnavailableError, match=rf"0\.05 s; allow more timeout\.{name}$"
        ) as caught:
            async with ChatServer([answer]) as server:
                await asked(through(server, "openai"), stream, timeouts=timeouts)

        assert "timeout" == caught.value.kind


async def test_slow_reader():
    """What a reader takes for a piece is not the provider's time."""
    async with ChatServer([Answer(raw=PIECES, pause=0.05)]) as server:
        options = GenerateOptions(timeout=Timeouts(idle=0.1))
        read = 0
        async for _ in through(server, "openai").stream(
            replace(request(UserMessage("?")), options=options)
        ):
            read += 1
            await asyncio.sleep(0.12)

    assert 4 == read


PIECES = [
    b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":" yo"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"u"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
]


async def test_quota_of_a_minute():
    """A quota that is full again in seconds is waited for; one of the day or the account is not."""
    told = "You exceeded your current quota."
    for message, kind, seconds in (
        (f"{told} Please retry in 28.5s.", "rate_limit", 28.5),
        (f"{told} PerDay. Please retry in 28.5s.", "quota", 28.5),
        (told, "quota", None),
    ):
        with pytest.raises(RateLimitError) as caught:
            await ask("openai", Answer(status=429, error={"message": message}))

        assert (kind, seconds) == (caught.value.kind, caught.value.retry_after)
