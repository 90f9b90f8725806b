"""Invoices of a shop."""

from lumos_tools import ToolError, function_tool

INVOICES = {
    1001: ("Miller", 250.0, True),
    1002: ("Okafor", 99.5, False),
    1003: ("Tanaka", 1200.0, False),
}


@function_tool
def invoice_status(number: int) -> str:
    """Whether an invoice has been paid.

    Args:
        number: The number of the invoice.
    """
    if number not in INVOICES:
        raise ToolError(f"there is no invoice {number}")
    customer, amount, paid = INVOICES[number]
    return f"{customer}, {amount:.2f}: {'paid' if paid else 'open'}"


@function_tool
def unpaid_invoices(minimum: float = 0) -> list[int]:
    """List the invoices that have not been paid, above an amount."""
    return [
        number for number, (_, amount, paid) in INVOICES.items() if not paid and amount >= minimum
    ]
