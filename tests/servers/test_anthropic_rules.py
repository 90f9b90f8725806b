"""The rules that the Anthropic test server holds clients to."""

from typing import Any

import pytest

from tests.servers.anthropic_rules import fault

CALL = {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 2}}
OTHER = {**CALL, "id": "2"}
TEXT = {"type": "text", "text": "5"}
RESULT = {"type": "tool_result", "tool_use_id": "1", "content": "5"}
SECOND = {**RESULT, "tool_use_id": "2"}
THOUGHT = {"type": "thinking", "thinking": "Add.", "signature": "abc"}
HIDDEN = {"type": "redacted_thinking", "data": "abc"}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "?"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
CLOSED = {**SCHEMA, "additionalProperties": False}
TOOL: dict[str, Any] = {"name": "add", "description": "Add.", "input_schema": SCHEMA}
SERVER_TOOL = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
ENABLED: Any = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1025}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": [*blocks]}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [*blocks]}


USER = {"role": "user", "content": "?"}
ASKED = assistant(CALL)
ANSWERED = user(RESULT)


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": [*messages] or [USER], **more}


def tools(*messages: Any, **more: Any) -> dict[str, Any]:
    return body(*messages, tools=[TOOL], **more)


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in body().items() if name != key}


def tool(**more: Any) -> dict[str, Any]:
    return body(tools=[{**TOOL, **more}])


def schema(**more: Any) -> dict[str, Any]:
    return tool(input_schema={**SCHEMA, **more})


def strict(number: int) -> list[dict[str, Any]]:
    same = {**TOOL, "strict": True, "input_schema": CLOSED}
    return [{**same, "name": f"add_{one}"} for one in range(number)]


def result(**more: Any) -> dict[str, Any]:
    return tools(USER, ASKED, user({**RESULT, **more}))


def called(**more: Any) -> dict[str, Any]:
    return tools(USER, assistant({**CALL, **more}), ANSWERED)


@pytest.mark.parametrize(
    "good",
    [
        body(),
        body(USER, USER),
        body(USER, {"role": "assistant", "content": ""}),
        body(USER, assistant(), max_tokens=1, temperature=0.5, top_p=1, stream=True),
        body(USER, {"role": "assistant", "content": "5 is"}, system="Be brief."),
        body(user(IMAGE, TEXT), system=[{**TEXT, "cache_control": {"type": "ephemeral"}}]),
        tools(USER, ASKED, ANSWERED, assistant(TEXT), USER),
        tools(USER, assistant(TEXT, CALL, OTHER), user(SECOND, RESULT, TEXT)),
        tools(USER, ASKED, ANSWERED, assistant(OTHER), user(SECOND)),
        tools(USER, assistant(SEARCH, FOUND, TEXT)),
        result(content=[TEXT, IMAGE], is_error=True),
        result(content=""),
        body(tools=[TOOL, SERVER_TOOL]),
        tool(type="custom", strict=False, cache_control={"type": "ephemeral"}),
        tool(eager_input_streaming=True, input_examples=[{"a": 1}, {}]),
        tool(eager_input_streaming=None),
        tool(strict=True, input_schema=CLOSED),
        schema(properties={"a": {"oneOf": [{"minimum": 1}, {"patternProperties": {}}]}}),
        schema(properties={"a" * 64: {"type": "object", "properties": {"a b": {}}}}),
        body(tools=[*strict(20), TOOL, SERVER_TOOL]),
        tools(tool_choice={"type": "any", "disable_parallel_tool_use": True}),
        tools(tool_choice={"type": "tool", "name": "add"}),
        tools(tool_choice={"type": "none"}),
        body(**ENABLED, temperature=1),
        body(thinking={"type": "disabled"}, temperature=0),
        tools(USER, ASKED, ANSWERED, thinking={"type": "adaptive"}, tool_choice={"type": "any"}),
        tools(USER, assistant(THOUGHT, CALL), ANSWERED, **ENABLED),
        tools(USER, assistant(HIDDEN, CALL), ANSWERED, assistant(OTHER), user(SECOND), **ENABLED),
        tools(USER, ASKED, ANSWERED, assistant(TEXT), USER, **ENABLED),
        tools(USER, assistant(), **ENABLED),
    ],
)
def test_good(good: dict[str, Any]):
    """What Anthropic takes is taken."""
    assert fault(good) is None


OPTIONS: dict[str, Any] = {
    "top_k": 5,
    "stop_sequences": ["."],
    "metadata": {"user_id": "a"},
    "service_tier": "auto",
    "cache_control": {"type": "ephemeral"},
    "output_config": {"effort": "low"},
    "context_management": {"edits": []},
    "container": "c",
    "mcp_servers": [],
}


def test_options():
    """The options that nothing depends on are taken."""
    assert fault(body(**OPTIONS)) is None


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ([], "Input should be a valid dictionary"),
        (body(n=1), "n: Extra inputs are not permitted"),
        (without("model"), "model: Field required"),
        (body(model=None), "model: Input should be a valid string"),
        (without("max_tokens"), "max_tokens: Field required"),
        (body(max_tokens=True), "max_tokens: Input should be a valid integer"),
        (body(max_tokens=0), "max_tokens: Input should be greater than or equal to 1"),
        (body(temperature=1.1), "temperature: range: 0..1"),
        (body(temperature=-0.1), "temperature: range: 0..1"),
        (body(temperature="1"), "temperature: Input should be a valid number"),
        (body(top_p=1.1), "top_p: range: 0..1"),
        (body(stream=1), "stream: Input should be a valid boolean"),
        (body(system=None), "system: Input should be a valid list"),
        (body(system=[IMAGE]), "system.0: Input tag 'image' found using 'type' does not match"),
        (body(system=[{**TEXT, "text": ""}]), "system: text content blocks must be non-empty"),
    ],
)
def test_bad_options(bad: Any, why: str):
    """An option that Anthropic does not know or take is refused."""
    assert why in (fault(bad) or "")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (without("messages"), "messages: Field required"),
        (body(messages={}), "messages: Input should be a valid list"),
        (body(messages=[]), "messages: at least one message is required"),
        (body("hi"), "messages.0: Input should be a valid dictionary"),
        (body({**USER, "name": "a"}), "messages.0.name: Extra inputs are not permitted"),
        (body({"content": "?"}), "messages.0.role: Field required"),
        (body({"role": "system", "content": "."}), 'messages: Unexpected role "system"'),
        (body({"role": "tool", "content": "."}), 'messages: Unexpected role "tool"'),
        (body(assistant(TEXT), USER), 'messages: first message must use the "user" role'),
        (body({"role": "user"}), "messages.0.content: Field required"),
        (body({**USER, "content": None}), "messages.0.content: Input should be a valid list"),
        (body({**USER, "content": ""}), "messages.0: all messages must have non-empty content"),
        (body(user()), "messages.0: all messages must have non-empty content"),
        (body(USER, assistant(), USER), "messages.1: all messages must have non-empty content"),
        (body({**USER, "content": " \n"}), "must contain non-whitespace text"),
        (body(user({**TEXT, "text": ""})), "messages: text content blocks must be non-empty"),
        (body(user({**TEXT, "text": " "})), "text content blocks must contain non-whitespace"),
        (
            body(USER, {"role": "assistant", "content": "It is "}),
            "messages: final assistant content cannot end with trailing whitespace",
        ),
        (
            body(USER, assistant({**TEXT, "text": "It is\n"})),
            "messages: final assistant content cannot end with trailing whitespace",
        ),
        (
            body(USER, assistant(THOUGHT)),
            "messages.1: The final block in an assistant message cannot be `thinking`.",
        ),
    ],
)
def test_bad_messages(bad: Any, why: str):
    """A message in the wrong place, or without anything in it, is refused."""
    assert why in (fault(bad) or "")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (body(user("hi")), "messages.0.content.0: Input should be a valid dictionary"),
        (body(user({"text": "hi"})), "messages.0.content.0: Input tag 'None' found using 'type'"),
        (body(user({"type": []})), "messages.0.content.0: Input tag '[]' found using 'type'"),
        (body(user({"type": "x"})), "does not match any of the expected tags: 'document', "),
        (body(user(FOUND)), "Input tag 'web_search_tool_result' found using 'type'"),
        (body(user(CALL)), "0: `tool_use` blocks can only be in `assistant` messages"),
        (body(user(THOUGHT)), "0: `thinking` blocks can only be in `assistant` messages"),
        (body(USER, assistant(RESULT)), "`tool_result` blocks can only be in `user` messages"),
        (body(USER, assistant(IMAGE)), "0: `image` blocks can only be in `user` messages"),
        (body(user({**TEXT, "x": 1})), "content.0.text.x: Extra inputs are not permitted"),
        (body(user({"type": "text"})), "content.0.text.text: Field required"),
        (body(user({"type": "image"})), "content.0.image.source: Field required"),
        (called(index=0), "tool_use.index: Extra inputs are not permitted"),
        (called(id="a b"), "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
        (called(id=""), "tool_use.id: String should match pattern"),
        (called(name="a.b"), "name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
        (called(name="a" * 129), "tool_use.name: String should match pattern"),
        (called(input="{}"), "tool_use.input: Input should be a valid dictionary"),
        (result(name="add"), "tool_result.name: Extra inputs are not permitted"),
        (result(is_error="no"), "tool_result.is_error: Input should be a valid boolean"),
        (result(content="", is_error=True), "content cannot be empty if `is_error` is true"),
        (result(content=5), "tool_result.content: Input should be a valid list"),
        (result(content=[CALL]), "tool_result.content.0: Input tag 'tool_use' found"),
        (result(content=[{**TEXT, "text": ""}]), "text content blocks must be non-empty"),
        (
            body(USER, assistant({"type": "thinking", "thinking": "Add."}, TEXT)),
            "messages.1.content.0.thinking.signature: Field required",
        ),
        (
            body(USER, assistant({**THOUGHT, "cache_control": {}}, TEXT)),
            "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
        ),
        (
            body(USER, assistant({**HIDDEN, "data": None}, TEXT)),
            "messages.1.content.0.redacted_thinking.data: Input should be a valid string",
        ),
    ],
)
def test_bad_blocks(bad: Any, why: str):
    """A block with a wrong type, a missing or unknown key, or in the wrong role is refused."""
    assert why in (fault(bad) or "")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            tools(USER, ASKED),
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: 1. ",
        ),
        (tools(USER, ASKED, USER, ANSWERED), "immediately after: 1. "),
        (tools(USER, ASKED, assistant(TEXT), ANSWERED), "immediately after: 1. "),
        (tools(USER, assistant(CALL, OTHER), user(TEXT)), "immediately after: 1, 2. "),
        (tools(USER, assistant(CALL, OTHER), ANSWERED, user(SECOND)), "immediately after: 2. "),
        (tools(USER, ASKED, user(TEXT, RESULT)), "immediately after: 1. "),
        (
            tools(USER, ANSWERED),
            "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: 1. ",
        ),
        (tools(ANSWERED), "messages.0.content.0: unexpected `tool_use_id`"),
        (tools(USER, ASKED, user(RESULT, SECOND)), "messages.2.content.1: unexpected"),
        (tools(USER, ASKED, ANSWERED, ANSWERED), "messages.3.content.0: unexpected"),
        (
            tools(USER, ASKED, user(RESULT, RESULT)),
            "messages.2.content.1: each tool_use must have a single result. Found multiple",
        ),
        (
            tools(USER, ASKED, ANSWERED, ASKED, ANSWERED),
            "messages: `tool_use` ids must be unique",
        ),
        (tools(USER, assistant(CALL, CALL), ANSWERED), "messages: `tool_use` ids must be unique"),
        (body(USER, ASKED, ANSWERED), "`tool_use` or `tool_result` blocks must define tools"),
        (body(USER, ASKED, ANSWERED, tools=[]), "must define tools"),
    ],
)
def test_bad_results(bad: Any, why: str):
    """Each call is answered once, first thing in the next message, and nothing else is."""
    assert why in (fault(bad) or "")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (body(tools=None), "tools: Input should be a valid list"),
        (body(tools=["add"]), "tools.0: Input should be a valid dictionary"),
        (body(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
        (tool(type="function"), "tools.0: Input tag 'function' found using 'type'"),
        (tool(parameters={}), "tools.0.custom.parameters: Extra inputs are not permitted"),
        (body(tools=[{"input_schema": SCHEMA}]), "tools.0.custom.name: Field required"),
        (body(tools=[{"type": "bash_20250124"}]), "tools.0.bash_20250124.name: Field required"),
        (tool(name="a b"), "name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
        (tool(description=None), "tools.0.custom.description: Input should be a valid string"),
        (tool(strict=1), "tools.0.custom.strict: Input should be a valid boolean"),
        (body(tools=[{"name": "add"}]), "tools.0.custom.input_schema: Field required"),
        (tool(input_schema=None), "input_schema: Input should be a valid dictionary"),
        (tool(input_schema={}), "tools.0.custom.input_schema.type: Field required"),
        (schema(type="array"), "tools.0.custom.input_schema.type: Input should be 'object'"),
        (schema(required="a"), "must match JSON Schema draft 2020-12"),
        (schema(anyOf=[{}]), "does not support oneOf, allOf, or anyOf at the top level"),
        (schema(oneOf=[{}]), "does not support oneOf, allOf, or anyOf at the top level"),
        (schema(allOf=[{}]), "does not support oneOf, allOf, or anyOf at the top level"),
        (
            schema(properties={"a b": {}}),
            "tools.0.custom.input_schema.properties: Property keys should match pattern "
            "'^[a-zA-Z0-9_.-]{1,64}$'",
        ),
        (schema(properties={"a" * 65: {}}), "Property keys should match pattern"),
        (
            tool(strict=True),
            "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to "
            "false",
        ),
        (body(tools=strict(21)), "Too many strict tools (21)."),
        (
            tool(eager_input_streaming="yes"),
            "tools.0.custom.eager_input_streaming: Input should be a valid boolean",
        ),
        (tool(input_examples={}), "tools.0.custom.input_examples: Input should be a valid list"),
        (tool(input_examples=[1]), "input_examples.0: Input should be a valid dictionary"),
        (tool(input_examples=[{}, {"a": "b"}]), "tools.0.custom.input_examples.1: Input example"),
        (body(tool_choice={"type": "auto"}), "only be specified while providing tools"),
        (tools(tool_choice="auto"), "tool_choice: Input should be a valid dictionary"),
        (tools(tool_choice={"type": "required"}), "tool_choice: Input tag 'required' found"),
        (tools(tool_choice={"type": "auto", "name": "add"}), "tool_choice.auto.name: Extra"),
        (tools(tool_choice={"type": "tool"}), "tool_choice.tool.name: Field required"),
        (tools(tool_choice={"type": "tool", "name": "x"}), "'x' not found in provided tools"),
        (
            tools(tool_choice={"type": "any", "disable_parallel_tool_use": 1}),
            "tool_choice.any.disable_parallel_tool_use: Input should be a valid boolean",
        ),
    ],
)
def test_bad_tools(bad: Any, why: str):
    """A tool that Anthropic cannot take, or a choice of none that is there, is refused."""
    assert why in (fault(bad) or "")


EXPECTED = "Expected `thinking` or `redacted_thinking`, but found"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (body(thinking=True), "thinking: Input should be a valid dictionary"),
        (body(thinking={"type": "on"}), "thinking: Input tag 'on' found using 'type'"),
        (
            body(thinking={"type": "adaptive", "budget_tokens": 1024}),
            "thinking.adaptive.budget_tokens: Extra inputs are not permitted",
        ),
        (
            body(thinking={"type": "enabled"}),
            "thinking.enabled.budget_tokens: Field required",
        ),
        (
            body(thinking={"type": "enabled", "budget_tokens": 1023}),
            "budget_tokens: Input should be greater than or equal to 1024",
        ),
        (
            body(**{**ENABLED, "max_tokens": 1024}),
            "`max_tokens` must be greater than `thinking.budget_tokens`",
        ),
        (
            tools(**ENABLED, tool_choice={"type": "any"}),
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        (
            tools(**ENABLED, tool_choice={"type": "tool", "name": "add"}),
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        (body(**ENABLED, temperature=0.5), "`temperature` may only be set to 1 when thinking"),
        (
            tools(USER, ASKED, ANSWERED, **ENABLED),
            f"messages.1.content.0.type: {EXPECTED} `tool_use`. When `thinking` is enabled, ",
        ),
        (tools(USER, assistant(TEXT, THOUGHT, CALL), ANSWERED, **ENABLED), f"{EXPECTED} `text`"),
        (
            tools(USER, ASKED, ANSWERED, assistant(THOUGHT, OTHER), user(SECOND), **ENABLED),
            f"messages.1.content.0.type: {EXPECTED} `tool_use`",
        ),
        (body(USER, assistant(TEXT), **ENABLED), f"{EXPECTED} `text`"),
    ],
)
def test_bad_thinking(bad: Any, why: str):
    """What cannot go with thinking is refused, and a turn that goes on without its thinking."""
    assert why in (fault(bad) or "")
