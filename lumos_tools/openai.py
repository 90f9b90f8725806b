"""The wire shapes of OpenAI function calling, as in its Chat Completions API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lumos_tools.decoding import decode
from lumos_tools.schema import Schema
from lumos_tools.tool import Tool


class OpenAIFunction(msgspec.Struct, frozen=True, omit_defaults=True):
    """A function that a model may call: one entry of a request's `tools`, under `function`."""

    name: str
    description: str = ""
    parameters: Schema = {}
    strict: bool = False

    @classmethod
    def of(cls, tool: Tool) -> "OpenAIFunction":
        """*tool* as OpenAI wants it described."""
        return cls(tool.name, tool.description, tool.parameters)

    def to_wire(self) -> dict[str, Any]:
        """The entry of a request's `tools`."""
        return {"type": "function", "function": msgspec.to_builtins(self)}


class OpenAIFunctionCall(msgspec.Struct, frozen=True):
    """A call that a model asks for: one entry of a reply's `tool_calls`."""

    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it."""

    def parse_arguments(self) -> Schema:
        """The arguments as an object. Raises `InvalidArgumentsError` if the text is none."""
        return decode(self.arguments)


def parse_openai_function_calls(
    reply: Mapping[str, Any] | str | bytes,
) -> tuple[OpenAIFunctionCall, ...]:
    """The calls in *reply*: a chat completion, or its message alone, as JSON text or decoded.

    Reads the retired `function_call` too, whose call has no id. Raises `msgspec.ValidationError` for
    a reply of another shape.
    """
    data = msgspec.json.decode(reply) if isinstance(reply, str | bytes) else reply
    if not ({"choices", "role", "content", "tool_calls", "function_call"} & {*data}):
        raise msgspec.ValidationError("neither a chat completion nor a message")
    completion = msgspec.convert(data, _Completion)
    message = (
        completion.choices[0].message if completion.choices else msgspec.convert(data, _Message)
    )
    calls = tuple(
        OpenAIFunctionCall(call.id or "", call.function.name, call.function.arguments or "{}")
        for call in message.tool_calls or ()
    )
    if message.function_call and not calls:
        return (
            OpenAIFunctionCall("", message.function_call.name, message.function_call.arguments),
        )
    return calls


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Message(msgspec.Struct):
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
