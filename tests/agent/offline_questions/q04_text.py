"""Small things about text."""

from lumos_tools import function_tool


@function_tool
def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


@function_tool
def reverse(text: str) -> str:
    """Write a text backwards."""
    return text[::-1]
