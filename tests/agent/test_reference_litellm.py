"""The page on LiteLLM names tests that are there, and leaves out none of what LiteLLM hides or breaks."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs/reference/litellm.md").read_text(encoding="utf-8")
SOURCE = (HERE / "providers/test_litellm.py").read_text(encoding="utf-8")
NAMED = {*re.findall(r"`((?:test_|TestOver)\w+)`", PAGE)}
HIDDEN = "\n# What LiteLLM hides or breaks, and what is done about it.\n"


def defined(source: str) -> set[str]:
    return {*re.findall(r"^(?:async def|def|class) (test_\w+|Test\w+)", source, re.MULTILINE)}


def test_named_tests():
    """Each test that the page names is in the file."""
    assert set() == NAMED - defined(SOURCE)


def test_every_claim_is_named():
    """Each test of what LiteLLM hides or breaks is on the page, and so are its contracts."""
    _, found, claims = SOURCE.partition(HIDDEN)
    contracts = {name for name in defined(SOURCE) if name.startswith("Test")}

    assert found
    assert set() == (defined(claims) | contracts) - NAMED


def test_every_row_names_one():
    """No row of the table is without a test."""
    table = PAGE.partition("| LiteLLM | Lumos | test |\n|---|---|---|\n")[2].partition("\n\n")[0]

    assert [] == [row for row in table.splitlines() if not NAMED & {*re.findall(r"`(\w+)`", row)}]
