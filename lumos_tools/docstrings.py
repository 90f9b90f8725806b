"""Summary and parameter texts out of a docstring."""

import contextlib
import inspect
import re
import warnings
from collections.abc import Collection, Mapping
from typing import NamedTuple

import docstring_parser
from docstring_parser import DocstringStyle, ParseError


class Docstring(NamedTuple):
    """What a docstring says of a function: the text before its sections, and a text a parameter."""

    description: str
    parameters: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    """Read *text* in Google, NumPy, Sphinx or Epytext style, whichever fits it best."""
    parsed = _parsed(inspect.cleandoc(text or ""))
    parts = (parsed.short_description, parsed.long_description)
    return Docstring(
        "\n\n".join(part.strip() for part in parts if part),
        {
            parameter.arg_name: " ".join((parameter.description or "").split())
            for parameter in parsed.params
        },
    )


STYLES = {
    DocstringStyle.REST: r"^\s*:\w",
    DocstringStyle.EPYDOC: r"^\s*@\w",
    DocstringStyle.GOOGLE: r"^\s*\w[\w ]*:\s*$",
    DocstringStyle.NUMPYDOC: r"^\s*-{3,}\s*$",
}
"""What every section of a style has; a text is parsed in those styles only whose mark is in it."""
MARKS = {style: re.compile(mark, re.MULTILINE) for style, mark in STYLES.items()}


def _parsed(text: str) -> docstring_parser.Docstring:
    """*text*, in the style that finds most in it."""
    best = docstring_parser.Docstring()
    best.short_description = text
    for style, mark in MARKS.items():
        if mark.search(text):
            with contextlib.suppress(ParseError):
                found = docstring_parser.parse(text, style)
                best = max(best, found, key=lambda one: len(one.meta))
    return best


def warn_of_unknown(texts: Mapping[str, str], known: Collection[str], owner: str) -> None:
    """Warn of the first of *texts* that describes what *owner* does not take, at the user's line."""
    unknown = next((name for name in texts if name not in known), None)
    if unknown:
        warnings.warn(
            f"{owner}: its docstring describes {unknown!r}, which it does not take",
            stacklevel=_users_level(),
        )


def _users_level() -> int:
    """How far up the first line is that is not of this package, seen from whoever asks."""
    level, frame = 0, inspect.currentframe()
    while frame and frame.f_globals.get("__package__") == __package__:
        level, frame = level + 1, frame.f_back
    return level
