"""Claims about the tools that ship, all together."""

from pathlib import Path

import pytest

from lumos_tools import Tool, ToolRegistry
from lumos_tools.builtin import default_tools


def test_default_tools_are_all_of_them(tmp_path: Path) -> None:
    """They fit into one registry, under the names that models call them by."""
    expected = [
        "calculator",
        "current_time",
        "days_between",
        "list_files",
        "read_file",
        "search_files",
    ]
    assert list(ToolRegistry(*default_tools(tmp_path))) == expected


@pytest.mark.parametrize("tool", default_tools(Path()), ids=lambda tool: tool.name)
def test_every_tool_says_what_it_is_for(tool: Tool) -> None:
    """A model reads what question a tool answers, and every parameter but a date's is told."""
    fields = tool.parameters["properties"]
    untold = [name for name in fields if "description" not in fields[name]]
    assert tool.description
    assert ["start", "end"] * (tool.name == "days_between") == untold


@pytest.mark.parametrize("tool", default_tools(Path()), ids=lambda tool: tool.name)
def test_every_tool_may_be_called_again(tool: Tool) -> None:
    """They only look, so a call whose outcome a crash left unknown is repeated."""
    assert tool.idempotent
