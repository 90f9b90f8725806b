"""Anthropic's Messages, over real sockets to a server that holds clients to its rules."""

import json
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from lumos_agent import (
    Agent,
    AssistantMessage,
    AuthenticationError,
    BadRequestError,
    ContentFilterError,
    ContextLengthError,
    GenerateOptions,
    Message,
    Provider,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    Reply,
    Request,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.providers.anthropic import AnthropicWire
from lumos_agent.providers.base import CallPart, ReasoningPart, TextPart
from lumos_agent.providers.direct import DirectProvider
from lumos_agent.testing.provider_contract import ProviderContract, add, request
from lumos_tools import ToolRegistry
from tests.servers.chat import Answer, Call, says, turns, wants
from tests.servers.messages import MessagesServer

ADD = Call("add", '{"a": 2, "b": 3}')
THINK = {"thinking": {"type": "enabled", "budget_tokens": 2048}}


class TestAnthropic(ProviderContract):
    """It does what every provider must, over HTTP."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served()


class TestAnthropicThinking(ProviderContract):
    """The same where the model thinks before it answers."""

    def provider(self) -> AbstractAsyncContextManager[Provider]:
        return served(reasoning="A sum.")


@asynccontextmanager
async def served(reasoning: str = "") -> AsyncGenerator[Provider]:
    script = turns(1, ADD, "It is 5.")
    thinking = lambda body: replace(script(body), reasoning=reasoning)  # noqa: E731
    async with MessagesServer(thinking) as server:
        provider = direct(server)
        yield provider
        await provider.aclose()
    assert [] == server.refusals


def direct(server: MessagesServer, **more: Any) -> DirectProvider:
    settings = {"base_url": server.base_url, "api_key": "test-key", **more}
    return DirectProvider("test-model", name="anthropic", **settings)


def asked(*messages: Message, tools: bool = True, choice: str = "auto", **options: Any) -> Request:
    return Request(
        messages=messages or (UserMessage("?"),),
        tools=ToolRegistry(*([add] if tools else [])),
        tool_choice=choice,
        options=GenerateOptions(**options),
    )


async def ask(*script: Answer, stream: bool = False, sent: Request | None = None) -> Reply:
    async with MessagesServer(list(script)) as server:
        provider = direct(server)
        try:
            if not stream:
                return await provider.generate(sent or asked())
            *_, last = [item async for item in provider.stream(sent or asked())]
            assert isinstance(last, Reply)
            return last
        finally:
            await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_reply(stream: bool):
    """Whole and streaming, the reply has all that the server says; cached tokens count as input."""
    reply = await ask(
        Answer(text="Hi", calls=(ADD, ADD), reasoning="Hm…", usage=(9, 4, 3, 0)), stream=stream
    )
    message = reply.message

    assert ("Hi", "Hm…", ["add", "add"]) == (
        message.text,
        message.reasoning,
        [call.name for call in message.calls],
    )
    assert [{"a": 2, "b": 3}] * 2 == [call.arguments for call in message.calls]
    assert (Usage(9, 4, 3, 0), "tool_calls", "req_1") == (
        reply.usage,
        reply.finish_reason,
        reply.request_id,
    )


async def test_pieces():
    """Thinking, text and arguments come as they are told; a call without arguments has none."""
    async with MessagesServer(
        [Answer(text="Hello", reasoning="Well", chunk=3, calls=(Call("add"),))]
    ) as server:
        provider = direct(server)
        *parts, reply = [item async for item in provider.stream(asked())]
        await provider.aclose()

    assert [ReasoningPart("Wel"), ReasoningPart("l"), TextPart("Hel"), TextPart("lo")] == parts[:4]
    assert {CallPart("toolu_1", "add", "").name} == {
        part.name for part in parts[4:] if isinstance(part, CallPart)
    }
    assert isinstance(reply, Reply)
    assert {} == reply.message.calls[0].arguments


@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_returns(stream: bool):
    """A whole run with thinking: each block of it goes back unchanged, in its place, and no other does."""
    script = [
        wants(ADD, reasoning="First.", blocks=({"type": "redacted_thinking", "data": "c2VjcmV0"},)),
        wants(ADD, ADD, reasoning="Second."),
        says("It is 5.", reasoning="Third."),
        says("You are welcome."),
    ]
    async with MessagesServer(script) as server:
        async with Agent(direct(server), tools=[add], extra=THINK) as agent:
            first = await run(agent, "What is 2 + 3?", stream)
            again = await agent.resume(messages=[*first.messages, UserMessage("Thank you")])

        assert "You are welcome." == again.text
        assert [] == server.refusals
        sent = [block for body in server.requests[3]["messages"] for block in body["content"]]
    assert server.given == [one for one in sent if one["type"] in ("thinking", "redacted_thinking")]


async def run(agent: Agent, prompt: str, stream: bool) -> Any:
    if not stream:
        return await agent.generate(prompt)
    async with agent.stream(prompt) as events:
        await events.finish()
    return events.result


async def test_thinking_begins_with_a_turn():
    """A turn that another provider began goes on without thinking: it cannot be switched on in it."""
    history = (
        UserMessage("2 + 3?"),
        AssistantMessage("", (ToolCall("1", "add", {"a": 2, "b": 3}),), "Hm"),
        ToolResult("1", "add", "5"),
    )
    async with MessagesServer([says("5"), says("6")]) as server:
        provider = direct(server)
        await provider.generate(asked(*history, extra=THINK))
        await provider.generate(
            asked(*history, AssistantMessage("5"), UserMessage("?"), extra=THINK)
        )
        await provider.aclose()

    assert ["thinking" in body for body in server.requests] == [False, True]
    assert [] == server.refusals


def body(*messages: Message, **more: Any) -> Any:
    exchange = AnthropicWire("anthropic").begin("m", asked(*messages, **more), stream=False)
    return json.loads(exchange.body or b"")


def test_messages():
    """Results go in one message, before the user's words; what is blank is left out."""
    two = (ToolCall("1", "add", {"a": 1}), ToolCall("2", "add", "{broken"))
    sent = body(
        SystemMessage("Be brief."),
        UserMessage("?"),
        AssistantMessage(" ", two),
        ToolResult("1", "add", ""),
        ToolResult("2", "add", "", is_error=True),
        UserMessage("And?"),
        AssistantMessage(""),
        UserMessage("Well?"),
        SystemMessage("In French."),
    )

    assert "Be brief.\n\nIn French." == sent["system"]
    assert ["user", "assistant", "user"] == [one["role"] for one in sent["messages"]]
    assert [
        {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 1}},
        {"type": "tool_use", "id": "2", "name": "add", "input": {"invalid": "{broken"}},
    ] == sent["messages"][1]["content"]
    assert [
        {"type": "tool_result", "tool_use_id": "1", "content": ""},
        {
            "type": "tool_result",
            "tool_use_id": "2",
            "content": "it failed, and gives no reason",
            "is_error": True,
        },
        {"type": "text", "text": "And?"},
        {"type": "text", "text": "Well?"},
    ] == sent["messages"][2]["content"]


def test_options():
    """Options go by Anthropic's names; a limit is always sent, with room for the thinking."""
    sent = body(temperature=0.5, stop=("a",), max_tokens=9, extra={"top_k": 3})

    assert (0.5, ["a"], 9, 3) == tuple(
        sent[key] for key in ("temperature", "stop_sequences", "max_tokens", "top_k")
    )
    assert 8_192 == body()["max_tokens"]
    assert 8_192 + 2_048 == body(extra=THINK)["max_tokens"]
    with pytest.raises(BadRequestError, match="the Messages API has no seed"):
        body(seed=1)


def test_tools():
    """Ours stand beside the provider's own; a choice goes by Anthropic's names."""
    search = {"type": "web_search_20250305", "name": "web_search"}
    sent = body(extra={"tools": [search]})

    assert ["web_search", "add"] == [tool["name"] for tool in sent["tools"]]
    assert {"name", "description", "input_schema"} == {*sent["tools"][1]}
    assert "tool_choice" not in sent
    for choice, named in (("none", "none"), ("required", "any")):
        assert {"type": named} == body(choice=choice)["tool_choice"]
    assert {"type": "tool", "name": "add"} == body(choice="add")["tool_choice"]


def test_tools_of_the_history():
    """Tools that were called and are not offered any more are named, and cannot be called."""
    called = AssistantMessage("", (ToolCall("1", "get day", {}), ToolCall("2", "get day", {})))
    results = (ToolResult("1", "get day", "Monday"), ToolResult("2", "get day", "Monday"))
    sent = body(UserMessage("?"), called, *results, tools=False)

    assert ["get_day"] == [tool["name"] for tool in sent["tools"]]
    assert {"type": "none"} == sent["tool_choice"]
    assert "tools" not in body(tools=False)


async def test_cut_in_the_middle():
    """What the token limit cut off, a call or a thought, does not break the thread."""
    begun = {"type": "tool_use", "id": "toolu_9", "name": "add", "input": {}}
    cut = [
        {"type": "message_start", "message": {}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "thinking", "thinking": ""},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "Hm"}},
        {"type": "content_block_start", "index": 1, "content_block": begun},
        {"type": "content_block_delta", "index": 1, "delta": {"partial_json": '{"a": 1, "b'}},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
        {"type": "message_stop"},
    ]
    raw = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in cut)
    async with MessagesServer([Answer(raw=raw), says("Sorry.")]) as server:
        async with Agent(direct(server), tools=[add]) as agent:
            async with agent.stream("2 + 3?") as events:
                await events.finish()

        assert "Sorry." == events.result.text
        assert [] == server.refusals
    (call,) = server.requests[1]["messages"][1]["content"]
    assert {"invalid": '{"a": 1, "b'} == call["input"]


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}},
            RateLimitError,
            "slow",
        ),
        ({"type": "completion"}, ProviderUnavailableError, "completion"),
        (
            {"type": "message", "content": [{"text": "x"}]},
            ProviderUnavailableError,
            "without a type",
        ),
    ],
)
async def test_odd_answers(answer: dict[str, Any], kind: type[ProviderError], message: str):
    """An error that is told as a success, and what is no message, is a failure of the provider."""
    with pytest.raises(kind, match=message):
        await ask(Answer(raw=json.dumps(answer).encode()))


async def test_sparse_answer():
    """What a block leaves out, or has as null, is empty."""
    blocks = [
        {"type": "text", "text": None},
        {"type": "thinking"},
        {"type": "tool_use", "id": "x", "name": "add", "input": None},
    ]
    reply = await ask(Answer(raw=json.dumps({"type": "message", "content": blocks}).encode()))

    assert ("", (ToolCall("x", "add", {}),)) == (reply.message.text, reply.message.calls)


async def test_done_at_the_end():
    """What some proxies say after the end is not read."""
    told = [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": "Hi"},
        },
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "container": {"id": "c"}}},
        {"type": "message_stop"},
    ]
    raw = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in told)

    assert "Hi" == (await ask(Answer(raw=raw + b"data: [DONE]\n\n"), stream=True)).message.text


def test_assistant_first():
    """A thread that begins with the assistant is given a beginning; a blank one is refused."""
    sent = body(AssistantMessage("I am Bot."), UserMessage("Hello"))

    assert ["user", "assistant", "user"] == [one["role"] for one in sent["messages"]]
    with pytest.raises(BadRequestError, match="there is nothing to answer"):
        body(UserMessage(" "))


def test_odd_thinking():
    """Thinking that is set to nothing is none; a result without its call began no turn."""
    assert "thinking" in body(UserMessage("?"), extra={"thinking": None})
    assert "thinking" not in body(ToolResult("1", "add", "5"), extra=THINK)


def test_own_provider_with_long_ids():
    """A call and its result go by one id, whoever made it."""
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "tool_use", "id": "x" * 56, "name": "add", "input": {}},
    ]
    wire = AnthropicWire("mine")
    said = AssistantMessage("", (ToolCall("x" * 56, "add", {}),), native={"mine": blocks})
    (result,) = wire.blocks(ToolResult("x" * 56, "add", "5"))

    assert result["tool_use_id"] == wire.blocks(said)[1]["id"]


def test_changed_message():
    """What only Anthropic understands is not sent with other words than it belongs to."""
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "Hi"},
    ]
    wire = AnthropicWire("anthropic")

    assert blocks == wire.blocks(AssistantMessage("Hi", native={"anthropic": blocks}))
    assert [{"type": "text", "text": "Ho"}] == wire.blocks(
        AssistantMessage("Ho", native={"anthropic": blocks})
    )


def test_blank_texts():
    """A blank text that the model said is not sent back: it would be refused."""
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "\n\n"},
        {"type": "text", "text": "Hi"},
    ]
    message = AssistantMessage("\n\nHi", native={"anthropic": blocks})

    assert [blocks[0], blocks[2]] == AnthropicWire("anthropic").blocks(message)


SEARCH = (
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
)


@pytest.mark.parametrize("stream", [False, True])
async def test_pause(stream: bool):
    """A turn that pauses is gone on with; the reply is all of it, and so is what was counted."""
    script = [
        says("Let me look. ", blocks=SEARCH, finish_reason="pause_turn", usage=(9, 4, 3, 0)),
        says("It is so.", usage=(20, 5, 0, 0)),
    ]
    async with MessagesServer(script) as server:
        provider = direct(server)
        search = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
        sent = asked(UserMessage("?"), extra=search)
        items: list[Any] = (
            [item async for item in provider.stream(sent)]
            if stream
            else [await provider.generate(sent)]
        )
        await provider.aclose()

    reply = items[-1]
    assert ("Let me look. It is so.", Usage(29, 9, 3, 0)) == (reply.message.text, reply.usage)
    assert "server_tool_use" == server.requests[1]["messages"][-1]["content"][0]["type"]
    assert ["server_tool_use", "text", "text"] == [
        block["type"] for block in reply.message.native["anthropic"]
    ]
    assert [] == server.refusals


async def test_pause_in_a_search():
    """A turn may pause while the provider's own tool works."""
    answer = {"content": [*SEARCH], "stop_reason": "pause_turn"}
    script = [Answer(raw=json.dumps(answer).encode()), says("It is so.")]
    async with MessagesServer(script) as server:
        provider = direct(server)
        reply = await provider.generate(asked())
        await provider.aclose()

    assert "It is so." == reply.message.text
    assert [*SEARCH] == server.requests[1]["messages"][-1]["content"]


async def test_endless_pause():
    """A turn that only pauses ends cut off."""
    pauses = [says(text, finish_reason="pause_turn") for text in ("Hm. ", " ", "") * 4]
    reply = await ask(*pauses)

    assert ("Hm.  " * 3 + "Hm.  ", "length") == (reply.message.text, reply.finish_reason)


def test_container():
    """A pause names the place where the provider's own tools work."""
    exchange = AnthropicWire("anthropic").begin("m", asked(), stream=False)
    text = [{"type": "text", "text": "Hm"}]
    answer = {"content": text, "stop_reason": "pause_turn", "container": {"id": "c_1"}}
    exchange.read(json.dumps(answer).encode())

    assert "c_1" == json.loads(exchange.body or b"")["container"]


FAILURES: list[tuple[Answer, type[ProviderError], str]] = [
    (Answer(status=401, error={"message": "no"}), AuthenticationError, "is the key right?"),
    (
        Answer(status=404, error={"message": "model: x"}),
        BadRequestError,
        "is the model's name right?",
    ),
    (
        Answer(status=400, error={"message": "prompt is too long: 9 tokens > 8 maximum"}),
        ContextLengthError,
        "prompt is too long",
    ),
    (Answer(status=413, error={"message": "big"}), ContextLengthError, "HTTP 413: big"),
    (Answer(status=429, error={"message": "slow"}), RateLimitError, "HTTP 429: slow"),
    (Answer(status=529, error={"message": "Overloaded"}), ProviderUnavailableError, "HTTP 529"),
    (says("I won't", finish_reason="refusal"), ContentFilterError, "the model refuses: I won't"),
    (says("", finish_reason="refusal"), ContentFilterError, "the model refuses: no reason given"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("answer", "kind", "message"), FAILURES, ids=lambda one: str(one)[:40])
async def test_failures(answer: Answer, kind: type[ProviderError], message: str, stream: bool):
    """What the server refuses is a typed error that names the model."""
    with pytest.raises(kind) as caught:
        await ask(answer, stream=stream)

    assert str(caught.value).startswith("anthropic/test-model: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ProviderUnavailableError),
        ("rate_limit_error", RateLimitError),
        ("invalid_request_error", BadRequestError),
        ("authentication_error", AuthenticationError),
    ],
)
async def test_error_in_stream(kind: str, error: type[ProviderError]):
    """An error inside a stream that began well is told by its type."""
    told = {"type": "error", "error": {"type": kind, "message": "no"}}
    raw = f"event: error\ndata: {json.dumps(told)}\n\n".encode()

    with pytest.raises(error, match="the answer is an error: no"):
        await ask(Answer(raw=raw), stream=True)


@pytest.mark.parametrize("cut_after", [1, 4, 6])
async def test_cut_stream(cut_after: int):
    """A stream that ends politely before its end is no success."""
    with pytest.raises(ProviderUnavailableError, match="broke off before it was complete"):
        await ask(says("Hello, world", cut_after=cut_after), stream=True)


async def test_no_answer():
    """An answer of another shape is the provider's fault, and it is shown."""
    for raw in (b"<html>", b"[]"):
        with pytest.raises(ProviderUnavailableError, match="is not one of the Messages API"):
            await ask(Answer(raw=raw))


async def test_no_key():
    """The variable of the key is named."""
    with pytest.raises(AuthenticationError, match="no API key; set ANTHROPIC_API_KEY"):
        await DirectProvider("claude", name="anthropic").generate(request(UserMessage("?")))


@pytest.mark.parametrize(
    "reason", ["end_turn", "stop_sequence", "max_tokens", "model_context_window_exceeded"]
)
async def test_finish_reasons(reason: str):
    """Why it stopped is told in OpenAI's words."""
    expected = "length" if "m" in reason[:2] else "stop"

    assert expected == (await ask(says("Hi", finish_reason=reason))).finish_reason


@pytest.mark.parametrize(("choice", "sent", "told"), [("add", "auto", 1), ("none", "none", 0)])
def test_thinking_and_forced_calls(choice: str, sent: str, told: int):
    """A model that thinks is asked to call a tool, not made to, which is told; it may be told not to."""
    notices: list[str] = []
    request = msgspec.structs.replace(
        asked(UserMessage("?"), choice=choice, extra={"thinking": {"type": "adaptive"}}),
        notice=lambda code, message, data: notices.append(code),
    )
    sent_body = json.loads(AnthropicWire("x").begin("m", request, stream=False).body or b"")

    assert {"type": sent} == sent_body["tool_choice"]
    assert ["tool_choice"] * told == notices
