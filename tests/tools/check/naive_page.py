"""Makes the table of `docs/guides/prove_your_tools.md`: `python -m tests.tools.check.naive_page`.

Ten signatures of the corpus, as `TypeAdapter(function)` alone makes tools of them.
"""

import functools
import re
from pathlib import Path

from lumos_tools.check import Report, examine
from tests.tools.check.tools import Naive
from tests.tools.corpus import CASES

PAGE = Path(__file__).parents[3] / "docs" / "guides" / "prove_your_tools.md"
HEAD = """\
| signature | refused, and legal | taken, and illegal | hostile text that is taken | schema |
|---|---|---|---|---|
"""
SIGNATURES = (
    *("int", "float", "Literal[1]", "Literal[Color.RED]", "set[int]", "dict[int, str]"),
    *("TypedDict", "Decimal", "datetime", "*args"),
)


@functools.cache
def examined(text: str) -> Report:
    """What is found of the signature *text*."""
    (case,) = [one for one in CASES if one.text == text]
    return examine(Naive(case.function), dialects=())


def table() -> str:
    """The table, a row a signature."""
    return HEAD + "".join(f"| `{text}` | {_cells(examined(text))} |\n" for text in SIGNATURES)


def _cells(report: Report) -> str:
    found = {kind: [one for one in report.faults if one.kind == kind] for kind in KINDS}
    shown = {
        "refused": [_call(one.example) for one in found["refused"]],
        "taken": [_call(one.example) for one in found["taken"]],
        "hostile": [one.path for one in found["hostile"]],
        "schema": [
            "open by chance" if "others" in one.message else "of no object"
            for one in found["schema"]
        ],
    }
    return " | ".join("<br>".join(shown[kind]) or "-" for kind in KINDS)


KINDS = ("refused", "taken", "hostile", "schema")


def _call(example: str) -> str:
    return f"`{''.join(re.findall(r'check[(](.*)[)]$', example, re.MULTILINE))}`"


def page() -> str:
    """The guide, with the table as it is now."""
    written = PAGE.read_text(encoding="utf-8")
    before, _, rest = written.partition(HEAD)
    after = re.sub(r"\A(\|.*\n)*", "", rest)
    return before + table() + after


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
