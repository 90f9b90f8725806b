"""Texts out of docstrings."""

import pytest

from lumos_tools.docstrings import read_docstring

GOOGLE = """Report the weather.

Of today only.

Args:
    city: Name of the city,
        as in an atlas.
    unit: c or f.

Returns:
    A sentence.
"""
NUMPY = """Report the weather.

Of today only.

Parameters
----------
city : str
    Name of the city,
    as in an atlas.
unit
    c or f.
"""
SPHINX = """Report the weather.

Of today only.

:param city: Name of the city,
    as in an atlas.
:param unit: c or f.
:returns: A sentence.
"""


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_styles(text: str):
    """Google, NumPy and Sphinx docstrings say the same."""
    read = read_docstring(text)

    assert "Report the weather.\n\nOf today only." == read.description
    assert {"city": "Name of the city, as in an atlas.", "unit": "c or f."} == read.parameters


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_none(text: str | None):
    """Without a docstring there are no texts."""
    assert ("", {}) == read_docstring(text)


@pytest.mark.parametrize("text", [":param", ":param a b c d: e\n:raises", "Args:\n  :", "@param x"])
def test_unreadable(text: str):
    """A docstring that no style can make out does no harm."""
    assert isinstance(read_docstring(text).description, str)
