"""Tools: plain functions that the model may call."""

from lumos_tools import function_tool


@function_tool
def count_words(text: str) -> int:
    """Count the words in a text.

    Args:
        text: For example "to be or not to be".
    """
    return len(text.split())
