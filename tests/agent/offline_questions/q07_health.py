"""Body measures."""

from lumos_tools import function_tool


@function_tool
def body_mass_index(weight: float, height: float) -> float:
    """The body mass index of a person.

    Args:
        weight: In kilograms.
        height: In metres.
    """
    return round(weight / height**2, 1)


@function_tool
def resting_calories(weight: float) -> int:
    """How many calories a person needs a day at rest."""
    return round(weight * 22)
