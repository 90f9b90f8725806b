"""Commands are found by their names, and every failure is a sentence."""

import sys

import pytest

from lumos_agent.cli.app import command_line
from tests.agent.cli.conftest import Command, Outcome


def test_no_command(lumos: Command) -> None:
    """`lumos` alone shows what there is."""
    assert lumos() == lumos("--help")
    assert lumos().code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rum"], "No such command 'rum'. Did you mean 'run'? (see lumos --help)"),
        (["--bad"], "No such option '--bad' (see lumos --help)"),
        (["run"], "Missing argument 'PROMPT' (see lumos run --help)"),
        (["run", "hi", "there"], "Got unexpected extra argument (there) (see lumos run --help)"),
        (
            ["run", "hi", "--modle", "x"],
            "No such option '--modle'. Did you mean '--model'? (see lumos run --help)",
        ),
        (
            ["run", "hi", "--max-steps", "0"],
            "Invalid value for '--max-steps': 0 is not in the range x>=1 (see lumos run --help)",
        ),
    ],
)
def test_wrong_usage(lumos: Command, arguments: list[str], message: str) -> None:
    """A wrong command line is told in one line, with code 2."""
    assert lumos(*arguments) == Outcome(2, "", f"lumos: {message}\n")


def test_debug(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """LUMOS_DEBUG=1 shows the traceback, and then the sentence."""
    monkeypatch.setenv("LUMOS_DEBUG", "1")
    code, _, err = lumos("tools", "--tools", "nosuch.py")
    assert (code, "load_tools" in err) == (2, True)
    assert err.splitlines()[-1].startswith("lumos: 'nosuch.py' does not exist; ")


def test_reader_left(lumos: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken pipe is no failure to tell of; `main` ends the program quietly."""

    class Pipe:
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdout", Pipe())
    with pytest.raises(BrokenPipeError):
        command_line(["--help"])
