"""What Anthropic's Messages API refuses, as a pure function of the request.

From its API reference and the errors it gives: each `tool_use` is answered first in the next
message, thinking comes back before the calls, no text is empty, unknown keys are errors, and so on.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise, takewhile
from typing import Any

import jsonschema

from tests.servers import anthropic_strict
from tests.servers.openai_rules import Fault

KEYS = frozenset(
    "model messages max_tokens system tools tool_choice temperature top_p top_k stop_sequences "
    "stream thinking metadata service_tier cache_control output_config context_management "
    "container mcp_servers".split()
)
TOOL_KEYS = frozenset(
    "type name description input_schema cache_control strict input_examples "
    "eager_input_streaming".split()
)
SHAPES: dict[str, dict[str, type]] = {
    "text": {"text": str},
    "image": {"source": dict},
    "document": {"source": dict},
    "tool_use": {"id": str, "name": str, "input": dict},
    "tool_result": {"tool_use_id": str},
    "thinking": {"thinking": str, "signature": str},
    "redacted_thinking": {"data": str},
}
"""The required keys of a block."""
MORE = {
    "text": {"cache_control", "citations"},
    "image": {"cache_control"},
    "document": {"cache_control", "citations", "context", "title"},
    "tool_use": {"cache_control"},
    "tool_result": {"cache_control", "content", "is_error"},
}
"""The optional ones."""
USER = ("text", "image", "document", "tool_result")
ASSISTANT = ("text", "thinking", "redacted_thinking", "tool_use", "server_tool_use")
RESULT = ("text", "image", "document")
THOUGHTS = ("thinking", "redacted_thinking")
CHOICES = {
    "auto": {"type", "disable_parallel_tool_use"},
    "any": {"type", "disable_parallel_tool_use"},
    "tool": {"type", "disable_parallel_tool_use", "name"},
    "none": {"type"},
}
THINKING = {
    "adaptive": {"type", "display"},
    "disabled": {"type"},
    "enabled": {"type", "budget_tokens", "display"},
}
TYPES = {str: "string", dict: "dictionary", list: "list", bool: "boolean", int: "integer"}
ID = re.compile(r"[a-zA-Z0-9_-]+")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
SERVER_TOOL = re.compile(r"\w+_\d{8}")
NOBODY = {"role": "nobody", "content": ""}


def fault(body: Any) -> str | None:
    """Why Anthropic would refuse *body*, or None."""
    try:
        _check(body)
    except Fault as error:
        return str(error)
    return None


def _require(condition: object, message: str) -> None:
    if not condition:
        raise Fault(message)


def _check(body: Any) -> None:
    _require(isinstance(body, dict), "Input should be a valid dictionary")
    _only(body, KEYS, "")
    for key, kind in (("model", str), ("max_tokens", int), ("messages", list)):
        _field(body, key, kind)
    _least(body["max_tokens"], 1, "max_tokens")
    _range(body, "temperature")
    _range(body, "top_p")
    _type(body.get("stream", False), bool, "stream")
    _check_system(body.get("system", ""))
    _check_tools(body)
    _check_messages(body["messages"])
    _check_results(body["messages"])
    called = any(_of(message, "tool_use", "tool_result") for message in body["messages"])
    _require(
        body.get("tools") or not called,
        "Requests which include `tool_use` or `tool_result` blocks must define tools",
    )
    _check_thinking(body)


def _only(value: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    for key in sorted(value.keys() - {*known}):
        raise Fault(f"{place}{key}: Extra inputs are not permitted")


def _field(value: Mapping[str, Any], key: str, kind: type, place: str = "") -> None:
    _require(key in value, f"{place}{key}: Field required")
    _type(value[key], kind, f"{place}{key}")


def _type(value: Any, kind: type, place: str) -> None:
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    _require(fits, f"{place}: Input should be a valid {TYPES[kind]}")


def _least(value: int, least: int, place: str) -> None:
    _require(value >= least, f"{place}: Input should be greater than or equal to {least}")


def _range(body: dict[str, Any], key: str) -> None:
    value = body.get(key, 1)
    known = isinstance(value, int | float) and not isinstance(value, bool)
    _require(known, f"{key}: Input should be a valid number")
    _require(0 <= value <= 1, f"{key}: range: 0..1")


def _tag(value: Any, known: Iterable[str], place: str) -> str:
    """The type of *value*, which is one of *known*."""
    _type(value, dict, place)
    kind = value.get("type")
    expected = ", ".join(map(repr, sorted(known)))
    _require(
        isinstance(kind, str) and kind in known,
        f"{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: "
        f"{expected}",
    )
    return str(kind)


def _check_system(system: Any) -> None:
    if isinstance(system, str):
        return
    _type(system, list, "system")
    for index, block in enumerate(system):
        _check_block(block, ("text",), f"system.{index}", "system")


def _check_tools(body: dict[str, Any]) -> None:
    tools = body.get("tools", [])
    _type(tools, list, "tools")
    names = [_check_tool(tool, f"tools.{index}") for index, tool in enumerate(tools)]
    _require(len({*names}) == len(names), "tools: Tool names must be unique.")
    for why in anthropic_strict.excess([tool["input_schema"] for tool in tools if _strict(tool)]):
        raise Fault(why)
    if "tool_choice" not in body:
        return
    choice = body["tool_choice"]
    kind = _tag(choice, CHOICES, "tool_choice")
    _only(choice, CHOICES[kind], f"tool_choice.{kind}.")
    parallel = "disable_parallel_tool_use"
    _type(choice.get(parallel, False), bool, f"tool_choice.{kind}.{parallel}")
    _require(names, "tool_choice: tool_choice may only be specified while providing tools")
    if kind == "tool":
        _field(choice, "name", str, "tool_choice.tool.")
        _require(choice["name"] in names, f"Tool '{choice['name']}' not found in provided tools")


def _check_tool(tool: Any, place: str) -> str:
    _type(tool, dict, place)
    kind = tool.get("type", "custom")
    if isinstance(kind, str) and SERVER_TOOL.fullmatch(kind):
        _field(tool, "name", str, f"{place}.{kind}.")
        return str(tool["name"])
    _tag({"type": kind}, ("custom",), place)
    place += ".custom."
    _only(tool, TOOL_KEYS, place)
    _field(tool, "name", str, place)
    _match(tool["name"], NAME, f"{place}name")
    _type(tool.get("description", ""), str, f"{place}description")
    _type(tool.get("strict", False), bool, f"{place}strict")
    _type(tool.get("eager_input_streaming") or False, bool, f"{place}eager_input_streaming")
    _field(tool, "input_schema", dict, place)
    schema = json.dumps(tool["input_schema"])
    _check_schema(schema, f"{place}input_schema")
    if _strict(tool):
        _check_strict(schema, place.rstrip("."))
    _check_examples(tool, place)
    return str(tool["name"])


def _strict(tool: dict[str, Any]) -> bool:
    return "input_schema" in tool and bool(tool.get("strict"))


def _match(value: str, pattern: re.Pattern[str], place: str) -> None:
    fits = pattern.fullmatch(value)
    _require(fits, f"{place}: String should match pattern '^{pattern.pattern}$'")


@cache
def _check_schema(text: str, place: str) -> None:
    schema = json.loads(text)
    _require("type" in schema, f"{place}.type: Field required")
    _require(schema["type"] == "object", f"{place}.type: Input should be 'object'")
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        message = "JSON schema is invalid. It must match JSON Schema draft 2020-12"
        raise Fault(f"{place}: {message} ({error.message})") from error
    _require(
        not schema.keys() & {"oneOf", "allOf", "anyOf"},
        f"{place}: input_schema does not support oneOf, allOf, or anyOf at the top level",
    )
    _require(
        all(map(PROPERTY.fullmatch, schema.get("properties", ()))),
        f"{place}.properties: Property keys should match pattern '^{PROPERTY.pattern}$'",
    )


@cache
def _check_strict(text: str, place: str) -> None:
    for why in anthropic_strict.faults(json.loads(text)):
        raise Fault(f"{place}: {why}")


def _check_examples(tool: dict[str, Any], place: str) -> None:
    if "input_examples" not in tool:
        return
    examples = tool["input_examples"]
    _type(examples, list, f"{place}input_examples")
    checker = jsonschema.Draft202012Validator(tool["input_schema"])
    for index, example in enumerate(examples):
        here = f"{place}input_examples.{index}"
        _type(example, dict, here)
        for error in checker.iter_errors(example):
            raise Fault(f"{here}: Input example does not match input_schema: {error.message}")


def _check_messages(messages: list[Any]) -> None:
    _require(messages, "messages: at least one message is required")
    for number, message in enumerate(messages):
        last = number == len(messages) - 1
        _check_message(message, f"messages.{number}", last)
    first = messages[0]["role"] == "user"
    _require(first, 'messages: first message must use the "user" role')
    if messages[-1]["role"] == "assistant":
        _check_end(messages[-1], f"messages.{len(messages) - 1}")


def _check_message(message: Any, place: str, last: bool) -> None:
    _type(message, dict, place)
    _only(message, ("role", "content"), f"{place}.")
    _field(message, "role", str, f"{place}.")
    role = message["role"]
    _require(
        role in ("user", "assistant"),
        f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant".',
    )
    _require("content" in message, f"{place}.content: Field required")
    content = message["content"]
    listed = isinstance(content, str | list)
    _require(listed, f"{place}.content: Input should be a valid list")
    _require(
        content or (last and role == "assistant"),
        f"{place}: all messages must have non-empty content except for the optional final "
        "assistant message",
    )
    for index, block in enumerate(_blocks(message)):
        here = f"{place}.content.{index}"
        kind = block.get("type") if isinstance(block, dict) else None
        if role == "assistant" and isinstance(kind, str) and kind.endswith("_tool_result"):
            continue
        known = {*USER, *ASSISTANT}
        _tag(block, known, here)
        home = USER if role == "user" else ASSISTANT
        other = "assistant" if role == "user" else "user"
        _require(kind in home, f"{here}: `{kind}` blocks can only be in `{other}` messages")
        _check_block(block, home, here, "messages")


def _blocks(message: dict[str, Any]) -> list[Any]:
    content = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)


def _of(message: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [block for block in _blocks(message) if block["type"] in kinds]


def _check_block(block: Any, known: Iterable[str], place: str, top: str) -> None:
    kind = _tag(block, known, place)
    if kind not in SHAPES:
        return
    _only(block, {"type", *SHAPES[kind], *MORE.get(kind, ())}, f"{place}.{kind}.")
    for key, of in SHAPES[kind].items():
        _field(block, key, of, f"{place}.{kind}.")
    if kind == "text":
        _require(block["text"], f"{top}: text content blocks must be non-empty")
        _require(
            block["text"].strip(), f"{top}: text content blocks must contain non-whitespace text"
        )
    elif kind == "tool_use":
        _match(block["id"], ID, f"{place}.tool_use.id")
        _match(block["name"], NAME, f"{place}.tool_use.name")
    elif kind == "tool_result":
        _check_result(block, f"{place}.tool_result")


def _check_result(block: dict[str, Any], place: str) -> None:
    failed, content = block.get("is_error", False), block.get("content", "")
    _type(failed, bool, f"{place}.is_error")
    _require(content or not failed, f"{place}: content cannot be empty if `is_error` is true")
    if isinstance(content, str):
        return
    _type(content, list, f"{place}.content")
    for index, inner in enumerate(content):
        _check_block(inner, RESULT, f"{place}.content.{index}", "messages")


def _check_end(message: dict[str, Any], place: str) -> None:
    last = _blocks(message)[-1:]
    for block in last:
        _require(
            block["type"] not in THOUGHTS,
            f"{place}: The final block in an assistant message cannot be `thinking`.",
        )
        text = block["text"] if block["type"] == "text" else ""
        _require(
            text == text.rstrip(),
            "messages: final assistant content cannot end with trailing whitespace",
        )


def _check_results(messages: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for number, (message, after) in enumerate(pairwise([NOBODY, *messages, NOBODY]), -1):
        asked = [block["id"] for block in _of(message, "tool_use")]
        _require(
            len({*asked}) == len(asked) and not seen & {*asked},
            "messages: `tool_use` ids must be unique",
        )
        seen.update(asked)
        leading = takewhile(lambda block: block["type"] == "tool_result", _blocks(after))
        answered = {block["tool_use_id"] for block in leading}
        missing = ", ".join(one for one in asked if one not in answered)
        _require(
            not missing,
            f"messages.{number}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {missing}. Each `tool_use` block must have a corresponding "
            "`tool_result` block in the next message.",
        )
        _check_expected(after, asked, f"messages.{number + 1}")


def _check_expected(message: dict[str, Any], asked: list[str], place: str) -> None:
    waiting = {*asked}
    for index, block in enumerate(_blocks(message)):
        if block["type"] != "tool_result":
            continue
        name = block["tool_use_id"]
        _require(
            name in asked,
            f"{place}.content.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{name}. Each `tool_result` block must have a corresponding `tool_use` block in the "
            "previous message.",
        )
        _require(
            name in waiting,
            f"{place}.content.{index}: each tool_use must have a single result. Found multiple "
            f"`tool_result` blocks with id: {name}",
        )
        waiting.remove(name)


def _check_thinking(body: dict[str, Any]) -> None:
    thinking = body.get("thinking", {"type": "disabled"})
    kind = _tag(thinking, THINKING, "thinking")
    _only(thinking, THINKING[kind], f"thinking.{kind}.")
    if kind != "enabled":
        return
    _field(thinking, "budget_tokens", int, "thinking.enabled.")
    _least(thinking["budget_tokens"], 1024, "thinking.enabled.budget_tokens")
    _require(
        thinking["budget_tokens"] < body["max_tokens"],
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
    )
    _require(
        body.get("tool_choice", {}).get("type") not in ("any", "tool"),
        "Thinking may not be enabled when tool_choice forces tool use.",
    )
    _require(
        body.get("temperature", 1) == 1,
        "`temperature` may only be set to 1 when thinking is enabled.",
    )
    _check_opening(body["messages"])


def _check_opening(messages: list[dict[str, Any]]) -> None:
    """The turn of the assistant that is not over begins with thinking; results are within a turn."""
    opening = None
    for number in reversed(range(len(messages))):
        if messages[number]["role"] == "assistant":
            opening = number
        elif not _of(messages[number], "tool_result"):
            break
    for block in _blocks(messages[opening])[:1] if opening is not None else ():
        _require(
            block["type"] in THOUGHTS,
            f"messages.{opening}.content.0.type: Expected `thinking` or `redacted_thinking`, but "
            f"found `{block['type']}`. When `thinking` is enabled, a final `assistant` message "
            "must start with a thinking block (preceeding the lastmost set of `tool_use` and "
            "`tool_result` blocks).",
        )
