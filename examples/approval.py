"""Look at calls before they run: small ones run at once, others wait for a person and are replayed.

    python examples/approval.py

The calls are a model's words as they came, good and bad; no key and no network is needed.
"""

import asyncio
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from lumos_tools import (
    BoundCall,
    FunctionSchema,
    InvalidArgumentsError,
    ToolError,
    ToolRegistry,
    UnknownToolError,
    function_tool,
)

ORDERS = {"AB12": Decimal("40.00"), "CD34": Decimal("900.00")}
LIMIT = 100
"""Euros that nobody has to approve."""
CALLS = (
    ("find_order", '{"order": "AB12"}'),
    ("refund", '{"order": "AB12", "cents": 1250, "reason": "late"}'),
    ("refund", '```json\n{"order": "AB12", "cents": "1250", "reason": "late"}\n```'),
    ("refund", '{"order": "CD34", "cents": 90000, "reason": "broken"}'),
    ("refund", '{"order": "12", "cents": 0, "reason": "Late", "note": "please"}'),
    ("refund", '{"order": "AB12", "cents": 1, "cents": 90000, "reason": "late"}'),
    ("refnd", "{}"),
)

# The tools. The tags say what may run unseen.

Order = Annotated[str, Field(pattern="^[A-Z]{2}[0-9]+$"), "Id of the order, for example AB12."]


@function_tool(tags=["read"])
def find_order(order: Order) -> str:
    """Tell what an order cost."""
    if order not in ORDERS:
        raise ToolError(f"there is no order {order}")
    return f"{order} cost {ORDERS[order]} euros"


class Refund(FunctionSchema, name="refund", tags=["money"], repair=True):
    """Refund an order in full or in part."""

    order: Order
    cents: Annotated[int, Field(gt=0, le=1_000_000)]
    reason: Literal["late", "broken", "wrong"]

    def run(self) -> str:
        return f"{self.cents / 100:.2f} euros for {self.order}, which was {self.reason}"


TOOLS = ToolRegistry(find_order, Refund)

# The desk. A checked call is looked at before it runs; one that waits is a line of JSON.


async def judge(name: str, text: str) -> str | None:
    """Run the call and tell what came of it; or give its JSON, if a person has to decide."""
    try:
        call = TOOLS[name].check(text)
        for change in call.repairs:
            print(f"  mended: {change}")
        if not may_run(call):
            return json.dumps({"tool": call.tool.name, "arguments": call.arguments})
        print(f"  {await call.run()}")
    except InvalidArgumentsError as error:
        for fault in error.faults:
            print(f"  refused: {fault}")
    except (ToolError, UnknownToolError) as error:
        print(f"  failed: {error}")
    return None


def may_run(call: BoundCall) -> bool:
    """Whether nobody has to be asked."""
    return "money" not in call.tool.tags or call.values.cents <= 100 * LIMIT


async def replay(kept: Iterable[str]) -> None:
    """Run what a person has approved: it is checked again, by the schema of today."""
    for line in kept:
        wanted = json.loads(line)
        print(f"  {await TOOLS[wanted['tool']].check(wanted['arguments']).run()}")


async def main() -> None:
    waiting: list[str] = []
    for name, text in CALLS:
        print(f"> {name} {' '.join(text.split())}")
        if line := await judge(name, text):
            print("  waits for a person")
            waiting.append(line)
    print("> approved")
    await replay(waiting)


if __name__ == "__main__":
    asyncio.run(main())
