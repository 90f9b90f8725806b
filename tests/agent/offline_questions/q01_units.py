"""Kitchen units."""

from typing import Literal

from lumos_tools import function_tool

GRAMS = {"cup": 240.0, "tablespoon": 15.0, "teaspoon": 5.0, "ounce": 28.35}


@function_tool
def to_grams(amount: float, unit: Literal["cup", "tablespoon", "teaspoon", "ounce"]) -> str:
    """Convert a kitchen measure to grams."""
    return f"{amount * GRAMS[unit]:g} g"


@function_tool
def oven_temperature(fahrenheit: float) -> str:
    """Convert an oven temperature from Fahrenheit to Celsius."""
    return f"{(fahrenheit - 32) * 5 / 9:.0f} °C"
