"""How models write calls into their text, a function each. Pure.

Facts: the prompts and parsers of Lumosai, Hermes and Qwen, Mistral, Llama, DeepSeek, Kimi, Anthropic's
legacy prompts, and ReAct; `docs/reference/text_calls.md` has an example of each.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from lumos_agent.providers.chat_replies import arguments_of

Schemas = Mapping[str, Mapping[str, Any]]
"""The JSON Schema of the arguments of each known tool, by name."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|"|[{}\[\]]', re.DOTALL)
CODE = re.compile(TOKEN.pattern + r"|'(?:[^'\\]|\\.)*'|'", re.DOTALL)
"""What counts for where a value of JSON, or of Python, ends; a quote alone is a text that does not."""
NAME = re.compile(r"[\w.:-]+")
SPACE = re.compile(r"\s*")


class Written(NamedTuple):
    """A call as it stands in a text."""

    name: str
    arguments: dict[str, Any] | str


class MoreError(Exception):
    """What is there may be the beginning of a call; more text decides it."""


class NoCallError(Exception):
    """It is no call."""


class Cursor:
    """A place in a text, of which more may come unless it is *final*."""

    def __init__(self, text: str, place: int, schemas: Schemas, *, final: bool) -> None:
        self.text = text
        self.place = place
        self.schemas = schemas
        self.final = final

    def wants(self, literal: str) -> bool:
        """Step over *literal* if it stands here. Raises `MoreError` if its beginning does, at the end."""
        if self.text.startswith(literal, self.place):
            self.place += len(literal)
            return True
        rest = self.text[self.place : self.place + len(literal)]
        if literal.startswith(rest) and not self.final:
            raise MoreError
        return False

    def needs(self, literal: str) -> None:
        """Step over *literal*, which must stand here for there to be a call."""
        if not self.wants(literal):
            raise NoCallError

    def space(self) -> None:
        """Step over blanks and ends of lines."""
        self.place = cast("re.Match[str]", SPACE.match(self.text, self.place)).end()
        self.at_end()

    def at_end(self) -> bool:
        """Whether the text ends here. Raises `MoreError` if more may come."""
        ended = self.place >= len(self.text)
        if ended and not self.final:
            raise MoreError
        return ended

    def name(self) -> str:
        """The name that stands here."""
        found = NAME.match(self.text, self.place)
        if found is None or found.end() == len(self.text):
            self._stop(found is None and self.place < len(self.text))
            if found is None:
                raise NoCallError
        self.place = found.end()
        return found[0]

    def until(self, *ends: str, optional: bool = False) -> str:
        """The text up to the first of *ends*, which is stepped over; up to the end if *optional*."""
        places = [(at, end) for end in ends if (at := self.text.find(end, self.place)) >= 0]
        if not places:
            self._stop(False)
            if not optional:
                raise NoCallError
            found, self.place = self.text[self.place :], len(self.text)
            return found
        at, end = min(places)
        found, self.place = self.text[self.place : at], at + len(end)
        return found

    def line(self) -> str:
        """What is left of the line, whose end is not stepped over."""
        end = self.text.find("\n", self.place)
        if end < 0:
            self._stop(False)
            end = len(self.text)
        found, self.place = self.text[self.place : end], end
        return found

    def _stop(self, wrong: bool) -> None:
        if not wrong and not self.final:
            raise MoreError

    def value(self, tokens: "re.Pattern[str]" = TOKEN) -> str:
        """The JSON object or list that stands here, as text; all that is left if it never ends."""
        if not self.text.startswith(("{", "["), self.place):
            self.at_end()
            raise NoCallError
        depth = 0
        for token in tokens.finditer(self.text, self.place):
            if token[0] in ('"', "'"):
                break
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if depth == 0:
                found, self.place = self.text[self.place : token.end()], token.end()
                return found
        self._stop(False)
        found, self.place = self.text[self.place :], len(self.text)
        return found


def written(text: str) -> Written:
    """The call that the JSON *text* is; what is broken of it is the call's arguments."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return _broken(text)
    call = _call_of(value)
    if call is None:
        raise NoCallError
    return call


def _call_of(value: Any) -> Written | None:
    """The call that a JSON *value* is, if it is one."""
    if not isinstance(value, dict):
        return None
    given = cast("dict[str, Any]", value)
    inner = given.get("function")
    if isinstance(inner, dict):
        return _call_of(inner)
    name = given.get("name") or given.get("tool") or inner
    if not isinstance(name, str):
        return None
    for key in ("arguments", "parameters", "args", "input"):
        if key in given:
            return Written(name, _arguments(given[key]))
    return Written(name, {})


def _arguments(given: Any) -> dict[str, Any] | str:
    if isinstance(given, dict):
        return cast("dict[str, Any]", given)
    if given is None:
        return {}
    return arguments_of(given) if isinstance(given, str) else json.dumps(given)


BROKEN = re.compile(r'"(?:name|tool)"\s*:\s*"([^"\\]+)"')
INNER = re.compile(r'"(?:arguments|parameters)"\s*:\s*(.*)', re.DOTALL)


def _broken(text: str) -> Written:
    """A call whose JSON is broken: its arguments are the text, so that the model reads what is wrong."""
    name, inner = BROKEN.search(text), INNER.search(text)
    if name is None:
        raise NoCallError
    return Written(name[1], arguments_of(inner[1]) if inner else text)


def typed(name: str, key: str, text: str, schemas: Schemas) -> Any:
    """The value that *text* is for the parameter *key*: text where the schema takes text, else JSON."""
    schema = schemas.get(name, {}).get("properties", {}).get(key, {})
    if _takes_text(schema):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _takes_text(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", ())
    if "string" in ([kinds] if isinstance(kinds, str) else kinds):
        return True
    options: list[Mapping[str, Any]] = schema.get("anyOf", [])
    values: list[Any] = schema.get("enum", [])
    return any(map(_takes_text, options)) or any(isinstance(one, str) for one in values)


# Marked: what begins so is a call, of an unknown tool too.


def hermes(at: Cursor) -> list[Written]:
    """Hermes and Qwen: `<tool_call>{...}</tool_call>`; Qwen3-Coder has XML inside."""
    at.needs("<tool_call>")
    at.space()
    found = [_coder(at)] if at.wants("<function=") else [written(at.value())]
    _closing(at, "</tool_call>")
    return found


def coder(at: Cursor) -> list[Written]:
    """Qwen3-Coder without its frame, and Llama's `<function=f>{...}</function>`."""
    at.needs("<function=")
    return [_coder(at)]


def _coder(at: Cursor) -> Written:
    name = at.until(">").strip().strip("\"'")
    at.space()
    if at.text.startswith("{", at.place):
        text = at.value()
        _closing(at, "</function>")
        return Written(name, arguments_of(text))
    arguments: dict[str, Any] = {}
    while at.wants("<parameter="):
        key = at.until(">").strip().strip("\"'")
        text = _trimmed(at.until("</parameter>", optional=True))
        arguments[key] = typed(name, key, text, at.schemas)
        if at.final and at.place >= len(at.text):
            break
        at.space()
    _closing(at, "</function>")
    return Written(name, arguments)


def _trimmed(text: str) -> str:
    """*text* without the end of line that stands on either side."""
    return text.removeprefix("\n").removesuffix("\n")


def _closing(at: Cursor, literal: str) -> None:
    """Step over *literal*, before which blanks may stand, and which may be missing."""
    place = at.place
    at.space()
    if not at.wants(literal):
        at.place = place


def mistral(at: Cursor) -> list[Written]:
    """Mistral: `[TOOL_CALLS] [{...}]`, and since version 11 `[TOOL_CALLS]f[ARGS]{...}`."""
    at.needs("[TOOL_CALLS]")
    at.space()
    if at.text.startswith(("[", "{"), at.place):
        return _several(at.value())
    found: list[Written] = []
    while True:
        name = at.name()
        if at.wants("[CALL_ID]"):
            at.name()
        at.needs("[ARGS]")
        at.space()
        found.append(Written(name, arguments_of(at.value())))
        place = at.place
        at.space()
        if not at.wants("[TOOL_CALLS]"):
            at.place = place
            return found


def _several(text: str) -> list[Written]:
    """The calls of a JSON list, or the one that is no list."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return [_broken(text)]
    values = _listed(value)
    found = [_call_of(one) for one in values]
    if not found or None in found:
        raise NoCallError
    return [one for one in found if one]


def _listed(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else (value,)


def python_tag(at: Cursor) -> list[Written]:
    """Llama: `<|python_tag|>{...}; {...}`."""
    at.needs("<|python_tag|>")
    at.space()
    return _in_a_row(at)


def _in_a_row(at: Cursor) -> list[Written]:
    """JSON objects with semicolons between them."""
    found = [written(at.value())]
    while True:
        place = at.place
        at.space()
        if not at.wants(";"):
            at.place = place
            return found
        at.space()
        found.append(written(at.value()))


def deepseek(at: Cursor) -> list[Written]:
    """DeepSeek V3 and V3.1, whose marks have wide bars in them."""
    return _section(
        at, "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", _deepseek
    )


def _deepseek(at: Cursor) -> Written:
    first = at.until("<｜tool▁sep｜>").strip()
    at.space()
    if at.text.startswith("{", at.place):
        name, text = first, at.value()
    else:
        name = at.until("```json", "\n").strip()
        at.space()
        at.wants("```json")
        at.space()
        text = at.value()
        _closing(at, "```")
    _closing(at, "<｜tool▁call▁end｜>")
    return Written(name, arguments_of(text))


def kimi(at: Cursor) -> list[Written]:
    """Kimi K2: `<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{...}<|tool_call_end|>`."""
    return _section(
        at,
        "<|tool_calls_section_begin|>",
        "<|tool_calls_section_end|>",
        "<|tool_call_begin|>",
        _kimi,
    )


def _kimi(at: Cursor) -> Written:
    full = at.until("<|tool_call_argument_begin|>").strip()
    at.space()
    text = at.value()
    _closing(at, "<|tool_call_end|>")
    return Written(full.removeprefix("functions.").partition(":")[0], arguments_of(text))


def _section(
    at: Cursor, begin: str, end: str, each: str, read: Callable[[Cursor], Written]
) -> list[Written]:
    """Calls that each begin with *each*, perhaps inside a frame."""
    framed = at.wants(begin)
    if framed:
        at.space()
    found: list[Written] = []
    while at.wants(each):
        found.append(read(at))
        if at.final and at.place >= len(at.text):
            return found
        place = at.place
        at.space()
        if not at.text.startswith((each, end), at.place):
            _wait_for(at, each, end)
            at.place = place
            break
    if not found:
        raise NoCallError
    if framed:
        _closing(at, end)
    return found


def _wait_for(at: Cursor, *literals: str) -> None:
    """Raise `MoreError` where one of *literals* may be about to stand here."""
    rest = at.text[at.place :]
    if not at.final and any(one.startswith(rest) for one in literals):
        raise MoreError


def invoke(at: Cursor) -> list[Written]:
    """Anthropic's XML, its older form too, and DeepSeek V3.2's, which is the same in another dress."""
    dress = "｜DSML｜" if at.text.startswith("<｜DSML｜", at.place) else ""
    frame = f"<{dress}function_calls>"
    each = f"<{dress}invoke"

    def read(at: Cursor) -> Written:
        return _invoke(at, dress)

    return _section(at, frame, f"</{dress}function_calls>", each, read)


NAMED = re.compile(r'name="([^"]*)"')


def _invoke(at: Cursor, dress: str) -> Written:
    head = at.until(">")
    named = NAMED.search(head)
    if named is None:
        return _old_invoke(at)
    name, arguments = named[1], dict[str, Any]()
    at.space()
    while at.wants(f"<{dress}parameter"):
        head = at.until(">")
        key = NAMED.search(head)
        text = _trimmed(at.until(f"</{dress}parameter>", optional=True))
        if key is None:
            raise NoCallError
        plain = 'string="true"' in head
        arguments[key[1]] = text if plain else typed(name, key[1], text, at.schemas)
        if at.final and at.place >= len(at.text):
            break
        at.space()
    _closing(at, f"</{dress}invoke>")
    return Written(name, arguments)


OLD = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)


def _old_invoke(at: Cursor) -> Written:
    body = at.until("</invoke>", optional=True)
    name = re.search(r"<tool_name>\s*(.*?)\s*</tool_name>", body, re.DOTALL)
    given = re.search(r"<parameters>(.*)", body, re.DOTALL)
    if name is None:
        raise NoCallError
    pairs = OLD.findall(given[1].removesuffix("</parameters>")) if given else ()
    read = {key: typed(name[1], key, _trimmed(text), at.schemas) for key, text in pairs}
    return Written(name[1], read)


# Not marked: they count only where the tool is known, for prose and code look like them.


def legacy(at: Cursor) -> list[Written]:
    """Lumosai: `Using the tool 'f' with parameters: {...}`."""
    at.needs("Using the tool '")
    name = at.until("'")
    at.needs(" with parameters:")
    _known(at, name)
    at.space()
    return [Written(name, arguments_of(at.value()))]


def fence(at: Cursor) -> list[Written]:
    """Lumosai, and many models: a block of JSON that is a call."""
    at.needs("```")
    at.wants("json")
    at.space()
    if not at.text.startswith(("{", "["), at.place):
        raise NoCallError
    found = _several_known(at, at.value())
    at.space()
    at.needs("```")
    return [_valued(one) for one in found]


def _valued(call: Written) -> Written:
    """Lumosai's rule: parameters that are a plain text are the parameter `value`."""
    plain = isinstance(call.arguments, str) and not call.arguments.lstrip().startswith(("{", "["))
    return Written(call.name, {"value": call.arguments}) if plain else call


def bare(at: Cursor) -> list[Written]:
    """Llama: a JSON object that is a call, with nothing before it on its line."""
    found: list[Written] = []
    while True:
        _may_be_call(at)
        found += _several_known(at, at.value())
        place = at.place
        at.space()
        if not at.wants(";"):
            at.place = place
            return found
        at.space()


def _may_be_call(at: Cursor) -> None:
    """Raise `NoCallError` where the object that begins here has another key first, as code has."""
    ahead = Cursor(at.text, at.place, at.schemas, final=at.final)
    ahead.needs("{")
    ahead.space()
    ahead.needs('"')
    if ahead.until('"') not in KEYS:
        raise NoCallError


def _several_known(at: Cursor, text: str) -> list[Written]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        raise NoCallError from None
    values = _listed(value)
    found: list[Written] = []
    for one in values:
        call = _call_of(one)
        if call is None or not {*one} <= KEYS or not {*one} & INNER_KEYS:
            raise NoCallError
        _known(at, call.name)
        found.append(call)
    if not found:
        raise NoCallError
    return found


KEYS = {"name", "tool", "arguments", "parameters", "type", "id"}
INNER_KEYS = {"arguments", "parameters"}


def pythonic(at: Cursor) -> list[Written]:
    """Llama 4 and LFM2: a list of Python calls, on lines of its own."""
    ahead = Cursor(at.text, at.place + 1, at.schemas, final=at.final)
    ahead.space()
    if ahead.text.startswith("{", ahead.place):
        _may_be_call(ahead)
        return _several_known(at, at.value())
    _known(at, ahead.name())
    ahead.needs("(")
    return [_python_call(at, one) for one in _python_list(at.value(CODE))]


def _python_list(text: str) -> list[ast.expr]:
    tree = _parsed(text)
    if not isinstance(tree, ast.List) or not tree.elts:
        raise NoCallError
    return tree.elts


def call_style(at: Cursor) -> list[Written]:
    """Lumosai: `f(city="Oslo", days=2)` on a line of its own."""
    text = at.line()
    return [_python_call(at, _parsed(text.strip()))]


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise NoCallError from None


def _python_call(at: Cursor, tree: ast.expr) -> Written:
    """The call that *tree* is: of a known tool, with its parameters by name, and plain values."""
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.args:
        raise NoCallError
    name = tree.func.id
    _known(at, name)
    schema = at.schemas[name]
    arguments: dict[str, Any] = {}
    for one in tree.keywords:
        if one.arg is None:
            raise NoCallError
        arguments[one.arg] = _literal(one.value)
    if not {*schema.get("required", ())} <= {*arguments} <= {*schema.get("properties", {})}:
        raise NoCallError
    return Written(name, arguments)


class _Words(ast.NodeTransformer):
    """JSON's words, which models write in Python, too."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(WORDS[node.id]) if node.id in WORDS else node


def _literal(value: ast.expr) -> Any:
    try:
        return json.loads(json.dumps(ast.literal_eval(_Words().visit(value))))
    except (ValueError, TypeError, SyntaxError, RecursionError):
        raise NoCallError from None


WORDS = {"true": True, "false": False, "null": None}


def react(at: Cursor) -> list[Written]:
    """ReAct: a line `Action: f`, and one `Action Input: {...}`."""
    at.needs("Action:")
    name = at.until("\n").strip().strip("`")
    _known(at, name)
    at.space()
    at.needs("Action Input:")
    at.space()
    if at.text.startswith("{", at.place):
        return [Written(name, arguments_of(at.value()))]
    return [Written(name, arguments_of(at.line().strip()))]


def _known(at: Cursor, name: str) -> None:
    if name not in at.schemas:
        raise NoCallError


MARKED: tuple[tuple[str, Callable[[Cursor], list[Written]]], ...] = (
    ("<tool_call>", hermes),
    ("<function=", coder),
    ("[TOOL_CALLS]", mistral),
    ("<|python_tag|>", python_tag),
    ("<｜tool▁calls▁begin｜>", deepseek),
    ("<｜tool▁call▁begin｜>", deepseek),
    ("<|tool_calls_section_begin|>", kimi),
    ("<|tool_call_begin|>", kimi),
    ("<function_calls>", invoke),
    ("<｜DSML｜function_calls>", invoke),
    ("<invoke", invoke),
    ("<｜DSML｜invoke", invoke),
    ("Using the tool '", legacy),
)
"""By what they begin with, anywhere in a text."""
ON_A_LINE: tuple[tuple[str, Callable[[Cursor], list[Written]]], ...] = (
    ("{", bare),
    ("[", pythonic),
    ("Action:", react),
)
"""By what a line begins with; that of a `fence` is read apart, and `call_style` has a tool's name."""
