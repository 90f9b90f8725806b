"""OpenAI's Chat Completions wire, replies."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumos_agent import (
    AssistantMessage,
    ContentFilterError,
    ContextLengthError,
    ProviderError,
    ProviderUnavailableError,
    RateLimitError,
    Reply,
    ToolCall,
    Usage,
)
from lumos_agent.messages import encode
from lumos_agent.providers.base import CallPart, Part, ReasoningPart, TextPart
from lumos_agent.providers.chat_replies import Assembler, arguments_of, decode_answer, merged


def decode_reply(data: bytes, request_id: str | None = None, **settings: Any) -> Reply:
    assembler = Assembler(**settings)
    assembler.read(decode_answer(data))
    return assembler.reply(request_id)


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


def assembled(*chunks: bytes, **settings: Any) -> tuple[Assembler, list[Part]]:
    assembler = Assembler(**settings)
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


def test_one_index_for_all():
    """A server that says index 0 for each call has as many calls as ids; one that says none, too."""
    for index in (0, None):
        assembler, parts = assembled(
            chunk({"tool_calls": [call(index, "x", "add", '{"a":')]}),
            chunk({"tool_calls": [call(index, None, None, "1}")]}),
            chunk({"tool_calls": [call(index, "y", "sub", "{}")]}),
        )

        assert (ToolCall("x", "add", {"a": 1}), ToolCall("y", "sub", {})) == (
            assembler.reply(None).message.calls
        )
        assert ["x", "x", "y"] == [part.call_id for part in parts if isinstance(part, CallPart)]


def test_lax_shapes():
    """What is null, a list, an integer or a float where others have text or an integer is understood."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
        {"text": "Hi"},
        "x",
    ]
    reply = decode_reply(
        completion(
            {"content": parts, "tool_calls": [{"id": 7, "function": None}]},
            usage={"prompt_tokens": 3.0, "completion_tokens_details": {"reasoning_tokens": 2.0}},
        )
    )
    nothing = json.dumps(
        {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}
    ).encode()
    assembler, parts_of_nothing = assembled(nothing)

    assert ("Hi", "Hm", "7") == (
        reply.message.text,
        reply.message.reasoning,
        reply.message.calls[0].id,
    )
    assert Usage(3, 0, 0, 2) == reply.usage
    assert ([], "stop") == (parts_of_nothing, assembler.reply(None).finish_reason)
    assert "" == decode_reply(b'{"choices": [{"message": null}]}').message.text


def test_half_a_surrogate_pair():
    """A pair that a server cut in two does not kill the stream."""
    assembler, _ = assembled(b'{"choices": [{"delta": {"content": "\\ud83d"}}]}')

    assert "\ud83d" == assembler.reply(None).message.text


def test_name_with_each_piece():
    """A server that says the name with each piece of a call says one name."""
    pieces = [call(0, "x", "add", '{"a":'), call(0, None, "add", "1}")]
    assembler, _ = assembled(*(chunk({"tool_calls": [piece]}) for piece in pieces))

    assert (ToolCall("x", "add", {"a": 1}),) == assembler.reply(None).message.calls


def test_id_with_each_piece():
    """Without an index, pieces with one id are one call."""
    pieces = [
        call(None, "x", "add", '{"a":'),
        call(None, "y", "sub", "{}"),
        call(None, "x", None, "1}"),
    ]
    assembler, _ = assembled(*(chunk({"tool_calls": [piece]}) for piece in pieces))

    assert (ToolCall("x", "add", {"a": 1}), ToolCall("y", "sub", {})) == (
        assembler.reply(None).message.calls
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "context_length_exceeded"}, ContextLengthError),
        ({"code": 429, "message": "slow"}, RateLimitError),
        ({"code": "odd"}, ProviderUnavailableError),
    ],
)
def test_kinds_within_a_success(error: dict[str, Any], kind: type[ProviderError]):
    """An error that is told as a success is the kind that it says."""
    with pytest.raises(kind):
        decode_answer(json.dumps({"error": error}).encode())


def test_id_of_before():
    """An id that the history has is made anew: some servers count from 0 in each answer."""
    before = [AssistantMessage("", (ToolCall("call_0", "add", {}),))]
    data = completion({"tool_calls": [call(0, "call_0", "add", "{}")]})

    assert "call_0" != decode_reply(data, history=before).message.calls[0].id
    assert "call_0" == decode_reply(data).message.calls[0].id


SIGNED = {"google": {"thought_signature": "s"}}


def test_echo():
    """What a server wants back is kept under its maker, if it is asked for."""
    extra = {**call(0, "x", "add", "{}"), "extra_content": SIGNED}
    said = {"content": "", "reasoning_content": "Hm", "tool_calls": [extra]}
    echo = {"maker": "m", "echo": ("reasoning_content", "extra_content", "reasoning_details")}

    assert {} == decode_reply(completion(said)).message.native
    whole = decode_reply(completion(said), **echo).message
    assembler, _ = assembled(chunk(said), **echo)
    assert {"m": {"reasoning_content": "Hm", "extra_content": {"x": SIGNED}}} == whole.native
    assert whole == assembler.reply(None).message
    assert (
        {} == decode_reply(completion({"content": "Hi", "reasoning": "Hm"}), **echo).message.native
    )


def test_details_in_pieces():
    """Pieces of a block of reasoning are one block, those of another stay apart; a signature ends one."""
    pieces: list[dict[str, Any]] = [
        {"type": "reasoning.text", "index": 0, "text": "H", "format": "f"},
        {"type": "reasoning.text", "index": 0, "text": "m"},
        {"type": "reasoning.text", "index": 0, "text": None, "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
        {"type": "thinking", "thinking": "a"},
        {"type": "thinking", "thinking": "b", "signature": "t"},
        {"type": "thinking", "thinking": "c"},
    ]
    chunks = [chunk({"reasoning_details": [piece]}) for piece in pieces[:4]]
    assembler, _ = assembled(*chunks, maker="m", echo=("reasoning_details",))

    assert [
        {"type": "reasoning.text", "index": 0, "text": "Hm", "format": "f", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 1, "data": "x"},
        {"type": "thinking", "thinking": "ab", "signature": "t"},
        {"type": "thinking", "thinking": "c"},
    ] == merged(pieces)
    assert {"m": {"reasoning_details": merged(pieces[:4])}} == assembler.reply(None).message.native


def said(*deltas: dict[str, Any], reason: str = "stop") -> tuple[list[Part], Reply]:
    """The parts and the reply of a stream of *deltas*."""
    assembler, parts = Assembler(names=("add",)), list[Part]()
    for place, delta in enumerate(deltas):
        last = {"finish_reason": reason} if place == len(deltas) - 1 else {}
        chunk = json.dumps({"choices": [{"delta": delta, **last}]}).encode()
        parts += assembler.feed(decode_answer(chunk))
    return parts, assembler.reply(None)


def test_half_at_the_end():
    """A half of a surrogate pair whose other half never comes is told at the end."""
    parts, reply = said({"content": "It is \ud83d"}, {})

    assert [TextPart("It is "), TextPart("\ud83d")] == parts
    assert "It is \ud83d" == reply.message.text


def test_two_calls_without_numbers_and_ids():
    """A name after whole arguments is the next call's, once its arguments begin; split names, too."""
    pieces = ("add", '{"a": 1}'), ("ad", ""), ("d", ""), (None, '{"a": 2}')
    deltas = [{"tool_calls": [call(0, None, name, text)]} for name, text in pieces]
    _, reply = said(*deltas, {}, reason="tool_calls")

    assert [("add", {"a": 1}), ("add", {"a": 2})] == [
        (one.name, one.arguments) for one in reply.message.calls
    ]


def test_broken_text_in_text():
    """A text of JSON that is broken stays what it is."""
    assert '"{broken' == arguments_of('"{broken')
    assert {"a": 1} == arguments_of('"{\\"a\\": 1}"')
    assert {"a": {}} == arguments_of('{"a": {}}}} ')
