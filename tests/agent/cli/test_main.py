"""`lumos` starts quickly and ends with a code."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[3]


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """The code that `python -m lumos_agent` ends with."""
    monkeypatch.setattr(sys, "argv", ["lumos", *arguments])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("lumos_agent", run_name="__main__")
    return caught.value.code


def test_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The program ends with the command's code."""
    assert ended(monkeypatch, "--help") == 0
    assert ended(monkeypatch, "--bad") == 2
    assert capsys.readouterr().out.startswith("Usage: lumos ")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (BrokenPipeError, 141)])
def test_ended_from_outside(
    error: type[BaseException],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Ctrl-C and a reader that left end it without a traceback, with the codes shells have."""

    def fail(_: object) -> NoReturn:
        raise error

    def end(code: int) -> NoReturn:
        raise SystemExit(code)

    monkeypatch.setattr("lumos_agent.cli.app.command_line", fail)
    monkeypatch.setattr(os, "_exit", end)
    assert ended(monkeypatch, "tools") == code
    assert capfd.readouterr().err in ("lumos: interrupted\n", "")


def shell(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["sh", "-c", command.replace("lumos", f"{sys.executable} -m lumos_agent", 1)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_head(folder: Path) -> None:
    """`lumos run --json | head -1` prints a line, and nobody complains."""
    command = "(lumos run hello --json --tools weather.py; echo $? >code) 2>&1"
    done = shell(f"{command} | tail -n +2 | head -1", folder)
    code = (folder / "code").read_text(encoding="utf-8").strip()
    assert done.stdout.startswith('{"type":"run_start"')
    assert (code in ("0", "141"), done.stderr) == (True, "")


def test_reader_gone(folder: Path) -> None:
    """A reader that is gone before the first word ends the program with 141, quietly."""
    done = shell("(lumos run hello --tools weather.py; echo $? >code) | true", folder)
    assert (folder / "code").read_text(encoding="utf-8") == "141\n"
    assert "Broken" not in done.stderr


@pytest.mark.parametrize("command", ["tools --tools weather.py", "run hello --tools weather.py"])
def test_imports(command: str, folder: Path) -> None:
    """No command imports what it does not need."""
    heavy = ("aiohttp", "openai", "litellm", "hypothesis")
    code = (
        "import sys; from lumos_agent.cli.app import command_line; "
        f"command_line({command.split()!r}); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
