"""Tools that ship: a calculator, a clock, and the files of one folder for reading."""

from pathlib import Path

from lumos_tools.builtin.arithmetic import calculator
from lumos_tools.builtin.clock import Clock, current_time, days_between
from lumos_tools.builtin.files import Folder
from lumos_tools.tool import Tool

__all__ = ["Clock", "Folder", "calculator", "current_time", "days_between", "default_tools"]


def default_tools(root: Path) -> tuple[Tool, ...]:
    """All of them; the file tools read what is in the folder *root*, and nothing else."""
    return (calculator, current_time, days_between, *Folder(root).tools)
