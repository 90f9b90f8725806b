"""The embedded default: no key, no network, no model; it matches words, and it says so."""

import math
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any

from lumos_agent.messages import AssistantMessage, ToolCall, ToolResult, UserMessage
from lumos_agent.providers.base import AlwaysReady, Part, Reply, Request, pieces
from lumos_tools import InvalidArgumentsError, Tool

REAL = 'for a real model set model = "openai/gpt-5", or yours, in lumos.toml, and OPENAI_API_KEY'
STOP = """about and any are can did does for from give had has have how into its many much not our show
    tell than that the their them then there this use was were what when where which who will with you
    your array default description enum format items number object properties string type""".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
DAY = r"(\d\d?)(?:st|nd|rd|th)?\b"
DATE = rf"(?:\b{DAY} (?:of )?)?\b({MONTHS.replace(' ', '|')})[a-y]*\b(?: {DAY})?(?:,? (\d{{4}})\b)?"
NUMBER = r"(?<![\w.-])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w|\.\d)"
OPERAND = r"(?:[a-z]+\(|[(-])*\d[\d.]*%?\)*"
LINK = r"about|against|as|at|by|for|from|in|into|is|named|of|on|to|with"
TEXTS = (  # what is quoted; a name; what follows a preposition
    r"\"([^\"]+)\"|“([^”]+)”|`([^`]+)`|(?<!\w)'([^']+)'(?!\w)",
    r"(?<!^)(?<![.?!:] )\b([A-ZÀ-Þ][\w'’-]*(?: (?:(?:of|de|la) )?[A-ZÀ-Þ][\w'’-]*)*)",
    rf"\b(?:{LINK}) (?:the |a |an )?([^?.!,;:]+?)(?= (?:and|{LINK})\b|[?.!,;:]|$)",
)
SHAPES = {  # words of a parameter's name or format: how its values look
    "date day time": r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*\w)?|\b\d\d:\d\d\b",
    "email mail url uri link": r"https?://\S*[\w/]|[\w.+-]+@[\w.-]+\w",
    "expression formula": rf"{OPERAND}(?:\s*(?:\*\*|//|[-+*/%^×÷]|of)\s*{OPERAND})+|[a-z]+\([\d., ]+\)",
    "path file folder pattern": r"(?:[\w.*~-]*/)+[\w.*-]*|\b[\w-]+\.[A-Za-z]\w{0,4}\b|\*\.\w+",
}


class OfflineProvider(AlwaysReady):
    """A `Provider` that stands in for a model; `docs/explanation/offline.md` tells how."""

    name, model = "lumos", "offline"

    async def generate(self, request: Request) -> Reply:
        """Call the tool that fits best, or answer from what it gave."""
        start = max(i for i, one in enumerate(request.messages) if isinstance(one, UserMessage))
        results = [one for one in request.messages[start:] if isinstance(one, ToolResult)]
        if not results:
            return Reply(message=_choose(request, start))
        lines = [*(one.text for one in results), f"(offline stand-in, from {results[-1].name})"]
        return Reply(message=AssistantMessage("\n".join(lines)))

    async def stream(self, request: Request) -> AsyncGenerator[Part | Reply]:
        """The same, a word at a time."""
        for part in pieces(await self.generate(request)):
            yield part


def _plain_date(written: re.Match[str]) -> str:
    number = MONTHS.index(written[2]) // 4 + 1
    day = written[4] and (written[1] or written[3])
    return f"{written[4]}-{number:02}-{day:0>2}" if day else f"{written[0]} month {number}"


def _choose(request: Request, start: int) -> AssistantMessage:
    """The call of the best tool whose arguments the user's message has, or why there is none."""
    prompt = re.sub(DATE, _plain_date, request.messages[start].text)
    choice = request.tool_choice
    tools = [one for one in request.tools.values() if choice in ("auto", "required", one.name)]
    scores = {tool: _score(tool, prompt, tools) for tool in tools}
    likely = [tool for tool in tools if scores[tool] > max(scores.values()) / 2]
    for tool in sorted(likely, key=lambda tool: -scores[tool]):
        if (arguments := _arguments(tool, prompt)) is not None:
            return AssistantMessage("", (ToolCall(f"call_{start}", tool.name, arguments),))
    why = f"{likely[0].name} needs what the question lacks" if likely else "none fits the question"
    return AssistantMessage(f"I am Lumos' offline stand-in and only call tools; {why}; {REAL}.")


def _score(tool: Tool, prompt: str, tools: list[Tool]) -> float:
    """How well *tool* fits: the words it shares with *prompt*, the rarer among *tools* the better."""
    texts = [_stems(f"{one.name} {one.description} {one.arguments.text}") for one in tools]
    shared, named = _stems(prompt) & texts[tools.index(tool)], _stems(tool.name)
    rare = {word: math.log(1 + len(tools) / sum(word in one for one in texts)) for word in shared}
    fields = tool.parameters["properties"].items()
    shaped = any(re.search(look, prompt) for field in fields for look in _looks(*field))
    return sum(rare[word] * (3 if word in named else 1) for word in shared) + 2 * shaped


def _arguments(tool: Tool, prompt: str) -> dict[str, Any] | None:
    """Arguments that *tool* accepts, with what is optional or without it; None if there are none."""
    schema, required = tool.parameters, tool.parameters.get("required", [])
    for wanted in (sorted(schema["properties"], key=lambda name: name not in required), required):
        arguments: dict[str, Any] = {}
        rest = prompt
        for name in wanted:
            asked = name in required or _stems(name) <= _stems(rest)
            for value, text in _values(name, schema["properties"][name], schema, rest, asked):
                arguments[name], rest = value, rest.replace(text, " ", 1)
                break
        with suppress(InvalidArgumentsError):
            tool.check(arguments)
            return arguments
    return None


def _values(name: str, spec: Any, schema: Any, prompt: str, asked: bool) -> Iterator[Any]:
    """What in *prompt* may be the value of parameter *name*, likeliest first; guesses if *asked*."""
    spec = schema["$defs"][spec["$ref"].rpartition("/")[2]] if "$ref" in spec else spec
    for one in spec.get("anyOf", ()):
        yield from _values(name, one, schema, prompt, asked)
    for one in spec.get("enum", [True] if spec.get("type") == "boolean" else ()):
        said = name if one is True else str(one)
        exact = re.search(rf"\b{re.escape(said)}\b", prompt)
        if exact or any(re.search(rf"\b{stem}", prompt.lower()) for stem in _stems(said)):
            yield one, ""
    if spec.get("type") == "array":
        yield (
            [value for value, _ in _values(name, spec.get("items", {}), schema, prompt, asked)],
            "",
        )
    if spec.get("type") in ("integer", "number"):
        for found in sorted(re.finditer(NUMBER, prompt), key=lambda found: _far(found, name)):
            value = float(found[0].replace(",", ""))
            near = asked or not _far(found, name)
            if near and spec.get("minimum", value) <= value <= spec.get("maximum", value):
                yield int(value) if value.is_integer() else value, found[0]
    if spec.get("type") == "string" and "enum" not in spec:
        for look in (*_looks(name, spec), *TEXTS[: 3 if asked else 2]):
            for found in re.finditer(look, prompt):
                yield next(filter(None, (*found.groups(), found[0]))), found[0]


def _far(number: re.Match[str], name: str) -> bool:
    """Whether *number* does not stand beside the parameter's *name*, and is no year for it."""
    before, after = number.string[: number.start()].split(), number.string[number.end() :].split()
    beside = _stems(name) <= _stems(" ".join(before[-2:] + after[:1]))
    return not beside and not ("year" in name and len(number[0]) == 4)


def _looks(name: str, spec: dict[str, Any]) -> list[str]:
    """How a value looks that fits the pattern, the format or the name of a parameter."""
    about = _stems(f"{name} {spec.get('format', '')}")
    own = [rf"(?<!\S)(?:{spec['pattern'].strip('^$')})(?![^\s?.!,;:])"] if "pattern" in spec else []
    return own + [look for words, look in SHAPES.items() if about & _stems(words)]


def _stems(text: str) -> set[str]:
    """The words of *text* that mean something, without their endings."""
    words = re.findall(r"[^\W\d_]{3,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    return {re.sub(r"(?<=...)(?:ing|ed|ies|es|s|ly|y|e)$", "", one) for one in words} - {*STOP}
