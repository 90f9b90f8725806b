"""Claims about the calculator."""

import json
import math
import time
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lumos_tools import ToolError
from lumos_tools.builtin import calculator

SIGNS = st.sampled_from(["+", "-", "*", "/", "//", "%"])
WHOLE = st.integers(0, 10_000).map(str)
DECIMALS = st.decimals(0, 10_000, places=3).map(lambda value: f"{value:f}")


def expressions(numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Arithmetic over *numbers* as one would type it, where precedence matters."""
    return st.recursive(
        numbers,
        lambda inner: st.one_of(
            st.tuples(inner, SIGNS, inner).map(" ".join),
            inner.map("({})".format),
            inner.map("-{}".format),
            st.tuples(inner, st.integers(0, 3).map(str)).map("({0[0]}) ** {0[1]}".format),
        ),
        max_leaves=8,
    )


def pythons(expression: str) -> Any:
    """What Python's own `eval` makes of *expression*, its numbers taken as fractions."""
    words = expression.replace("(", " ( ").replace(")", " ) ").replace("-", " - ").split()
    exponents = {at + 1 for at, word in enumerate(words) if word == "**"}
    exact = [
        f"F('{word}')" if word[0].isdigit() and at not in exponents else word
        for at, word in enumerate(words)
    ]
    divided = " ".join(exact).replace(" / ", " * F(1) / ")  # // makes an int, even of fractions
    return eval(divided, {"F": Fraction})


@given(st.one_of(expressions(WHOLE), expressions(DECIMALS)))
def test_it_calculates_what_python_does(expression: str) -> None:
    """On any expression of numbers the answer is Python's, calculated exactly."""
    try:
        expected = pythons(expression)
    except ZeroDivisionError:
        with pytest.raises(ToolError, match="a division by zero has no result"):
            calculator(expression)
        return
    bits = max(expected.numerator.bit_length(), expected.denominator.bit_length())
    assume(bits < 2_000)  # shorter than what the calculator rounds or refuses
    actual = calculator(expression)
    assert (expected if isinstance(actual, int) else float(expected)) == actual


@given(st.text(alphabet="0123456789.+-*/%^()e, ", max_size=60))
def test_any_text_is_answered_or_refused_at_once(text: str) -> None:
    """No text of signs and digits hangs it or fails with anything but a `ToolError`."""
    began = time.perf_counter()
    with suppress(ToolError):
        assert math.isfinite(calculator(text))
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2 + 2", 4),
        ("10 / 4", 2.5),
        ("6 / 3", 2),
        ("0.1 + 0.2", 0.3),
        ("1 / 3 * 3", 1),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("2 ** 10", 1024),
        ("2 ** -2", 0.25),
        ("2 ** 0.5", math.sqrt(2)),
        ("(-8) ** 3", -512),
        ("+5", 5),
        ("1e3", 1000),
        ("1_000 * 2", 2000),
        ("2^3 × 4 ÷ 2 − 1", 15),
        ("15% of 80", 12),
        ("7.5% of (100 + 20)", 9),
        ("15% of 80 + 20", 32),
        ("100 / 50% OF 20", 10),
        ("17 % 5", 2),
        ("pi", math.pi),
        ("e ** 2", math.e**2),
        ("sqrt(16)", 4),
        ("sqrt(2) / 2.0", math.sqrt(2) / 2),
        ("abs(-3.5)", 3.5),
        ("round(2.675, 2)", 2.68),
        ("round(2.5)", 2),
        ("min(3, 1, 2) + max(3, 1, 2)", 4),
        ("floor(2.7) + ceil(2.2)", 5),
        ("log(100, 10)", 2),
        ("ln(e)", 1),
        ("log2(8) + log10(1000)", 6),
        ("degrees(pi)", 180),
        ("1.0000001 ** 1000000", 1.0000001**1000000),
        ("10 ** 400 / 3 / 10 ** 400", 1 / 3),
        ("9" * 900, int("9" * 900)),
    ],
)
def test_it_calculates(expression: str, expected: float) -> None:
    """What a person would type has the value that a person expects."""
    assert calculator(expression) == pytest.approx(expected, rel=1e-12)
    assert type(expected) is type(calculator(expression))


@given(st.integers(-(10**40), 10**40), st.integers(-(10**40), 10**40))
def test_whole_numbers_stay_whole(left: int, right: int) -> None:
    """However large, a whole number keeps every digit."""
    assert left * right == calculator(f"{left} * {right}")


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "10 ** 5000",
        "2 ** (10 ** 300)",
        "1e999",
        "0x" + "f" * 960 + " * 65536 ** 17",
        "0x" + "f" * 990 + " ** 2",
        "exp(1000)",
        "exp(700) * exp(700)",
        "sqrt(10 ** 1000)",
        "round(5, -10 ** 9)",
        "0.5 ** -(10 ** 9)",
    ],
)
def test_what_grows_too_large_is_refused_at_once(expression: str) -> None:
    """An astronomic number is an error, before it is calculated."""
    began = time.perf_counter()
    with pytest.raises(ToolError, match="a number on the way is too large to calculate with"):
        calculator(expression)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1 / 0", "a division by zero has no result"),
        ("5 % 0", "a division by zero has no result"),
        ("0 ** -1", "a division by zero has no result"),
        ("sqrt(-1)", "'sqrt(-1)' has no real value"),
        ("log(0)", "'log(0)' has no real value"),
        ("(-8) ** (1 / 3)", "a negative number to the power of a fraction has no real value"),
        ("min(1)", "'min(1)': min does not take these numbers"),
        ("round(1.5, 0.5)", "'round(1.5, 0.5)': round does not take these numbers"),
        ("two + 2", "'two' is no arithmetic"),
        ("2 +", "'2 +' is no arithmetic"),
        ("", "'' is no arithmetic"),
        ("True", "'True' is no arithmetic"),
        ("1j", "'1j' is no arithmetic"),
        ("'a' * 3", "\"'a'\" is no arithmetic"),
        ("~1", "'~1' is no arithmetic"),
        ("1 << 2", "'1 << 2' is no arithmetic"),
        ("open('x')", "\"open('x')\" is no arithmetic"),
        ("round(1.5, ndigits=1)", "'round(1.5, ndigits=1)' is no arithmetic"),
        ("pi.real", "'pi.real' is no arithmetic"),
        ("1,000 * 2", "'1,000 * 2' is no arithmetic; write numbers without units or separators"),
        ("max(1,500, 2)", "'max(1,500, 2)' is no arithmetic"),
        ("x" * 200, f"'{'x' * 100}...' is no arithmetic"),
        ("15% of 3 ** 2", "'15% of 3 ** 2' is no arithmetic"),
        ("5%", "'5%' is no arithmetic"),
    ],
)
def test_what_is_no_arithmetic_is_refused_in_words(expression: str, words: str) -> None:
    """The model reads what is wrong with its expression, and what it could write."""
    with pytest.raises(ToolError) as caught:
        calculator(expression)
    assert words == str(caught.value)[: len(words)]


@pytest.mark.parametrize("expression", ["-" * 999 + "1", "(" * 400 + "1" + ")" * 400, "1+" * 400])
def test_deep_nesting_is_an_answer(expression: str) -> None:
    """What is nested beyond Python's limits is a `ToolError`, too."""
    with pytest.raises(ToolError, match=r"nested too deeply|is no arithmetic"):
        calculator(expression)


def test_a_long_expression_is_not_even_parsed() -> None:
    """A megabyte is refused by its length."""
    began = time.perf_counter()
    with pytest.raises(ToolError, match="has 1000001 characters, and 1000 is the most"):
        calculator("1" + "+1" * 500_000)
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("expression", ["2 ** 4000", "1 / 8", "10 / 5"])
async def test_the_model_reads_a_json_number(expression: str) -> None:
    """A call answers the number as JSON, with all its digits."""
    assert calculator(expression) == json.loads(await calculator.call({"expression": expression}))
