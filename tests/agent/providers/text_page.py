"""Writes `docs/reference/text_calls.md`: `python -m tests.agent.providers.text_page`."""

from itertools import groupby
from pathlib import Path

from lumos_agent.messages import encode
from tests.agent.providers.text_examples import EXAMPLES

PAGE = Path(__file__).parents[3] / "docs/reference/text_calls.md"
HEAD = """# Calls in texts

How models write calls into their text, and what is read out of it.
[The guide](../guides/text_calls.md) says when that is done.
This page is made from the examples that the tests read, whole and at every cut.

The unmarked ones, a block of JSON, a call as in code, a bare object, a list of Python calls, ReAct and the
sentence, count only for tools that are known, and not inside a block of code.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, group in groupby(EXAMPLES, key=lambda one: one.format):
        example = next(iter(group))
        calls = ", ".join(
            f"`{tool}` with `{encode(given).decode()}`" for tool, given in example.calls
        )
        parts.append(f"## {name}\n\n````text\n{example.text}\n````\n\nIs {calls}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
