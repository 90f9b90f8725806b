"""A train timetable."""

from lumos_tools import function_tool

TRAINS = {("Bern", "Geneva"): "08:34", ("Basel", "Zurich"): "09:07", ("Zurich", "Basel"): "10:02"}


@function_tool
def next_train(origin: str, destination: str) -> str:
    """When the next train leaves from one station to another.

    Args:
        origin: Where the journey begins.
        destination: Where it ends.
    """
    return TRAINS.get((origin, destination), f"no train from {origin} to {destination}")


@function_tool
def ticket_price(kilometres: int) -> str:
    """The price of a ticket for a distance."""
    return f"{2 + kilometres * 0.25:.2f} francs"
