"""A to-do list."""

from datetime import date

from lumos_tools import function_tool

TASKS = {
    date(2026, 12, 1): ["Call the plumber"],
    date(2026, 12, 24): ["Buy a tree", "Wrap presents"],
}


@function_tool
def tasks_due(day: date) -> list[str]:
    """The tasks that are due on a day."""
    return TASKS.get(day, [])


@function_tool
def add_task(text: str, day: date) -> str:
    """Add a task to the list."""
    return f"added: {text} on {day:%Y-%m-%d}"
