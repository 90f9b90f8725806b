"""The page on events in the reference has every event, every shape inside, and all their fields."""

import re
from pathlib import Path
from typing import get_args

import pytest

from lumos_agent import (
    AgentEvent,
    AgentStep,
    Event,
    GenerateResult,
    Parent,
    PendingCall,
    ToolCall,
    ToolResult,
    Usage,
)

PAGE = (Path(__file__).parents[2] / "docs/reference/events.md").read_text(encoding="utf-8")
EVENTS: tuple[type[Event], ...] = get_args(AgentEvent)
SHAPES = (ToolCall, PendingCall, ToolResult, AgentStep, GenerateResult, Usage, Parent)


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under *heading*, by cell."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def codes(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def test_every_event():
    """The table has every event, in the order of the union, under its type and class."""
    assert [(event.__struct_config__.tag, event.__name__) for event in EVENTS] == [
        codes(row[0]) for row in rows("The table")
    ]


@pytest.mark.parametrize("event", EVENTS)
def test_every_field(event: type[Event]):
    """The row of an event has its fields, no more and no fewer."""
    (fields,) = [row[1] for row in rows("The table") if codes(row[0])[1] == event.__name__]

    assert event.__struct_fields__ == (*Event.__struct_fields__, *codes(fields))


def test_every_shape():
    """The same of the shapes inside."""
    assert {shape.__name__: shape.__struct_fields__ for shape in SHAPES} == {
        codes(row[0])[0]: codes(row[1]) for row in rows("Shapes inside")
    }


def test_common_fields():
    """Type and stamps, which every event has."""
    assert ("type", *Event.__struct_fields__) == tuple(
        codes(row[0])[0] for row in rows("What every event has")
    )
