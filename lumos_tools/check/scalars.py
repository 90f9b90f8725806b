"""Strategies of single values: numbers and texts by the keywords of a schema, and anything at all."""

import json
import math
import re
from collections.abc import Iterable
from datetime import datetime, time
from fractions import Fraction
from typing import Any, TypeAlias, cast

from hypothesis import strategies as st

from lumos_tools.check.oracle import ecma
from lumos_tools.patterns import TOKENS
from lumos_tools.schema import Schema

Values: TypeAlias = st.SearchStrategy[Any]

INTERESTING = (
    *(
        "",
        " ",
        "0",
        "null",
        "é",
        "ß\u0301",
        "日本語",
        "\N{WOMAN}\u200d\N{ROCKET}",
        "a\nb",
        "\0",
        '"\\',
    ),
    "x" * 500,
)
LONG = 50
"""Characters that Hypothesis draws one by one; more are all the same."""
_characters = st.characters(exclude_categories=["Cs"])
_of_patterns = st.characters(exclude_categories=["Cs"], exclude_characters="\r\u2028\u2029")
"""Without the line ends that `.` is to some, and not to others."""
_texts = st.text(_characters, max_size=12) | st.sampled_from(INTERESTING)
_floats = st.floats(allow_nan=False, allow_infinity=False).map(lambda one: one + 0.0)  # no -0.0
anything: Values = st.recursive(
    st.none() | st.booleans() | st.integers() | _floats | _texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_texts, inner, max_size=2),
    max_leaves=4,
)


def _zoned(text: str) -> str:
    return f"{text}Z"  # RFC 3339 has no time without a zone


FORMATS: dict[str, Values] = {
    "date": st.dates().map(str),
    "time": st.times().map(time.isoformat).map(_zoned),
    "date-time": st.datetimes().map(datetime.isoformat).map(_zoned),
    "duration": st.builds("P{}DT{}S".format, st.integers(0, 9_999), st.integers(0, 86_399)),
    "uuid": st.uuids().map(str),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
    "email": st.from_regex(r"[a-z0-9]{1,8}@[a-z]{1,8}\.(com|org)", fullmatch=True),
    "uri": st.from_regex(r"https?://[a-z]{1,8}\.(com|org)(/[a-z0-9]{1,4}){0,2}", fullmatch=True),
}


def texts(low: int, high: int) -> Values:
    """Texts of *low* to *high* characters, odd ones among them."""
    interesting = [one for one in INTERESTING if low <= len(one) <= high]
    if low > LONG:
        return st.text(_characters, max_size=12).map(lambda one: one.ljust(low, "a"))
    plain = st.text(_characters, min_size=low, max_size=min(high, low + 12))
    return plain | st.sampled_from(interesting) if interesting else plain


def matching(pattern: str, high: int | None = None) -> Values:
    """Texts that match *pattern* as ECMA 262 has it, whose digits and words are ASCII.

    They are short where *high* characters are the most.
    """
    is_whole = re.fullmatch(r"\^[^|]*[^|\\]\$", pattern) is not None  # which is quicker
    text = pattern[1:-1] if is_whole else ecma(pattern)
    if high is not None:
        often = {"+": f"{{1,{max(1, high // 2)}}}", "*": f"{{0,{high // 2}}}"}
        tokens: list[str] = re.findall(TOKENS, text, re.DOTALL)
        text = "".join(often.get(one, one) for one in tokens)
    return st.from_regex(re.compile(text, re.ASCII), fullmatch=is_whole, alphabet=_of_patterns)


def integers(schema: Schema) -> Values:
    """Integers; one in ten is written 1.0, which is one to JSON Schema."""
    step = Fraction(str(schema.get("multipleOf", 1))).numerator
    whole = _steps(schema, Fraction(step)).map(lambda one: one * step)
    return st.tuples(whole, st.integers(0, 9)).map(
        lambda one: float(one[0]) if one[1] == 9 and abs(one[0]) < 2**53 else one[0]
    )


def numbers(schema: Schema) -> Values:
    """Floats, and integers among them."""
    if "multipleOf" in schema:
        step = Fraction(str(schema["multipleOf"]))
        return _steps(schema, step, far=10_000).map(lambda one: float(one * step))
    low, high = _limits(schema)
    made = st.floats(
        None if low is None else float(low),
        None if high is None else float(high),
        allow_nan=False,
        allow_infinity=False,
    )
    within = made.map(lambda one: one + 0.0).filter(lambda one: _is_within(one, schema))
    return within | _steps(schema, Fraction(1))


def _limits(schema: Schema) -> tuple[Fraction | None, Fraction | None]:
    lows = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    low = max(Fraction(str(one)) for one in lows) if lows else None
    high = min(Fraction(str(one)) for one in highs) if highs else None
    return low, high


def _is_within(number: float, schema: Schema) -> bool:
    low, high = _limits(schema)
    return (low is None or low <= number != schema.get("exclusiveMinimum")) and (
        high is None or high >= number != schema.get("exclusiveMaximum")
    )


def _steps(schema: Schema, step: Fraction, far: int | None = None) -> st.SearchStrategy[int]:
    """How many times *step* is within the limits; *far* is the limit where there is none."""
    low, high = _limits(schema)
    least = None if low is None else math.ceil(low / step)
    most = None if high is None else math.floor(high / step)
    if least is not None and schema.get("exclusiveMinimum") == least * step:
        least += 1
    if most is not None and schema.get("exclusiveMaximum") == most * step:
        most -= 1
    if far is not None:
        least = min(-far, most or 0) if least is None else least
        most = max(far, least) if most is None else most
    is_empty = least is not None and most is not None and least > most
    return st.nothing() if is_empty else st.integers(least, most)


def canonical(value: Any) -> str:
    """The same text for what JSON Schema takes for equal: 1 and 1.0 are, 1 and true are not."""
    return json.dumps(_plain_numbers(value), sort_keys=True)


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain_numbers(one) for one in cast("Iterable[Any]", value)]
    if isinstance(value, dict):
        return {key: _plain_numbers(one) for key, one in cast("Schema", value).items()}
    return value
