"""The command line, as a test calls it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lumos_agent.cli.app import command_line

WEATHER = '''
from typing import Literal

from lumos_tools import ToolError, function_tool


@function_tool
def get_weather(city: str, unit: Literal["c", "f"] = "c") -> str:
    """Report the current weather.

    It is always the same.
    """
    if city == "Atlantis":
        raise ToolError("it is under water")
    return f"12 °{unit} in {city}"
'''


class Outcome(NamedTuple):
    """What a command leaves: its exit code, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, which has `weather.py`; what is imported from it is forgotten after."""
    (tmp_path / "weather.py").write_text(WEATHER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "80")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def lumos(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Carry out a command in *folder*."""

    def command(*arguments: str) -> Outcome:
        code = command_line(arguments)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return command
