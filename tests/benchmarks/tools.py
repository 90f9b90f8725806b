"""What every contestant offers: the same functions, with the same schemas."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from lumos_tools import FunctionTool, OpenAIFunction, function_tool


@function_tool
async def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b


def typical(number: int) -> FunctionTool[..., Any]:
    """A tool as people write them: six parameters with texts, bounds, choices and defaults."""

    @function_tool(name=f"search_records_{number}")
    async def search(
        query: str,
        category: Literal["invoice", "order", "ticket", "refund"],
        since: date | None = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 10,
        tags: list[str] | None = None,
        include_archived: bool = False,
    ) -> list[str]:
        """Search the records of one department and return the best matches.

        Args:
            query: Words that must be in the record, in any order.
            category: What kind of record to look for.
            since: Only records changed on or after this day.
            limit: How many records to return at the most.
            tags: Labels that a record must have, all of them.
            include_archived: Whether to look among archived records, too.
        """
        return [query, category, str(since), str(limit), *(tags or []), str(include_archived)]

    return search


ONE = (add,)
TWENTY = (add, *(typical(number) for number in range(19)))


def wire(tools: tuple[FunctionTool[..., Any], ...]) -> list[dict[str, Any]]:
    """The tools as a request has them."""
    return [OpenAIFunction.of(tool).to_wire() for tool in tools]
