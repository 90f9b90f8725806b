"""The wire shapes of OpenAI function calling."""

import json
from typing import Any

import msgspec
import pytest

from lumos_tools import (
    InvalidArgumentsError,
    OpenAIFunction,
    OpenAIFunctionCall,
    function_tool,
    parse_openai_function_calls,
)


@function_tool
def add(a: int) -> int:
    """Add."""
    return a


def test_function():
    """A tool's function is what a request's `tools` holds."""
    assert {
        "type": "function",
        "function": {"name": "add", "description": "Add.", "parameters": add.parameters},
    } == OpenAIFunction.of(add).to_wire()


def completion(**message: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", **message}}]}


CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


@pytest.mark.parametrize("whole", [True, False])
def test_parse(whole: bool):
    """The calls of a completion, or of its message, decoded or as JSON text."""
    reply = completion(content=None, tool_calls=[CALL])
    reply = reply if whole else reply["choices"][0]["message"]
    expected = (OpenAIFunctionCall("call_1", "add", '{"a": 1}'),)

    assert expected == parse_openai_function_calls(reply)
    assert expected == parse_openai_function_calls(json.dumps(reply))
    assert {"a": 1} == expected[0].parse_arguments()


def test_parse_old():
    """The retired function_call is read, too, unless there are tool calls beside it."""
    old = {"name": "add", "arguments": "{}"}

    assert (OpenAIFunctionCall("", "add", "{}"),) == parse_openai_function_calls(
        completion(function_call=old)
    )
    assert 1 == len(parse_openai_function_calls(completion(function_call=old, tool_calls=[CALL])))


def test_parse_none():
    """A reply without calls has none; arguments that are missing are an empty object."""
    bare = {"function": {"name": "add"}}

    assert () == parse_openai_function_calls(completion(content="Hello"))
    assert (OpenAIFunctionCall("", "add", "{}"),) == parse_openai_function_calls(
        {"tool_calls": [bare]}
    )


def test_parse_wrong():
    """What is no reply is refused."""
    with pytest.raises(msgspec.ValidationError):
        parse_openai_function_calls('{"choices": 3}')
    with pytest.raises(msgspec.ValidationError, match="neither a chat completion nor a message"):
        parse_openai_function_calls({"error": "no"})
    with pytest.raises(InvalidArgumentsError):
        OpenAIFunctionCall("", "add", "{").parse_arguments()
