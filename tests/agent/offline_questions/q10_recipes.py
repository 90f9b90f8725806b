"""Recipes."""

from lumos_tools import function_tool

RECIPES = {"pancakes": ["flour", "milk", "eggs"], "pesto": ["basil", "pine nuts", "oil", "cheese"]}


@function_tool
def ingredients(dish: str) -> list[str]:
    """What one needs to cook a dish."""
    return RECIPES.get(dish.lower(), [])


@function_tool
def cooking_time(dish: str, people: int = 2) -> str:
    """How long it takes to cook a dish for some people."""
    return f"{10 + 5 * people} minutes"
