"""OpenAI's Chat Completions wire, requests."""

import json
from typing import Any

import pytest

from lumos_agent import (
    AssistantMessage,
    GenerateOptions,
    Message,
    Request,
    SystemMessage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from lumos_agent.config import Quirks
from lumos_agent.providers.chat import ChatWire, legal_name, short_id
from lumos_agent.providers.endpoints import KNOWN
from lumos_tools import ToolRegistry, function_tool


@function_tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


MESSAGES = (
    SystemMessage("Be brief."),
    UserMessage("2 + 3?"),
    AssistantMessage("", (ToolCall("1", "add", {"a": 2, "b": 3}),), "A sum."),
    ToolResult("1", "add", "5"),
    AssistantMessage("5", (ToolCall("2", "add", "{broken"),)),
    ToolResult("2", "add", "not JSON", is_error=True),
    AssistantMessage("Sorry."),
)


def body(
    *, stream: bool = False, quirks: Quirks = Quirks(), tools: bool = True, **options: Any
) -> Any:
    choice = options.pop("tool_choice", "auto")
    request = Request(
        messages=MESSAGES,
        tools=ToolRegistry(*([add] if tools else [])),
        tool_choice=choice,
        options=GenerateOptions(**options),
    )
    return json.loads(ChatWire("test", quirks).encode("gpt", request, stream=stream))


def test_messages():
    """Messages are written as OpenAI has them; the history's arguments are always a JSON object."""
    assert [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "2 + 3?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "add", "arguments": '{"a":2,"b":3}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "5"},
        {
            "role": "assistant",
            "content": "5",
            "tool_calls": [
                {
                    "id": "2",
                    "type": "function",
                    "function": {"name": "add", "arguments": '{"invalid":"{broken"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "2", "content": "not JSON"},
        {"role": "assistant", "content": "Sorry."},
    ] == body()["messages"]


def test_plain_request():
    """What is not set is not sent."""
    assert {"model", "messages", "tools"} == {*body()}
    assert {"model", "messages"} == {*body(tools=False)}
    assert "add" == body()["tools"][0]["function"]["name"]


def test_options():
    """Options go by OpenAI's names; `extra` goes as it is."""
    sent = body(temperature=0.5, max_tokens=9, stop=("a", "b"), seed=3, extra={"top_p": 0.1})

    assert (0.5, 9, ["a", "b"], 3, 0.1) == (
        sent["temperature"],
        sent["max_tokens"],
        sent["stop"],
        sent["seed"],
        sent["top_p"],
    )
    renamed = Quirks(limit="max_completion_tokens", seed="random_seed")
    assert {"max_completion_tokens": 9, "random_seed": 3}.items() <= (
        body(max_tokens=9, seed=3, quirks=renamed).items()
    )


def test_extra_tools():
    """A provider's own tools stand beside ours."""
    search = {"type": "web_search"}

    assert ["web_search", "function"] == [
        one["type"] for one in body(extra={"tools": [search]})["tools"]
    ]
    assert [search] == body(tools=False, extra={"tools": [search]})["tools"]


def test_stream_asks_for_usage():
    """A stream is asked to end with its usage."""
    sent = body(stream=True)

    assert (True, {"include_usage": True}) == (sent["stream"], sent["stream_options"])
    assert "stream_options" not in body(stream=True, quirks=Quirks(stream_usage=False))


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("none", "none"),
        ("required", "required"),
        ("add", {"type": "function", "function": {"name": "add"}}),
    ],
)
def test_tool_choice(choice: str, sent: Any):
    """A choice is sent with tools; a name is sent as OpenAI names one."""
    assert sent == body(tool_choice=choice)["tool_choice"]
    assert "tool_choice" not in body(tool_choice=choice, tools=False)


def test_encoded_once():
    """A message that was sent before is not encoded again."""
    first = Request(messages=MESSAGES[:2], tools=ToolRegistry())
    wire = ChatWire("test")
    wire.encode("gpt", first, stream=False)
    kept = dict(first.encoded)
    second = Request(messages=MESSAGES[:4], tools=ToolRegistry(), encoded=first.encoded)
    wire.encode("gpt", second, stream=False)

    assert 4 == len(second.encoded)
    assert all(second.encoded[key] is value for key, value in kept.items())


def plain(message: Message, maker: str) -> Any:
    return ChatWire(maker, KNOWN[maker].quirks).plain(message)


ASKED = (ToolCall("1", "add", {}),)


def test_native_goes_to_its_maker():
    """What only its maker understands is given back to it, and to no other."""
    thought = AssistantMessage("", ASKED, native={"deepseek": {"reasoning_content": "Hm"}})
    details = AssistantMessage("Hi", native={"openrouter": {"reasoning_details": [{"data": "x"}]}})
    signed = AssistantMessage(
        "",
        ASKED,
        native={"gemini": {"extra_content": {"1": {"google": {"thought_signature": "s"}}}}},
    )

    assert "Hm" == plain(thought, "deepseek")["reasoning_content"]
    assert [{"data": "x"}] == plain(details, "openrouter")["reasoning_details"]
    (call,) = plain(signed, "gemini")["tool_calls"]
    assert {"google": {"thought_signature": "s"}} == call["extra_content"]
    for message in (thought, details, signed):
        assert {"role", "content", "tool_calls"} >= {*plain(message, "openai")}
        assert ["id", "type", "function"] == [*plain(signed, "openai")["tool_calls"][0]]


def test_foreign_calls():
    """Gemini wants a signature on each step's first call, and has a word for those it did not make."""
    two = AssistantMessage("", (*ASKED, ToolCall("2", "add", {})))
    first, second = plain(two, "gemini")["tool_calls"]

    assert (
        "skip_thought_signature_validator"
        == (first["extra_content"]["google"]["thought_signature"])
    )
    assert "extra_content" not in second
    assert "extra_content" not in plain(AssistantMessage("Hi"), "gemini")


@pytest.mark.parametrize(
    ("maker", "call_id", "sent"),
    [
        ("openai", "toolu_01AbC", "toolu_01AbC"),
        ("openai", "x" * 41, short_id("x" * 41)),
        ("openai", "functions.f:0", short_id("functions.f:0")),
        ("mistral", "call_1", short_id("call_1")),
        ("mistral", "aB3456789", "aB3456789"),
        ("gemini", "call__thought__" + "s" * 99, "call__thought__" + "s" * 99),
    ],
)
def test_ids(maker: str, call_id: str, sent: str):
    """An id that a server would refuse goes as a short one, the same for call and result."""
    (call,) = plain(AssistantMessage("", (ToolCall(call_id, "add", {}),)), maker)["tool_calls"]

    assert (sent, sent) == (
        call["id"],
        plain(ToolResult(call_id, "add", "5"), maker)["tool_call_id"],
    )


def test_names():
    """A name that a model made up is sent in letters that every server takes."""
    assert ["add", "get_weather_", "_", "x" * 64] == [
        legal_name(name) for name in ("add", "get weather!", "", "x" * 99)
    ]
