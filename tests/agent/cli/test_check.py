"""`lumos check` shows that tools keep what their schemas promise."""

import io
import re
import sys
from pathlib import Path

import msgspec
import pytest

from lumos_tools.check import Report
from tests.agent.cli.conftest import Command

PAGE = (Path(__file__).parents[3] / "docs/reference/cli.md").read_text(encoding="utf-8")
PICKY = '''
from lumos_tools import FunctionSchema, FunctionTool, InvalidArgumentsError


class Picky(FunctionTool):
    def check(self, arguments):
        call = super().check(arguments)
        if call.arguments["number"] > 100:
            raise InvalidArgumentsError(["number: too many"])
        return call


@Picky
def wrong(number: int) -> str:
    """Tell a number."""
    print("it ran")
    return str(1 // number)
'''
CLEAN = """\
✓ get_weather  N examples, N s
    · texts: the parameter 'city' has no description
    · texts: the parameter 'unit' has no description
1 tool, 0 faults, 2 pieces of advice
"""
FOUND = """\
✗ wrong  N examples, N s
    ✗ refused: the schema admits this, and the tool refuses it: number: too many
          from picky import wrong

          wrong.check({'number': 101})
          # refused: number: too many
    · texts: the parameter 'number' has no description
1 tool, 1 fault, 1 piece of advice
"""


def without_numbers(text: str) -> str:
    return re.sub(r"\d+ examples, [\d.]+ s", "N examples, N s", text)


@pytest.fixture
def picky(folder: Path) -> None:
    """A file with a tool that has a fault."""
    (folder / "picky.py").write_text(PICKY, encoding="utf-8")


def test_clean(lumos: Command) -> None:
    """A line a tool, advice below it, and exit code 0."""
    code, out, err = lumos("check", "weather.py", "--examples", "5")
    assert (code, without_numbers(out), err) == (0, CLEAN, "")


@pytest.mark.usefixtures("picky")
def test_found(lumos: Command) -> None:
    """A fault is told with the code that shows it, and the exit code is 1."""
    code, out, err = lumos("check", "picky.py")
    assert (code, without_numbers(out), err) == (1, FOUND, "")


@pytest.mark.usefixtures("picky")
def test_run(lumos: Command) -> None:
    """With --run the tools run; what they print is not part of the report."""
    code, out, err = lumos("check", "picky", "--run", "--examples", "20", "--seed", "4")
    assert code == 1
    assert "results: the body raises ZeroDivisionError" in out
    assert "it ran" in err
    assert "it ran" not in out


def test_json(lumos: Command) -> None:
    """--json is the reports, one a tool, as they are in Python."""
    code, out, err = lumos(
        "check", "weather.py", "lumos_tools.builtin", "--json", "--examples", "5"
    )
    reports = msgspec.json.decode(out, type=list[Report])
    assert (code, err) == (0, "")
    assert [one.tool for one in reports] == [
        "get_weather",
        "calculator",
        "current_time",
        "days_between",
    ]
    assert {one.examples["taken"] for one in reports} == {5}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("picky")
def test_terminal(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colours, and no markup of what stands in a message."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    lumos("check", "picky.py", "--examples", "20")
    assert "\x1b[31m✗" in terminal.getvalue()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "Missing argument 'FILE|MODULE...'"),
        (["nowhere.py"], "'nowhere.py' does not exist"),
        (["weather.py", "--examples", "0"], "0 is not in the range x>=1"),
    ],
)
def test_usage(lumos: Command, arguments: list[str], why: str) -> None:
    """What has to be corrected first is exit code 2, and one line."""
    code, out, err = lumos("check", *arguments)
    assert (code, out) == (2, "")
    assert why in err
    assert len(err.splitlines()) == 1


def test_help(lumos: Command) -> None:
    """The help is in the reference, word for word."""
    said = lumos("check", "--help").out
    assert f"```console\n$ lumos check --help\n{said}```\n" in PAGE
