"""Makes docs/reference/types.md out of the corpus: `python -m tests.tools.types_page`."""

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from lumos_tools import function_tool
from tests.tools.corpus import CASES, Case

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "types.md"
HEAD = """\
# Types

What a parameter may be, which schema the model is shown, what is taken, what is refused, and what the function gets.
This page is made from the tests, `tests/tools/corpus.py`; every line of it is run.

What the schema admits the tool takes, and what it refuses never reaches the function.
Where no schema can say what is checked, `tool.notes` says so: validators of your own, and types that decide by themselves (`Json`, `PastDate`, `FutureDate` and the like).

Arguments are read as RFC 8259 has them: no NaN or infinity, no key twice, no half of a surrogate pair, at most 1 000 000 characters and 64 levels.

| in the tables | means |
|---|---|
| `it` | the parameter, where there is only one |
| → | what the function gets |
"""
TAIL = """
## What is refused when you decorate

| what | why | the way out |
|---|---|---|
| a parameter without annotation | nobody knows what it takes | annotate it, `Any` if it may be anything |
| a class that is none of the above, a callable, `complex` | it has no JSON | a dataclass, or a model |
| a dict with keys that are tuples, floats or bools | JSON keys are text, and these have more than one | text, int, Decimal, date, UUID, Enum or Literal |
| `Iterable`, `Literal[Enum.X]` inside a class of your own | pydantic does not check them there | `list`; the Enum itself |
| `bytes` in a model that reads them as text | the schema says base64 | `ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")` |
| a pattern that is not anchored, or not known everywhere | providers read it differently | `^...$`, without look-around, `\\b`, `\\W` and back-references |
| a default that the parameter would not take | the schema would promise it | correct one of them; `None` and marks of your own are fine |
| `typing.TypedDict` before Python 3.12 | it cannot say which keys are required | `typing_extensions.TypedDict` |
"""


def page() -> str:
    """The whole page."""
    groups = [(name, list(cases)) for name, cases in groupby(CASES, lambda one: one.group)]
    return HEAD + "".join(f"\n## {name}\n\n{_table(cases)}" for name, cases in groups) + TAIL


def _table(cases: list[Case]) -> str:
    rows = "".join(map(_row, cases))
    return f"| type or signature | schema | takes | refuses |\n|---|---|---|---|\n{rows}"


def _row(case: Case) -> str:
    schema = function_tool(name="it")(case.function).parameters
    shown = schema["properties"].get("it") if [*schema["properties"]] == ["it"] else schema
    shown = {
        key: value for key, value in (shown or schema).items() if key != "additionalProperties"
    }
    takes = "<br>".join(f"{_json(given)} → {_code(repr(got))}" for given, got in case.takes)
    refuses = ", ".join(map(_json, case.refuses)) or "-"
    return f"| {_code(case.text)} | {_code(json.dumps(shown, ensure_ascii=False))} | {takes} | {refuses} |\n"


def _json(given: dict[str, Any]) -> str:
    value = given["it"] if [*given] == ["it"] else given
    return _code(json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    plain = re.sub(r"tests\.tools\.corpus\.", "", text).replace("|", "\\|").replace("\n", " ")
    return f"`{plain}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
