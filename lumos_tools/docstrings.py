"""Summary and parameter texts out of a docstring."""

from typing import NamedTuple

import docstring_parser


class Docstring(NamedTuple):
    """What a docstring says of a function: the text before its sections, and a text a parameter."""

    description: str
    parameters: dict[str, str]


def read_docstring(text: str | None) -> Docstring:
    """Read *text* in Google, NumPy, Sphinx or Epytext style, whichever fits it best."""
    parsed = docstring_parser.parse(text or "")
    parts = (parsed.short_description, parsed.long_description)
    return Docstring(
        "\n\n".join(part.strip() for part in parts if part),
        {
            parameter.arg_name: " ".join((parameter.description or "").split())
            for parameter in parsed.params
        },
    )
