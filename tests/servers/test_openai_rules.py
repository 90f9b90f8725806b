"""The rules that the test server holds clients to."""

from typing import Any

import pytest

from tests.servers.openai_rules import Fault, decode, fault

CALL = {"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {}}}},
}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
STRICT = {**OPEN, "additionalProperties": False}
USER = {"role": "user", "content": "?"}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "1", "content": "5"}


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [*messages] or [USER], **more}


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**TOOL["function"], **function}}


def schema(**more: Any) -> dict[str, Any]:
    return body(tools=[tool(parameters={**OPEN, **more})])


TOP = "not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level"


@pytest.mark.parametrize(
    "good",
    [
        body(),
        body({"role": "system", "content": "."}, USER, ASKED, RESULT, tools=[TOOL]),
        body(USER, ASKED, RESULT, {"role": "assistant", "content": "5"}, USER),
        body(
            USER,
            {**ASKED, "tool_calls": [{**CALL, "id": "x" * 40}]},
            {**RESULT, "tool_call_id": "x" * 40},
        ),
        body(tools=[TOOL], tool_choice="required", temperature=2, max_tokens=1),
        body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "add"}}),
        body(stream=True, stream_options={"include_usage": True}),
        body(tools=[tool(name=f"add_{number}") for number in range(128)]),
        body(tools=[{"type": "function", "function": {"name": "add"}}]),
        body(tools=[tool(strict=None)]),
        body(tools=[tool(strict=False, parameters={"type": "object", "patternProperties": {}})]),
        body(tools=[tool(parameters={**OPEN, "properties": {"a": {"oneOf": [True, {}]}}})]),
        body(tools=[tool(strict=True, parameters={**STRICT, "required": ["a"]})]),
    ],
)
def test_good(good: dict[str, Any]):
    """What OpenAI takes is taken."""
    assert fault(good) is None


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ([], "must be an object"),
        (body(top_k=3), "Unrecognized request argument supplied: top_k"),
        ({"messages": [USER]}, "model parameter"),
        ({"model": "m", "messages": []}, "too short - 'messages'"),
        ({"model": "m"}, "too short - 'messages'"),
        (body("hi"), "a message must be an object"),
        (body({"role": "robot", "content": ""}), "Invalid value: 'robot'"),
        (body({"role": "user"}), "messages.content"),
        (body(USER, {"role": "assistant", "content": None}), "messages.content"),
        (body(USER, {"role": "assistant", "content": "", "tool_calls": []}), "tool_calls"),
        (body(USER, ASKED), "did not have response"),
        (body(USER, ASKED, USER, RESULT), "must be followed by tool messages"),
        (body(USER, RESULT), "must be a response to a preceeding message"),
        (body(USER, ASKED, RESULT, RESULT), "must be a response to a preceeding message"),
        (body(USER, ASKED, RESULT, ASKED, RESULT), "Duplicate 'tool_calls.id'"),
        (body(USER, ASKED, {**RESULT, "content": None}), "of a tool"),
        (body(USER, {**ASKED, "tool_calls": [{**CALL, "id": ""}]}), "Missing 'tool_calls.id'"),
        (body(USER, {**ASKED, "tool_calls": [{**CALL, "type": "x"}]}), "tool_calls.type"),
        (
            body(USER, {**ASKED, "tool_calls": [{**CALL, "id": "x" * 41}]}),
            "'messages.tool_calls.id': string too long. Expected a string with maximum length 40",
        ),
        (
            body(USER, ASKED, {**RESULT, "tool_call_id": "x" * 41}),
            "'messages.tool_call_id': string too long. Expected a string with maximum length 40",
        ),
        (
            body(USER, {**ASKED, "tool_calls": [{**CALL, "function": {"name": "a b"}}]}),
            "function.name",
        ),
        (body(USER, {**ASKED, "tool_calls": [{**CALL, "function": {"name": "a"}}]}), "arguments"),
        (body(tools=[]), "too short - 'tools'"),
        (body(tool_choice="auto"), "only allowed when 'tools'"),
        (body(tools=[TOOL], tool_choice="any"), "Invalid value for 'tool_choice'"),
        (body(tools=[TOOL], tool_choice={"type": "x"}), "tool_choice.type"),
        (
            body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "x"}}),
            "'x' not found",
        ),
        (body(tools=[TOOL, TOOL]), "unique"),
        (body(tools=[{"type": "function"}]), "Invalid 'tools' entry"),
        (body(tools=[{**TOOL, "type": "x"}]), "tools.type"),
        (body(tools=[tool(name="a b")]), "tools.function.name"),
        (body(tools=[tool(extra=1)]), "Unknown parameter: 'tools.function.extra'"),
        (body(tools=[tool(description=None)]), "tools.function.description"),
        (body(tools=[tool(name=f"add_{number}") for number in range(129)]), "maximum length 128"),
        (body(tools=[tool(strict="yes")]), "Invalid 'tools.function.strict': 'yes'"),
        (schema(type="nothing"), "Invalid schema for function 'add': 'nothing' is not"),
        (body(tools=[tool(parameters=True)]), "'type: \"object\"', got 'type: \"None\"'"),
        (schema(type="array"), "'type: \"object\"', got 'type: \"array\"'"),
        (schema(type=["object", "null"]), "'type: \"object\"'"),
        (schema(oneOf=[{}]), TOP),
        (schema(anyOf=[{}]), TOP),
        (schema(allOf=[{}]), TOP),
        (schema(enum=[{}]), TOP),
        (schema(**{"not": {}}), TOP),
        (
            schema(properties={"a": {"type": "array"}}),
            "Invalid schema for function 'add': In context=('properties', 'a'), "
            "array schema missing items.",
        ),
        (
            schema(additionalProperties={"type": ["array", "null"], "prefixItems": [{}]}),
            "In context=('additionalProperties',), array schema missing items.",
        ),
        (
            body(tools=[tool(strict=True, parameters=OPEN)]),
            "Invalid schema for function 'add': In context=(), 'additionalProperties' is required "
            "to be supplied and to be false.",
        ),
        (
            body(tools=[tool(strict=True, parameters=STRICT)]),
            "In context=(), 'required' is required to be supplied and to be an array including "
            "every key in properties. Missing 'a'.",
        ),
        (body(stream_options={}), "only allowed when 'stream'"),
        (body(temperature=2.1), "Invalid 'temperature'"),
        (body(max_tokens=0), "Invalid 'max_tokens'"),
        (body(top_p=True), "Invalid 'top_p'"),
    ],
)
def test_bad(bad: Any, why: str):
    """What OpenAI refuses is refused, with the reason."""
    assert why in (fault(bad) or "")


@pytest.mark.parametrize("data", [b"{", b"\xff", b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}'])
def test_no_json(data: bytes):
    """A body must be JSON in UTF-8, without a key twice or half a surrogate pair."""
    with pytest.raises(Fault):
        decode(data)
