"""Prove that tools keep what their schemas promise, and see what it looks like when one does not.

    python examples/prove_your_tools.py
    pytest --lumos-tools examples/prove_your_tools.py

No key and no network is needed.
"""

from typing import Annotated

from pydantic import Field

from lumos_tools import function_tool
from lumos_tools.check import examine

Cents = Annotated[int, Field(ge=0, le=1_000_000)]


@function_tool
def split_bill(total: Cents, people: int) -> str:
    """Split a bill between friends.

    Args:
        total: What was paid, in cents.
        people: How many pay.
    """
    return f"{total // people} cents each, and {total % people} cents for the waiter"


@function_tool
def split_fairly(total: Cents, people: Annotated[int, Field(ge=1, le=50)]) -> str:
    """Split a bill between friends, of whom there is one at least.

    Args:
        total: What was paid, in cents.
        people: How many pay.
    """
    return f"{total // people} cents each, and {total % people} cents for the waiter"


def main() -> None:
    for tool in (split_bill, split_fairly):
        report = examine(tool, run=True)  # the bodies do no harm, so they may run
        print(f"{tool.name}: {'keeps its promises' if report.ok else 'does not'}")
        for fault in report.faults:
            print(f"  {fault}")


if __name__ == "__main__":
    main()
