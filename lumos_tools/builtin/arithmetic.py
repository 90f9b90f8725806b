"""A calculator: the value of what a person would type into one, without `eval`."""

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lumos_tools.errors import ToolError
from lumos_tools.tool import function_tool

Number = int | Fraction | float
"""Fractions keep decimals exact; floats come from functions, and from powers that are too long."""

MAX_LENGTH = 1_000
MAX_SHOWN = 100  # characters of it in an error
MAX_BITS = 4_096  # of a whole number, or of an exact power: about 1200 digits


@function_tool(idempotent=True)
def calculator(expression: str) -> int | float:
    """Calculate an arithmetic expression: what is 12.5 * 8, 15% of 80, the square root of 2?

    Takes numbers, + - * / // % ** and parentheses, the constants pi and e, and the functions abs,
    round, floor, ceil, min, max, sqrt, exp, ln, log (natural, or of a base), log2, log10, sin, cos,
    tan, asin, acos, atan (in radians), degrees and radians. A half is rounded to the even number.

    Args:
        expression: For example "(3 + 4) * 2.5", "sqrt(2) * 10" or "15% of 80".
    """
    tree = _parse(expression)
    try:
        return _plain(_value(tree))
    except ZeroDivisionError:
        raise ToolError("a division by zero has no result") from None
    except OverflowError:
        raise ToolError("a number on the way is too large to calculate with") from None
    except RecursionError:
        raise ToolError("the expression is nested too deeply; calculate it in parts") from None


SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "^": "**"})
SEPARATED = re.compile(r"\d,\d{3}(?!\d)")  # 1,000 is two arguments, or one thousand
PERCENT = re.compile(r"(?<![\w.])([\d.]+)\s*%\s*of\s*([\d.]+|\([^()]*\))(?![\w.]|\s*\*\*)", re.I)


def _parse(expression: str) -> ast.expr:
    if len(expression) > MAX_LENGTH:
        raise ToolError(
            f"the expression has {len(expression)} characters, and {MAX_LENGTH} is the most; "
            "calculate it in parts"
        )
    if SEPARATED.search(expression):
        raise _refused(expression)
    text = PERCENT.sub(r"(\1/100*\2)", expression.translate(SIGNS))
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _refused(expression) from None


def _refused(text: str) -> ToolError:
    text = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
    return ToolError(
        f"{text!r} is no arithmetic; write numbers without units or separators (1000, not 1,000), "
        f"+ - * / // % ** and parentheses, {', '.join((*CONSTANTS, *FUNCTIONS))}, or '15% of 80'"
    )


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return _bounded(value)
        case ast.Constant(value=float(value)):
            return _bounded(value if math.isinf(value) else Fraction(str(value)))
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return _bounded(OPERATORS[type(sign)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=inner, keywords=[]) if name in FUNCTIONS:
            return _called(node, name, [_value(one) for one in inner])
        case _:
            raise _refused(ast.unparse(node))


def _called(node: ast.expr, name: str, values: list[Number]) -> Number:
    try:
        return _bounded(FUNCTIONS[name](*values))
    except TypeError:
        raise ToolError(f"{ast.unparse(node)!r}: {name} does not take these numbers") from None
    except ValueError:
        raise ToolError(f"{ast.unparse(node)!r} has no real value") from None


def _bounded(value: Any) -> Number:
    """*value* as one calculates with it. Raises `OverflowError` if it is too large for that."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise OverflowError
    if isinstance(value, float) and math.isinf(value):
        raise OverflowError
    return value  # type: ignore[no-any-return]  # what operators give is Any


def _plain(value: Number) -> int | float:
    """*value* as JSON has it: whole numbers without a point."""
    if not isinstance(value, int):
        value = float(value)
        if value.is_integer() and abs(value) < 2**53:
            return int(value)
    return value


def _divide(left: Any, right: Any) -> Any:
    return left / right if isinstance(left, float) else Fraction(left) / right


def _power(left: Any, right: Any) -> Any:
    """*left* to the power of *right*, judged by its length before it is calculated."""
    if isinstance(right, int) and not isinstance(left, float):
        base = Fraction(left)
        longest = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1
        if longest * abs(right) <= MAX_BITS:
            return base**right
    if left < 0 and right % 1:
        raise ToolError("a negative number to the power of a fraction has no real value")
    return float(left) ** float(right)


def _round(value: Any, *digits: Any) -> Any:
    if any(abs(one) > MAX_LENGTH for one in digits):
        raise OverflowError
    return round(value, *digits)


OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.FloorDiv: lambda left, right: left // right,  # operator.floordiv has no types
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "round": _round,
    "floor": math.floor,
    "ceil": math.ceil,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "ln": math.log,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "degrees": math.degrees,
    "radians": math.radians,
}
