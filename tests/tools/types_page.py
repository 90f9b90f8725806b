"""Makes docs/reference/types.md out of the corpus: `python -m tests.tools.types_page`."""

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from lumos_tools import function_tool
from tests.tools.corpus import CASES, Case
from tests.tools.refused import REFUSED, SIGNATURES, Refused

CLOSED = ("additionalProperties", False)
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
| no `additionalProperties` | it is `false`: a key that nobody asked for is refused |
"""
TAIL = """
## What is refused when you decorate

A part of the sentence is shown; the whole names the function, the parameter and the way out, and is the text of a `SchemaError`.
`None` as a default is fine, and so are marks of your own.
Before Python 3.12 `typing.TypedDict` is refused, too, since it cannot say which keys are required: use that of `typing_extensions`.

| what | is refused | in the words |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    groups = [(name, list(cases)) for name, cases in groupby(CASES, lambda one: one.group)]
    tables = "".join(f"\n## {name}\n\n{_table(cases)}" for name, cases in groups)
    return HEAD + tables + TAIL + "".join(map(_refused, REFUSED))


def _table(cases: list[Case]) -> str:
    rows = "".join(map(_row, cases))
    return f"| type or signature | schema | takes | refuses |\n|---|---|---|---|\n{rows}"


def _row(case: Case) -> str:
    schema = function_tool(name="it")(case.function).parameters
    alone = [*schema["properties"]] == ["it"]
    kinds = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    shown = _open({**schema["properties"]["it"], **kinds} if alone else schema)
    takes = "<br>".join(f"{_json(given)} → {_code(repr(got))}" for given, got in case.takes)
    refuses = ", ".join(map(_json, case.refuses)) or "-"
    return f"| {_code(case.text)} | {_code(json.dumps(shown, ensure_ascii=False))} | {takes} | {refuses} |\n"


def _open(schema: Any) -> Any:
    """*schema* without saying everywhere that nothing else is taken, which holds throughout."""
    if isinstance(schema, dict):
        kept = {key: one for key, one in schema.items() if (key, one) != CLOSED}
        return {key: _open(one) for key, one in kept.items()}
    return [*map(_open, schema)] if isinstance(schema, list) else schema


def _refused(one: Refused) -> str:
    text = one.text if "`" in one.text or one.group == SIGNATURES else _code(one.text)
    return f"| {one.group} | {text} | {one.sentence.replace('|', chr(92) + '|')} |\n"


def _json(given: dict[str, Any]) -> str:
    value = given["it"] if [*given] == ["it"] else given
    return _code(json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    plain = re.sub(r"tests\.tools\.corpus\.", "", text).replace("|", "\\|").replace("\n", " ")
    return f"`{plain}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
