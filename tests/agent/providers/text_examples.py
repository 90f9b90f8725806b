"""Calls as models write them: the format, the text, the calls in it, and the text that is left."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """A text of a model."""

    format: str
    text: str
    calls: tuple[tuple[str, Any], ...]
    left: str = ""


SCHEMAS: dict[str, dict[str, Any]] = {
    "weather": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "tags": {"type": "array"},
        },
        "required": ["city"],
    },
    "calculator": {
        "type": "object",
        "properties": {"expression": {"type": "string"}, "value": {"type": "string"}},
    },
    "now": {"type": "object", "properties": {}},
    "add": {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
}

ROME = ("weather", {"city": "Rome", "days": 2})
SUM = ("calculator", {"expression": "2+2"})
ODD = ("weather", {"city": 'a } in "quotes" \\ and ü 😀', "tags": [{"x": [1, {}]}]})
ODD_JSON = r'{"city": "a } in \"quotes\" \\ and ü 😀", "tags": [{"x": [1, {}]}]}'

EXAMPLES = [
    Example("Lumosai, a sentence", "Using the tool 'calculator' with parameters: {\"expression\": \"2+2\"}", (SUM,)),
    Example("Lumosai, a sentence", f"Fine. Using the tool 'weather' with parameters: {ODD_JSON}\nSo.", (ODD,), "Fine. \nSo."),
    Example("Lumosai, a sentence", "Using the tool 'now' with parameters: {}", (("now", {}),)),
    Example("Lumosai, a block of JSON", '```json\n{"tool": "weather", "parameters": {"city": "Rome", "days": 2}}\n```', (ROME,)),
    Example("Lumosai, a block of JSON", '```json\n{"tool": "calculator", "parameters": "{\\"expression\\": \\"2+2\\"}"}\n```\n', (SUM,), "\n"),
    Example("Lumosai, a block of JSON", '```json\n{"tool": "calculator", "parameters": "2+2"}\n```', (("calculator", {"value": "2+2"}),)),
    Example("Lumosai, a block of JSON", f'I look.\n```\n{{"name": "weather", "arguments": {ODD_JSON}}}\n```', (ODD,), "I look.\n"),
    Example("Lumosai, a call as in code", 'weather(city="Rome", days=2)', (ROME,)),
    Example("Lumosai, a call as in code", 'I look.\nweather(city="Rome, (Italy)", days=2)\nSo.', (("weather", {"city": "Rome, (Italy)", "days": 2}),), "I look.\n\nSo."),
    Example("Lumosai, a call as in code", "now()\n", (("now", {}),), "\n"),
    Example("Hermes, Qwen", '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome", "days": 2}}\n</tool_call>', (ROME,)),
    Example("Hermes, Qwen", f'I look. <tool_call>{{"name": "weather", "arguments": {ODD_JSON}}}</tool_call><tool_call>{{"name": "now"}}</tool_call> Done.', (ODD, ("now", {})), "I look.  Done."),
    Example("Hermes, Qwen", '<tool_call>{"name": "unknown", "arguments": {}}', (("unknown", {}),)),
    Example("Hermes, Qwen", '<tool_call>{"name": "weather", "arguments": {"city": }}</tool_call>', (("weather", '{"city": }}'),)),
    Example("Hermes, Qwen", '<tool_call>{"type": "function", "function": {"name": "now", "arguments": null}}</tool_call>', (("now", {}),)),
    Example("Hermes, Qwen", '<tool_call>{"name": "weather", "arguments": ["Rome"]}</tool_call>', (("weather", '["Rome"]'),)),
    Example("Qwen3-Coder", "<tool_call>\n<function=weather>\n<parameter=city>\nRome\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>", (ROME,)),
    Example("Qwen3-Coder", "<function=weather><parameter=city>2024</parameter></function> So.", (("weather", {"city": "2024"}),), " So."),
    Example("Qwen3-Coder", "<tool_call><function=now></function></tool_call>", (("now", {}),)),
    Example("Qwen3-Coder", '<function=weather>{"city": "Rome", "days": 2}</function>', (ROME,)),
    Example("Qwen3-Coder", "<function=weather>\n<parameter=city>\nRome", (("weather", {"city": "Rome"}),)),
    Example("Mistral", '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Rome", "days": 2}}, {"name": "now", "arguments": {}}]', (ROME, ("now", {}))),
    Example("Mistral", f'[TOOL_CALLS][{{"name": "weather", "arguments": {ODD_JSON}}}]', (ODD,)),
    Example("Mistral", '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Rome"', (("weather", '{"city": "Rome"'),)),
    Example("Mistral since 11", '[TOOL_CALLS]weather[ARGS]{"city": "Rome", "days": 2}[TOOL_CALLS]now[ARGS]{}', (ROME, ("now", {}))),
    Example("Mistral since 11", f"[TOOL_CALLS]weather[CALL_ID]abcdefghi[ARGS]{ODD_JSON}", (ODD,)),
    Example("Mistral since 11", 'Well. [TOOL_CALLS]weather[ARGS]{"city": "Ro', (("weather", '{"city": "Ro'),), "Well. "),
    Example("Llama, JSON", '<|python_tag|>{"name": "weather", "parameters": {"city": "Rome", "days": 2}}; {"name": "now", "parameters": {}}', (ROME, ("now", {}))),
    Example("Llama, JSON", f'{{"name": "weather", "parameters": {ODD_JSON}}}', (ODD,)),
    Example("Llama, JSON", '\n {"type": "function", "name": "add", "parameters": {"a": 1, "b": 2}}', (("add", {"a": 1, "b": 2}),), "\n "),
    Example("Llama, JSON", '{"name": "now", "parameters": {}}; {"name": "now", "parameters": {}}', (("now", {}), ("now", {}))),
    Example("Llama, JSON", '[{"name": "now", "arguments": {}}]', (("now", {}),)),
    Example("pythonic", '[weather(city="Rome", days=2), now()]', (ROME, ("now", {}))),
    Example("pythonic", "[weather(city='a ] and ( b', tags=[true, None, {'x': 1}])]", (("weather", {"city": "a ] and ( b", "tags": [True, None, {"x": 1}]}),)),
    Example("pythonic", "So:\n[add(a=1, b=-2.5)]\n", (("add", {"a": 1, "b": -2.5}),), "So:\n\n"),
    Example("DeepSeek V3", '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city": "Rome", "days": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>', (ROME,)),
    Example("DeepSeek V3", f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{ODD_JSON}\n```<｜tool▁call▁end｜>", (ODD,)),
    Example("DeepSeek V3", '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city": "Rome", "days": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>', (("now", {}), ROME)),
    Example("DeepSeek V3.1", '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{"city": "Rome", "days": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>', (ROME,)),
    Example("DeepSeek V3.1", f"I look.<｜tool▁call▁begin｜>weather<｜tool▁sep｜>{ODD_JSON}<｜tool▁call▁end｜>So.", (ODD,), "I look.So."),
    Example("DeepSeek V3.1", "<｜tool▁call▁begin｜>now<｜tool▁sep｜>{}", (("now", {}),)),
    Example("DeepSeek V3.2", '<｜DSML｜function_calls>\n<｜DSML｜invoke name="weather">\n<｜DSML｜parameter name="city" string="true">Rome</｜DSML｜parameter>\n<｜DSML｜parameter name="days" string="false">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>', (ROME,)),
    Example("DeepSeek V3.2", '<｜DSML｜invoke name="add"><｜DSML｜parameter name="a" string="false">1</｜DSML｜parameter><｜DSML｜parameter name="b" string="false">2</｜DSML｜parameter></｜DSML｜invoke>', (("add", {"a": 1, "b": 2}),)),
    Example("DeepSeek V3.2", '<｜DSML｜invoke name="now"></｜DSML｜invoke> So.', (("now", {}),), " So."),
    Example("Kimi K2", '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city": "Rome", "days": 2}<|tool_call_end|><|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>', (ROME, ("now", {}))),
    Example("Kimi K2", f"<|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{ODD_JSON}<|tool_call_end|>", (ODD,)),
    Example("Kimi K2", "I look.<|tool_call_begin|>now:3<|tool_call_argument_begin|>{}", (("now", {}),), "I look."),
    Example("Anthropic", '<function_calls>\n<invoke name="weather">\n<parameter name="city">Rome</parameter>\n<parameter name="days">2</parameter>\n</invoke>\n</function_calls>', (ROME,)),
    Example("Anthropic", 'I look. <invoke name="now">\n</invoke> So.', (("now", {}),), "I look.  So."),
    Example("Anthropic", '<function_calls><invoke name="weather"><parameter name="city">a < b & "c"</parameter></invoke><invoke name="now"></invoke></function_calls>', (("weather", {"city": 'a < b & "c"'}), ("now", {}))),
    Example("Anthropic", '<invoke name="weather"><parameter name="city">Rome', (("weather", {"city": "Rome"}),)),
    Example("Anthropic, older", "<function_calls>\n<invoke>\n<tool_name>weather</tool_name>\n<parameters>\n<city>Rome</city>\n<days>2</days>\n</parameters>\n</invoke>\n</function_calls>", (ROME,)),
    Example("Anthropic, older", "<invoke><tool_name>now</tool_name></invoke>", (("now", {}),)),
    Example("Anthropic, older", "Well.\n<invoke><tool_name>calculator</tool_name><parameters><expression>2+2</expression></parameters></invoke>", (SUM,), "Well.\n"),
    Example("ReAct", 'Thought: I look.\nAction: weather\nAction Input: {"city": "Rome", "days": 2}\nObservation:', (ROME,), "Thought: I look.\n\nObservation:"),
    Example("ReAct", f"Action: weather\nAction Input: {ODD_JSON}", (ODD,)),
    Example("ReAct", "Action: calculator\nAction Input: 2+2\n", (("calculator", "2+2"),), "\n"),
    Example("ReAct", "Action: now\nAction Input: {}\n", (("now", {}),), "\n"),
]  # fmt: skip

PROSE = [
    "Final Answer: 12.\nAction: weather\nAction Input: {}",
    "Action: unknown\nAction Input: {}",
    "Using the tool 'unknown' with parameters: {}",
    'We say weather(city="Rome") in code.',
    '    weather(city="Rome")',
    "weather(city=rome)",
    "weather(town='Rome')",
    "weather(days=2)",
    "add(1, 2)",
    "add(**numbers)",
    "weather",
    "weather (city='Rome')",
    "now().date()",
    "now() + 1",
    "now() is odd",
    "[now() for now in x]",
    "[TOOL_CALLS]weather",
    '[{"name": "now", "arguments": {}}, 1]',
    '```python\nweather(city="Rome")\n[now()]\n```',
    '```json\n{"tool": "unknown", "parameters": {}}\n```',
    '```json\n{"city": "Rome"}\n```',
    "```json\n{broken\n```",
    "```json\n[]\n```",
    '{"name": "weather"}',
    '{"name": "weather", "population": 3, "arguments": {}}',
    '{"name": "Ada", "arguments": {}}',
    '{"city": "Rome"}',
    '{"name": broken}',
    "{\n",
    "[now(), 1]",
    "[now(), weather(x=1)]",
    "[now(]",
    "[]",
    "[unknown()]",
    "[link](https://example.org)",
    "<tool_call> is how Qwen writes calls.",
    '<tool_call>{"arguments": {}}</tool_call>',
    "<tool_call>[1]</tool_call>",
    "<function=",
    "[TOOL_CALLS] is Mistral's mark.",
    "[TOOL_CALLS] []",
    "[TOOL_CALLS]weather, it says",
    "[TOOL_CALLS] [1]",
    "[TOOL_CALLS]",
    "<|python_tag|>print(1)",
    "<｜tool▁calls▁begin｜> is DeepSeek's mark.",
    "<｜tool▁call▁begin｜>weather",
    "<invoke>and so on",
    '<invoke name="now"><parameter>x</parameter></invoke>',
    "<function_calls> and nothing",
    "<U",
    "Us",
    "a < b [1] U",
]
"""Texts without a call."""
