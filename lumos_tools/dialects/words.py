"""What a schema cannot say to a provider, said in words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from lumos_tools.faults import EXAMPLES, LIMITS

KNOWN = {
    "examples": "for example {}",
    "uniqueItems": "items all different",
    "contains": "with an item like {}",
    "propertyNames": "keys: {}",
    "patternProperties": "keys by pattern: {}",
    "not": "not {}",
    "enum": "one of {}",
    "const": "only {}",
    "contentEncoding": "in {}",
    "contentMediaType": "of the type {}",
    "title": "{}",
    "deprecated": "deprecated",
    "default": "default: {}",
}
SILENT = frozenset({"discriminator", "readOnly", "writeOnly", "$comment", "$schema", "$id"})
"""They bind no value, and mean nothing to a model."""


def words(keyword: str, value: Any) -> str:
    """The words for *keyword*, without a full stop."""
    if keyword in LIMITS:
        return LIMITS[keyword].format(_shown(value))
    if keyword == "not" and "enum" in value:
        return f"none of {_shown(value['enum'])}"
    if keyword == "format":
        example = EXAMPLES.get(value)
        return f"{value}, such as {example}" if example else f"format: {value}"
    return KNOWN.get(keyword, f"{keyword}: {{}}").format(_shown(value))


def in_order(said: Mapping[str, str]) -> list[str]:
    """The words of *said*, by keyword, as one would say them: the least first, and the default last."""
    ranks = {key: rank for rank, key in enumerate([*LIMITS, *KNOWN])}
    return [said[key] for key in sorted(said, key=lambda key: ranks.get(key, -1))]


def described(text: str, more: list[str]) -> str:
    """*text*, and what is said besides, as sentences."""
    told = "; ".join(more)
    sentence = f"{told[:1].upper()}{told[1:]}." if told else ""
    if not (text and sentence):
        return text or sentence
    return (
        f"{text} {sentence}" if text.rstrip().endswith((".", "!", "?")) else f"{text}. {sentence}"
    )


def _shown(value: Any) -> str:
    """*value* as a reader likes it: text as it is, lists by commas, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        return ", ".join(json.dumps(one, ensure_ascii=False) for one in items)
    return json.dumps(value, ensure_ascii=False)
