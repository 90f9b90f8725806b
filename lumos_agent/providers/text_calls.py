"""Calls out of a model's text, for models that have no function calling. Pure.

`parse_tool_calls` reads a whole text, `TextCallReader` one that comes in pieces; both give the same.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lumos_agent.messages import AssistantMessage, ToolCall, ToolResult
from lumos_agent.providers.base import TextPart
from lumos_agent.providers.chat_replies import fresh_id
from lumos_agent.providers.text_formats import (
    MARKED,
    ON_A_LINE,
    Cursor,
    MoreError,
    NoCallError,
    Schemas,
    Written,
    call_style,
    fence,
    react,
)
from lumos_tools import Tool, ToolRegistry

Read = Callable[[Cursor], list[Written]]
PLACES = re.compile(r"\n[ \t]*|[<\[U]")
"""Where a call may begin: on a line, or with a mark."""
BLANKS = " \t"
FENCE = "```"
WORD = re.compile(r"\w+")
FINAL = "Final Answer:"
"""After it ReAct calls nothing any more."""
PATIENT = 4096
"""Characters of an unfinished call after which it is not looked at with each new piece."""


def parse_tool_calls(
    text: str, tools: ToolRegistry | Mapping[str, Mapping[str, Any]]
) -> tuple[str, tuple[ToolCall, ...]]:
    """The calls in *text*, and what is left of it without them.

    *tools* are those that the model knows: a registry, or the schemas of their arguments by name. A
    call that is marked as one may be of another tool; what only looks like a call counts for these
    alone. Arguments that are broken stay text, for the tool to say what is wrong with them.
    """
    reader = TextCallReader(tools)
    items = reader.feed(text) + reader.finish()
    said = "".join(item.text for item in items if isinstance(item, TextPart))
    return said, tuple(item for item in items if isinstance(item, ToolCall))


class TextCallReader:
    """Finds the calls in a text that comes in pieces; all else is passed on as soon as it is none."""

    def __init__(self, tools: ToolRegistry | Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = _schemas_of(tools)
        self._text = ""
        self._line = ""  # what was passed on of the line that has begun
        self._enough = 0
        self._fenced = False
        self._answered = False

    def feed(self, piece: str) -> list[TextPart | ToolCall]:
        """Take *piece* in; the text and the calls that are sure come out, in their order."""
        self._text += piece
        return [] if len(self._text) < self._enough else self._read(final=False)

    def finish(self) -> list[TextPart | ToolCall]:
        """What the end of the text makes sure. A call without its end is one, too."""
        return self._read(final=True)

    def _read(self, *, final: bool) -> list[TextPart | ToolCall]:
        found: list[TextPart | ToolCall] = []
        self._enough, look = 0, self._first()
        while look < len(self._text):
            try:
                calls, end = self._calls(look, final=final)
            except MoreError:
                self._pass_on(look, found)
                self._enough = len(self._text) * 9 // 8 if len(self._text) > PATIENT else 0
                return found
            if calls:
                self._pass_on(look, found)
                found += [ToolCall(fresh_id(None, ()), *call) for call in calls]
                self._text, self._line = self._text[end - look :], ""
                look = self._first()
            else:
                look = self._next(look)
        self._pass_on(len(self._text), found)
        return found

    def _first(self) -> int:
        """The first place where a call may begin: after the blanks of a line that has begun with them."""
        blank = not self._line.strip(BLANKS)
        return len(self._text) - len(self._text.lstrip(BLANKS)) if blank else 0

    def _next(self, look: int) -> int:
        """The next place after *look*."""
        place = PLACES.search(self._text, look if self._text[look] == "\n" else look + 1)
        if place is None:
            return len(self._text)
        return place.end() if self._text[place.start()] == "\n" else place.start()

    def _pass_on(self, end: int, found: list[TextPart | ToolCall]) -> None:
        """The text up to *end* is no call."""
        if not end:
            return
        said, self._text = self._text[:end], self._text[end:]
        self._line = (self._line + said).rpartition("\n")[2]
        found.append(TextPart(said))

    def _calls(self, look: int, *, final: bool) -> tuple[list[Written], int]:
        """The calls that begin at *look*, and where they end. Raises `MoreError` if that is not sure."""
        for read in self._readers(Cursor(self._text, look, self._schemas, final=final)):
            cursor = Cursor(self._text, look, self._schemas, final=final)
            try:
                return read(cursor), cursor.place
            except NoCallError:
                self._fenced = self._fenced or read is fence
        return [], look

    def _readers(self, cursor: Cursor) -> list[Read]:
        """What may begin where *cursor* is."""
        text, look = cursor.text, cursor.place
        marked = [read for mark, read in MARKED if text[look] == mark[0] and _begins(cursor, mark)]
        start = text.rfind("\n", 0, look) + 1
        line = text[start:look] if start else self._line + text[:look]
        return marked if line.strip(BLANKS) else marked + self._on_a_line(cursor, line)

    def _on_a_line(self, cursor: Cursor, line: str) -> list[Read]:
        """What may begin on a line of which there is only the blank *line* yet."""
        if _begins(cursor, FENCE):
            opens, self._fenced = not self._fenced, False
            return [fence] if opens else []
        if self._fenced:
            return []
        self._answered = self._answered or _begins(cursor, FINAL)
        found = [read for mark, read in ON_A_LINE if _begins(cursor, mark)]
        if self._answered and react in found:
            found.remove(react)
        return found + ([call_style] if not line and self._is_named(cursor) else [])

    def _is_named(self, cursor: Cursor) -> bool:
        """Whether a known tool is called where *cursor* is, as code does."""
        word = WORD.match(cursor.text, cursor.place)
        if word is None:
            return False
        if word.end() == len(cursor.text) and not cursor.final:
            if any(name.startswith(word[0]) for name in self._schemas):
                raise MoreError
            return False
        return word[0] in self._schemas and cursor.text.startswith("(", word.end())


def _begins(cursor: Cursor, mark: str) -> bool:
    """Whether *mark* stands where *cursor* is. Raises `MoreError` if its beginning does, at the end."""
    place = cursor.place
    found = cursor.wants(mark)
    cursor.place = place
    return found


def _schemas_of(tools: ToolRegistry | Mapping[str, Mapping[str, Any]]) -> Schemas:
    return {
        name: tool.parameters if isinstance(tool, Tool) else tool for name, tool in tools.items()
    }


# The way there: what teaches a model the format, and how a transcript looks in it.

TAUGHT = """\
You can call tools. These are the tools, a JSON object each, with the JSON Schema of its arguments:

<tools>
{tools}
</tools>

To call a tool, write a block like this, and end your reply after the last one:

<tool_call>
{{"name": "NAME_OF_THE_TOOL", "arguments": {{"NAME": "VALUE"}}}}
</tool_call>

The arguments are one JSON object that fits the schema. Write a block for each call. You will get
a <tool_response> for each, in the same order. Call a tool only where you need one; else just
answer.{choice}"""
MUST = "\n\nIn this reply you must call {which}."


def instruction(tools: Iterable[Tool], *, choice: str = "auto") -> str:
    """What teaches a model to call *tools*, and that it must where *choice* says so."""
    entries = [
        {"name": one.name, "description": one.description, "parameters": one.parameters}
        for one in tools
    ]
    which = "a tool" if choice == "required" else f"the tool {choice}"
    return TAUGHT.format(
        tools="\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries),
        choice="" if choice in ("auto", "none") else MUST.format(which=which),
    )


def written(message: AssistantMessage) -> AssistantMessage:
    """*message* with its calls in its text, as the model was taught to write them."""
    blocks = [
        json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
        for call in message.calls
    ]
    calls = [f"<tool_call>\n{block}\n</tool_call>" for block in blocks]
    return AssistantMessage("\n".join([*([message.text] if message.text else []), *calls]))


def answered(result: ToolResult) -> str:
    """*result* as a text of the user's."""
    failed = ' failed="true"' if result.is_error else ""
    return f'<tool_response name="{result.name}"{failed}>\n{result.text}\n</tool_response>'
