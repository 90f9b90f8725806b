"""The command line's page in the reference shows what the commands say."""

import re
from pathlib import Path

import pytest

from lumos_agent.cli import READER_LEFT
from lumos_agent.cli.failures import FAILED, LATER, WRONG
from lumos_agent.cli.interrupt import INTERRUPTED
from tests.agent.cli.conftest import Command

PAGE = (Path(__file__).parents[3] / "docs/reference/cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run ",
        "chat ",
        "threads ",
        *(f"threads {name} " for name in ("list", "show", "export", "delete", "search")),
        "tools ",
        "check ",
        "init ",
        "doctor ",
    ],
)
def test_help(command: str, lumos: Command) -> None:
    """Every --help is in the page, word for word."""
    said = lumos(*command.split(), "--help").out
    assert f"```console\n$ lumos {command}--help\n{said}```\n" in PAGE


def test_codes() -> None:
    """The table of exit codes has those that there are."""
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert codes == [0, FAILED, WRONG, LATER, INTERRUPTED, READER_LEFT]
