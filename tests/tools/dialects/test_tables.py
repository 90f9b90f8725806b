"""The tables of the dialects, and the page that is made from them."""

from typing import get_args

from lumos_tools.dialects import DIALECTS, DialectName
from tests.tools.dialects.page import PAGE, page


def test_page():
    """The reference is made from the tables; `python -m tests.tools.dialects.page` makes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_names():
    """A configuration takes every dialect by name, and no other."""
    assert [*DIALECTS] == [*get_args(DialectName)]


def test_hints():
    """A tool that cannot be strict has a dialect of hints to be in."""
    assert not [one.name for one in DIALECTS.values() if DIALECTS[one.hints].strict]
