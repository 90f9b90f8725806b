"""A library's catalogue."""

from lumos_tools import ToolError, function_tool

BOOKS = {
    "Middlemarch": ("George Eliot", 1871),
    "Emma": ("Jane Austen", 1815),
    "Dracula": ("Bram Stoker", 1897),
}


@function_tool
def find_book(title: str) -> dict[str, str | int]:
    """Look up a book in the catalogue: who wrote it, and when it was published.

    Args:
        title: The title of the book.
    """
    if title not in BOOKS:
        raise ToolError(f"no book called {title}")
    author, year = BOOKS[title]
    return {"author": author, "year": year}


@function_tool
def opening_hours(weekday: str) -> str:
    """When the library is open on a day of the week."""
    return "closed" if weekday == "Sunday" else "9 to 18"
