"""What OpenAI's Chat Completions refuses, as a pure function of the request.

From its API reference and the errors it gives: each `tool_calls` id is answered directly after its
message, names match a pattern, unknown keys are errors, and so on.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from tests.servers import openai_strict
from tests.servers.schemas import kinds, parts

KEYS = frozenset(
    "model messages tools tool_choice parallel_tool_calls stream stream_options temperature top_p "
    "max_tokens max_completion_tokens stop seed n user response_format logprobs reasoning_effort "
    "frequency_penalty presence_penalty metadata store".split()
)
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MOST_TOOLS = 128
TOP = ("oneOf", "anyOf", "allOf", "enum", "not")
"""What the schema of a function may not have at its top."""


class Fault(Exception):
    """Why a request is refused."""


def fault(body: Any) -> str | None:
    """Why OpenAI would refuse *body*, or None."""
    try:
        _check(body)
    except Fault as error:
        return str(error)
    return None


def decode(data: bytes) -> Any:
    """The JSON of a body: UTF-8, no key twice, no half surrogate pair. Raises `Fault`."""
    try:
        body = json.loads(data.decode(), object_pairs_hook=_unique)
        json.dumps(body, ensure_ascii=False).encode()
    except ValueError as error:
        raise Fault(f"We could not parse the JSON body of your request: {error}") from error
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    _require(len(value) == len(pairs), "a key is given twice")
    return value


def _require(condition: object, message: str) -> None:
    if not condition:
        raise Fault(message)


def _check(body: Any) -> None:
    _require(isinstance(body, dict), "the body must be an object")
    for key in body.keys() - KEYS:
        raise Fault(f"Unrecognized request argument supplied: {key}")
    _require(isinstance(body.get("model"), str), "you must provide a model parameter")
    _check_numbers(body)
    _check_tools(body)
    _check_messages(body.get("messages"))
    _require(
        "stream_options" not in body or body.get("stream"),
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )


def _check_numbers(body: dict[str, Any]) -> None:
    for key, least, most in (
        ("temperature", 0, 2),
        ("top_p", 0, 1),
        ("max_tokens", 1, 2**31),
        ("max_completion_tokens", 1, 2**31),
    ):
        value = body.get(key, least)
        known = isinstance(value, int | float) and not isinstance(value, bool)
        _require(known and least <= value <= most, f"Invalid '{key}': {value!r}")


def _check_tools(body: dict[str, Any]) -> None:
    tools = body.get("tools")
    if tools is None:
        for key in ("tool_choice", "parallel_tool_calls"):
            _require(key not in body, f"'{key}' is only allowed when 'tools' are specified.")
        return
    _require(isinstance(tools, list) and tools, "[] is too short - 'tools'")
    _require(
        len(tools) <= MOST_TOOLS,
        f"Invalid 'tools': array too long. Expected an array with maximum length {MOST_TOOLS}, but "
        f"got an array with length {len(tools)} instead.",
    )
    names = [_check_tool(tool) for tool in tools]
    _require(len({*names}) == len(names), "tool names must be unique")
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, dict):
        _require(choice.get("type") == "function", "Invalid value for 'tool_choice.type'")
        named = choice.get("function", {}).get("name")
        _require(named in names, f"Tool choice '{named}' not found in 'tools' parameter.")
    else:
        _require(
            choice in ("auto", "none", "required"), f"Invalid value for 'tool_choice': {choice!r}"
        )


def _check_tool(tool: Any) -> str:
    _require(isinstance(tool, dict) and {*tool} == {"type", "function"}, "Invalid 'tools' entry")
    _require(tool["type"] == "function", "Invalid value for 'tools.type'")
    function = tool["function"]
    unknown = function.keys() - {"name", "description", "parameters", "strict"}
    _require(not unknown, f"Unknown parameter: 'tools.function.{min(unknown, default='')}'")
    _require(
        NAME.fullmatch(function["name"]), f"Invalid 'tools.function.name': {function['name']!r}"
    )
    _require(
        isinstance(function.get("description", ""), str), "Invalid 'tools.function.description'"
    )
    strict = function.get("strict")
    _require(strict in (None, True, False), f"Invalid 'tools.function.strict': {strict!r}")
    if "parameters" in function:
        _check_schema(function["name"], json.dumps(function["parameters"]), bool(strict))
    return str(function["name"])


@cache
def _check_schema(name: str, text: str, strict: bool) -> None:
    """The rules of any function's schema, as the errors tell them, and then those of a strict one."""
    schema = json.loads(text)
    for why in _schema_faults(schema, strict):
        raise Fault(f"Invalid schema for function '{name}': {why}")


def _schema_faults(schema: Any, strict: bool) -> Iterator[str]:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield error.message
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind != "object":
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    if schema.keys() & {*TOP}:
        names = "/".join(map(repr, TOP))
        yield f"schema must have type 'object' and not have {names} at the top level."
    for place, part in parts(schema):
        if isinstance(part, dict) and "array" in kinds(part) and "items" not in part:
            yield f"In context={place}, array schema missing items."
    if strict:
        yield from openai_strict.faults(schema)


def _check_messages(messages: Any) -> None:
    _require(isinstance(messages, list) and messages, "[] is too short - 'messages'")
    open_calls: list[str] = []
    seen: set[str] = set()
    for message in messages:
        _require(isinstance(message, dict), "a message must be an object")
        role = message.get("role")
        if role == "tool":
            _check_length(message.get("tool_call_id"), "tool_call_id")
            _require(
                message.get("tool_call_id") in open_calls,
                "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            )
            open_calls.remove(message["tool_call_id"])
            _require(
                isinstance(message.get("content"), str), "Invalid 'messages.content' of a tool"
            )
            continue
        _require(
            not open_calls,
            "An assistant message with 'tool_calls' must be followed by tool messages responding to "
            f"each 'tool_call_id'. The following tool_call_ids did not have responses: {open_calls}",
        )
        if role == "assistant":
            open_calls = _check_assistant(message, seen)
        else:
            _require(role in ("system", "developer", "user"), f"Invalid value: '{role}' of 'role'")
            _require(isinstance(message.get("content"), str), "Invalid 'messages.content'")
    _require(not open_calls, f"tool_call_ids did not have response messages: {open_calls}")


def _check_assistant(message: dict[str, Any], seen: set[str]) -> list[str]:
    content, calls = message.get("content"), message.get("tool_calls")
    _require(calls is None or calls, "[] is too short - 'messages.tool_calls'")
    _require(isinstance(content, str) or (content is None and calls), "Invalid 'messages.content'")
    ids: list[str] = []
    for call in calls or ():
        _require(isinstance(call.get("id"), str) and call["id"], "Missing 'tool_calls.id'")
        _check_length(call["id"], "tool_calls.id")
        _require(call["id"] not in seen, f"Duplicate 'tool_calls.id': {call['id']}")
        _require(call.get("type") == "function", "Invalid 'tool_calls.type'")
        function = call.get("function", {})
        _require(NAME.fullmatch(function.get("name", "")), "Invalid 'tool_calls.function.name'")
        _require(
            isinstance(function.get("arguments"), str), "Invalid 'tool_calls.function.arguments'"
        )
        seen.add(call["id"])
        ids.append(call["id"])
    return ids


def _check_length(value: Any, place: str) -> None:
    length = len(value) if isinstance(value, str) else 0
    _require(
        length <= 40,
        f"Invalid 'messages.{place}': string too long. Expected a string with maximum length 40, "
        f"but got a string with length {length} instead.",
    )
