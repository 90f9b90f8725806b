"""The planets."""

from enum import Enum

from lumos_tools import function_tool


class Planet(Enum):
    MERCURY = "mercury"
    MARS = "mars"
    JUPITER = "jupiter"


MOONS = {Planet.MERCURY: 0, Planet.MARS: 2, Planet.JUPITER: 97}
DISTANCE = {Planet.MERCURY: 57.9, Planet.MARS: 227.9, Planet.JUPITER: 778.5}


@function_tool
def moons(planet: Planet) -> int:
    """How many moons a planet has."""
    return MOONS[planet]


@function_tool
def distance_from_sun(planet: Planet) -> str:
    """How far a planet is from the sun."""
    return f"{DISTANCE[planet]} million km"
