"""OpenAI's Chat Completions wire, without I/O."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    AssistantMessage,
    ContentFilterError,
    GenerateOptions,
    ProviderUnavailableError,
    Request,
    SystemMessage,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from lumos_agent.messages import encode
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, TextPart
from lumos_agent.providers.chat import (
    Assembler,
    arguments_of,
    decode_answer,
    decode_reply,
    encode_request,
)
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
    *, stream: bool = False, limit: str = "max_tokens", tools: bool = True, **options: Any
) -> Any:
    choice = options.pop("tool_choice", "auto")
    request = Request(
        messages=MESSAGES,
        tools=ToolRegistry(*([add] if tools else [])),
        tool_choice=choice,
        options=GenerateOptions(**options),
    )
    return json.loads(encode_request("gpt", request, stream=stream, limit=limit))


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
    assert 9 == body(max_tokens=9, limit="max_completion_tokens")["max_completion_tokens"]


def test_stream_asks_for_usage():
    """A stream is asked to end with its usage."""
    sent = body(stream=True)

    assert (True, {"include_usage": True}) == (sent["stream"], sent["stream_options"])


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
    encode_request("gpt", first, stream=False)
    kept = dict(first.encoded)
    second = Request(messages=MESSAGES[:4], tools=ToolRegistry(), encoded=first.encoded)
    encode_request("gpt", second, stream=False)

    assert 4 == len(second.encoded)
    assert all(second.encoded[key] is value for key, value in kept.items())


def completion(message: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return json.dumps({"id": "c", "choices": [choice], **more}).encode()


def call(index: int | None, id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": id, "type": "function", "function": function}


def test_whole_reply():
    """Text, reasoning, calls and usage are read; ids are the server's."""
    reply = decode_reply(
        completion(
            {
                "content": "Hi",
                "reasoning_content": "Hm",
                "tool_calls": [call(None, "x", "add", '{"a": 1}'), call(None, "y", "add", "")],
            },
            usage={
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
        ),
        "req_1",
    )

    assert (
        AssistantMessage("Hi", (ToolCall("x", "add", {"a": 1}), ToolCall("y", "add", {})), "Hm")
        == reply.message
    )
    assert (Usage(9, 4, 3, 2), "stop", "req_1") == (
        reply.usage,
        reply.finish_reason,
        reply.request_id,
    )


def test_sparse_reply():
    """What a server leaves out or sends as null is empty or 0; reasoning has two names."""
    reply = decode_reply(
        completion({"content": None, "reasoning": "Hm"}, usage={"prompt_tokens": None})
    )

    assert AssistantMessage("", (), "Hm") == reply.message
    assert Usage() == reply.usage
    assert Usage() == decode_reply(completion({"content": ""}, usage=None)).usage


def test_odd_calls():
    """A missing or repeated id is made anew, and arguments may be an object."""
    reply = decode_reply(
        completion(
            {
                "tool_calls": [
                    call(None, "x", "add", {"a": 1}),
                    call(None, "x", "add", None),
                    call(None, None, "add", "[1]"),
                ]
            }
        )
    )
    ids = [one.id for one in reply.message.calls]

    assert 3 == len({*ids})
    assert "x" == ids[0]
    assert all(ids)
    assert [{"a": 1}, {}, "[1]"] == [one.arguments for one in reply.message.calls]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<html>", "the answer is not a chat completion"),
        (b'{"choices": 3}', "the answer is not a chat completion"),
        (b'{"error": {"message": "overloaded"}}', "the answer is an error: overloaded"),
        (b'{"error": {"code": 1}}', "the answer is an error: {'code': 1}"),
        (b'{"error": "no"}', "the answer is an error: no"),
        (b"{}", "the answer has no choices"),
        (b'{"choices": []}', "the answer has no choices"),
    ],
)
def test_no_reply(data: bytes, message: str):
    """An answer of another shape is the provider's fault, and it is shown."""
    with pytest.raises(ProviderUnavailableError) as caught:
        decode_reply(data)

    assert message in str(caught.value)


def test_refusals():
    """A refusal and a content filter are typed errors, not empty answers."""
    with pytest.raises(ContentFilterError, match="the model refuses: I won't"):
        decode_reply(completion({"content": None, "refusal": "I won't"}))
    filtered = completion({"content": "Half"}).replace(b'"stop"', b'"content_filter"')
    with pytest.raises(ContentFilterError, match="content filter cut"):
        decode_reply(filtered)


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": delta}], **more}).encode()


def assembled(*chunks: bytes) -> tuple[Assembler, list[Part]]:
    assembler = Assembler()
    return assembler, [part for data in chunks for part in assembler.feed(decode_answer(data))]


def test_pieces():
    """Deltas come out as they go in, calls under the id of their first piece."""
    assembler, parts = assembled(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "Hm"}),
        chunk({"content": "Hi"}),
        chunk({"tool_calls": [call(0, "x", "add", "")]}),
        chunk({"tool_calls": [call(0, None, None, '{"a":')]}),
        chunk({"tool_calls": [call(1, "y", "add", "{}")]}),
        chunk({"tool_calls": [call(0, None, None, "1}")]}),
        json.dumps({"choices": [], "usage": {"prompt_tokens": 3}}).encode(),
    )

    assert [
        ReasoningPart("Hm"),
        TextPart("Hi"),
        CallPart("x", "add", ""),
        CallPart("x", "add", '{"a":'),
        CallPart("y", "add", "{}"),
        CallPart("x", "add", "1}"),
    ] == parts
    reply = assembler.reply(None)
    assert (ToolCall("x", "add", {"a": 1}), ToolCall("y", "add", {})) == reply.message.calls
    assert Usage(3) == reply.usage


def test_streamed_refusal():
    """A refusal that comes in pieces is put together."""
    assembler, _ = assembled(chunk({"refusal": "I "}), chunk({"refusal": "won't"}))

    with pytest.raises(ContentFilterError, match="I won't"):
        assembler.reply(None)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
objects = st.dictionaries(texts, st.none() | st.integers(-99, 99) | texts, max_size=3)
some_calls = st.lists(st.tuples(st.sampled_from(["add", "sub"]), objects), max_size=3)


def cut(data: st.DataObject, text: str) -> list[str]:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[one:two] for one, two in zip([0, *places], [*places, len(text)], strict=True)]


@given(texts, texts, some_calls, st.data())
def test_any_cut(
    text: str, reasoning: str, wanted: list[tuple[str, dict[str, Any]]], data: st.DataObject
):
    """A reply, however its stream is cut and its calls are interleaved, is the reply that was cut."""
    queues = [[{"content": piece} for piece in cut(data, text)]]
    queues.append([{"reasoning_content": piece} for piece in cut(data, reasoning)])
    for index, (name, arguments) in enumerate(wanted):
        first, *rest = cut(data, encode(arguments).decode())
        queues.append(
            [
                {"tool_calls": [call(index, f"id{index}", name, first)]},
                *({"tool_calls": [call(index, None, None, piece)]} for piece in rest),
            ]
        )
    deltas = []
    while queues := [queue for queue in queues if queue]:
        deltas.append(data.draw(st.sampled_from(queues)).pop(0))
    assembler, parts = assembled(*map(chunk, deltas))

    expected = tuple(
        ToolCall(f"id{index}", name, arguments) for index, (name, arguments) in enumerate(wanted)
    )
    assert AssistantMessage(text, expected, reasoning) == assembler.reply(None).message
    assert text == "".join(part.text for part in parts if isinstance(part, TextPart))


@given(st.text(max_size=20))
def test_arguments(text: str):
    """Arguments are the object that the text is, or the text itself; nothing is lost."""
    arguments = arguments_of(text)

    assert isinstance(arguments, dict) or arguments == text
