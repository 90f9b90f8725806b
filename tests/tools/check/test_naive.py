"""The kit finds faults in other people's tools, and none in the same signatures as ours."""

import re

import pytest

from lumos_tools import function_tool
from lumos_tools.check import CLAIMS, check_tool
from tests.tools.check.naive_page import PAGE, SIGNATURES, examined, page
from tests.tools.corpus import CASES

each = pytest.mark.parametrize("text", SIGNATURES)


@each
def test_found(text: str):
    """Of each of the ten, made a tool by pydantic alone, something is found."""
    assert not examined(text).ok


@each
def test_ours(text: str):
    """Of the same ten as Lumos makes tools of them, nothing is."""
    (case,) = [one for one in CASES if one.text == text]

    check_tool(function_tool(name="it")(case.function))


def test_table():
    """The guide has the table; `python -m tests.tools.check.naive_page` makes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")
    assert len(SIGNATURES) == 10


def test_claims():
    """The guide has every claim, word for word."""
    written = PAGE.read_text(encoding="utf-8")

    told = re.findall(r"^\| `(\w+)` \| (The .*|What .*|Each .*|Text .*) \|$", written, re.MULTILINE)
    assert [(kind, claim.sentence) for kind, claim in CLAIMS.items()] == told
